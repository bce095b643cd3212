-- How many cases of a street or community have ended, by kind and nature: of the streets and communities that the actor
-- sees whole. It says what rules of rows say, once and not of each of a hundred thousand rows, so that they are counted
-- from an index that holds nothing else.
CREATE FUNCTION ended_cases(scope text, process text) RETURNS TABLE (kind text, nature text, ended bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  whole boolean := NOT is_acting() OR left(scope, 9) = ANY (told_list('streets'));
  parts text[] := '{}';
  counted text := 'SELECT kind, nature, count(*) FROM ledger_case
    WHERE street_code = $1 AND workflow = $2 AND state = ''closed''';
BEGIN
  IF length(scope) = 9 THEN
    parts := told_list('whole');
  ELSIF whole OR scope = ANY (told_list('whole')) THEN
    parts := ARRAY[scope];
  END IF;
  IF NOT (whole AND length(scope) = 9) THEN
    counted := counted || ' AND community_code = ANY ($3)';
  END IF;
  IF is_acting() AND NOT may('households') THEN
    counted := counted || ' AND household_unit_code IS NULL AND place_code IS NULL';
  END IF;
  RETURN QUERY EXECUTE counted || ' GROUP BY kind, nature' USING left(scope, 9), process, parts;
END $$;
REVOKE EXECUTE ON FUNCTION ended_cases(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ended_cases(text, text) TO wangge_app;
