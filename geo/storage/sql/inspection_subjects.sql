-- What may be inspected in grids in force: places, and doors that are homes, each once, with the grid it lies in.
-- A place without a building is in the grid round it; where a plan divides a building, a door is in its part's grid.
-- A home is called by its stairwell too: several doors of a building have one number.
-- Parameters: grids (codes).
WITH own AS (
  SELECT DISTINCT ON (g.code) g.id, g.plan_id, g.code, g.community_code, g.geom
  FROM grid g JOIN plan p ON p.id = g.plan_id
  WHERE g.code = ANY (CAST(:grids AS text[])) AND p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
  ORDER BY g.code, p.adopted_at DESC, p.id DESC
),
part AS (
  SELECT o.code AS grid_code, a.building_code, a.stairwell_code, a.floor_from, a.floor_to
  FROM own o JOIN assignment a ON a.grid_id = o.id
  UNION ALL
  SELECT o.code, b.code, NULL, NULL, NULL
  FROM own o JOIN building b
    ON b.community_code = o.community_code AND b.ended_at IS NULL AND ST_Covers(o.geom, ST_PointOnSurface(b.geom))
  WHERE NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = o.plan_id)
),
found AS (
  SELECT 'place' AS noun, p.code, p.kind, p.name, p.address, h.grid_code, p.building_code, p.household_unit_code,
    u.stairwell_code, u.floor, u.room, ST_PointOnSurface(p.geom) AS point, p.created_at
  FROM part h
  JOIN place p ON p.building_code = h.building_code AND p.ended_at IS NULL
  LEFT JOIN household_unit u ON u.code = p.household_unit_code
  WHERE (h.stairwell_code IS NULL OR u.stairwell_code IS NULL OR u.stairwell_code = h.stairwell_code)
    AND (h.floor_from IS NULL OR u.floor IS NULL OR u.floor BETWEEN h.floor_from AND h.floor_to)
  UNION ALL
  SELECT 'place', p.code, p.kind, p.name, p.address, o.code, NULL, NULL, NULL, NULL, NULL, ST_PointOnSurface(p.geom),
    p.created_at
  FROM own o JOIN place p ON p.building_code IS NULL AND p.ended_at IS NULL AND ST_Intersects(o.geom, p.geom)
  UNION ALL
  SELECT 'household_unit', u.code, 'home', coalesce(s.name, '') || u.room, u.address, h.grid_code, u.building_code, u.code, u.stairwell_code,
    u.floor, u.room, NULL, u.created_at
  FROM part h
  JOIN household_unit u ON u.building_code = h.building_code AND u.kind = 'home' AND u.ended_at IS NULL
  LEFT JOIN stairwell s ON s.code = u.stairwell_code
  WHERE (h.stairwell_code IS NULL OR u.stairwell_code IS NULL OR u.stairwell_code = h.stairwell_code)
    AND (h.floor_from IS NULL OR u.floor IS NULL OR u.floor BETWEEN h.floor_from AND h.floor_to)
    -- Whose home is a place of its own is looked at as that.
    AND NOT EXISTS (SELECT FROM place p WHERE p.household_unit_code = u.code AND p.kind = 'home' AND p.ended_at IS NULL)
)
SELECT DISTINCT ON (f.code)
  f.noun, f.code, f.kind, f.name, coalesce(f.address, b.address) AS address,
  coalesce(b.community_code, left(f.grid_code, 12)) AS community_code, f.grid_code, f.building_code,
  b.name AS building_name, f.household_unit_code, f.stairwell_code, f.floor, f.room,
  ST_X(coalesce(f.point, spot.point)) AS lon, ST_Y(coalesce(f.point, spot.point)) AS lat,
  ST_X(spot.point) AS building_lon, ST_Y(spot.point) AS building_lat, f.created_at AS registered_at
FROM found f
LEFT JOIN building b ON b.code = f.building_code
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS point) spot
ORDER BY f.code, f.grid_code
