-- Takes back 2026_11_22_addresses.sql; the tables go afterwards, and their triggers and rules with them.
DROP FUNCTION keep_former_name() CASCADE;
DROP FUNCTION check_alias() CASCADE;
DROP FUNCTION sees(text, text) CASCADE;
