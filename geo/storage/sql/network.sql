-- The grids in force somewhere at a moment: for each community those of the plan adopted last whose scope holds it.
-- Where a community ended when borders moved, its grids stay in force until newer plans have drawn all their buildings.
-- Parameters: scope (street or community code), department, moment.
WITH plans AS (
  SELECT id, scope_code, adopted_at FROM plan
  WHERE tier = 'grid' AND department = :department
    AND adopted_at <= :moment AND (superseded_at IS NULL OR superseded_at > :moment)
),
ruling AS (
  SELECT DISTINCT ON (c.code) c.code, c.ended_at <= :moment AS ended, p.id AS plan_id, p.adopted_at
  FROM community c JOIN plans p ON starts_with(c.code, p.scope_code)
  WHERE starts_with(c.code, :scope)
  ORDER BY c.code, p.adopted_at DESC, p.id DESC
)
SELECT
  g.plan_id, g.code, g.name, g.community_code, g.households, g.reason_code, g.reason, ST_AsBinary(g.geom) AS geometry
FROM ruling r JOIN grid g ON g.plan_id = r.plan_id AND g.community_code = r.code
WHERE r.ended IS NOT TRUE OR EXISTS (
  SELECT FROM assignment a
  WHERE a.grid_id = g.id AND NOT EXISTS (
    SELECT FROM assignment b
    JOIN plans newer ON newer.id = b.plan_id AND (newer.adopted_at, newer.id) > (r.adopted_at, r.plan_id)
    WHERE b.building_code = a.building_code
  )
) OR NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = g.plan_id)
ORDER BY g.code
