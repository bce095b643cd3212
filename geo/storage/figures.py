"""Counts of the cases of the ledger, by sets.

Each count of cases has one condition (:func:`counted`), by which it is counted and by which its cases are listed, so
that a figure always opens to as many cases as it says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
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
#: Figures that are counted of what was opened alone.
OF_OPENED = frozenset({"complaints", "accidents"})
#: The action of every workflow that brings a closed case back.
REOPEN = "reopen"
SATISFIED = 3

LIVE = ("open", "paused")
#: What a time that a case stood open ended with, where it came back within the month: no end for that month's figures.
BACK = "back"


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


@dataclass(frozen=True)
class _Stood:
    """Cases as they stood when a period ended: a case that came back later had ended then.

    Attributes
    ----------
    ended_at, state
        When and how it ended; what has ended since says so too, with a moment after the period.
    in_time
        Whether it ended within its limit.
    ends
        Of the cases that ever came back, those that had ended; None where no period has ended since.
    """

    ended_at: Any
    state: Any
    in_time: Any
    ends: Subquery | None = None

    def beside(self, query: Select[Any]) -> Select[Any]:
        """Give a query of cases what these columns are read from."""
        return query if self.ends is None else query.outerjoin(self.ends, self.ends.c.case_id == _CASES.c.id)


def _stood(span: Span) -> _Stood:
    now = _Stood(_CASES.c.closed_at, _CASES.c.state, _CASES.c.closed_at <= _CASES.c.due_at)
    if span.until > span.now:
        return now
    ends = _ends(span)
    once = _CASES.c.reopened == 0
    return _Stood(
        case((once, now.ended_at), else_=ends.c.at),
        case((once, now.state), else_=ends.c.state),
        case((once, now.in_time), else_=ends.c.overdue_since.is_(None)),
        ends,
    )


def _ends(span: Span) -> Subquery:
    """Read the move that ended each case that ever came back and had ended when the period did."""
    row = _MOVES.c
    live = func.max(row.id).filter(row.state.in_(LIVE)).over(partition_by=row.case_id)
    told = row.case_id, row.id, row.at, row.state, row.overdue_since
    moved = select(*told, live.label("live")).join(_CASES, _CASES.c.id == row.case_id)
    moves = _inside(moved.where(_CASES.c.reopened > 0, row.at < span.until), span).subquery()
    first = select(moves).where(moves.c.id > moves.c.live).ext(distinct_on(moves.c.case_id))
    return first.order_by(moves.c.case_id, moves.c.id).subquery("ends")


def counted(span: Span, accidents: Sequence[str], stood: _Stood) -> dict[str, ColumnElement[bool]]:
    """Return, by figure, which cases it counts; see ``data/dictionaries/ledger_figures.toml``."""
    row = _CASES.c
    opened = row.opened_at >= span.since
    ended = and_(stood.ended_at >= span.since, stood.ended_at < span.until)
    still = or_(stood.ended_at.is_(None), stood.ended_at >= span.until)
    told = {
        "found": opened,
        "solved": and_(ended, stood.state == "closed"),
        "voided": and_(ended, stood.state == "void"),
        "open": still,
        "overdue": or_(_is_overdue(span), _was_overdue(span)) if span.until <= span.now else _is_overdue(span),
        "reopened": and_(row.reopened > 0, _came_back(span)),
    }
    return told | {name: and_(opened, condition) for name, condition in _of_opened(row, accidents).items()}


def _of_opened(row: Any, accidents: Sequence[str]) -> dict[str, ColumnElement[bool]]:
    """Return, by figure, which of the cases that were opened it counts."""
    return {
        "complaints": and_(row.workflow == "request", row.nature == "complaint"),
        "accidents": row.kind.in_(list(accidents)) if accidents else false(),
    }


def _how_solved(row: Any, in_time: Any) -> dict[str, ColumnElement[bool]]:
    """Return what tells how a case was solved; counted beside the figures, which are shares of them."""
    rung = func.coalesce(row.rung, "")
    return {
        "solved_in_time": and_(row.due_at.is_not(None), in_time),
        "solved_with_limit": row.due_at.is_not(None),
        "solved_below": rung.not_in(ABOVE_GRID),
        "solved_at_community": rung == "community",
        "solved_above": rung.in_(ABOVE_COMMUNITY),
        "rated": row.rating.is_not(None),
        "satisfied_count": row.rating >= SATISFIED,
    }


def count_cases(
    session: Session, span: Span, by: str, accidents: Sequence[str], wanted: Collection[str]
) -> list[dict[str, Any]]:
    """Count cases by community, grid, kind, nature or body, or all together (``key`` None).

    Parameters
    ----------
    wanted
        Figures; what none of them is made of may be left out.
    """
    key = _key(by)
    if OF_OPENED.issuperset(wanted):
        return _count_opened(session, span, key, accidents)
    stood = _stood(span)
    told = counted(span, accidents, stood) | {"overdue": _is_overdue(span)}
    back = told.pop("reopened")
    solved = told["solved"]
    told |= {name: and_(solved, condition) for name, condition in _how_solved(_CASES.c, stood.in_time).items()}
    counts = [func.count().filter(condition).label(name) for name, condition in told.items()]
    if "median_days" in wanted:
        took = _days(_CASES.c.opened_at, stood.ended_at)
        counts.append(func.percentile_cont(0.5).within_group(took).filter(solved).label("median_days"))
    query = stood.beside(select(key.label("key"), *counts).select_from(_CASES))
    rows = session.execute(_inside(query, span).group_by(key))
    found = {row.key: {**row._mapping, "reopened": 0} for row in rows}
    none = {**dict.fromkeys(told, 0), "reopened": 0, "median_days": None}
    # Asked of few cases each: of those that ever came back, and of what was done to cases past their limits.
    more = {"reopened": _inside(_counting(key), span).where(back), "overdue": _counting_overdue(key, span)}
    for name in more.keys() & set(wanted):
        for row in session.execute(more[name]):
            found.setdefault(row.key, {"key": row.key, **none})[name] += row.cases
    return _in_order(found)


def count_cases_by_month(
    session: Session, span: Span, accidents: Sequence[str], wanted: Collection[str]
) -> pd.DataFrame:
    """Count the times that cases stood open by the months in which those began and ended, in one go.

    Columns: ``opened``, ``ended`` (``2026-11``; missing where that did not happen), ``state`` that it ended with
    (:data:`BACK` where it came back within the month), ``again`` where it began by coming back, and how many of which
    sort there are: ``cases``, ``reopened`` (the first time that a case came back in a month), how they were solved.
    """
    if OF_OPENED.issuperset(wanted):
        month = _month(_CASES.c.opened_at)
        found = [{"opened": row.pop("key"), **row} for row in _count_opened(session, span, month, accidents)]
        columns = ["opened", "cases", *_of_opened(_CASES.c, accidents)]
        frame = pd.DataFrame(found, columns=columns).assign(ended=None, state="", again=False, reopened=0)
        return _with_names(frame, ("opened",))
    row = _times(span).c
    told = {"cases": true(), "reopened": row.returned, **_how_solved(row, row.in_time)}
    told |= {name: and_(~row.again, condition) for name, condition in _of_opened(row, accidents).items()}
    keys = [_month(row.began).label("opened"), _month(row.ended).label("ended"), row.state, row.again]
    counts = [func.count().filter(condition).label(name) for name, condition in told.items()]
    rows = session.execute(select(*keys, *counts).group_by(*keys))
    return _with_names(pd.DataFrame(rows.all(), columns=list(rows.keys())), ("opened", "ended"))


def _count_opened(session: Session, span: Span, key: Any, accidents: Sequence[str]) -> list[dict[str, Any]]:
    """Count the cases that were opened in a period, and those of which what is opened is a figure."""
    conditions = _of_opened(_CASES.c, accidents)
    counts = [func.count().filter(condition).label(name) for name, condition in conditions.items()]
    query = select(key.label("key"), func.count().label("cases"), *counts).where(_CASES.c.opened_at >= span.since)
    rows = session.execute(_inside(query.where(or_(*conditions.values())), span).group_by(key))
    return _in_order({row.key: dict(row._mapping) for row in rows})


def _in_order(found: Mapping[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    return [found[name] for name in sorted(found, key=lambda name: (name is None, name))]


def count_overdue_by_month(session: Session, span: Span, ends: Sequence[datetime]) -> pd.DataFrame:
    """Count how long cases stood past their limits: ``since``, ``until`` (missing where they still do), ``cases``.

    Parameters
    ----------
    ends
        Of the months: who stood past a limit at none of them is not counted.
    """
    still = select(_month(_overdue_from()), literal_column("NULL::timestamp"), func.count()).where(
        _is_overdue(span), _there(span)
    )
    since, until = _month(_MOVES.c.overdue_since), _month(_MOVES.c.at)
    ended = select(since, until, func.count()).join(_CASES, _CASES.c.id == _MOVES.c.case_id)
    # Moment by moment, since rules of rows let plain comparisons come first: few moves are left to ask them of.
    ended = ended.where(or_(*(and_(_MOVES.c.overdue_since < end, _MOVES.c.at >= end) for end in ends)))
    rows = [
        *session.execute(still.group_by(_month(_overdue_from()))),
        *session.execute(_inside(ended, span).group_by(since, until)),
    ]
    return _with_names(pd.DataFrame(rows, columns=["since", "until", "cases"], dtype=object), ("since", "until"))


def median_days_by_month(session: Session, span: Span) -> dict[str, float]:
    """Return the median days that solved cases took, by the month in which they were."""
    row = _times(span).c
    month, took = _month(row.ended), _days(row.opened_at, row.ended)
    solved = and_(row.state == "closed", row.ended >= span.since, row.ended < span.until)
    rows = session.execute(select(month, func.percentile_cont(0.5).within_group(took)).where(solved).group_by(month))
    return {_named(first): float(days) for first, days in rows}


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
    stood = _stood(span)
    query = stood.beside(select(*(_CASES.c[item.name] for item in fields(Counted))))
    query = _inside(query.where(counted(span, accidents, stood)[figure]), span)
    if by != "all":
        query = query.where(_key(by).is_not_distinct_from(key))
    if after is not None:
        query = query.where(_CASES.c.id < after)
    return [Counted(*row) for row in session.execute(query.order_by(_CASES.c.id.desc()).limit(limit))]


def read_late_since(session: Session, cases: Sequence[int], at: datetime) -> dict[int, datetime]:
    """Return since when cases had stood past their limits at a moment, of those to which something was done since."""
    query = select(_MOVES.c.case_id, _MOVES.c.overdue_since).where(
        _MOVES.c.case_id.in_(cases), _MOVES.c.overdue_since < at, _MOVES.c.at >= at
    )
    return {row.case_id: row.overdue_since for row in session.execute(query)}


def _times(span: Span) -> Subquery:
    """Read the times that cases stood open in a period: one of most, several of those that came back."""
    row = _CASES.c
    same = row.workflow, row.kind, row.nature, row.rung, row.rating, row.due_at, row.opened_at
    once = select(
        *same,
        row.opened_at.label("began"),
        row.closed_at.label("ended"),
        row.state,
        (row.closed_at <= row.due_at).label("in_time"),
        false().label("again"),
        false().label("returned"),
    )
    turns = _turns(span)
    within = turns.c.began < span.until, or_(turns.c.ended.is_(None), turns.c.ended >= span.since)
    told = turns.c.began, turns.c.ended, turns.c.state, turns.c.in_time, turns.c.again, turns.c.returned
    often = select(*same, *told).join_from(turns, _CASES, row.id == turns.c.case_id).where(*within)
    return union_all(_inside(once.where(row.reopened == 0), span), often).subquery("times")


def _turns(span: Span) -> Subquery:
    """Read the times that each case stood open which ever came back, out of what was done to it."""
    row = _MOVES.c
    order: dict[str, Any] = {"partition_by": row.case_id, "order_by": row.id}
    live = row.state.in_(LIVE)
    was = func.coalesce(func.lag(live).over(**order), false())
    told = row.case_id, row.id, row.at, row.state, row.overdue_since, live.label("live"), was.label("was")
    of_case = select(*told).join(_CASES, _CASES.c.id == row.case_id).where(_CASES.c.reopened > 0)
    move = _inside(of_case, span).subquery().c
    order = {"partition_by": move.case_id, "order_by": move.id}
    ended, back = func.lead(move.at).over(**order), func.lead(move.at, 2).over(**order)
    ends, number = func.lead(move.state).over(**order), func.row_number().over(**order)
    twice = and_(number > 3, _month(func.lag(move.at, 2).over(**order)) == _month(move.at))
    turn = (
        select(
            move.case_id,
            move.live,
            move.at.label("began"),
            ended.label("ended"),
            case((_month(ended) == _month(back), BACK), else_=func.coalesce(ends, move.state)).label("state"),
            func.lead(move.overdue_since).over(**order).is_(null()).label("in_time"),
            (number > 1).label("again"),
            and_(number > 1, ~twice).label("returned"),
        )
        .where(move.live != move.was)
        .subquery()
    )
    return select(turn).where(turn.c.live).subquery("turns")


def _days(opened_at: Any, ended_at: Any) -> Any:
    return func.extract("epoch", ended_at - opened_at) / 86_400.0


def _counting(key: Any) -> Select[Any]:
    return select(key.label("key"), func.count().label("cases")).select_from(_CASES).group_by(key)


def _counting_overdue(key: Any, span: Span) -> Select[Any]:
    """Count the cases that stood past their limit when the period ended, and to which something was done since."""
    if span.until > span.now:
        return _counting(key).where(false())
    counting = _counting(key).join(_MOVES, _MOVES.c.case_id == _CASES.c.id)
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
    """Only cases that were opened before the period ends, and had not come to their last end before it begins."""
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
