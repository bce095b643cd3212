-- The code of the grid that a case lies in at a moment: that of its building, of the part round its door or point where
-- the plan divides it; without a building the grid round the point. See grids_at.sql for which plan rules.
-- Parameters: building, household_unit (codes, or NULL), lon, lat (degrees), moment.
WITH here AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point),
plans AS (
  SELECT id, scope_code, adopted_at FROM plan
  WHERE tier = 'grid' AND department = '' AND adopted_at <= :moment
    AND (superseded_at IS NULL OR superseded_at > :moment)
),
door AS (SELECT stairwell_code, floor FROM household_unit WHERE code = CAST(:household_unit AS text)),
ruling AS (
  SELECT p.id FROM plans p
  CROSS JOIN (SELECT community_at(CAST(:building AS text), :moment) AS code) home
  CROSS JOIN LATERAL (
    SELECT home.code <> left(CAST(:building AS text), 12) AND EXISTS (
      SELECT FROM assignment a WHERE a.plan_id = p.id AND a.building_code = CAST(:building AS text)
    ) AS drawn_in
  ) moved
  WHERE starts_with(home.code, p.scope_code) OR moved.drawn_in
  ORDER BY moved.drawn_in DESC, p.adopted_at DESC, p.id DESC LIMIT 1
),
found AS (
  SELECT g.code, g.geom, p.adopted_at, a.building_code IS NOT NULL AS assigned
  FROM here
  JOIN plans p ON CAST(:building AS text) IS NULL OR p.id IN (SELECT id FROM ruling)
  JOIN grid g ON g.plan_id = p.id
  LEFT JOIN door d ON true
  LEFT JOIN assignment a ON a.grid_id = g.id AND a.building_code = CAST(:building AS text)
    AND (d.stairwell_code IS NULL OR a.stairwell_code IS NULL OR a.stairwell_code = d.stairwell_code)
    AND (d.floor IS NULL OR a.floor_from IS NULL OR d.floor BETWEEN a.floor_from AND a.floor_to)
  WHERE a.building_code IS NOT NULL OR ST_Intersects(g.geom, here.point)
)
SELECT f.code FROM found f CROSS JOIN here
ORDER BY f.assigned DESC, ST_Intersects(f.geom, here.point) DESC, f.adopted_at DESC, f.code
LIMIT 1
