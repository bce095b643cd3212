-- What changed in a month, by the community and grid where cases were opened, and by kind: counted from moves, all in one
-- look at the store, so that it adds up whatever is done meanwhile. Twin of geo.ledger.bills.statement.
-- Cases that ended before the month and did not come back, or began after it, change nothing: their rows say so.
-- Parameters: workflow, street, community, grid (codes; the last two or NULL), since, until (moments; until is after it),
-- fixing (actions that fix).
WITH touched AS MATERIALIZED (
  SELECT id, community_code, grid_code, kind
  FROM ledger_case
  WHERE street_code = CAST(:street AS text) AND workflow = CAST(:workflow AS text)
    AND (CAST(:community AS text) IS NULL OR community_code = CAST(:community AS text))
    AND (CAST(:grid AS text) IS NULL OR grid_code = CAST(:grid AS text))
    AND opened_at < CAST(:until AS timestamptz) AND (closed_at IS NULL OR closed_at >= CAST(:since AS timestamptz))
),
-- Case by case (OFFSET 0 keeps it so): a join would look through all moves there are.
moved AS (
  SELECT t.community_code, t.grid_code, t.kind, m.*
  FROM touched t
  CROSS JOIN LATERAL (
    SELECT at, action, state, state IN ('open', 'paused') AS live,
      lag(state IN ('open', 'paused')) OVER (ORDER BY at, id) AS was_live
    FROM case_move WHERE case_id = t.id AND at < CAST(:until AS timestamptz)
    OFFSET 0
  ) m
)
SELECT
  community_code, grid_code, kind,
  coalesce(sum(live::int - coalesce(was_live, false)::int) FILTER (WHERE at < :since), 0)::bigint AS opening,
  count(*) FILTER (WHERE at >= :since AND was_live IS NULL) AS found,
  count(*) FILTER (WHERE at >= :since AND live AND NOT was_live) AS reopened,
  count(*) FILTER (WHERE at >= :since AND was_live AND state = 'closed') AS closed,
  count(*) FILTER (WHERE at >= :since AND was_live AND state = 'void') AS voided,
  sum(live::int - coalesce(was_live, false)::int)::bigint AS closing,
  count(*) FILTER (WHERE at >= :since AND action = ANY (CAST(:fixing AS text[]))) AS fixed
FROM moved
GROUP BY community_code, grid_code, kind
ORDER BY community_code, grid_code, kind
