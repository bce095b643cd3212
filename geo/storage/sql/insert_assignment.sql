-- The whole assignment of a plan in one statement; the caller has made sure that every grid code is the plan's.
INSERT INTO assignment (plan_id, grid_id, building_code, stairwell_code, floor_from, floor_to, households)
SELECT :plan_id, g.id, new.building_code, new.stairwell_code, new.floor_from, new.floor_to, new.households
FROM unnest(
  CAST(:building_code AS text[]), CAST(:stairwell_code AS text[]), CAST(:floor_from AS integer[]),
  CAST(:floor_to AS integer[]), CAST(:grid_code AS text[]), CAST(:households AS integer[])
) AS new(building_code, stairwell_code, floor_from, floor_to, grid_code, households)
JOIN grid g ON g.plan_id = :plan_id AND g.code = new.grid_code
