-- All communities that a plan draws in one statement, so that the rules look at them once.
INSERT INTO drawn_community (plan_id, code, name, community_code, households, reason_code, reason, geom)
SELECT
  :plan_id, new.code, new.name, new.community_code, new.households, new.reason_code, new.reason,
  ST_SetSRID(ST_GeomFromWKB(new.geom), 4326)
FROM unnest(
  CAST(:code AS text[]), CAST(:name AS text[]), CAST(:community_code AS text[]), CAST(:households AS integer[]),
  CAST(:reason_code AS text[]), CAST(:reason AS text[]), CAST(:geom AS bytea[])
) AS new(code, name, community_code, households, reason_code, reason, geom)
