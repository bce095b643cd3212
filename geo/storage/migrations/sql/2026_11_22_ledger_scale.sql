-- What an inspector sees grid by grid is looked up by indexes, and where a case lies is asked by a function: a query in a
-- rule of rows is taken to cost so much for each row that plans go far round about to ask it of fewer.
-- See 2026_11_22_access.sql and 2026_11_22_ledger.sql for what these say; they say the same.

-- Functions with the owner's rights look up tables before anything temporary that a caller could have made.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

CREATE OR REPLACE FUNCTION own_buildings() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  mine bigint[] := own_grids();
  bare bigint[];
BEGIN
  IF mine = '{}' THEN
    RETURN '{}';
  END IF;
  -- Of plans that assign nothing. In order, so that an index is asked and not all assignments there are.
  bare := array(
    SELECT g.id FROM grid g
    WHERE g.id = ANY (mine) AND (
      SELECT a.building_code FROM assignment a WHERE a.plan_id = g.plan_id ORDER BY a.plan_id, a.building_code LIMIT 1
    ) IS NULL
  );
  IF bare = '{}' THEN
    RETURN array(SELECT DISTINCT a.building_code FROM assignment a WHERE a.grid_id = ANY (mine));
  END IF;
  RETURN array(
    SELECT a.building_code FROM assignment a WHERE a.grid_id = ANY (mine)
    UNION
    SELECT b.code FROM grid g
    JOIN building b ON b.community_code = g.community_code AND ST_Covers(g.geom, ST_PointOnSurface(b.geom))
    WHERE g.id = ANY (bare)
  );
END $$;

-- Whether a point lies in one of the actor's own grids.
CREATE FUNCTION on_own_ground(spot geometry) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER COST 10 SET search_path FROM CURRENT AS $$
BEGIN
  RETURN EXISTS (SELECT FROM grid g WHERE g.id = ANY (own_grids()) AND ST_Intersects(g.geom, spot));
END $$;
REVOKE EXECUTE ON FUNCTION on_own_ground(geometry) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION on_own_ground(geometry) TO wangge_app;

DO $$
DECLARE
  name text;
  rule text := '((household_unit_code IS NULL AND place_code IS NULL) OR (SELECT may(''households'')))
    AND (street_code = ANY ((SELECT told_list(''streets''))::text[])
      OR community_code = ANY ((SELECT told_list(''whole''))::text[])
      OR (building_code IS NOT NULL AND building_code = ANY ((SELECT own_buildings())::text[]))
      OR (building_code IS NULL AND (SELECT told(''grids'') <> '''') AND on_own_ground(geom)))';
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_case', 'inspection'] LOOP
    EXECUTE format('ALTER POLICY seen ON %I USING (%s)', name, rule);
    EXECUTE format('ALTER POLICY made ON %I WITH CHECK ((SELECT may(''ledger'')) AND %s)', name, rule);
  END LOOP;
  EXECUTE format('ALTER POLICY changed ON ledger_case USING ((SELECT may(''ledger'')) AND %s)', rule);
END $$;
