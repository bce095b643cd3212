-- Write the cases of stories (pg_temp.story_case) as they are told of places (pg_temp.told) by crews (pg_temp.crew).
-- Parameters: workflow, version (id of its version).
INSERT INTO ledger_case (
  id, number, workflow, workflow_version_id, kind, nature, summary, step, state, rung, street_code, community_code,
  grid_code, building_code, household_unit_code, place_code, responsible_body_code, geom, source, inspection_id,
  assignee, found_by, found_at, opened_at, step_since, step_due_at, step_counts_from, step_unit, due_at,
  due_counts_from, due_unit, due_is_own, yellow_at, paused_at, resume_step, moved_at, last_by, extended, fixed_by,
  fixed_at, closed_by, closed_at, reopened, rating, details, version
)
OVERRIDING SYSTEM VALUE
SELECT
  t.id, t.number, :workflow, :version, t.kind, s.nature, t.summary, s.step, s.state, s.rung, t.street_code,
  t.community_code, t.grid_code, t.building_code, t.household_unit_code, t.place_code, t.responsible_body_code, t.geom,
  t.source, t.inspection_id,
  c.names->>s.assignee, c.names->>s.found_by, s.opened_at, s.opened_at, s.step_since, s.step_due_at,
  s.step_counts_from, s.step_unit, s.due_at, s.due_counts_from, s.due_unit, s.due_is_own, s.yellow_at, s.paused_at,
  s.resume_step, s.moved_at, coalesce(c.names->>s.last_by, s.last_by), s.extended, c.names->>s.fixed_by,
  s.fixed_at, c.names->>s.closed_by, s.closed_at, s.reopened, s.rating, '{}', s.version
FROM told t JOIN story_case s USING (story) JOIN crew c USING (crew)
ORDER BY t.id
