-- The grids of a plan that do not fit the communities as they are now: whose community ended, or that reach beyond it.
-- The ground is compared as in check_grids() of 2026_11_21_rules.sql. Parameter: plan.
SELECT g.code
FROM grid g
JOIN community c ON c.code = g.community_code
WHERE g.plan_id = :plan AND (
  c.ended_at IS NOT NULL
  OR EXISTS (
    SELECT FROM (SELECT ST_CollectionExtract(ST_Difference(g.geom, c.geom), 3) AS beyond OFFSET 0) reach
    WHERE ST_Area(reach.beyond) > 0 AND NOT ST_IsEmpty(ST_Buffer(reach.beyond, -2.5e-7))
  )
)
ORDER BY g.code
