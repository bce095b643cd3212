-- Takes back 2026_11_21_rules.sql. CASCADE removes the triggers with their functions.
DROP FUNCTION check_plan_change(), check_plan_rows(), check_grids(), check_assignments(), refuse_change() CASCADE;
DROP FUNCTION lock_drafts(bigint[]), refuse(text, text, text);
