-- What a case is about, from the codes that were given: a place's door and building, a door's building, what they lie in
-- and who answers for them. What has ended, or is not seen, is NULL.
-- Parameters: place, household_unit, building, city_element (codes, or NULL).
SELECT
  p.code AS place, u.code AS household_unit, b.code AS building, e.code AS city_element,
  coalesce(b.community_code, e.community_code) AS community,
  c.street_code AS street,
  coalesce(p.responsible_body_code, e.responsible_body_code, x.responsible_body_code) AS body,
  ST_X(spot.point) AS lon, ST_Y(spot.point) AS lat
FROM (SELECT) one
LEFT JOIN place p ON p.code = CAST(:place AS text) AND p.ended_at IS NULL
LEFT JOIN household_unit u
  ON u.code = coalesce(CAST(:household_unit AS text), p.household_unit_code) AND u.ended_at IS NULL
LEFT JOIN building b
  ON b.code = coalesce(u.building_code, p.building_code, CAST(:building AS text)) AND b.ended_at IS NULL
LEFT JOIN city_element e ON e.code = CAST(:city_element AS text) AND e.ended_at IS NULL
LEFT JOIN community c ON c.code = coalesce(b.community_code, e.community_code)
LEFT JOIN compound x ON x.code = b.compound_code AND x.ended_at IS NULL
CROSS JOIN LATERAL (SELECT coalesce(p.geom, ST_PointOnSurface(coalesce(e.geom, b.geom))) AS point) spot
