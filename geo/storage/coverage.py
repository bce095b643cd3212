"""How many buildings there are and how many of them somebody got into: by grid as of a day, and by month."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# A building that a plan divides lies in several grids, and counts in each.
_BY_GRID = text("""
WITH inside AS (
  SELECT DISTINCT n.code, a.building_code
  FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
  JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code
  JOIN assignment a ON a.grid_id = g.id
),
seen AS (
  SELECT DISTINCT building_code FROM inspection
  WHERE inspected_at >= :since AND inspected_at < :until AND result <> 'no_access' AND building_code IS NOT NULL
    AND starts_with(community_code, left(:scope, 12))
)
SELECT i.code, count(*) AS buildings, count(s.building_code) AS seen
FROM inside i LEFT JOIN seen s USING (building_code) GROUP BY i.code
""")
_BY_MONTH = text("""
SELECT to_char(date_trunc('month', i.inspected_at, 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
  count(DISTINCT i.building_code) AS seen
FROM inspection i JOIN building b ON b.code = i.building_code AND b.ended_at IS NULL
WHERE i.inspected_at >= :since AND i.inspected_at < :until AND i.result <> 'no_access'
  AND starts_with(i.community_code, left(:scope, 12))
  AND (length(:scope) < 15 OR i.building_code IN (
    SELECT a.building_code
    FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
    JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code
    JOIN assignment a ON a.grid_id = g.id
  ))
GROUP BY 1
""")


def count_seen_by_grid(
    session: Session, scope: str, grids: Sequence[tuple[int, str]], *, since: datetime, until: datetime
) -> dict[str, tuple[int, int]]:
    """Return, by grid, how many buildings its plan has in it, and into how many somebody got in a period.

    Parameters
    ----------
    scope
        Code of the street, community or grid that all of the grids are in.
    grids
        Each as (id of its plan, code).
    """
    rows = session.execute(_BY_GRID, _values(scope, grids) | {"since": since, "until": until})
    return {row.code: (row.buildings, row.seen) for row in rows}


def count_seen_by_month(
    session: Session, scope: str, grids: Sequence[tuple[int, str]], *, since: datetime, until: datetime
) -> dict[str, int]:
    """Return, by month (``2026-11``, China's), into how many of today's buildings of a scope somebody got.

    Parameters
    ----------
    grids
        Where the scope is a grid: what is in force of it, as (id of its plan, code).
    """
    rows = session.execute(_BY_MONTH, _values(scope, grids) | {"since": since, "until": until})
    return {row.month: row.seen for row in rows}


def _values(scope: str, grids: Sequence[tuple[int, str]]) -> dict[str, object]:
    return {"scope": scope, "plans": [plan for plan, _ in grids], "grids": [code for _, code in grids]}
