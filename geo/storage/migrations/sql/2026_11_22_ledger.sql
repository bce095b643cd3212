-- Who sees, opens and handles cases and inspections, and what of them is never altered. See 2026_11_22_access.sql.

-- Functions with the owner's rights look up tables before anything temporary that a caller could have made.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

-- History -------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['workflow_version', 'case_move', 'inspection', 'evidence', 'evidence_content'] LOOP
    EXECUTE format('CREATE TRIGGER %1$I BEFORE UPDATE OR DELETE OR TRUNCATE ON %2$I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(''event_append_only'')', name || '_append_only', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['ledger_case', 'case_reporter', 'inspection_plan', 'place_grade'] LOOP
    EXECUTE format('CREATE TRIGGER ended_not_deleted BEFORE DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(''ended_not_deleted'')', name);
  END LOOP;
END $$;

-- Nobody acts in another's name, and nothing is done in the future; devices' clocks may be wrong by a little.
CREATE FUNCTION sign_case_move() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() THEN
    NEW.who := told('who');
    NEW.recorded_at := clock_timestamp();
  END IF;
  NEW.at := least(NEW.at, NEW.recorded_at);
  RETURN NEW;
END $$;
CREATE TRIGGER case_move_signed BEFORE INSERT ON case_move FOR EACH ROW EXECUTE FUNCTION sign_case_move();

CREATE FUNCTION sign_inspection() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() THEN
    NEW.inspector := told('who');
    NEW.recorded_at := clock_timestamp();
  END IF;
  NEW.inspected_at := least(NEW.inspected_at, NEW.recorded_at);
  RETURN NEW;
END $$;
CREATE TRIGGER inspection_signed BEFORE INSERT ON inspection FOR EACH ROW EXECUTE FUNCTION sign_inspection();

CREATE FUNCTION sign_evidence() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF is_acting() THEN
    NEW.who := told('who');
    NEW.recorded_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER evidence_signed BEFORE INSERT ON evidence FOR EACH ROW EXECUTE FUNCTION sign_evidence();

-- Who sees and writes what ----------------------------------------------------------------------------------------

GRANT SELECT, INSERT ON workflow_version, case_move, evidence, evidence_content, inspection TO wangge_app;
GRANT SELECT, INSERT, UPDATE ON ledger_case TO wangge_app;
GRANT SELECT, INSERT, UPDATE ON case_reporter, inspection_plan TO wangge_app;
GRANT SELECT, INSERT, UPDATE (until) ON place_grade TO wangge_app;

DO $$
DECLARE
  name text;
  -- The street whole, the community whole, the building by the grids in force, or the ground where there is no building.
  there text := '(street_code = ANY ((SELECT told_list(''streets''))::text[])
    OR community_code = ANY ((SELECT told_list(''whole''))::text[])
    OR (building_code IS NOT NULL AND building_code = ANY ((SELECT own_buildings())::text[]))
    OR (building_code IS NULL AND (SELECT told(''grids'') <> '''') AND EXISTS (
      SELECT FROM grid g WHERE g.id = ANY ((SELECT own_grids())::bigint[]) AND ST_Intersects(g.geom, %1$I.geom)
    )))';
  -- Doors and places say who lives where.
  seen text := '((household_unit_code IS NULL AND place_code IS NULL) OR (SELECT may(''households'')))';
BEGIN
  FOREACH name IN ARRAY ARRAY['workflow_version', 'ledger_case', 'case_move', 'case_reporter', 'evidence_content',
    'evidence', 'inspection_plan', 'place_grade', 'inspection']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['ledger_case', 'inspection'] LOOP
    EXECUTE format('CREATE POLICY seen ON %1$I FOR SELECT TO wangge_app USING (' || seen || ' AND ' || there || ')', name);
    EXECUTE format('CREATE POLICY made ON %1$I FOR INSERT TO wangge_app
      WITH CHECK ((SELECT may(''ledger'')) AND ' || seen || ' AND ' || there || ')', name);
  END LOOP;
  EXECUTE format('CREATE POLICY changed ON %1$I FOR UPDATE TO wangge_app
    USING ((SELECT may(''ledger'')) AND ' || seen || ' AND ' || there || ')', 'ledger_case');
END $$;

CREATE POLICY seen ON workflow_version FOR SELECT TO wangge_app
  USING ((SELECT told_list('roles') <> '{}' AND told_list('roles') <> '{public}'));
CREATE POLICY made ON workflow_version FOR INSERT TO wangge_app WITH CHECK ((SELECT may('ledger')));

-- What belongs to a case is seen with it: asked of the case's own table, under its rules.
CREATE POLICY seen ON case_move FOR SELECT TO wangge_app
  USING (EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id));
CREATE POLICY made ON case_move FOR INSERT TO wangge_app
  WITH CHECK ((SELECT may('ledger')) AND EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id));
CREATE POLICY seen ON case_reporter FOR SELECT TO wangge_app
  USING ((SELECT may('households') AND may('phones')) AND EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id));
CREATE POLICY made ON case_reporter FOR INSERT TO wangge_app WITH CHECK (
  (SELECT may('ledger') AND may('households')) AND EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id)
);
CREATE POLICY changed ON case_reporter FOR UPDATE TO wangge_app USING (
  (SELECT may('ledger') AND may('households') AND may('phones'))
  AND EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id)
);
CREATE POLICY seen ON evidence FOR SELECT TO wangge_app USING (
  EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id)
  OR EXISTS (SELECT FROM inspection i WHERE i.id = inspection_id)
);
CREATE POLICY made ON evidence FOR INSERT TO wangge_app WITH CHECK (
  (SELECT may('ledger')) AND (
    EXISTS (SELECT FROM ledger_case c WHERE c.id = case_id)
    OR EXISTS (SELECT FROM inspection i WHERE i.id = inspection_id)
  )
);
CREATE POLICY seen ON evidence_content FOR SELECT TO wangge_app
  USING (EXISTS (SELECT FROM evidence e WHERE e.hash = evidence_content.hash));
CREATE POLICY made ON evidence_content FOR INSERT TO wangge_app WITH CHECK ((SELECT may('ledger')));

-- A street's plan of inspections is seen by everybody who sees something of it.
CREATE POLICY seen ON inspection_plan FOR SELECT TO wangge_app USING (
  scope_code = ANY ((SELECT near_streets())::text[]) OR scope_code = ANY ((SELECT told_list('communities'))::text[])
  OR left(scope_code, 9) = ANY ((SELECT told_list('streets'))::text[])
);
CREATE POLICY made ON inspection_plan FOR INSERT TO wangge_app WITH CHECK ((SELECT may('inspection_plans')) AND (
  left(scope_code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR scope_code = ANY ((SELECT told_list('whole'))::text[])
));
CREATE POLICY changed ON inspection_plan FOR UPDATE TO wangge_app USING ((SELECT may('inspection_plans')) AND (
  left(scope_code, 9) = ANY ((SELECT told_list('streets'))::text[])
  OR scope_code = ANY ((SELECT told_list('whole'))::text[])
));
CREATE POLICY seen ON place_grade FOR SELECT TO wangge_app
  USING (EXISTS (SELECT FROM place p WHERE p.code = place_code));
CREATE POLICY made ON place_grade FOR INSERT TO wangge_app
  WITH CHECK ((SELECT may('ledger')) AND EXISTS (SELECT FROM place p WHERE p.code = place_code));
CREATE POLICY changed ON place_grade FOR UPDATE TO wangge_app
  USING ((SELECT may('ledger')) AND EXISTS (SELECT FROM place p WHERE p.code = place_code));

-- What cases and inspections say is told to an auditor as what households say is: what was done, not what it says.
CREATE OR REPLACE FUNCTION is_household_noun(noun text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT noun IN (
    'household', 'household_unit', 'place', 'grid_staff', 'unplaced_row', 'case', 'case_reporter', 'inspection',
    'place_grade', 'evidence'
  )
$$;
