-- Rules of cells' assignments, and of assignments by floors. See 2026_11_21_rules.sql for how rules are told.

CREATE OR REPLACE FUNCTION check_plan_rows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  touched bigint[];
BEGIN
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    IF TG_TABLE_NAME = 'cell' THEN
      SELECT array_agg(DISTINCT g.plan_id) INTO touched FROM stale JOIN grid g ON g.id = stale.grid_id;
    ELSIF TG_TABLE_NAME = 'cell_assignment' THEN
      SELECT array_agg(DISTINCT g.plan_id) INTO touched
        FROM stale JOIN cell c ON c.id = stale.cell_id JOIN grid g ON g.id = c.grid_id;
    ELSE
      SELECT array_agg(DISTINCT plan_id) INTO touched FROM stale;
    END IF;
    PERFORM lock_drafts(touched);
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    IF TG_TABLE_NAME = 'cell' THEN
      SELECT array_agg(DISTINCT g.plan_id) INTO touched FROM fresh JOIN grid g ON g.id = fresh.grid_id;
    ELSIF TG_TABLE_NAME = 'cell_assignment' THEN
      SELECT array_agg(DISTINCT g.plan_id) INTO touched
        FROM fresh JOIN cell c ON c.id = fresh.cell_id JOIN grid g ON g.id = c.grid_id;
    ELSE
      SELECT array_agg(DISTINCT plan_id) INTO touched FROM fresh;
    END IF;
    PERFORM lock_drafts(touched);
  END IF;
  RETURN NULL;
END $$;

-- Two rows of one building are about the same homes unless they name different stairwells or floors that do not meet.
CREATE FUNCTION same_homes(
  stairwell text, from_floor integer, to_floor integer, other text, other_from integer, other_to integer
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT (stairwell IS NULL OR other IS NULL OR stairwell = other)
    AND (from_floor IS NULL OR other_from IS NULL OR (from_floor <= other_to AND other_from <= to_floor))
$$;

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

  -- The unique indexes see whole buildings and stairwells apart; this sees a building that is both, and floors.
  SELECT format('building %s', f.building_code) INTO found
    FROM fresh f
    JOIN assignment a ON a.plan_id = f.plan_id AND a.building_code = f.building_code AND a.id <> f.id
    WHERE same_homes(f.stairwell_code, f.floor_from, f.floor_to, a.stairwell_code, a.floor_from, a.floor_to) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('assignment_once', 'a building is assigned whole and in parts, or a floor twice', found);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION check_cell_assignments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  found text;
BEGIN
  SELECT format('building %s, cell %s', f.building_code, c.code) INTO found
    FROM fresh f JOIN cell c ON c.id = f.cell_id JOIN grid g ON g.id = c.grid_id
    WHERE NOT EXISTS (
      SELECT FROM assignment a
      WHERE a.plan_id = g.plan_id AND a.grid_id = g.id AND a.building_code = f.building_code
        AND same_homes(f.stairwell_code, f.floor_from, f.floor_to, a.stairwell_code, a.floor_from, a.floor_to)
    ) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('cell_assignment_inside_grid', 'a cell holds a building that its grid does not', found);
  END IF;

  SELECT format('building %s, cell %s', f.building_code, c.code) INTO found
    FROM fresh f
    JOIN cell c ON c.id = f.cell_id
    JOIN cell d ON d.grid_id = c.grid_id
    JOIN cell_assignment a ON a.cell_id = d.id AND a.building_code = f.building_code AND a.id <> f.id
    WHERE same_homes(f.stairwell_code, f.floor_from, f.floor_to, a.stairwell_code, a.floor_from, a.floor_to) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('cell_assignment_once', 'a building, stairwell or floor is in two cells', found);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER a_draft_insert AFTER INSERT ON cell_assignment REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows();
CREATE TRIGGER a_draft_update AFTER UPDATE ON cell_assignment REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows();
CREATE TRIGGER a_draft_delete AFTER DELETE ON cell_assignment REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows();
CREATE TRIGGER b_rules_insert AFTER INSERT ON cell_assignment REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_cell_assignments();
CREATE TRIGGER b_rules_update AFTER UPDATE ON cell_assignment REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_cell_assignments();
CREATE TRIGGER plan_not_truncated BEFORE TRUNCATE ON cell_assignment
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('plan_frozen');
