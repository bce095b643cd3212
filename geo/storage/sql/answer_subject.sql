-- What an answer about responsibility is asked of: a place, a door or a building, living or ended, with where it lies.
-- "kind" is what inspection plans know it by; NULL where none does.
-- Parameters: noun, code.
SELECT p.kind, p.building_code, p.household_unit_code, ST_X(spot.point) AS lon, ST_Y(spot.point) AS lat,
  p.created_at AS registered_at
FROM place p CROSS JOIN LATERAL (SELECT ST_PointOnSurface(p.geom) AS point) spot
WHERE :noun = 'place' AND p.code = :code
UNION ALL
SELECT CASE WHEN u.kind = 'home' THEN 'home' END, u.building_code, u.code, ST_X(spot.point), ST_Y(spot.point), u.created_at
FROM household_unit u
JOIN building b ON b.code = u.building_code
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS point) spot
WHERE :noun = 'household_unit' AND u.code = :code
UNION ALL
SELECT NULL, b.code, NULL, ST_X(spot.point), ST_Y(spot.point), b.created_at
FROM building b CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS point) spot
WHERE :noun = 'building' AND b.code = :code
