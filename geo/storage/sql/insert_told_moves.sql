-- Write what was done in stories (pg_temp.story_move) to the cases that they are told of (pg_temp.told), in the order
-- in which it was done.
INSERT INTO case_move (
  case_id, action, from_step, to_step, state, at, recorded_at, who, role, note, details, grid_code, overdue_since
)
SELECT
  t.id, m.action, m.from_step, m.to_step, m.state, m.at, m.at, coalesce(c.names->>m.part, m.part), m.role, m.note,
  CASE WHEN m.details ? 'assignee'
    THEN jsonb_set(m.details, '{assignee}', to_jsonb(c.names->>(m.details->>'assignee'))) ELSE m.details END,
  t.grid_code, m.overdue_since
FROM told t JOIN story_move m USING (story) JOIN crew c USING (crew)
ORDER BY m.at, t.id, m.place
