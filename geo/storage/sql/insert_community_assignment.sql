-- Which drawn community each building is in; the caller has made sure that every code is the plan's.
INSERT INTO community_assignment (plan_id, drawn_id, building_code, households)
SELECT :plan_id, d.id, new.building_code, new.households
FROM unnest(
  CAST(:building_code AS text[]), CAST(:grid_code AS text[]), CAST(:households AS integer[])
) AS new(building_code, grid_code, households)
JOIN drawn_community d ON d.plan_id = :plan_id AND d.code = new.grid_code
