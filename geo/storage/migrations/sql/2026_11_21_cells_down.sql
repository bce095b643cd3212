-- Takes back 2026_11_21_cells.sql: the functions of 2026_11_21_rules.sql as they were there.
DO $$
BEGIN
  IF EXISTS (SELECT FROM assignment WHERE floor_from IS NOT NULL) THEN
    PERFORM refuse('plan_frozen', 'plans divide stairwells by floors, which the schema before could not say', NULL);
  END IF;
END $$;

DROP FUNCTION check_cell_assignments() CASCADE;
DROP TRIGGER a_draft_insert ON cell_assignment;
DROP TRIGGER a_draft_update ON cell_assignment;
DROP TRIGGER a_draft_delete ON cell_assignment;
DROP TRIGGER plan_not_truncated ON cell_assignment;

CREATE OR REPLACE FUNCTION check_plan_rows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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

CREATE OR REPLACE FUNCTION check_assignments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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

DROP FUNCTION same_homes(text, integer, integer, text, integer, integer);
