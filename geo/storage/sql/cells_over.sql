-- The cells of some grids that a point lies in, by code. Parameters: shape (WKB, EPSG:4326), grids (ids).
SELECT c.id, g.plan_id, g.code AS grid_code, c.code, c.name, c.households
FROM grid g JOIN cell c ON c.grid_id = g.id
WHERE g.id = ANY (CAST(:grids AS bigint[])) AND ST_Intersects(c.geom, ST_GeomFromWKB(:shape, 4326))
ORDER BY c.code
