-- Rules over several rows, and rules about what may change. A CHECK or a key cannot say them.
--
-- Every refusal carries a constraint name, which geo/storage/refusals.py turns into words.
-- The checks on a plan's rows run once per statement over all rows it touched, so that a street of 200 grids is
-- checked in one spatial join. Each first locks the plan: of two writers the second sees what the first did.

CREATE FUNCTION refuse(rule text, what text, where_text text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = 'check_violation', CONSTRAINT = rule, MESSAGE = what, DETAIL = coalesce(where_text, '');
END $$;

-- Plans ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION check_plan_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  told text := format('plan %s', CASE WHEN TG_OP = 'INSERT' THEN NEW.id ELSE OLD.id END);
  -- What superseding changes, and the generated columns, which are not filled in before the row is written.
  free text[] := ARRAY['state', 'superseded_at', 'version', 'scope_street_code', 'scope_community_code'];
  -- What superseding writes, and the generated columns: before the row is stored NEW has none of these yet.
  may_change text[] := ARRAY['state', 'superseded_at', 'version', 'scope_street_code', 'scope_community_code'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      PERFORM refuse('plan_move', 'a plan starts as a draft', told);
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN
      PERFORM refuse('plan_frozen', 'an adopted or superseded plan cannot be deleted', told);
    END IF;
    RETURN OLD;
  END IF;
  IF (OLD.state, NEW.state) NOT IN (
    ('draft', 'draft'), ('draft', 'adopted'), ('adopted', 'adopted'), ('adopted', 'superseded'),
    ('superseded', 'superseded')
  ) THEN
    PERFORM refuse('plan_move', format('a plan cannot go from %s to %s', OLD.state, NEW.state), told);
  END IF;
  IF OLD.state = 'superseded' OR (OLD.state = 'adopted' AND (
    NEW.state = 'adopted' OR to_jsonb(NEW) - may_change <> to_jsonb(OLD) - may_change
  )) THEN
    PERFORM refuse('plan_frozen', 'an adopted or superseded plan cannot be changed', told);
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER plan_change BEFORE INSERT OR UPDATE OR DELETE ON plan
  FOR EACH ROW EXECUTE FUNCTION check_plan_change();

CREATE FUNCTION lock_drafts(plan_ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  frozen text;
BEGIN
  PERFORM FROM plan WHERE id = ANY (plan_ids) ORDER BY id FOR NO KEY UPDATE;
  SELECT string_agg(id::text, ', ' ORDER BY id) INTO frozen
    FROM plan WHERE id = ANY (plan_ids) AND state <> 'draft';
  IF frozen IS NOT NULL THEN
    PERFORM refuse('plan_frozen', 'grids of an adopted or superseded plan cannot change', format('plan %s', frozen));
  END IF;
END $$;

CREATE FUNCTION check_plan_rows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  touched bigint[];
BEGIN
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    IF TG_TABLE_NAME = 'cell' THEN
      SELECT array_agg(DISTINCT g.plan_id) INTO touched FROM stale JOIN grid g ON g.id = stale.grid_id;
    ELSE
      SELECT array_agg(DISTINCT plan_id) INTO touched FROM stale;
    END IF;
    PERFORM lock_drafts(touched);
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    IF TG_TABLE_NAME = 'cell' THEN
      SELECT array_agg(DISTINCT g.plan_id) INTO touched FROM fresh JOIN grid g ON g.id = fresh.grid_id;
    ELSE
      SELECT array_agg(DISTINCT plan_id) INTO touched FROM fresh;
    END IF;
    PERFORM lock_drafts(touched);
  END IF;
  RETURN NULL;
END $$;

-- Grids ---------------------------------------------------------------------------------------------------------
-- Neighbours share borders that were straight in metres and are straight in degrees again: where one has a vertex
-- that the other lacks, slivers of some millimetres remain. So an overlap counts when it is more than 0.01 m2 and
-- somewhere wider than 2e-7 degrees (2 cm), and a grid is inside its community up to 5e-7 degrees (5 cm). Overlays
-- are asked, not ST_Covers: that one fails on borders that nearly coincide.
-- A department's old grids (department <> '') may straddle communities: they are facts, however untidy.

CREATE FUNCTION check_grids() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  found text;
BEGIN
  SELECT format('grid %s, scope %s', f.code, p.scope_code) INTO found
    FROM fresh f JOIN plan p ON p.id = f.plan_id
    WHERE NOT starts_with(f.community_code, p.scope_code) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('grid_inside_scope', 'a grid is outside its plan''s scope', found);
  END IF;

  SELECT format('grids %s and %s, %s m2', a.code, b.code, round(ST_Area(both_have.shared::geography)::numeric, 2))
    INTO found
    FROM fresh a
    JOIN grid b ON b.plan_id = a.plan_id AND b.geom && a.geom AND b.id <> a.id
      AND (b.id < a.id OR NOT EXISTS (SELECT FROM fresh c WHERE c.id = b.id))
    CROSS JOIN LATERAL (
      SELECT ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS shared OFFSET 0
    ) both_have
    WHERE ST_Area(both_have.shared) > 0
      AND ST_Area(both_have.shared::geography) > 0.01
      AND NOT ST_IsEmpty(ST_Buffer(both_have.shared, -1e-7))
    LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('grid_overlap', 'grids of one plan overlap', found);
  END IF;

  SELECT format('grid %s, community %s', f.code, c.code) INTO found
    FROM fresh f
    JOIN plan p ON p.id = f.plan_id AND p.department = ''
    JOIN community c ON c.code = f.community_code
    CROSS JOIN LATERAL (
      SELECT ST_CollectionExtract(ST_Difference(f.geom, c.geom), 3) AS beyond OFFSET 0
    ) reach
    WHERE ST_Area(reach.beyond) > 0 AND NOT ST_IsEmpty(ST_Buffer(reach.beyond, -2.5e-7)) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('grid_inside_community', 'a grid reaches beyond its community', found);
  END IF;
  RETURN NULL;
END $$;

-- Assignments ---------------------------------------------------------------------------------------------------

CREATE FUNCTION check_assignments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  found text;
BEGIN
  SELECT format('building %s, scope %s', f.building_code, p.scope_code) INTO found
    FROM fresh f JOIN plan p ON p.id = f.plan_id
    WHERE NOT starts_with(f.building_code, p.scope_code) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('assignment_inside_scope', 'a building is outside its plan''s scope', found);
  END IF;

  -- The unique indexes see whole buildings and stairwells apart; this sees a building that is both.
  SELECT format('building %s', f.building_code) INTO found
    FROM fresh f
    JOIN assignment a ON a.plan_id = f.plan_id AND a.building_code = f.building_code
    WHERE (a.stairwell_code IS NULL) <> (f.stairwell_code IS NULL) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('assignment_once', 'a building is assigned whole and by stairwells', found);
  END IF;
  RETURN NULL;
END $$;

-- A trigger with transition tables takes one event only. Triggers of one statement run in the order of their names:
-- the lock of "a_draft" comes before the checks of "b_rules".
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['grid', 'cell', 'assignment'] LOOP
    EXECUTE format('CREATE TRIGGER a_draft_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows()', name);
    EXECUTE format('CREATE TRIGGER a_draft_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows()', name);
    EXECUTE format('CREATE TRIGGER a_draft_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS stale
      FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['grid', 'assignment'] LOOP
    EXECUTE format('CREATE TRIGGER b_rules_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION check_%Is()', name, name);
    EXECUTE format('CREATE TRIGGER b_rules_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION check_%Is()', name, name);
  END LOOP;
END $$;

-- Nothing is deleted, only ended --------------------------------------------------------------------------------

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM refuse(TG_ARGV[0], format('%s of %s is not allowed', TG_OP, TG_TABLE_NAME), NULL);
  RETURN NULL;
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('event_append_only');

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['responsible_body', 'street', 'community', 'compound', 'barrier', 'building',
    'stairwell', 'household_unit', 'place', 'city_element', 'grid_staff']
  LOOP
    EXECUTE format('CREATE TRIGGER ended_not_deleted BEFORE DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(''ended_not_deleted'')', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['plan', 'grid', 'cell', 'assignment'] LOOP
    EXECUTE format('CREATE TRIGGER plan_not_truncated BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(''plan_frozen'')', name);
  END LOOP;
END $$;
