-- Who has no grids of their own, which is most people, need not wait for them to be looked up: planned anew in each
-- statement, that took longer than most of what was asked. See 2026_11_22_access.sql for what these are.

-- Functions with the owner's rights look up tables before anything temporary that a caller could have made.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

CREATE OR REPLACE FUNCTION own_grids() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF told('grids') = '' THEN
    RETURN '{}';
  END IF;
  RETURN array(
    SELECT g.id
    FROM unnest(told_list('grids')) AS own(code)
    CROSS JOIN LATERAL (
      SELECT p.id FROM plan p
      WHERE p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
        AND p.scope_code IN (left(own.code, 9), left(own.code, 12))
      ORDER BY p.adopted_at DESC, p.id DESC LIMIT 1
    ) ruling
    JOIN grid g ON g.plan_id = ruling.id AND g.code = own.code COLLATE "C"
  );
END $$;

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
