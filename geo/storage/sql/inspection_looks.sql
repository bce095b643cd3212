-- For each thing and party: the last look that got in, and every one after it at which nobody opened.
-- Parameters: codes (of places and household units), before (a moment).
WITH looked AS (
  SELECT coalesce(i.place_code, i.household_unit_code) AS code, i.party, i.inspected_at, i.result
  FROM inspection i
  WHERE i.inspected_at < :before AND (
    i.place_code = ANY (CAST(:codes AS text[]))
    OR (i.place_code IS NULL AND i.household_unit_code = ANY (CAST(:codes AS text[])))
  )
),
seen AS (
  SELECT code, party, max(inspected_at) AS at FROM looked WHERE result <> 'no_access' GROUP BY code, party
)
SELECT l.code, l.party, max(l.inspected_at) AS inspected_at, min(l.result) AS result
FROM looked l JOIN seen s ON s.code = l.code AND s.party = l.party AND s.at = l.inspected_at
WHERE l.result <> 'no_access'
GROUP BY l.code, l.party
UNION ALL
SELECT l.code, l.party, l.inspected_at, l.result
FROM looked l LEFT JOIN seen s ON s.code = l.code AND s.party = l.party
WHERE l.result = 'no_access' AND (s.at IS NULL OR l.inspected_at > s.at)
ORDER BY code, party, inspected_at
