-- Who sees and writes what is shared by those who work on a plan. See 2026_11_22_access.sql.

-- Plans that the actor sees whole: the street is theirs, or the community.
CREATE FUNCTION own_plans() RETURNS bigint[] LANGUAGE sql STABLE AS $$
  SELECT array(
    SELECT id FROM plan
    WHERE left(scope_code, 9) = ANY (told_list('streets')) OR scope_code = ANY (told_list('whole'))
  )
$$;

-- What was said stays as it was said.
GRANT SELECT, INSERT, UPDATE (resolved_by, resolved_at, version) ON plan_comment TO wangge_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON plan_presence TO wangge_app;
GRANT SELECT, INSERT, UPDATE (state, share, result, problem, beat_at, ended_at) ON plan_job TO wangge_app;
ALTER TABLE plan_comment ENABLE ROW LEVEL SECURITY;
ALTER TABLE plan_presence ENABLE ROW LEVEL SECURITY;
ALTER TABLE plan_job ENABLE ROW LEVEL SECURITY;

-- Whoever sees a part of a plan sees what was said of that part. Nobody speaks in another's name.
CREATE POLICY seen ON plan_comment FOR SELECT TO wangge_app USING (
  plan_id = ANY ((SELECT own_plans())::bigint[])
  OR (community_code = ANY ((SELECT told_list('whole'))::text[]) AND EXISTS (SELECT FROM plan p WHERE p.id = plan_id))
);
CREATE POLICY made ON plan_comment FOR INSERT TO wangge_app
  WITH CHECK (who = (SELECT told('who')) AND plan_id = ANY ((SELECT own_plans())::bigint[]));
CREATE POLICY changed ON plan_comment FOR UPDATE TO wangge_app
  USING (plan_id = ANY ((SELECT own_plans())::bigint[]))
  WITH CHECK (resolved_by IS NULL OR resolved_by = (SELECT told('who')));

CREATE POLICY seen ON plan_presence FOR SELECT TO wangge_app USING (plan_id = ANY ((SELECT own_plans())::bigint[]));
CREATE POLICY made ON plan_presence FOR INSERT TO wangge_app
  WITH CHECK (who = (SELECT told('who')) AND plan_id = ANY ((SELECT own_plans())::bigint[]));
CREATE POLICY changed ON plan_presence FOR UPDATE TO wangge_app
  USING (who = (SELECT told('who')) AND plan_id = ANY ((SELECT own_plans())::bigint[]));
-- One's own, and what was left behind by whoever has not been heard of for long.
CREATE POLICY forgotten ON plan_presence FOR DELETE TO wangge_app USING (
  plan_id = ANY ((SELECT own_plans())::bigint[])
  AND (who = (SELECT told('who')) OR seen_at < clock_timestamp() - interval '1 minute')
);

CREATE POLICY seen ON plan_job FOR SELECT TO wangge_app USING (plan_id = ANY ((SELECT own_plans())::bigint[]));
CREATE POLICY made ON plan_job FOR INSERT TO wangge_app WITH CHECK (
  (SELECT may('plans')) AND created_by = (SELECT told('who')) AND plan_id = ANY ((SELECT own_plans())::bigint[])
);
CREATE POLICY changed ON plan_job FOR UPDATE TO wangge_app
  USING ((SELECT may('plans')) AND plan_id = ANY ((SELECT own_plans())::bigint[]));
