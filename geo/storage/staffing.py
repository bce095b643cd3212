"""Who is in charge of grids on a day, and since when grids have nobody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

_STAFFED = text("""
SELECT DISTINCT grid_code FROM grid_staff
WHERE grid_code = ANY (:grids) AND ended_at IS NULL
  AND (since IS NULL OR since <= :day) AND (until IS NULL OR until >= :day)
""")
_PEOPLE = text("""
SELECT grid_code, name FROM grid_staff
WHERE grid_code = ANY (:grids) AND role = :role AND ended_at IS NULL
  AND (since IS NULL OR since <= :day) AND (until IS NULL OR until >= :day)
ORDER BY grid_code, code
""")
# Of a grid that has nobody: the last day of who left last before, and the day on which its plan came into force.
_ALONE = text("""
SELECT n.plan_id, n.code, coalesce(g.name, '') AS name, g.households,
  CAST(timezone('Asia/Shanghai', p.adopted_at) AS date) AS drawn,
  (SELECT max(s.until) FROM grid_staff s
   WHERE s.grid_code = n.code AND s.ended_at IS NULL AND s.until < :day) AS left_on
FROM unnest(CAST(:plans AS bigint[]), CAST(:grids AS text[])) AS n (plan_id, code)
JOIN grid g ON g.plan_id = n.plan_id AND g.code = n.code JOIN plan p ON p.id = g.plan_id
ORDER BY n.code
""")


@dataclass(frozen=True)
class Alone:
    """A grid that has nobody in charge on a day.

    Attributes
    ----------
    drawn
        The day on which the plan came into force that it is of.
    left_on
        The last day of whoever was in charge before; None where nobody is on record.
    """

    plan_id: int
    code: str
    name: str
    households: int | None
    drawn: date
    left_on: date | None


def staffed(session: Session, grids: Collection[str], day: date) -> set[str]:
    """Return which of the grids have somebody in charge on a day."""
    return set(session.scalars(_STAFFED, {"grids": list(grids), "day": day}))


def read_people(session: Session, grids: Collection[str], role: str, day: date) -> dict[str, list[str]]:
    """Return the names of those who hold a role in grids on a day, by grid; grids without any are left out."""
    found: dict[str, list[str]] = {}
    for row in session.execute(_PEOPLE, {"grids": list(grids), "role": role, "day": day}):
        found.setdefault(row.grid_code, []).append(row.name)
    return found


def read_alone(session: Session, grids: Sequence[tuple[int, str]], day: date) -> list[Alone]:
    """Read grids that have nobody in charge on a day, by code; each is given as (id of its plan, code)."""
    values = {"plans": [plan for plan, _ in grids], "grids": [code for _, code in grids], "day": day}
    return [Alone(**row) for row in session.execute(_ALONE, values).mappings()]
