-- Who sees, sets and lifts locks on drafts. See 2026_11_22_workbench.sql.

GRANT SELECT, INSERT, DELETE ON plan_lock TO wangge_app;
ALTER TABLE plan_lock ENABLE ROW LEVEL SECURITY;

CREATE POLICY seen ON plan_lock FOR SELECT TO wangge_app USING (plan_id = ANY ((SELECT own_plans())::bigint[]));
-- Nobody locks in another's name.
CREATE POLICY made ON plan_lock FOR INSERT TO wangge_app WITH CHECK (
  (SELECT may('plans')) AND who = (SELECT told('who')) AND plan_id = ANY ((SELECT own_plans())::bigint[])
);
-- A colleague who is away must hold up nobody: every planner of the plan may lift a lock, on record.
CREATE POLICY lifted ON plan_lock FOR DELETE TO wangge_app
  USING ((SELECT may('plans')) AND plan_id = ANY ((SELECT own_plans())::bigint[]));
