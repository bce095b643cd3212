-- Takes back 2026_11_22_access.sql. The role stays: other databases of the server may use it.
DO $$
DECLARE
  found record;
BEGIN
  FOR found IN SELECT policyname, tablename FROM pg_policies WHERE 'wangge_app' = ANY (roles) LOOP
    EXECUTE format('DROP POLICY %I ON %I', found.policyname, found.tablename);
  END LOOP;
  FOR found IN
    SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = current_schema()::regnamespace
  LOOP
    EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', found.relname);
    EXECUTE format('REVOKE ALL ON %I FROM wangge_app', found.relname);
  END LOOP;
  REVOKE ALL ON alembic_version FROM wangge_app;
  EXECUTE format('REVOKE ALL ON SCHEMA %I FROM wangge_app', current_schema());
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM wangge_app', current_database());
END $$;

DROP TRIGGER renew_scope ON community;
DROP TRIGGER event_signed ON event;
DROP TRIGGER event_chained ON event;
DROP FUNCTION refuse_unless_auditor() CASCADE;
DROP FUNCTION audited_events(text, text, text, text, text, timestamptz, timestamptz, bigint, bigint);
DROP FUNCTION audit_findings();
DROP FUNCTION audit_heads(bigint[]);
DROP FUNCTION without_values(jsonb);
DROP FUNCTION is_household_noun(text);
DROP FUNCTION chain_event();
DROP FUNCTION event_hash(bytea, event);
DROP FUNCTION event_text(event);
DROP FUNCTION sign_event();
DROP FUNCTION renew_scope();
DROP FUNCTION check_account_secrets() CASCADE;
DROP FUNCTION find_login(text);
DROP FUNCTION find_sign_in(bytea);
DROP FUNCTION touch_sign_in(bytea, timestamptz);
DROP FUNCTION find_invitation(bytea);
DROP FUNCTION use_invitation(bytea);
DROP FUNCTION record_failures(text[]);
DROP FUNCTION read_failures(text, timestamptz);
DROP FUNCTION clear_failures(text);
DROP FUNCTION forget_failures(timestamptz);
DROP FUNCTION sign_in_addresses(bigint, timestamptz);
DROP FUNCTION roles_held(bigint);
DROP FUNCTION scopes_held(bigint);
DROP FUNCTION seen_report(text, jsonb);
DROP FUNCTION own_part(jsonb);
DROP FUNCTION is_own_line(jsonb);
DROP FUNCTION doors_counted(text, text, text[]);
DROP FUNCTION own_drafts();
DROP FUNCTION own_buildings();
DROP FUNCTION own_grids();
DROP FUNCTION near_streets();
DROP FUNCTION acting_account();
DROP FUNCTION acts_as(text[]);
DROP FUNCTION may(text);
DROP FUNCTION is_acting();
DROP FUNCTION told_list(text);
DROP FUNCTION told(text);

ALTER FUNCTION lock_drafts(bigint[]) SECURITY INVOKER;
ALTER FUNCTION check_plan_rows() SECURITY INVOKER;
ALTER FUNCTION check_grids() SECURITY INVOKER;
ALTER FUNCTION check_assignments() SECURITY INVOKER;
ALTER FUNCTION check_cell_assignments() SECURITY INVOKER;
ALTER FUNCTION check_drawn_communities() SECURITY INVOKER;
