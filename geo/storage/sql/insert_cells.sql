-- All cells of a plan in one statement; the caller has made sure that every grid code is the plan's.
INSERT INTO cell (grid_id, grid_code, code, name, households, reason_code, reason, geom)
SELECT
  g.id, g.code, new.code, new.name, new.households, new.reason_code, new.reason,
  ST_SetSRID(ST_GeomFromWKB(new.geom), 4326)
FROM unnest(
  CAST(:grid_code AS text[]), CAST(:code AS text[]), CAST(:name AS text[]), CAST(:households AS integer[]),
  CAST(:reason_code AS text[]), CAST(:reason AS text[]), CAST(:geom AS bytea[])
) AS new(grid_code, code, name, households, reason_code, reason, geom)
JOIN grid g ON g.plan_id = :plan_id AND g.code = new.grid_code
