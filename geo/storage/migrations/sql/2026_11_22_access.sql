-- Who may see and write which rows, the names that events are written in, and the chain that shows whether they were
-- touched afterwards. See 2026_11_21_rules.sql for how rules are told.
--
-- The program connects as the owner of the tables, whom row-level security does not bind. For a person it first becomes
-- "wangge_app" for the transaction (geo/storage/acting.py) and says who it acts for in settings of the transaction:
--   wangge.who, .account, .address, .request   what events are written with
--   wangge.roles                               codes of roles
--   wangge.may                                 what the roles allow: households, register, plans
--   wangge.streets                             streets that are seen whole
--   wangge.communities                         communities of these streets, further ones, and those of the grids
--   wangge.whole                               the same without those of which only grids are seen
--   wangge.grids                               grids that are seen without the rest of their community
-- Where nothing was said all of these are empty, and there are no rows.

-- Functions with the owner's rights look up tables before anything temporary that a caller could have made.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

-- The application's role -------------------------------------------------------------------------------------------
-- Roles belong to the server, not to the database: another database's migration may be making it at this moment.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_app') THEN
    CREATE ROLE wangge_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN
    NULL;
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege', MESSAGE = format(
        'the database lacks the role "wangge_app" and %1$I may not make it: have an administrator run '
        'CREATE ROLE wangge_app NOLOGIN; GRANT wangge_app TO %1$I', current_user
      );
END $$;
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'wangge_app', 'MEMBER') THEN
    EXECUTE format('GRANT wangge_app TO %I', current_user);
  END IF;
EXCEPTION
  WHEN unique_violation THEN
    NULL;
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege', MESSAGE = format(
        'the role "wangge_app" is not given to %1$I: have an administrator run GRANT wangge_app TO %1$I', current_user
      );
END $$;

-- What a transaction was told --------------------------------------------------------------------------------------

CREATE FUNCTION told(setting text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(current_setting('wangge.' || setting, true), '')
$$;

CREATE FUNCTION told_list(setting text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(string_to_array(nullif(current_setting('wangge.' || setting, true), ''), ','), '{}'::text[])
$$;

-- Whether a person acts, and not the owner: asked of the role, so that a transaction that was told nothing gets nothing.
CREATE FUNCTION is_acting() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT current_setting('role') = 'wangge_app'
$$;

CREATE FUNCTION acts_as(VARIADIC roles text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT told_list('roles') && roles
$$;

CREATE FUNCTION may(what text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT what = ANY (told_list('may'))
$$;

CREATE FUNCTION acting_account() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT nullif(told('account'), '')::bigint
$$;

-- Streets of which at least something is seen.
CREATE FUNCTION near_streets() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT array(
    SELECT unnest(told_list('streets')) UNION SELECT left(unnest(told_list('communities')), 9)
    UNION SELECT left(unnest(told_list('grids')), 9)
  )
$$;

-- The grids in force of those that the actor sees one by one: see network.sql for which plan rules.
CREATE FUNCTION own_grids() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT array(
    SELECT g.id
    FROM unnest(told_list('grids')) AS own(code)
    CROSS JOIN LATERAL (
      SELECT p.id FROM plan p
      WHERE p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
        AND p.scope_code IN (left(own.code, 9), left(own.code, 12))
      ORDER BY p.adopted_at DESC, p.id DESC LIMIT 1
    ) ruling
    JOIN grid g ON g.plan_id = ruling.id AND g.code = own.code COLLATE "C"
  )
$$;

-- The buildings in them: by assignment, or by place where the plan assigns nothing.
CREATE FUNCTION own_buildings() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT array(
    SELECT a.building_code FROM assignment a WHERE a.grid_id = ANY (own_grids())
    UNION
    SELECT b.code FROM grid g
    JOIN building b ON b.community_code = g.community_code AND ST_Covers(g.geom, ST_PointOnSurface(b.geom))
    WHERE g.id = ANY (own_grids()) AND NOT EXISTS (SELECT FROM assignment a WHERE a.plan_id = g.plan_id)
  )
$$;

-- When communities are added or redrawn, what a whole street is made of changes within the transaction.
CREATE FUNCTION renew_scope() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  inside text;
BEGIN
  IF told('streets') <> '' THEN
    SELECT string_agg(code, ',' ORDER BY code) INTO inside
      FROM community WHERE street_code = ANY (told_list('streets'));
    IF inside IS NOT NULL THEN
      PERFORM set_config('wangge.whole', concat_ws(',', inside, nullif(array_to_string(array(
        SELECT code FROM unnest(told_list('whole')) AS kept(code) WHERE left(code, 9) <> ALL (told_list('streets'))
      ), ','), '')), true);
      PERFORM set_config('wangge.communities', concat_ws(',', inside, nullif(array_to_string(array(
        SELECT code FROM unnest(told_list('communities')) AS kept(code)
        WHERE left(code, 9) <> ALL (told_list('streets'))
      ), ','), '')), true);
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER renew_scope AFTER INSERT OR UPDATE ON community FOR EACH STATEMENT EXECUTE FUNCTION renew_scope();

-- The rules of plans look at every row, whoever writes ------------------------------------------------------------
ALTER FUNCTION lock_drafts(bigint[]) SECURITY DEFINER SET search_path FROM CURRENT;
ALTER FUNCTION check_plan_rows() SECURITY DEFINER SET search_path FROM CURRENT;
ALTER FUNCTION check_grids() SECURITY DEFINER SET search_path FROM CURRENT;
ALTER FUNCTION check_assignments() SECURITY DEFINER SET search_path FROM CURRENT;
ALTER FUNCTION check_cell_assignments() SECURITY DEFINER SET search_path FROM CURRENT;
ALTER FUNCTION check_drawn_communities() SECURITY DEFINER SET search_path FROM CURRENT;

-- Events -----------------------------------------------------------------------------------------------------------

-- Nobody writes in another's name, or at another time: what the transaction was told counts, and nothing is no name.
CREATE FUNCTION sign_event() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() THEN
    NEW.who := told('who');
    NEW.at := clock_timestamp();
    NEW.address := nullif(told('address'), '');
    NEW.request_id := nullif(told('request'), '');
    NEW.account_id := acting_account();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER event_signed BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION sign_event();

-- An event as text, the same in every session: no time zone, no date style, every missing value told from "null". This
-- function and the next are pure expressions without settings of their own, so that they are planned with their caller,
-- once, and not anew for each event: that is five times as fast.
CREATE FUNCTION event_text(told event) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(
    told.id, to_char(told.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), told.who, told.what, told.noun,
    told.code, told.before::text, told.after::text, told.address, told.request_id, told.account_id
  )::text
$$;

CREATE FUNCTION event_hash(previous bytea, told event) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(coalesce(previous, ''::bytea) || convert_to(event_text(told), 'UTF8'))
$$;

-- Runs when a transaction commits. The lock lets one transaction at a time append, until it has committed: numbers
-- have no gaps, and their order is the order of commits.
CREATE FUNCTION chain_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  last event_chain;
BEGIN
  PERFORM pg_advisory_xact_lock(33624475967777538);
  SELECT * INTO last FROM event_chain ORDER BY seq DESC LIMIT 1;
  INSERT INTO event_chain (seq, event_id, hash)
    VALUES (coalesce(last.seq, 0) + 1, NEW.id, event_hash(last.hash, NEW));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER event_chained AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION chain_event();

CREATE TRIGGER event_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_chain
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('event_append_only');

-- Events from before there was a chain.
DO $$
DECLARE
  old event;
  last bytea;
  place bigint := 0;
BEGIN
  FOR old IN SELECT * FROM event ORDER BY id LOOP
    place := place + 1;
    last := event_hash(last, old);
    INSERT INTO event_chain (seq, event_id, hash) VALUES (place, old.id, last);
  END LOOP;
END $$;

CREATE FUNCTION refuse_unless_auditor() RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() AND NOT acts_as('auditor') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'only an auditor checks the audit trail';
  END IF;
END $$;

-- Everything that does not fit, in one pass over both tables. A hash is compared with what the hash kept before it
-- gives, so that one changed event is one finding and not all that follow it.
CREATE FUNCTION audit_findings() RETURNS TABLE (seq bigint, event_id bigint, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM refuse_unless_auditor();
  RETURN QUERY
    WITH linked AS (
      SELECT c.seq, c.event_id, c.hash, lag(c.seq, 1, 0::bigint) OVER by_seq AS previous_seq,
        lag(c.hash) OVER by_seq AS previous, e AS told
      FROM event_chain c LEFT JOIN event e ON e.id = c.event_id
      WINDOW by_seq AS (ORDER BY c.seq, c.event_id)
    ), judged AS (
      SELECT l.seq, l.event_id, CASE
        WHEN l.seq <> l.previous_seq + 1 THEN 'gap'
        WHEN (l.told).id IS NULL THEN 'missing'
        WHEN l.hash IS DISTINCT FROM event_hash(l.previous, l.told) THEN 'changed'
      END AS problem
      FROM linked l
    )
    SELECT j.seq, j.event_id, j.problem FROM judged j WHERE j.problem IS NOT NULL
    UNION ALL
    SELECT NULL, e.id, 'unchained' FROM event e WHERE NOT EXISTS (SELECT FROM event_chain c WHERE c.event_id = e.id)
    ORDER BY 1 NULLS LAST, 2;
END $$;

CREATE FUNCTION audit_heads(numbers bigint[] DEFAULT NULL) RETURNS TABLE (seq bigint, hash bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM refuse_unless_auditor();
  IF numbers IS NULL THEN
    RETURN QUERY SELECT c.seq, c.hash FROM event_chain c ORDER BY c.seq DESC LIMIT 1;
  ELSE
    RETURN QUERY SELECT c.seq, c.hash FROM event_chain c WHERE c.seq = ANY (numbers) ORDER BY c.seq;
  END IF;
END $$;

-- Nouns whose rows say who lives where; an auditor reads of these what was done, and not what the rows say.
CREATE FUNCTION is_household_noun(noun text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT noun IN ('household', 'household_unit', 'place', 'grid_staff')
$$;

CREATE FUNCTION without_values(image jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(image)
    WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(key, '…'), '{}') FROM jsonb_object_keys(image) AS key)
    ELSE NULL
  END
$$;

-- What an auditor reads, the newest first. NULL stands for all; "before_id" makes pages.
CREATE FUNCTION audited_events(
  only_who text, only_what text, only_noun text, only_code text, only_address text,
  since timestamptz, until timestamptz, before_id bigint, at_most bigint
) RETURNS SETOF event LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
  PERFORM refuse_unless_auditor();
  RETURN QUERY
    SELECT e.id, e.who, e.at, e.what, e.noun, e.code,
      CASE WHEN is_household_noun(e.noun) THEN without_values(e.before) ELSE e.before END,
      CASE WHEN is_household_noun(e.noun) THEN without_values(e.after) ELSE e.after END,
      e.address, e.request_id, e.account_id
    FROM event e
    WHERE (only_who IS NULL OR e.who = only_who) AND (only_what IS NULL OR e.what = only_what)
      AND (only_noun IS NULL OR e.noun = only_noun) AND (only_code IS NULL OR e.code = only_code)
      AND (only_address IS NULL OR e.address = only_address)
      AND (since IS NULL OR e.at >= since) AND (audited_events.until IS NULL OR e.at < audited_events.until)
      AND (before_id IS NULL OR e.id < before_id)
    ORDER BY e.id DESC LIMIT at_most;
END $$;

-- Accounts ---------------------------------------------------------------------------------------------------------

-- An administrator takes a password or second factor away; only the person sets a new one.
CREATE FUNCTION check_account_secrets() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() AND NEW.id IS DISTINCT FROM acting_account() AND (
    (NEW.password_hash IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.password_hash IS DISTINCT FROM OLD.password_hash))
    OR (NEW.second_factor_secret IS NOT NULL
      AND (TG_OP = 'INSERT' OR NEW.second_factor_secret IS DISTINCT FROM OLD.second_factor_secret))
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege', MESSAGE = 'only the person sets the password and second factor of an account';
  END IF;
  RETURN NEW;
END $$;

-- Everything that belongs to a sign-in as the program needs it, whether or not anybody has signed in yet.
CREATE FUNCTION roles_held(account bigint) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT array(
    SELECT DISTINCT role FROM account_role
    WHERE account_id = account AND since <= now() AND (until IS NULL OR until > now()) ORDER BY role
  )
$$;
CREATE FUNCTION scopes_held(account bigint) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
  SELECT array(
    SELECT DISTINCT scope_code FROM account_role
    WHERE account_id = account AND scope_code IS NOT NULL AND since <= now() AND (until IS NULL OR until > now())
    ORDER BY scope_code
  )
$$;

CREATE FUNCTION find_login(wanted text) RETURNS TABLE (
  account_id bigint, login text, person text, password_hash text, second_factor_secret text,
  second_factor_confirmed_at timestamptz, second_factor_last_step bigint, password_changed_at timestamptz,
  ended_at timestamptz, roles text[], scopes text[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT a.id, a.login, a.person, a.password_hash, a.second_factor_secret, a.second_factor_confirmed_at,
    a.second_factor_last_step, a.password_changed_at, a.ended_at, roles_held(a.id), scopes_held(a.id)
  FROM account a WHERE a.login = wanted
$$;

-- Only sign-ins that hold: not ended, not idle for too long, not too old, of an account that goes on.
CREATE FUNCTION find_sign_in(wanted bytea) RETURNS TABLE (
  sign_in_id bigint, account_id bigint, login text, person text, kind text, created_at timestamptz, seen_at timestamptz,
  idle_until timestamptz, expires_at timestamptz, address text, second_factor_confirmed_at timestamptz,
  roles text[], scopes text[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT s.id, a.id, a.login, a.person, s.kind, s.created_at, s.seen_at, s.idle_until, s.expires_at, s.address,
    a.second_factor_confirmed_at, roles_held(a.id), scopes_held(a.id)
  FROM sign_in s JOIN account a ON a.id = s.account_id
  WHERE s.token_hash = wanted AND s.ended_at IS NULL AND a.ended_at IS NULL
    AND s.idle_until > now() AND s.expires_at > now()
$$;

CREATE FUNCTION touch_sign_in(wanted bytea, idle timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH touched AS (
    UPDATE sign_in SET seen_at = now(), idle_until = least(idle, expires_at)
    WHERE token_hash = wanted AND ended_at IS NULL AND idle_until > now() AND expires_at > now() RETURNING id
  )
  SELECT EXISTS (SELECT FROM touched)
$$;

CREATE FUNCTION find_invitation(wanted bytea) RETURNS TABLE (
  invitation_id bigint, account_id bigint, login text, person text, purpose text, expires_at timestamptz, roles text[],
  scopes text[]
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT i.id, a.id, a.login, a.person, i.purpose, i.expires_at, roles_held(a.id), scopes_held(a.id)
  FROM invitation i JOIN account a ON a.id = i.account_id
  WHERE i.token_hash = wanted AND i.used_at IS NULL AND i.expires_at > now() AND a.ended_at IS NULL
$$;

-- Uses up a link; the account it is of, or NULL where it does not hold (any more). Of two at once one succeeds.
CREATE FUNCTION use_invitation(wanted bytea) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  UPDATE invitation i SET used_at = now() FROM account a
  WHERE i.token_hash = wanted AND i.used_at IS NULL AND i.expires_at > now() AND a.id = i.account_id
    AND a.ended_at IS NULL
  RETURNING i.account_id
$$;

CREATE FUNCTION record_failures(keys text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  INSERT INTO sign_in_failure (key) SELECT unnest(keys)
$$;

CREATE FUNCTION read_failures(wanted text, since timestamptz) RETURNS SETOF timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT at FROM sign_in_failure WHERE key = wanted AND at >= since ORDER BY at
$$;

CREATE FUNCTION clear_failures(wanted text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  DELETE FROM sign_in_failure WHERE key = wanted
$$;

CREATE FUNCTION forget_failures(older_than timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  DELETE FROM sign_in_failure WHERE at < older_than
$$;

CREATE FUNCTION sign_in_addresses(account bigint, since timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT DISTINCT address FROM sign_in WHERE account_id = account AND created_at >= since AND address IS NOT NULL
$$;

CREATE TRIGGER account_secrets BEFORE INSERT OR UPDATE ON account
  FOR EACH ROW EXECUTE FUNCTION check_account_secrets();
CREATE TRIGGER ended_not_deleted BEFORE DELETE OR TRUNCATE ON account
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ended_not_deleted');
CREATE TRIGGER ended_not_deleted BEFORE DELETE OR TRUNCATE ON account_role
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ended_not_deleted');

-- What the role may do with which table ---------------------------------------------------------------------------
DO $$
DECLARE
  name text;
  owners_rights text[] := ARRAY[
    'own_grids()', 'own_buildings()', 'audit_findings()', 'audit_heads(bigint[])',
    'audited_events(text, text, text, text, text, timestamptz, timestamptz, bigint, bigint)', 'roles_held(bigint)',
    'scopes_held(bigint)', 'find_login(text)', 'find_sign_in(bytea)', 'touch_sign_in(bytea, timestamptz)',
    'find_invitation(bytea)', 'use_invitation(bytea)', 'record_failures(text[])', 'read_failures(text, timestamptz)',
    'clear_failures(text)', 'forget_failures(timestamptz)', 'sign_in_addresses(bigint, timestamptz)'
  ];
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO wangge_app', current_schema());
  -- Batches are copied into temporary tables. Everybody may make some, unless an administrator changed that.
  IF NOT has_database_privilege('wangge_app', current_database(), 'TEMPORARY') THEN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO wangge_app', current_database());
  END IF;
  GRANT SELECT ON alembic_version TO wangge_app;
  FOREACH name IN ARRAY ARRAY['responsible_body', 'street', 'community', 'compound', 'barrier', 'building', 'stairwell',
    'household_unit', 'place', 'city_element', 'grid_staff']
  LOOP
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO wangge_app', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['plan', 'grid', 'cell', 'assignment', 'cell_assignment', 'drawn_community',
    'community_assignment', 'idempotency_key']
  LOOP
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wangge_app', name);
  END LOOP;
  FOREACH name IN ARRAY owners_rights LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO wangge_app', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['responsible_body', 'street', 'community', 'compound', 'barrier', 'building', 'stairwell',
    'household_unit', 'place', 'city_element', 'grid_staff', 'plan', 'grid', 'cell', 'assignment', 'cell_assignment',
    'drawn_community', 'community_assignment', 'event', 'event_chain', 'account', 'account_role', 'sign_in',
    'invitation', 'sign_in_failure', 'idempotency_key']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON event TO wangge_app;
-- What is not listed here, hashes and secrets, cannot be read.
GRANT SELECT (id, login, person, second_factor_confirmed_at, second_factor_last_step, password_changed_at, ended_at,
  version, created_at, created_by) ON account TO wangge_app;
GRANT INSERT ON account TO wangge_app;
GRANT UPDATE (person, password_hash, second_factor_secret, second_factor_confirmed_at, second_factor_last_step,
  password_changed_at, ended_at, version) ON account TO wangge_app;
GRANT SELECT, INSERT, UPDATE (until) ON account_role TO wangge_app;
GRANT SELECT (id, account_id, kind, created_at, seen_at, idle_until, expires_at, ended_at, ended_because, address, agent)
  ON sign_in TO wangge_app;
GRANT INSERT, UPDATE (ended_at, ended_because) ON sign_in TO wangge_app;
GRANT SELECT (id, account_id, purpose, created_at, expires_at, used_at) ON invitation TO wangge_app;
GRANT INSERT, UPDATE (used_at) ON invitation TO wangge_app;

-- Which rows ------------------------------------------------------------------------------------------------------
-- Settings are read in sub-selects, once for a statement and not for each row; communities by their index.

-- The territory. A street is seen by everybody who sees something of it.
CREATE POLICY seen ON street FOR SELECT TO wangge_app USING (code = ANY ((SELECT near_streets())::text[]));
CREATE POLICY made ON street FOR INSERT TO wangge_app
  WITH CHECK ((SELECT may('register')) AND code = ANY ((SELECT told_list('streets'))::text[]));
CREATE POLICY changed ON street FOR UPDATE TO wangge_app
  USING ((SELECT may('register')) AND code = ANY ((SELECT told_list('streets'))::text[]));

CREATE POLICY seen ON community FOR SELECT TO wangge_app USING (
  code = ANY ((SELECT told_list('communities'))::text[]) OR street_code = ANY ((SELECT told_list('streets'))::text[])
);
CREATE POLICY made ON community FOR INSERT TO wangge_app
  WITH CHECK ((SELECT may('register')) AND street_code = ANY ((SELECT told_list('streets'))::text[]));
CREATE POLICY changed ON community FOR UPDATE TO wangge_app USING (
  (SELECT may('register')) AND (
    street_code = ANY ((SELECT told_list('streets'))::text[]) OR code = ANY ((SELECT told_list('whole'))::text[])
  )
);

CREATE POLICY seen ON barrier FOR SELECT TO wangge_app
  USING ((SELECT told_list('roles') <> '{}' AND told_list('roles') <> '{public}'));
CREATE POLICY seen ON responsible_body FOR SELECT TO wangge_app
  USING (left(code, 9) = ANY ((SELECT near_streets())::text[]));
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['barrier', 'responsible_body'] LOOP
    EXECUTE format('CREATE POLICY made ON %I FOR INSERT TO wangge_app
      WITH CHECK ((SELECT may(''register'')) AND left(code, 9) = ANY ((SELECT near_streets())::text[]))', name);
    EXECUTE format('CREATE POLICY changed ON %I FOR UPDATE TO wangge_app
      USING ((SELECT may(''register'')) AND left(code, 9) = ANY ((SELECT near_streets())::text[]))', name);
  END LOOP;
END $$;

-- Policies of one table add up. Writing is allowed where a row is seen, to those who keep the register: an insert or
-- update is held to what may be read as well as to these.
CREATE POLICY seen ON building FOR SELECT TO wangge_app USING (
  community_code = ANY ((SELECT told_list('whole'))::text[]) OR code = ANY ((SELECT own_buildings())::text[])
);
CREATE POLICY made ON building FOR INSERT TO wangge_app
  WITH CHECK ((SELECT may('register')) AND community_code = ANY ((SELECT told_list('whole'))::text[]));
CREATE POLICY changed ON building FOR UPDATE TO wangge_app USING (
  (SELECT may('register')) AND (
    community_code = ANY ((SELECT told_list('whole'))::text[]) OR code = ANY ((SELECT own_buildings())::text[])
  )
);

CREATE POLICY seen ON compound FOR SELECT TO wangge_app USING (
  community_code = ANY ((SELECT told_list('whole'))::text[])
  OR ((SELECT told('grids') <> '') AND EXISTS (SELECT FROM building b WHERE b.compound_code = compound.code))
);
CREATE POLICY seen ON city_element FOR SELECT TO wangge_app USING (
  community_code = ANY ((SELECT told_list('whole'))::text[])
  OR ((SELECT told('grids') <> '') AND EXISTS (
    SELECT FROM grid g WHERE g.id = ANY ((SELECT own_grids())::bigint[]) AND ST_Intersects(g.geom, city_element.geom)
  ))
);
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['compound', 'city_element'] LOOP
    EXECUTE format('CREATE POLICY made ON %I FOR INSERT TO wangge_app WITH CHECK (
      (SELECT may(''register'')) AND community_code = ANY ((SELECT told_list(''whole''))::text[]))', name);
    EXECUTE format('CREATE POLICY changed ON %I FOR UPDATE TO wangge_app USING (
      (SELECT may(''register'')) AND community_code = ANY ((SELECT told_list(''whole''))::text[]))', name);
  END LOOP;
END $$;

-- What hangs on a building is seen with it. A building never leaves its street, so that whoever sees the street whole
-- needs no look at the building.
DO $$
DECLARE
  rule text;
BEGIN
  rule := '(left(building_code, 9) = ANY ((SELECT told_list(''streets''))::text[])
    OR EXISTS (SELECT FROM building b WHERE b.code = building_code))';
  EXECUTE 'CREATE POLICY seen ON stairwell FOR SELECT TO wangge_app USING (' || rule || ')';
  EXECUTE 'CREATE POLICY made ON stairwell FOR INSERT TO wangge_app
    WITH CHECK ((SELECT may(''register'')) AND ' || rule || ')';
  EXECUTE 'CREATE POLICY changed ON stairwell FOR UPDATE TO wangge_app
    USING ((SELECT may(''register'')) AND ' || rule || ')';

  EXECUTE 'CREATE POLICY seen ON household_unit FOR SELECT TO wangge_app
    USING ((SELECT may(''households'')) AND ' || rule || ')';
  EXECUTE 'CREATE POLICY made ON household_unit FOR INSERT TO wangge_app
    WITH CHECK ((SELECT may(''households'') AND may(''register'')) AND ' || rule || ')';
  EXECUTE 'CREATE POLICY changed ON household_unit FOR UPDATE TO wangge_app
    USING ((SELECT may(''households'') AND may(''register'')) AND ' || rule || ')';

  -- A place without a building belongs where it lies.
  rule := '(left(code, 9) = ANY ((SELECT told_list(''streets''))::text[])
    OR (building_code IS NOT NULL AND EXISTS (SELECT FROM building b WHERE b.code = building_code))
    OR (building_code IS NULL AND (
      EXISTS (
        SELECT FROM community c
        WHERE c.code = ANY ((SELECT told_list(''whole''))::text[]) AND c.ended_at IS NULL
          AND ST_Intersects(c.geom, place.geom)
      ) OR EXISTS (
        SELECT FROM grid g
        WHERE g.id = ANY ((SELECT own_grids())::bigint[]) AND ST_Intersects(g.geom, place.geom)
      )
    )))';
  EXECUTE 'CREATE POLICY seen ON place FOR SELECT TO wangge_app
    USING ((SELECT may(''households'')) AND ' || rule || ')';
  EXECUTE 'CREATE POLICY made ON place FOR INSERT TO wangge_app
    WITH CHECK ((SELECT may(''households'') AND may(''register'')) AND ' || rule || ')';
  EXECUTE 'CREATE POLICY changed ON place FOR UPDATE TO wangge_app
    USING ((SELECT may(''households'') AND may(''register'')) AND ' || rule || ')';

  rule := '(left(code, 9) = ANY ((SELECT told_list(''streets''))::text[])
    OR left(grid_code, 12) = ANY ((SELECT told_list(''whole''))::text[])
    OR grid_code = ANY ((SELECT told_list(''grids''))::text[]))';
  EXECUTE 'CREATE POLICY seen ON grid_staff FOR SELECT TO wangge_app USING (' || rule || ')';
  EXECUTE 'CREATE POLICY made ON grid_staff FOR INSERT TO wangge_app
    WITH CHECK ((SELECT may(''register'')) AND ' || rule || ')';
  EXECUTE 'CREATE POLICY changed ON grid_staff FOR UPDATE TO wangge_app
    USING ((SELECT may(''register'')) AND ' || rule || ')';
END $$;

-- Plans. A street's plan holds for all of its communities: once it is in force, it is seen by those of each of them.
CREATE POLICY seen ON plan FOR SELECT TO wangge_app USING (
  left(scope_code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR scope_code = ANY ((SELECT told_list('whole'))::text[])
  OR (state <> 'draft' AND (
    scope_code = ANY ((SELECT told_list('communities'))::text[]) OR scope_code = ANY ((SELECT near_streets())::text[])
  ))
);
CREATE POLICY drawn ON plan FOR ALL TO wangge_app USING (
  (SELECT may('plans')) AND (
    left(scope_code, 9) = ANY ((SELECT told_list('streets'))::text[])
    OR scope_code = ANY ((SELECT told_list('whole'))::text[])
  )
);

-- The report of a plan (or what was wished for it) as the actor sees it: whoever sees only a part of what the plan is of
-- keeps its figures, and of its lists the lines that are about nothing but that part. Codes have 12 digits or more.
CREATE FUNCTION is_own_line(line jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT jsonb_typeof(line) IN ('number', 'boolean') OR coalesce((
    SELECT bool_and(left(code[1], 12) = ANY (told_list('whole')) OR left(code[1], 15) = ANY (told_list('grids')))
    FROM regexp_matches(line::text, '(?<![0-9.])([0-9]{12,})', 'g') AS code
  ), false)
$$;
CREATE FUNCTION own_part(report jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(key, CASE
    WHEN jsonb_typeof(value) = 'array' THEN (
      SELECT coalesce(jsonb_agg(line ORDER BY place) FILTER (WHERE is_own_line(line)), '[]')
      FROM jsonb_array_elements(CASE WHEN jsonb_typeof(value) = 'array' THEN value ELSE '[]' END)
        WITH ORDINALITY AS lines(line, place)
    )
    WHEN value::text !~ '(?<![0-9.])[0-9]{12,}' THEN value
    WHEN jsonb_typeof(value) = 'object' THEN '{}'::jsonb
    ELSE 'null'::jsonb
  END), '{}')
  FROM jsonb_each(report)
$$;
CREATE FUNCTION seen_report(scope text, report jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN NOT is_acting() OR left(scope, 9) = ANY (told_list('streets')) OR scope = ANY (told_list('whole')) THEN report
    ELSE own_part(report)
  END
$$;

-- Drafts that the actor may draw on; their rows are written by whoever may write the plan.
CREATE FUNCTION own_drafts() RETURNS bigint[] LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN may('plans') THEN array(
    SELECT id FROM plan
    WHERE state = 'draft' AND (
      left(scope_code, 9) = ANY (told_list('streets')) OR scope_code = ANY (told_list('whole'))
    )
  ) ELSE '{}'::bigint[] END
$$;

CREATE POLICY seen ON grid FOR SELECT TO wangge_app USING (
  community_code = ANY ((SELECT told_list('whole'))::text[]) OR id = ANY ((SELECT own_grids())::bigint[])
);
CREATE POLICY drawn ON grid FOR ALL TO wangge_app USING (
  plan_id = ANY ((SELECT own_drafts())::bigint[]) AND community_code = ANY ((SELECT told_list('whole'))::text[])
);

CREATE POLICY seen ON assignment FOR SELECT TO wangge_app USING (
  left(building_code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR EXISTS (SELECT FROM grid g WHERE g.id = grid_id)
);
CREATE POLICY drawn ON assignment FOR ALL TO wangge_app USING (plan_id = ANY ((SELECT own_drafts())::bigint[]));

CREATE POLICY seen ON cell FOR SELECT TO wangge_app USING (
  left(grid_code, 9) = ANY ((SELECT told_list('streets'))::text[]) OR EXISTS (SELECT FROM grid g WHERE g.id = grid_id)
);
CREATE POLICY drawn ON cell FOR ALL TO wangge_app USING (
  EXISTS (SELECT FROM grid g WHERE g.id = grid_id AND g.plan_id = ANY ((SELECT own_drafts())::bigint[]))
);

CREATE POLICY seen ON cell_assignment FOR SELECT TO wangge_app USING (
  left(building_code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR EXISTS (SELECT FROM cell c WHERE c.id = cell_id)
);
CREATE POLICY drawn ON cell_assignment FOR ALL TO wangge_app USING (
  EXISTS (
    SELECT FROM cell c JOIN grid g ON g.id = c.grid_id
    WHERE c.id = cell_id AND g.plan_id = ANY ((SELECT own_drafts())::bigint[])
  )
);

CREATE POLICY seen ON drawn_community FOR SELECT TO wangge_app USING (
  left(code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR community_code = ANY ((SELECT told_list('whole'))::text[]) OR code = ANY ((SELECT told_list('whole'))::text[])
);
CREATE POLICY drawn ON drawn_community FOR ALL TO wangge_app USING (
  plan_id = ANY ((SELECT own_drafts())::bigint[])
);

CREATE POLICY seen ON community_assignment FOR SELECT TO wangge_app USING (
  left(building_code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR EXISTS (SELECT FROM building b WHERE b.code = building_code)
);
CREATE POLICY drawn ON community_assignment FOR ALL TO wangge_app USING (
  plan_id = ANY ((SELECT own_drafts())::bigint[])
);

-- Events: everybody's deeds are recorded, auditors read them. Others read what happened to what they see.
CREATE POLICY recorded ON event FOR INSERT TO wangge_app WITH CHECK (true);
CREATE POLICY audited ON event FOR SELECT TO wangge_app USING (
  (SELECT acts_as('auditor')) AND (NOT is_household_noun(noun) OR (before IS NULL AND after IS NULL))
);
CREATE POLICY seen ON event FOR SELECT TO wangge_app USING (
  CASE
    WHEN code IS NULL THEN account_id = (SELECT acting_account())
    WHEN noun = 'plan' THEN code ~ '^[0-9]{1,18}$' AND EXISTS (
      SELECT FROM plan p WHERE p.id = CASE WHEN code ~ '^[0-9]{1,18}$' THEN code::bigint END
    )
    WHEN noun IN ('account', 'account_role', 'sign_in', 'invitation') THEN account_id = (SELECT acting_account())
    ELSE (NOT is_household_noun(noun) OR (SELECT may('households'))) AND (
      left(code, 9) = ANY ((SELECT told_list('streets'))::text[])
      OR left(code, 12) = ANY ((SELECT told_list('whole'))::text[])
      OR left(code, 19) = ANY ((SELECT own_buildings())::text[])
    )
  END
);

-- How many doors count in a building (NULL where none are on record), for those who do not see the doors: the number of
-- households is the building's, and must not depend on who asks. NULL stands for all stairwells.
CREATE FUNCTION doors_counted(building text, stairwell text, counting text[]) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  RETURN (
    SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (WHERE u.kind = ANY (counting)) END FROM household_unit u
    WHERE u.building_code = building AND (stairwell IS NULL OR u.stairwell_code = stairwell) AND u.ended_at IS NULL
  );
END $$;
REVOKE EXECUTE ON FUNCTION doors_counted(text, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION doors_counted(text, text, text[]) TO wangge_app;

-- Accounts: one's own, and all of them for the three administrators. Nobody gives roles to themselves.
CREATE POLICY seen ON account FOR SELECT TO wangge_app USING (
  id = (SELECT acting_account()) OR (SELECT acts_as('administrator', 'security_officer', 'auditor'))
);
CREATE POLICY made ON account FOR INSERT TO wangge_app WITH CHECK ((SELECT acts_as('administrator')));
CREATE POLICY changed ON account FOR UPDATE TO wangge_app USING (
  id = (SELECT acting_account()) OR (SELECT acts_as('administrator'))
);
CREATE POLICY seen ON account_role FOR SELECT TO wangge_app USING (
  account_id = (SELECT acting_account()) OR (SELECT acts_as('administrator', 'security_officer', 'auditor'))
);
CREATE POLICY given ON account_role FOR INSERT TO wangge_app WITH CHECK (
  account_id IS DISTINCT FROM (SELECT acting_account()) AND (SELECT acts_as('administrator', 'security_officer'))
);
CREATE POLICY taken ON account_role FOR UPDATE TO wangge_app USING (
  account_id IS DISTINCT FROM (SELECT acting_account()) AND (SELECT acts_as('administrator', 'security_officer'))
);
CREATE POLICY seen ON sign_in FOR SELECT TO wangge_app USING (
  account_id = (SELECT acting_account()) OR (SELECT acts_as('administrator', 'security_officer', 'auditor'))
);
CREATE POLICY opened ON sign_in FOR INSERT TO wangge_app WITH CHECK (account_id = (SELECT acting_account()));
CREATE POLICY ended ON sign_in FOR UPDATE TO wangge_app USING (
  account_id = (SELECT acting_account()) OR (SELECT acts_as('administrator', 'security_officer'))
);
CREATE POLICY seen ON invitation FOR SELECT TO wangge_app
  USING ((SELECT acts_as('administrator', 'security_officer', 'auditor')));
CREATE POLICY made ON invitation FOR INSERT TO wangge_app
  WITH CHECK ((SELECT acts_as('administrator', 'security_officer')));
CREATE POLICY used ON invitation FOR UPDATE TO wangge_app
  USING ((SELECT acts_as('administrator', 'security_officer')));
CREATE POLICY own ON idempotency_key FOR ALL TO wangge_app USING (account_id = (SELECT acting_account()));
