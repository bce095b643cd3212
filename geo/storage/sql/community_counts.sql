-- Counts of the living communities of a street: households that count (as in buildings.sql), buildings, grids in force.
-- The plan in force over a community is the one adopted last, its own or the street's.
-- Parameters: street, counting (kinds of household units that count).
SELECT
  c.code, c.name,
  coalesce(built.households, 0)::bigint AS households,
  coalesce(built.buildings, 0)::bigint AS buildings,
  (SELECT count(*) FROM grid g WHERE g.plan_id = ruling.id AND g.community_code = c.code) AS grids
FROM community c
LEFT JOIN LATERAL (
  SELECT count(*) AS buildings, sum(coalesce(units.households, b.households, stairs.households, 0)) AS households
  FROM building b
  LEFT JOIN LATERAL (
    SELECT
      CASE WHEN count(*) > 0 THEN count(*) FILTER (WHERE u.kind = ANY (CAST(:counting AS text[]))) END AS households
    FROM household_unit u WHERE u.building_code = b.code AND u.ended_at IS NULL
  ) units ON true
  LEFT JOIN LATERAL (
    SELECT sum(s.households) AS households FROM stairwell s WHERE s.building_code = b.code AND s.ended_at IS NULL
  ) stairs ON true
  WHERE b.community_code = c.code AND b.ended_at IS NULL
) built ON true
LEFT JOIN LATERAL (
  SELECT p.id FROM plan p
  WHERE p.state = 'adopted' AND p.tier = 'grid' AND p.department = '' AND p.scope_code IN (c.street_code, c.code)
  ORDER BY p.adopted_at DESC, p.id DESC LIMIT 1
) ruling ON true
WHERE c.street_code = :street AND c.ended_at IS NULL
ORDER BY c.code
