"""Buildings that somebody got into in a period, and those that nobody did: by community, by grid as of a day, by month.

Buildings are those that are there today; a grid has those that its plan puts in it. Whichever community a building was
in when somebody got in there, it counts where it lies now.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_BY_COMMUNITY = text("""
WITH seen AS (
  SELECT DISTINCT building_code AS code FROM inspection
  WHERE inspected_at >= :since AND inspected_at < :until AND result <> 'no_access' AND building_code IS NOT NULL
    AND street_code = left(:scope, 9)
)
SELECT b.community_code AS key, count(*) AS buildings, count(s.code) AS seen
FROM building b LEFT JOIN seen s USING (code)
WHERE b.ended_at IS NULL AND starts_with(b.community_code, :scope)
GROUP BY b.community_code
""")
# A building that a plan divides lies in several grids, and counts in each.
_BY_GRID = text("""
WITH inside AS (
  SELECT DISTINCT n.code, a.building_code
  FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
  JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code
  JOIN assignment a ON a.grid_id = g.id
  JOIN building b ON b.code = a.building_code AND b.ended_at IS NULL
),
seen AS (
  SELECT DISTINCT building_code FROM inspection
  WHERE inspected_at >= :since AND inspected_at < :until AND result <> 'no_access' AND building_code IS NOT NULL
    AND street_code = left(:scope, 9)
)
SELECT i.code, count(*) AS buildings, count(s.building_code) AS seen
FROM inside i LEFT JOIN seen s USING (building_code) GROUP BY i.code
""")
_BY_MONTH = text("""
SELECT to_char(date_trunc('month', i.inspected_at, 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
  count(DISTINCT i.building_code) AS seen
FROM inspection i JOIN building b ON b.code = i.building_code AND b.ended_at IS NULL
WHERE i.inspected_at >= :since AND i.inspected_at < :until AND i.result <> 'no_access'
  AND i.street_code = left(:scope, 9) AND (length(:scope) = 15 OR starts_with(b.community_code, :scope))
  AND (length(:scope) < 15 OR i.building_code IN (
    SELECT a.building_code
    FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
    JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code
    JOIN assignment a ON a.grid_id = g.id
  ))
GROUP BY 1
""")
# Exactly those that the counts above count and nobody got into: what is changed there is changed here.
_NOT_SEEN = text("""
WITH seen AS (
  SELECT DISTINCT building_code AS code FROM inspection
  WHERE inspected_at >= :since AND inspected_at < :until AND result <> 'no_access' AND building_code IS NOT NULL
    AND street_code = left(:scope, 9)
)
SELECT b.code, coalesce(b.name, b.address, '') AS name, b.community_code
FROM building b
WHERE b.ended_at IS NULL AND b.code > :after AND (length(:scope) = 15 OR starts_with(b.community_code, :scope))
  AND (length(:scope) < 15 OR b.code IN (
    SELECT a.building_code
    FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
    JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code
    JOIN assignment a ON a.grid_id = g.id
  ))
  AND NOT EXISTS (SELECT FROM seen s WHERE s.code = b.code)
ORDER BY b.code LIMIT :limit
""")
_LOOKS = text("""
SELECT building_code, max(inspected_at) FILTER (WHERE result <> 'no_access' AND inspected_at < :since) AS seen_at,
  max(inspected_at) FILTER (WHERE result = 'no_access' AND inspected_at >= :since) AS tried_at
FROM inspection WHERE building_code = ANY (:buildings) AND inspected_at < :until GROUP BY building_code
""")
_GRIDS_OF = text("""
SELECT DISTINCT a.building_code, n.code AS grid
FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code
JOIN assignment a ON a.grid_id = g.id
WHERE a.building_code = ANY (:buildings)
ORDER BY a.building_code, n.code
""")


@dataclass(frozen=True)
class NotSeen:
    """A building into which nobody got in a period; ``name`` is its address where it has none."""

    code: str
    name: str
    community_code: str


@dataclass(frozen=True)
class Looks:
    """When somebody last got into a building before a period, and last stood before a closed door within it."""

    seen_at: datetime | None
    tried_at: datetime | None


def count_seen(session: Session, scope: str, *, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """Return, by community of a street or community, how many buildings there are, and into how many somebody got."""
    rows = session.execute(_BY_COMMUNITY, {"scope": scope, "since": since, "until": until})
    return {row.key: (row.buildings, row.seen) for row in rows}


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


def read_not_seen(
    session: Session,
    scope: str,
    grids: Sequence[tuple[int, str]],
    *,
    since: datetime,
    until: datetime,
    limit: int,
    after: str | None = None,
) -> list[NotSeen]:
    """Read up to ``limit`` of the buildings of a scope that nobody got into in a period, by code, above ``after``.

    Parameters
    ----------
    grids
        Where the scope is a grid: what was in force of it, as (id of its plan, code).
    """
    values = _values(scope, grids) | {"since": since, "until": until, "limit": limit, "after": after or ""}
    return [NotSeen(**row) for row in session.execute(_NOT_SEEN, values).mappings()]


def read_looks(session: Session, buildings: Collection[str], *, since: datetime, until: datetime) -> dict[str, Looks]:
    """Read, by building, the looks about a period in which nobody got into them; those with none are left out."""
    values = {"buildings": list(buildings), "since": since, "until": until}
    return {row.building_code: Looks(row.seen_at, row.tried_at) for row in session.execute(_LOOKS, values)}


def read_grids(session: Session, buildings: Collection[str], grids: Sequence[tuple[int, str]]) -> dict[str, list[str]]:
    """Return in which of some grids, each as (id of its plan, code), buildings lie; a divided one in several."""
    found: dict[str, list[str]] = {}
    for row in session.execute(_GRIDS_OF, _values("", grids) | {"buildings": list(buildings)}):
        found.setdefault(row.building_code, []).append(row.grid)
    return found


def _values(scope: str, grids: Sequence[tuple[int, str]]) -> dict[str, object]:
    return {"scope": scope, "plans": [plan for plan, _ in grids], "grids": [code for _, code in grids]}
