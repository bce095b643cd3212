-- What is in the cells of a plan, in one statement.
INSERT INTO cell_assignment (cell_id, building_code, stairwell_code, floor_from, floor_to, households, estimated)
SELECT c.id, new.building_code, new.stairwell_code, new.floor_from, new.floor_to, new.households, new.estimated
FROM unnest(
  CAST(:cell_code AS text[]), CAST(:building_code AS text[]), CAST(:stairwell_code AS text[]),
  CAST(:floor_from AS integer[]), CAST(:floor_to AS integer[]), CAST(:households AS integer[]),
  CAST(:estimated AS boolean[])
) AS new(cell_code, building_code, stairwell_code, floor_from, floor_to, households, estimated)
JOIN grid g ON g.plan_id = :plan_id AND g.code = left(new.cell_code, 15)
JOIN cell c ON c.grid_id = g.id AND c.code = new.cell_code
