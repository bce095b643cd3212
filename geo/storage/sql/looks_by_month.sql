-- When somebody got in somewhere in each building of a street or community: the last look of each month since a
-- moment, and the last one before it. Months are China's; moments come as seconds since 1970.
-- Parameters: scope (code of a street or community), since, at (moments).
SELECT i.building_code, extract(epoch FROM max(i.inspected_at))::float8 AS seen_at
FROM inspection i
WHERE i.street_code = left(:scope, 9) AND (length(:scope) = 9 OR i.community_code = :scope)
  AND i.building_code IS NOT NULL AND i.result <> 'no_access' AND i.inspected_at <= :at
GROUP BY
  i.building_code,
  CASE WHEN i.inspected_at >= :since THEN date_trunc('month', i.inspected_at AT TIME ZONE 'Asia/Shanghai') END
ORDER BY i.building_code, seen_at
