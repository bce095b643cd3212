-- The grids in force that a shape lies in: of the plan adopted last among those with a grid there, by code. A point on
-- the border of two has both. Parameters: shape (WKB, EPSG:4326).
WITH here AS (SELECT ST_GeomFromWKB(:shape, 4326) AS shape),
found AS (
  SELECT g.id, g.plan_id, p.name AS plan_name, g.code, g.name, g.community_code, g.households, p.adopted_at
  FROM here
  JOIN grid g ON ST_Intersects(g.geom, here.shape)
  JOIN plan p ON p.id = g.plan_id AND p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
  WHERE ST_Dimension(here.shape) = 0 OR ST_Area(ST_Intersection(g.geom, here.shape)) > 0
)
SELECT id, plan_id, plan_name, code, name, community_code, households FROM found
WHERE plan_id = (SELECT plan_id FROM found ORDER BY adopted_at DESC, plan_id DESC LIMIT 1)
ORDER BY code
