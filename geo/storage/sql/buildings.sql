-- Living buildings of some communities with the households that count.
-- Doors on record are counted; where none are, the declared number holds, then the stairwells' numbers, then 0.
-- Parameters: communities, codes (NULL for all), counting (kinds of household units that count), after (a code), limit.
SELECT
  b.code, b.name, b.address, b.kind, b.community_code, b.compound_code, b.floors,
  coalesce(units.households, b.households, stairs.households, 0)::integer AS households,
  CASE WHEN units.households IS NULL THEN b.households_source ELSE 'units' END AS households_source,
  ST_AsBinary(b.geom) AS geometry
FROM building b
CROSS JOIN (SELECT is_acting() AND NOT may('households') AS doors) hidden
LEFT JOIN LATERAL (
  SELECT CASE
    WHEN hidden.doors THEN doors_counted(b.code, NULL, CAST(:counting AS text[]))
    WHEN count(*) > 0 THEN count(*) FILTER (WHERE u.kind = ANY (CAST(:counting AS text[])))
  END AS households
  FROM household_unit u WHERE u.building_code = b.code AND u.ended_at IS NULL
) units ON true
LEFT JOIN LATERAL (
  SELECT sum(s.households) AS households FROM stairwell s WHERE s.building_code = b.code AND s.ended_at IS NULL
) stairs ON true
WHERE b.ended_at IS NULL
  AND (CAST(:communities AS text[]) IS NULL OR b.community_code = ANY (CAST(:communities AS text[])))
  AND (CAST(:codes AS text[]) IS NULL OR b.code = ANY (CAST(:codes AS text[])))
  AND (CAST(:after AS text) IS NULL OR b.code > CAST(:after AS text) COLLATE "C")
ORDER BY b.code
LIMIT CAST(:limit AS bigint)
