-- The grids of a building at a moment: one, or several when the plan divides the building.
-- A plan that assigns nothing (a department's drawn grids) is asked by place: the grid round the building.
-- A building whose community changed stays in the grid of the plan that drew it, until its new community's plan does.
-- Parameters: building, stairwell and floor (NULL for all of them, or where it is not on record), department, moment.
WITH ruling AS (
  SELECT p.id, p.name FROM plan p
  CROSS JOIN (SELECT community_at(:building, :moment) AS code) home
  CROSS JOIN LATERAL (
    SELECT home.code <> left(:building, 12) AND starts_with(:building, left(p.scope_code, 9)) AND EXISTS (
      SELECT FROM assignment a WHERE a.plan_id = p.id AND a.building_code = :building
    ) AS drawn_in
  ) moved
  WHERE (starts_with(home.code, p.scope_code) OR moved.drawn_in) AND p.tier = 'grid' AND p.department = :department
    AND p.adopted_at <= :moment AND (p.superseded_at IS NULL OR p.superseded_at > :moment)
  ORDER BY moved.drawn_in DESC, p.adopted_at DESC, p.id DESC LIMIT 1
),
assigned AS (
  SELECT DISTINCT a.grid_id FROM ruling r JOIN assignment a ON a.plan_id = r.id
  WHERE a.building_code = :building
    AND (CAST(:stairwell AS text) IS NULL OR a.stairwell_code IS NULL OR a.stairwell_code = CAST(:stairwell AS text))
    AND (CAST(:floor AS integer) IS NULL OR a.floor_from IS NULL OR :floor BETWEEN a.floor_from AND a.floor_to)
),
located AS (
  SELECT g.id AS grid_id
  FROM ruling r
  JOIN grid g ON g.plan_id = r.id
  JOIN building b ON b.code = :building AND ST_Covers(g.geom, ST_PointOnSurface(b.geom))
  WHERE NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = r.id)
)
SELECT g.id, g.plan_id, r.name AS plan_name, g.code, g.name, g.community_code, g.households
FROM ruling r
JOIN grid g ON g.plan_id = r.id AND (g.id IN (SELECT grid_id FROM assigned) OR g.id IN (SELECT grid_id FROM located))
ORDER BY g.code
