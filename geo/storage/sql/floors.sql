-- Doors that count on each floor of living buildings: by building, stairwell (NULL for doors of none) and floor (NULL
-- where it is not on record).
-- Parameters: communities (NULL for all), counting (kinds of household units that count).
SELECT u.building_code AS building, u.stairwell_code AS stairwell, u.floor, count(*)::integer AS households
FROM household_unit u
JOIN building b ON b.code = u.building_code AND b.ended_at IS NULL
WHERE u.ended_at IS NULL AND u.kind = ANY (CAST(:counting AS text[]))
  AND (CAST(:communities AS text[]) IS NULL OR b.community_code = ANY (CAST(:communities AS text[])))
GROUP BY u.building_code, u.stairwell_code, u.floor
ORDER BY u.building_code, u.stairwell_code, u.floor
