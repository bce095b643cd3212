-- Grids of a draft that an edit changed, in one statement, so that the rules look at all of them at once.
UPDATE grid g SET
  name = new.name, households = new.households, reason_code = new.reason_code, reason = new.reason,
  geom = ST_SetSRID(ST_GeomFromWKB(new.geom), 4326)
FROM unnest(
  CAST(:code AS text[]), CAST(:name AS text[]), CAST(:community_code AS text[]), CAST(:households AS integer[]),
  CAST(:reason_code AS text[]), CAST(:reason AS text[]), CAST(:geom AS bytea[])
) AS new(code, name, community_code, households, reason_code, reason, geom)
WHERE g.plan_id = :plan_id AND g.code = new.code
