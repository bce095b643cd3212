-- Numbers of cases, and who reads events about them. See 2026_11_22_ledger.sql.

-- Functions with the owner's rights look up tables before anything temporary that a caller could have made.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);

-- The running part of a case's number. A sequence lets nobody wait for another's transaction; what is undone leaves a
-- gap.
CREATE SEQUENCE case_number AS bigint;
GRANT USAGE ON SEQUENCE case_number TO wangge_app;

-- The code of an event about a case or an inspection is its id: it is read by whoever sees that, and never taken for
-- the code of a street or building.
DROP POLICY seen ON event;
CREATE POLICY seen ON event FOR SELECT TO wangge_app USING (
  CASE
    WHEN code IS NULL THEN account_id = (SELECT acting_account())
    WHEN noun = 'plan' THEN code ~ '^[0-9]{1,18}$' AND EXISTS (
      SELECT FROM plan p WHERE p.id = CASE WHEN code ~ '^[0-9]{1,18}$' THEN code::bigint END
    )
    WHEN noun IN ('case', 'case_reporter', 'evidence') THEN (SELECT may('households')) AND EXISTS (
      SELECT FROM ledger_case c WHERE c.id = CASE WHEN code ~ '^[0-9]{1,18}$' THEN code::bigint END
    )
    WHEN noun = 'inspection' THEN (SELECT may('households')) AND EXISTS (
      SELECT FROM inspection i WHERE i.id = CASE WHEN code ~ '^[0-9]{1,18}$' THEN code::bigint END
    )
    WHEN noun IN ('account', 'account_role', 'sign_in', 'invitation') THEN account_id = (SELECT acting_account())
    ELSE (NOT is_household_noun(noun) OR (SELECT may('households'))) AND (
      left(code, 9) = ANY ((SELECT told_list('streets'))::text[])
      OR left(code, 12) = ANY ((SELECT told_list('whole'))::text[])
      OR left(code, 19) = ANY ((SELECT own_buildings())::text[])
    )
  END
);
