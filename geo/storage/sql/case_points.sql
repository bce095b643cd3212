-- Cases of a workflow in a street, community or box that stood open at some time since a moment: dates for maps, and
-- nothing of whom they are about. What turned out to be none (void) is left out. Moments come as seconds since 1970:
-- numbers of a great many rows are read in a fraction of the time.
-- Parameters: workflow, scope (code of a street or community, NULL), west, south, east, north (degrees, NULL),
-- since, at (moments), limit.
WITH chosen AS (
  SELECT c.* FROM ledger_case c
  WHERE c.workflow = :workflow AND c.state <> 'void' AND c.opened_at <= :at
    AND (c.closed_at IS NULL OR c.closed_at >= :since)
    AND (CAST(:scope AS text) IS NULL
      OR c.street_code = left(CAST(:scope AS text), 9)
        AND (length(CAST(:scope AS text)) = 9 OR c.community_code = CAST(:scope AS text)))
    -- Rules of rows come before what a caller asks, unless that tells nothing of rows it is asked of. Codes are trusted
    -- so, boxes only where an administrator has said so: the communities round the box, ended ones too, let an index be
    -- used elsewhere.
    AND (CAST(:west AS float8) IS NULL OR (
      c.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
      AND c.community_code = ANY (ARRAY(
        SELECT m.code FROM community m WHERE m.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
      ))
    ))
  ORDER BY c.id
  LIMIT CAST(:limit AS bigint)
),
-- When those that came back were closed, and when they came back, in turns; the end of those that are closed again is
-- their own date.
turns AS (
  SELECT t.case_id, array_agg(t.at ORDER BY t.id) AS moments
  FROM (
    SELECT m.id, m.case_id, m.at, m.state = 'closed' AS ends,
      lag(m.state) OVER (PARTITION BY m.case_id ORDER BY m.id) = 'closed' AS was_closed
    FROM case_move m JOIN chosen c ON c.id = m.case_id AND c.reopened > 0
  ) t
  WHERE t.ends IS DISTINCT FROM coalesce(t.was_closed, false)
  GROUP BY t.case_id
),
-- How long they stood past their limits, and paused, before something was done to them: limits of today do not tell.
-- Asked of those to which something was done after the end of a month that they had begun before.
lasting AS (
  SELECT id FROM chosen
  WHERE date_trunc('month', opened_at, 'Asia/Shanghai')
    < date_trunc('month', coalesce(moved_at, step_since), 'Asia/Shanghai')
),
late AS (
  SELECT m.case_id,
    array_agg(extract(epoch FROM m.overdue_since)::float8 ORDER BY m.id) AS since,
    array_agg(extract(epoch FROM m.at)::float8 ORDER BY m.id) AS until
  FROM lasting c JOIN case_move m ON m.case_id = c.id AND m.overdue_since IS NOT NULL AND m.at >= :since
  WHERE date_trunc('month', m.overdue_since, 'Asia/Shanghai') < date_trunc('month', m.at, 'Asia/Shanghai')
  GROUP BY m.case_id
),
halted AS (
  SELECT m.case_id,
    array_agg(extract(epoch FROM m.at)::float8 ORDER BY m.id) AS since,
    array_agg(extract(epoch FROM n.at)::float8 ORDER BY m.id) AS until
  FROM lasting c JOIN case_move m ON m.case_id = c.id AND m.state = 'paused'
  CROSS JOIN LATERAL (
    SELECT f.at FROM case_move f WHERE f.case_id = m.case_id AND f.id > m.id ORDER BY f.id LIMIT 1
  ) n
  WHERE n.at >= :since
  GROUP BY m.case_id
)
SELECT
  c.number, c.kind, c.nature, c.grid_code,
  extract(epoch FROM c.opened_at)::float8 AS found_at,
  extract(epoch FROM c.closed_at)::float8 AS ended_at,
  extract(epoch FROM c.paused_at)::float8 AS paused_at,
  extract(epoch FROM least(c.due_at, c.step_due_at))::float8 AS due_at,
  -- Of those that are closed only the limit as a whole is known: four fifths of it, as of the calendar.
  extract(
    epoch FROM coalesce(c.yellow_at, c.due_counts_from + 0.8 * (c.due_at - c.due_counts_from))
  )::float8 AS near_at,
  extract(epoch FROM c.due_counts_from + 0.8 * (c.due_at - c.due_counts_from))::float8 AS early_at,
  extract(epoch FROM coalesce(c.moved_at, c.step_since))::float8 AS moved_at,
  t.moments AS turns,
  l.since AS late_since, l.until AS late_until, h.since AS halted_since, h.until AS halted_until,
  ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat
FROM chosen c
LEFT JOIN turns t ON t.case_id = c.id
LEFT JOIN late l ON l.case_id = c.id
LEFT JOIN halted h ON h.case_id = c.id
ORDER BY c.id
