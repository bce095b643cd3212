-- The cells of a building at a moment, narrowed by stairwell and floor where these are known. The plan is found as in
-- grids_at.sql. Parameters: building, stairwell and floor (NULL for all of them), department, moment.
WITH ruling AS (
  SELECT p.id FROM plan p
  CROSS JOIN (SELECT community_at(:building, :moment) AS code) home
  CROSS JOIN LATERAL (
    SELECT home.code <> left(:building, 12) AND starts_with(:building, left(p.scope_code, 9)) AND EXISTS (
      SELECT FROM assignment a WHERE a.plan_id = p.id AND a.building_code = :building
    ) AS drawn_in
  ) moved
  WHERE (starts_with(home.code, p.scope_code) OR moved.drawn_in) AND p.tier = 'grid' AND p.department = :department
    AND p.adopted_at <= :moment AND (p.superseded_at IS NULL OR p.superseded_at > :moment)
  ORDER BY moved.drawn_in DESC, p.adopted_at DESC, p.id DESC LIMIT 1
)
SELECT c.id, g.plan_id, g.code AS grid_code, c.code, c.name, c.households
FROM ruling r
JOIN grid g ON g.plan_id = r.id
JOIN cell c ON c.grid_id = g.id
WHERE EXISTS (
  SELECT FROM cell_assignment a
  WHERE a.cell_id = c.id AND a.building_code = :building
    AND (CAST(:stairwell AS text) IS NULL OR a.stairwell_code IS NULL OR a.stairwell_code = CAST(:stairwell AS text))
    AND (CAST(:floor AS integer) IS NULL OR a.floor_from IS NULL OR :floor BETWEEN a.floor_from AND a.floor_to)
)
ORDER BY c.code
