-- The highest code of a noun that starts so, with the owner's rights: the next number of a street is told by all of its
-- things, and whoever sees a part of them would take a number that another's has. Of those things nothing else is told.
CREATE FUNCTION last_code(noun text, stem text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  last text;
BEGIN
  IF noun <> ALL (ARRAY['responsible_body', 'compound', 'barrier', 'building', 'place', 'city_element'])
    OR left(stem, 9) <> ALL (near_streets())
  THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT max(code) FROM %I WHERE code >= $1 AND code < $1 || ''[''', noun) INTO last USING stem;
  RETURN last;
END $$;

REVOKE EXECUTE ON FUNCTION last_code(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION last_code(text, text) TO wangge_app;
