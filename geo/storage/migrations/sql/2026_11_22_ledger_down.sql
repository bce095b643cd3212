-- Takes back 2026_11_22_ledger.sql; the tables go afterwards, and their triggers and rules with them.
CREATE OR REPLACE FUNCTION is_household_noun(noun text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT noun IN ('household', 'household_unit', 'place', 'grid_staff', 'unplaced_row')
$$;

DROP POLICY seen ON evidence_content;
DROP POLICY seen ON case_move;
DROP TRIGGER case_move_signed ON case_move;
DROP TRIGGER inspection_signed ON inspection;
DROP TRIGGER evidence_signed ON evidence;
DROP FUNCTION sign_case_move();
DROP FUNCTION sign_inspection();
DROP FUNCTION sign_evidence();
