-- Living stairwells of living buildings of some communities with the households that count: doors, else declared.
-- Parameters: communities, buildings (NULL for all), counting (kinds of household units that count).
SELECT
  s.code, s.name, s.building_code, s.floors,
  coalesce(units.households, s.households, 0)::integer AS households,
  ST_AsBinary(s.geom) AS geometry
FROM stairwell s
JOIN building b ON b.code = s.building_code AND b.ended_at IS NULL
CROSS JOIN (SELECT is_acting() AND NOT may('households') AS doors) hidden
LEFT JOIN LATERAL (
  SELECT CASE
    WHEN hidden.doors THEN doors_counted(s.building_code, s.code, CAST(:counting AS text[]))
    WHEN count(*) > 0 THEN count(*) FILTER (WHERE u.kind = ANY (CAST(:counting AS text[])))
  END AS households
  FROM household_unit u WHERE u.stairwell_code = s.code AND u.ended_at IS NULL
) units ON true
WHERE s.ended_at IS NULL
  AND (CAST(:communities AS text[]) IS NULL OR b.community_code = ANY (CAST(:communities AS text[])))
  AND (CAST(:buildings AS text[]) IS NULL OR s.building_code = ANY (CAST(:buildings AS text[])))
ORDER BY s.code
