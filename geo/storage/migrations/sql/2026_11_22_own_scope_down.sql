SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);
CREATE OR REPLACE FUNCTION own_grids() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT array(
    SELECT g.id
    FROM unnest(told_list('grids')) AS own(code)
    CROSS JOIN LATERAL (
      SELECT p.id FROM plan p
      WHERE p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
        AND p.scope_code IN (left(own.code, 9), left(own.code, 12))
      ORDER BY p.adopted_at DESC, p.id DESC LIMIT 1
    ) ruling
    JOIN grid g ON g.plan_id = ruling.id AND g.code = own.code COLLATE "C"
  )
$$;

-- The buildings in them: by assignment, or by place where the plan assigns nothing.
CREATE OR REPLACE FUNCTION own_buildings() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT array(
    SELECT a.building_code FROM assignment a WHERE a.grid_id = ANY (own_grids())
    UNION
    SELECT b.code FROM grid g
    JOIN building b ON b.community_code = g.community_code AND ST_Covers(g.geom, ST_PointOnSurface(b.geom))
    WHERE g.id = ANY (own_grids()) AND NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = g.plan_id)
  )
$$;

