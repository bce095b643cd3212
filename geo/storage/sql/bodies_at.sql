-- Who answers for what there is at a place: of the place itself, the element, the building's compound, or one that was
-- named; the nearest of a kind first.
-- Parameters: place, city_element, building, given (codes, or NULL).
WITH named AS (
  SELECT 1 AS near, CAST(:given AS text) AS code
  UNION ALL SELECT 2, responsible_body_code FROM place WHERE code = CAST(:place AS text) AND ended_at IS NULL
  UNION ALL SELECT 3, responsible_body_code FROM city_element
    WHERE code = CAST(:city_element AS text) AND ended_at IS NULL
  UNION ALL SELECT 4, x.responsible_body_code FROM building b JOIN compound x ON x.code = b.compound_code
    WHERE b.code = CAST(:building AS text) AND x.ended_at IS NULL
)
SELECT DISTINCT ON (r.kind) r.kind, r.code
FROM named n JOIN responsible_body r ON r.code = n.code AND r.ended_at IS NULL
ORDER BY r.kind, n.near, r.code
