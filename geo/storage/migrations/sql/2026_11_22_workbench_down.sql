-- Takes back 2026_11_22_workbench.sql; the tables go afterwards.
DO $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT policyname, tablename FROM pg_policies
    WHERE schemaname = current_schema() AND tablename IN ('plan_comment', 'plan_presence', 'plan_job')
  LOOP
    EXECUTE format('DROP POLICY %I ON %I', found.policyname, found.tablename);
  END LOOP;
END $$;
DROP FUNCTION own_plans();
