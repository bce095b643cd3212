-- The grids in force somewhere at a moment: for each community those of the plan adopted last whose scope holds it.
-- Parameters: scope (street or community code), department, moment.
WITH plans AS (
  SELECT id, scope_code, adopted_at FROM plan
  WHERE department = :department AND adopted_at <= :moment AND (superseded_at IS NULL OR superseded_at > :moment)
),
ruling AS (
  SELECT DISTINCT ON (c.code) c.code, p.id AS plan_id
  FROM community c JOIN plans p ON starts_with(c.code, p.scope_code)
  WHERE starts_with(c.code, :scope)
  ORDER BY c.code, p.adopted_at DESC, p.id DESC
)
SELECT
  g.plan_id, g.code, g.name, g.community_code, g.households, g.reason_code, g.reason, ST_AsBinary(g.geom) AS geometry
FROM ruling r JOIN grid g ON g.plan_id = r.plan_id AND g.community_code = r.code
ORDER BY g.code
