-- Who sees and decides on rows of lists that could not be placed. See 2026_11_22_access.sql.

CREATE TRIGGER ended_not_deleted BEFORE DELETE OR TRUNCATE ON unplaced_row
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ended_not_deleted');

GRANT SELECT, INSERT ON unplaced_row TO wangge_app;
-- What the file said, and under which source, stays; a list that comes again may find more or less.
GRANT UPDATE (row_number, file_row, manner, address, outcome, reason_zh, reason_en, choices, state, code, decided_by,
  decided_at, version) ON unplaced_row TO wangge_app;
ALTER TABLE unplaced_row ENABLE ROW LEVEL SECURITY;

-- Lists say of homes what they are, so they are for those who may see households. A row without a scope is nobody's.
DO $$
DECLARE
  inside text := '(left(scope_code, 9) = ANY ((SELECT told_list(''streets''))::text[])
    OR scope_code = ANY ((SELECT told_list(''whole''))::text[]))';
BEGIN
  EXECUTE 'CREATE POLICY seen ON unplaced_row FOR SELECT TO wangge_app
    USING ((SELECT may(''households'')) AND ' || inside || ')';
  EXECUTE 'CREATE POLICY made ON unplaced_row FOR INSERT TO wangge_app
    WITH CHECK ((SELECT may(''households'') AND may(''register'')) AND ' || inside || ')';
  EXECUTE 'CREATE POLICY changed ON unplaced_row FOR UPDATE TO wangge_app
    USING ((SELECT may(''households'') AND may(''register'')) AND ' || inside || ')';
END $$;

-- What is done to them is told as what is done to places is.
CREATE OR REPLACE FUNCTION is_household_noun(noun text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT noun IN ('household', 'household_unit', 'place', 'grid_staff', 'unplaced_row')
$$;
