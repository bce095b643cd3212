-- Takes back 2026_11_22_ledger_scale.sql.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

DO $$
DECLARE
  name text;
  rule text := '((household_unit_code IS NULL AND place_code IS NULL) OR (SELECT may(''households'')))
    AND (street_code = ANY ((SELECT told_list(''streets''))::text[])
      OR community_code = ANY ((SELECT told_list(''whole''))::text[])
      OR (building_code IS NOT NULL AND building_code = ANY ((SELECT own_buildings())::text[]))
      OR (building_code IS NULL AND (SELECT told(''grids'') <> '''') AND EXISTS (
        SELECT FROM grid g WHERE g.id = ANY ((SELECT own_grids())::bigint[]) AND ST_Intersects(g.geom, %1$I.geom)
      )))';
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_case', 'inspection'] LOOP
    EXECUTE format('ALTER POLICY seen ON %1$I USING (' || rule || ')', name);
    EXECUTE format('ALTER POLICY made ON %1$I WITH CHECK ((SELECT may(''ledger'')) AND ' || rule || ')', name);
  END LOOP;
  EXECUTE format('ALTER POLICY changed ON %1$I USING ((SELECT may(''ledger'')) AND ' || rule || ')', 'ledger_case');
END $$;
DROP FUNCTION on_own_ground(geometry);

CREATE OR REPLACE FUNCTION own_buildings() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  mine bigint[] := own_grids();
BEGIN
  IF mine = '{}' THEN
    RETURN '{}';
  END IF;
  RETURN array(
    SELECT a.building_code FROM assignment a WHERE a.grid_id = ANY (mine)
    UNION
    SELECT b.code FROM grid g
    JOIN building b ON b.community_code = g.community_code AND ST_Covers(g.geom, ST_PointOnSurface(b.geom))
    WHERE g.id = ANY (mine) AND NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = g.plan_id)
  );
END $$;
