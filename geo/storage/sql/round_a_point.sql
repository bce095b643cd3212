-- The living communities, compounds and buildings at a point, the nearest building first. Communities are looked up by
-- place; the rest by their community as well, since rows hidden from who asks keep a place alone from using its index.
-- Parameters: lon, lat (degrees), reach_m (how far a building may be, metres), reach_degrees (no less than that).
WITH here AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point),
near AS (
  SELECT c.code, c.name, ST_Intersects(c.geom, here.point) AS inside
  FROM here JOIN community c ON c.ended_at IS NULL AND ST_DWithin(c.geom, here.point, :reach_degrees)
),
-- The nearest ones by degrees, among which the nearest by metres is; distances on the globe are dear.
close_by AS (
  SELECT b.code, b.name, b.address, b.geom
  FROM here
  JOIN building b ON b.community_code IN (SELECT code FROM near) AND b.ended_at IS NULL
    AND b.geom && ST_Expand(here.point, :reach_degrees)
  ORDER BY b.geom <-> here.point, b.code LIMIT 10
),
buildings AS MATERIALIZED (
  SELECT 'building' AS noun, code, name, address, ST_Distance(geom::geography, here.point::geography) AS metres
  FROM here CROSS JOIN close_by
)
SELECT 'community' AS noun, code, name, NULL AS address, 0.0 AS metres FROM near WHERE inside
UNION ALL
SELECT 'compound', x.code, x.name, NULL, 0.0
FROM here JOIN compound x ON x.community_code IN (SELECT code FROM near) AND x.ended_at IS NULL
  AND ST_Intersects(x.geom, here.point)
UNION ALL
SELECT noun, code, name, address, metres FROM buildings WHERE metres <= :reach_m
ORDER BY noun, metres, code
