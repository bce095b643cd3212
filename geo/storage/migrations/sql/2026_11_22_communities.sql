-- Plans of communities: their rules, and what follows from borders of communities that move.
-- See 2026_11_21_rules.sql for how rules are told.

-- A building belongs where its community says; its code keeps the community that it was given in. Buildings that stand
-- in another community than the register says are planned where they stand: hence the code as well.
CREATE OR REPLACE FUNCTION check_assignments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  found text;
BEGIN
  SELECT format('building %s, scope %s', f.building_code, p.scope_code) INTO found
    FROM fresh f JOIN plan p ON p.id = f.plan_id JOIN building b ON b.code = f.building_code
    WHERE NOT starts_with(b.community_code, p.scope_code) AND NOT starts_with(f.building_code, p.scope_code) LIMIT 1;
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

-- The community that a building belonged to at a moment. Without a plan of communities in force then, it is the one in
-- its code: until borders move, nothing changes its community.
CREATE FUNCTION community_at(building text, moment timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT coalesce((
    SELECT d.code
    FROM community_assignment a
    JOIN plan p ON p.id = a.plan_id AND p.state <> 'draft' AND p.adopted_at <= moment
    JOIN drawn_community d ON d.id = a.drawn_id
    WHERE a.building_code = building
    ORDER BY p.adopted_at DESC, p.id DESC LIMIT 1
  ), left(building, 12))
$$;

-- Overlaps count as between grids: see there.
CREATE FUNCTION check_drawn_communities() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  found text;
BEGIN
  SELECT format('community %s, scope %s', f.code, p.scope_code) INTO found
    FROM fresh f JOIN plan p ON p.id = f.plan_id
    WHERE p.tier <> 'community' OR NOT starts_with(f.code, left(p.scope_code, 9))
      OR NOT starts_with(f.community_code, p.scope_code) LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('drawn_community_inside_scope', 'a community is outside its plan''s scope', found);
  END IF;

  SELECT format('communities %s and %s, %s m2', a.code, b.code, round(ST_Area(both_have.shared::geography)::numeric, 2))
    INTO found
    FROM fresh a
    JOIN drawn_community b ON b.plan_id = a.plan_id AND b.geom && a.geom AND b.id <> a.id
      AND (b.id < a.id OR NOT EXISTS (SELECT FROM fresh c WHERE c.id = b.id))
    CROSS JOIN LATERAL (
      SELECT ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS shared OFFSET 0
    ) both_have
    WHERE ST_Area(both_have.shared) > 0
      AND ST_Area(both_have.shared::geography) > 0.01
      AND NOT ST_IsEmpty(ST_Buffer(both_have.shared, -1e-7))
    LIMIT 1;
  IF found IS NOT NULL THEN
    PERFORM refuse('drawn_community_overlap', 'communities of one plan overlap', found);
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['drawn_community', 'community_assignment'] LOOP
    EXECUTE format('CREATE TRIGGER a_draft_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows()', name);
    EXECUTE format('CREATE TRIGGER a_draft_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows()', name);
    EXECUTE format('CREATE TRIGGER a_draft_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS stale
      FOR EACH STATEMENT EXECUTE FUNCTION check_plan_rows()', name);
    EXECUTE format('CREATE TRIGGER plan_not_truncated BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(''plan_frozen'')', name);
  END LOOP;
END $$;
CREATE TRIGGER b_rules_insert AFTER INSERT ON drawn_community REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_drawn_communities();
CREATE TRIGGER b_rules_update AFTER UPDATE ON drawn_community REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION check_drawn_communities();
