-- Takes back 2026_11_22_cases.sql.
DROP POLICY seen ON event;
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
DROP SEQUENCE case_number;
