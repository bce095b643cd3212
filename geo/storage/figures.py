"""Counts of the ledger, by sets: of cases, of buildings that were inspected, of grids that have nobody in charge.

Each count of cases has one condition (:func:`counted`), by which it is counted and by which its cases are listed, so
that a figure always opens to as many cases as it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal_column, or_, select, text, true
from sqlalchemy.orm import Session

from geo.storage.cases import scope_column
from geo.storage.catalogue import METADATA

_CASES = METADATA.tables["ledger_case"]
_MOVES = METADATA.tables["case_move"]

#: Columns that counts are told apart by.
KEYS: Mapping[str, Any] = {
    "community": _CASES.c.community_code,
    "grid": _CASES.c.grid_code,
    "kind": _CASES.c.kind,
    "nature": _CASES.c.nature,
    "body": _CASES.c.responsible_body_code,
}
#: The rungs that are above a grid's own, and those above a community's.
ABOVE_GRID = ("community", "street", "joint")
ABOVE_COMMUNITY = ("street", "joint")
#: The action of every workflow that brings a closed case back.
REOPEN = "reopen"
SATISFIED = 3

#: Of solved cases, how; counted beside the figures, which are shares of them.
_RUNG = func.coalesce(_CASES.c.rung, "")
_HOW_SOLVED: Mapping[str, Any] = {
    "solved_in_time": _CASES.c.closed_at <= _CASES.c.due_at,
    "solved_with_limit": _CASES.c.due_at.is_not(None),
    "solved_below": _RUNG.not_in(ABOVE_GRID),
    "solved_at_community": _RUNG == "community",
    "solved_above": _RUNG.in_(ABOVE_COMMUNITY),
    "rated": _CASES.c.rating.is_not(None),
    "satisfied_count": _CASES.c.rating >= SATISFIED,
}
_TOOK = func.extract("epoch", _CASES.c.closed_at - _CASES.c.opened_at) / 86_400.0

_INSPECTED = text("""
WITH inside AS (
  SELECT code, community_code FROM building
  WHERE ended_at IS NULL AND starts_with(community_code, left(:scope, 12))
    AND (length(:scope) < 15 OR code = ANY (:buildings))
),
seen AS (
  SELECT DISTINCT building_code AS code FROM inspection
  WHERE inspected_at >= :since AND inspected_at < :until AND result <> 'no_access' AND building_code IS NOT NULL
    AND starts_with(community_code, left(:scope, 12))
)
SELECT i.community_code AS key, count(*) AS buildings, count(s.code) AS inspected
FROM inside i LEFT JOIN seen s USING (code) GROUP BY i.community_code
""")
_STAFFED = text("""
SELECT DISTINCT grid_code FROM grid_staff
WHERE grid_code = ANY (:grids) AND ended_at IS NULL
  AND (since IS NULL OR since <= :day) AND (until IS NULL OR until >= :day)
""")
_BUILDINGS_OF_GRID = text("""
SELECT DISTINCT a.building_code FROM assignment a JOIN grid g ON g.id = a.grid_id JOIN plan p ON p.id = g.plan_id
WHERE g.code = :grid AND p.state = 'adopted' AND p.tier = 'grid' AND p.department = ''
""")


@dataclass(frozen=True)
class Span:
    """The cases of a workflow (None: of all) in a street, community or grid, over a period.

    Attributes
    ----------
    since, until
        The first moment of the period, and the first after it.
    now
        Limits that pass after it are not overdue yet.
    """

    scope: str
    workflow: str | None
    since: datetime
    until: datetime
    now: datetime


@dataclass(frozen=True)
class Counted:
    """A case that a figure counts, as far as a list shows it."""

    id: int
    number: str
    workflow: str
    kind: str
    nature: str | None
    step: str
    state: str
    rung: str | None
    community_code: str
    grid_code: str | None
    building_code: str | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


def counted(span: Span, accidents: Sequence[str]) -> dict[str, ColumnElement[bool]]:
    """Return, by figure, which cases it counts; see ``data/dictionaries/ledger_figures.toml``."""
    row = _CASES.c
    opened = row.opened_at >= span.since
    ended = and_(row.closed_at >= span.since, row.closed_at < span.until)
    still = or_(row.closed_at.is_(None), row.closed_at >= span.until)
    return {
        "found": opened,
        "solved": and_(ended, row.state == "closed"),
        "voided": and_(ended, row.state == "void"),
        "open": still,
        "overdue": or_(_is_overdue(span), _was_overdue(span)) if span.until <= span.now else _is_overdue(span),
        "complaints": and_(opened, row.workflow == "request", row.nature == "complaint"),
        "accidents": and_(opened, row.kind.in_(list(accidents)) if accidents else false()),
        "reopened": and_(row.reopened > 0, _came_back(span)),
    }


def count_cases(session: Session, span: Span, by: str, accidents: Sequence[str]) -> list[dict[str, Any]]:
    """Count cases by community, grid, kind, nature or body, or all together (``key`` None)."""
    key = _key(by)
    told = counted(span, accidents) | {"overdue": _is_overdue(span)}
    back = told.pop("reopened")
    solved = told["solved"]
    told |= {name: and_(solved, condition) for name, condition in _HOW_SOLVED.items()}
    counts = [func.count().filter(condition).label(name) for name, condition in told.items()]
    median = func.percentile_cont(0.5).within_group(_TOOK).filter(solved).label("median_days")
    rows = session.execute(_inside(select(key.label("key"), *counts, median), span).group_by(key))
    found = {row.key: {**row._mapping, "reopened": 0} for row in rows}
    none = {**dict.fromkeys(told, 0), "reopened": 0, "median_days": None}
    # Asked of few cases each: of those that ever came back, and of what was done to cases past their limits.
    for name, more in (("reopened", _counting(key, span).where(back)), ("overdue", _counting_overdue(key, span))):
        for row in session.execute(more):
            found.setdefault(row.key, {"key": row.key, **none})[name] += row.cases
    return [found[name] for name in sorted(found, key=lambda name: (name is None, name))]


def count_cases_by_month(session: Session, span: Span, accidents: Sequence[str]) -> pd.DataFrame:
    """Count cases by the months in which they were opened and came to an end, in one go.

    Columns: ``opened``, ``ended`` (``2026-11``; missing where that did not happen), ``state`` and how many of which
    sort there are.
    """
    opened, ended = _month(_CASES.c.opened_at), _month(_CASES.c.closed_at)
    told = {"cases": true(), **_HOW_SOLVED}
    told |= {
        name: condition for name, condition in counted(span, accidents).items() if name in ("complaints", "accidents")
    }
    keys = [opened.label("opened"), ended.label("ended"), _CASES.c.state]
    counts = [func.count().filter(condition).label(name) for name, condition in told.items()]
    rows = session.execute(_inside(select(*keys, *counts), span).group_by(*keys))
    return _with_names(pd.DataFrame(rows.all(), columns=list(rows.keys())), ("opened", "ended"))


def count_overdue_by_month(session: Session, span: Span) -> pd.DataFrame:
    """Count how long cases stood past their limits: ``since``, ``until`` (missing where they still do), ``cases``."""
    still = select(_month(_overdue_from()), literal_column("NULL::timestamp"), func.count()).where(
        _is_overdue(span), _there(span)
    )
    since, until = _month(_MOVES.c.overdue_since), _month(_MOVES.c.at)
    ended = select(since, until, func.count()).join(_CASES, _CASES.c.id == _MOVES.c.case_id)
    ended = ended.where(_MOVES.c.overdue_since < span.until, _MOVES.c.at >= span.since, since < until)
    rows = [
        *session.execute(still.group_by(_month(_overdue_from()))),
        *session.execute(_inside(ended, span).group_by(since, until)),
    ]
    return _with_names(pd.DataFrame(rows, columns=["since", "until", "cases"], dtype=object), ("since", "until"))


def median_days_by_month(session: Session, span: Span) -> dict[str, float]:
    """Return the median days that solved cases took, by the month in which they were."""
    month = _month(_CASES.c.closed_at)
    solved = counted(span, ())["solved"]
    rows = session.execute(
        _inside(select(month, func.percentile_cont(0.5).within_group(_TOOK)), span).where(solved).group_by(month)
    )
    return {_named(first): float(days) for first, days in rows}


def count_reopened_by_month(session: Session, span: Span) -> dict[str, int]:
    """Return how many cases came back, by the month in which they did."""
    month = _month(_MOVES.c.at)
    moved = select(month, func.count(_MOVES.c.case_id.distinct())).join(_CASES, _CASES.c.id == _MOVES.c.case_id)
    rows = session.execute(moved.where(_CASES.c.reopened > 0, *_moved_back(span), _there(span)).group_by(month))
    return {_named(first): int(count) for first, count in rows}


def read_counted(
    session: Session,
    span: Span,
    figure: str,
    accidents: Sequence[str],
    *,
    by: str = "all",
    key: str | None = None,
    limit: int,
    after: int | None = None,
) -> list[Counted]:
    """Read up to ``limit`` of the cases that a figure counts, the newest first, with ids below ``after``.

    Parameters
    ----------
    by, key
        Only those of one row of the table; a key of None is the row of what has none.
    """
    condition = counted(span, accidents)[figure]
    query = select(*(_CASES.c[item.name] for item in fields(Counted))).where(condition, _there(span))
    # What came back in the period may have been closed before it again: only its moves bound it.
    query = query if figure == "reopened" else _inside(query, span)
    if by != "all":
        query = query.where(_key(by).is_not_distinct_from(key))
    if after is not None:
        query = query.where(_CASES.c.id < after)
    return [Counted(*row) for row in session.execute(query.order_by(_CASES.c.id.desc()).limit(limit))]


def count_inspected(session: Session, scope: str, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """Return, by community, how many buildings there are, and how many were inspected; of a grid those in force."""
    buildings = list(session.scalars(_BUILDINGS_OF_GRID, {"grid": scope})) if len(scope) == 15 else []
    values = {"scope": scope, "buildings": buildings, "since": since, "until": until}
    return {row.key: (row.buildings, row.inspected) for row in session.execute(_INSPECTED, values)}


def staffed(session: Session, grids: Sequence[str], day: date) -> set[str]:
    """Return which of the grids have somebody in charge on a day."""
    return set(session.scalars(_STAFFED, {"grids": list(grids), "day": day}))


def _counting(key: Any, span: Span) -> Select[Any]:
    return select(key.label("key"), func.count().label("cases")).where(_there(span)).group_by(key)


def _counting_overdue(key: Any, span: Span) -> Select[Any]:
    """Count the cases that stood past their limit when the period ended, and to which something was done since."""
    if span.until > span.now:
        return _counting(key, span).where(false())
    counting = _counting(key, span).join(_MOVES, _MOVES.c.case_id == _CASES.c.id)
    return _inside(counting.where(*_over(span)), span)


def _is_overdue(span: Span) -> ColumnElement[bool]:
    """Whether a case stands as it did when the period ended, past its limit."""
    return and_(_CASES.c.state == "open", _overdue_from() < min(span.until, span.now))


def _overdue_from() -> Any:
    """Since when an open case is past its limit and nothing was done to it; NULL: it has none."""
    moved = func.coalesce(_CASES.c.moved_at, _CASES.c.step_since)
    return case((_CASES.c.due_at.is_not(None), func.greatest(_CASES.c.due_at, moved)))


def _was_overdue(span: Span) -> ColumnElement[bool]:
    """Whether a case stood past its limit when the period ended, and something was done to it since."""
    return exists().where(_MOVES.c.case_id == _CASES.c.id, *_over(span))


def _over(span: Span) -> tuple[ColumnElement[bool], ...]:
    return _MOVES.c.overdue_since < span.until, _MOVES.c.at >= span.until


def _with_names(found: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Write months as in ``2026-11``."""
    return found.assign(**{name: found[name].map(_named, na_action="ignore") for name in columns})


def _key(by: str) -> Any:
    return literal_column("CAST(NULL AS text)") if by == "all" else KEYS[by]


def _there(span: Span) -> ColumnElement[bool]:
    of_workflow = true() if span.workflow is None else _CASES.c.workflow == span.workflow
    return and_(scope_column(span.scope) == span.scope, of_workflow)


def _inside(query: Select[Any], span: Span) -> Select[Any]:
    """Only cases that were opened before the period ends, and had not come to an end before it begins."""
    lived = or_(_CASES.c.closed_at.is_(None), _CASES.c.closed_at >= span.since)
    return query.where(_there(span), _CASES.c.opened_at < span.until, lived)


def _came_back(span: Span) -> ColumnElement[bool]:
    """Whether a case came back in the period: asked of each that ever did, since moves are many."""
    return exists().where(_MOVES.c.case_id == _CASES.c.id, *_moved_back(span))


def _moved_back(span: Span) -> tuple[ColumnElement[bool], ...]:
    return _MOVES.c.action == REOPEN, _MOVES.c.at >= span.since, _MOVES.c.at < span.until


def _month(moment: Any) -> Any:
    """Return the first of the month of a moment in China."""
    return func.date_trunc(literal_column("'month'"), func.timezone(literal_column("'Asia/Shanghai'"), moment))


def _named(first: datetime) -> str:
    return f"{first:%Y-%m}"
