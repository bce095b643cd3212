-- Takes back 2026_11_22_unplaced.sql; the table goes afterwards, and its trigger and rules with it.
CREATE OR REPLACE FUNCTION is_household_noun(noun text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT noun IN ('household', 'household_unit', 'place', 'grid_staff')
$$;
