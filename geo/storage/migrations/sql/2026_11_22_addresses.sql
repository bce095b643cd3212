-- Names and addresses that there were, names that people use, and who sees which of them. See 2026_11_22_access.sql.

-- Functions with the owner's rights look up tables before anything temporary that a caller could have made.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

-- Whether the thing with a code is seen: asked of its own table, under the rules of that table.
CREATE FUNCTION sees(noun text, thing text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  RETURN CASE noun
    WHEN 'street' THEN EXISTS (SELECT FROM street t WHERE t.code = thing COLLATE "C")
    WHEN 'community' THEN EXISTS (SELECT FROM community t WHERE t.code = thing COLLATE "C")
    WHEN 'compound' THEN EXISTS (SELECT FROM compound t WHERE t.code = thing COLLATE "C")
    -- Roads are on everybody's base map, what people call them is their street's.
    WHEN 'barrier' THEN left(thing, 9) = ANY (near_streets())
    WHEN 'building' THEN EXISTS (SELECT FROM building t WHERE t.code = thing COLLATE "C")
    WHEN 'stairwell' THEN EXISTS (SELECT FROM stairwell t WHERE t.code = thing COLLATE "C")
    WHEN 'household_unit' THEN EXISTS (SELECT FROM household_unit t WHERE t.code = thing COLLATE "C")
    WHEN 'place' THEN EXISTS (SELECT FROM place t WHERE t.code = thing COLLATE "C")
    WHEN 'city_element' THEN EXISTS (SELECT FROM city_element t WHERE t.code = thing COLLATE "C")
    ELSE false
  END;
END $$;

-- Former names --------------------------------------------------------------------------------------------------------

-- One trigger per column, which names it: whatever changes a name or an address, by whatever way, leaves the old one.
CREATE FUNCTION keep_former_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  was text;
BEGIN
  EXECUTE format('SELECT ($1).%I', TG_ARGV[0]) INTO was USING OLD;
  INSERT INTO former_name (noun, code, field, old, who)
    VALUES (TG_TABLE_NAME, OLD.code, TG_ARGV[0], was, nullif(told('who'), ''));
  RETURN NULL;
END $$;

DO $$
DECLARE
  kept record;
BEGIN
  FOR kept IN
    SELECT * FROM (VALUES
      ('street', 'name'), ('community', 'name'), ('compound', 'name'), ('barrier', 'name'), ('building', 'name'),
      ('building', 'address'), ('stairwell', 'name'), ('household_unit', 'address'), ('place', 'name'),
      ('place', 'address'), ('city_element', 'name'), ('city_element', 'address')
    ) AS columns(of_table, field)
  LOOP
    EXECUTE format(
      'CREATE TRIGGER %1$I AFTER UPDATE OF %2$I ON %3$I FOR EACH ROW
        WHEN (OLD.%2$I IS DISTINCT FROM NEW.%2$I AND OLD.%2$I ~ ''[^[:space:]]'')
        EXECUTE FUNCTION keep_former_name(%2$L)',
      'former_' || kept.field, kept.field, kept.of_table
    );
  END LOOP;
END $$;

CREATE TRIGGER former_name_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON former_name
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('event_append_only');

-- Aliases -------------------------------------------------------------------------------------------------------------

-- Everybody who keeps the register proposes; those who draw plans decide.
CREATE FUNCTION check_alias() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() AND NOT may('plans') AND (
    (TG_OP = 'INSERT' AND NEW.state <> 'proposed') OR (TG_OP = 'UPDATE' AND NEW.state <> OLD.state)
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'only a planner decides on an alias';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER alias_decision BEFORE INSERT OR UPDATE ON address_alias
  FOR EACH ROW EXECUTE FUNCTION check_alias();
CREATE TRIGGER ended_not_deleted BEFORE DELETE OR TRUNCATE ON address_alias
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ended_not_deleted');

-- Who sees and writes what ----------------------------------------------------------------------------------------

GRANT SELECT ON former_name TO wangge_app;
GRANT SELECT, INSERT ON address_alias TO wangge_app;
-- What an alias is of, and who proposed it, stays.
GRANT UPDATE (state, times, decided_by, decided_at, version) ON address_alias TO wangge_app;
ALTER TABLE former_name ENABLE ROW LEVEL SECURITY;
ALTER TABLE address_alias ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON former_name FOR SELECT TO wangge_app USING (sees(noun, code));
CREATE POLICY seen ON address_alias FOR SELECT TO wangge_app USING (sees(noun, code));
CREATE POLICY made ON address_alias FOR INSERT TO wangge_app WITH CHECK ((SELECT may('register')) AND sees(noun, code));
CREATE POLICY changed ON address_alias FOR UPDATE TO wangge_app USING ((SELECT may('register')) AND sees(noun, code));
