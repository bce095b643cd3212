-- When somebody last got in somewhere in each building of a street, community or grid in force.
-- Parameters: scope (code), before (a moment).
WITH grids AS (
  SELECT g.id, g.plan_id, g.community_code, g.geom
  FROM grid g JOIN plan p ON p.id = g.plan_id
  WHERE length(:scope) = 15 AND g.code = :scope AND p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
  ORDER BY p.adopted_at DESC, p.id DESC LIMIT 1
),
inside AS (
  SELECT b.code FROM building b
  WHERE length(:scope) < 15 AND b.ended_at IS NULL AND starts_with(b.community_code, :scope)
  UNION
  SELECT b.code FROM grids g JOIN assignment a ON a.grid_id = g.id
  JOIN building b ON b.code = a.building_code AND b.ended_at IS NULL
  UNION
  SELECT b.code FROM grids g JOIN building b
    ON b.community_code = g.community_code AND b.ended_at IS NULL AND ST_Covers(g.geom, ST_PointOnSurface(b.geom))
  WHERE NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = g.plan_id)
)
SELECT n.code AS building_code, max(i.inspected_at) AS last_seen
FROM inside n
LEFT JOIN inspection i ON i.building_code = n.code AND i.result <> 'no_access' AND i.inspected_at < :before
GROUP BY n.code
ORDER BY n.code
