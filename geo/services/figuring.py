"""Use case: the figures of the ledger (指标): of a street, community or grid over a period, row by row.

Every count of cases opens to them: :func:`cases_of` lists exactly those that were counted. What coverage leaves out,
and grids without anybody, :mod:`geo.services.left_out` lists.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
from sqlalchemy.orm import Session

from geo.access.actor import SCOPE_DIGITS, Actor, check_scope
from geo.access.roles import sees_households
from geo.errors import InputError
from geo.ledger.figures import BY, By, Figure, Period, counts_by_month, figures_of, month_of, registry
from geo.storage import coverage, staffing
from geo.storage import figures as stored
from geo.storage.figures import Counted, Span
from geo.storage.network import grids_in_force
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

__all__ = [
    "BY",
    "By",
    "Counted",
    "Figure",
    "FigureRow",
    "FigureTable",
    "Period",
    "cases_of",
    "count_inspected",
    "figure",
    "figure_by_month",
    "inspected_by_grid",
    "registry",
]

Counts = dict[str, float | None]

#: Figures that no case is counted for.
OF_GROUND = frozenset({"coverage", "grids_without_worker"})
NEVER_OVERDUE = pd.DataFrame(columns=["since", "until", "cases"], dtype=object)


@dataclass(frozen=True)
class FigureRow:
    """One line of a table.

    Attributes
    ----------
    key
        The community, grid, kind, nature, body or month (``2026-11``); None for all together, and for what has none.
    label
        What it is called, where a dictionary says so.
    values
        By the figure's code; None where there is nothing to count or to divide by, or the asker may not know.
    """

    key: str | None
    label: str
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class FigureTable:
    """Figures, row by row.

    Attributes
    ----------
    total
        All rows together.
    is_whole
        False for who sees no households: cases about doors and places are not counted for them.
    """

    scope: str
    workflow: str | None
    period: Period
    by: By
    rows: Sequence[FigureRow]
    total: FigureRow
    is_whole: bool


def figure(
    session: Session,
    scope: str,
    period: Period,
    *,
    workflow: str | None = None,
    by: By = "all",
    only: Collection[str] | None = None,
    actor: Actor | None = None,
    now: datetime | None = None,
) -> FigureTable:
    """Return the figures of a street, community or grid over a period.

    Parameters
    ----------
    workflow
        Cases of this one alone; None: of all.
    by
        What rows are told apart by; ``month`` takes whole months.
    only
        Codes of the figures that are wanted; None: all.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    InputError
        ``by`` is unknown.
    BoundsError
        There are more months than one table has.
    """
    check_scope(scope)
    if by not in BY:
        raise InputError(
            f"不能按“{by}”统计;可用:{'、'.join(BY)}", f"figures are not told by {by!r}; by: {', '.join(BY)}"
        )
    if by == "month":
        period = _whole_months(period)
    wanted = frozenset(registry() if only is None else only)
    span = _span(scope, workflow, period, now)
    sees = actor is None or sees_households(actor.roles)
    ground = _ground(session, scope, period, by, sees, wanted)
    if by == "month":
        rows = _months(session, span, period, wanted)
    else:
        rows = _rows(session, span, by, ground, wanted) if by != "all" else []
    total = FigureRow(None, "", _values(_together(session, span, wanted), ground[None], wanted))
    return FigureTable(scope, workflow, period, by, rows if by != "all" else [total], total, is_whole=sees)


def figure_by_month(
    session: Session,
    scope: str,
    period: Period,
    *,
    workflow: str | None = None,
    only: Collection[str],
    now: datetime | None = None,
) -> list[FigureRow]:
    """Return the figures of a scope that follow from cases, month by month, and nothing of all months together.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    BoundsError
        There are more months than one table has.
    """
    check_scope(scope)
    return _months(session, _span(scope, workflow, period, now), period, frozenset(only))


def cases_of(
    session: Session,
    code: str,
    scope: str,
    period: Period,
    *,
    workflow: str | None = None,
    by: By = "all",
    key: str | None = None,
    limit: int,
    after: int | None = None,
    now: datetime | None = None,
) -> list[Counted]:
    """Return the cases that a figure counts, the newest first; of one row where ``by`` and ``key`` say which.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    InputError
        There is no such figure, or it does not open to cases: a share or a median is of many at once.
    """
    check_scope(scope)
    known = registry().get(code)
    if known is None or known.opens != "cases":
        opening = [name for name, one in registry().items() if one.opens == "cases"]
        instead = known.opens if known else None
        raise InputError(
            f"指标“{code[:40]}”不能打开为事项{f'(cases),只能打开为 {instead}' if instead else ''};"
            f"可以的有:{'、'.join(opening)}",
            f"figure {code[:40]!r} does not open to cases{f', but to {instead}' if instead else ''}; "
            f"these do: {', '.join(opening)}",
        )
    if by == "month" and key is not None:
        period, by = month_of(key), "all"
    span = _span(scope, workflow, period, now)
    return stored.read_counted(session, span, code, _accidents(), by=by, key=key, limit=limit, after=after)


def count_inspected(session: Session, scope: str, period: Period) -> dict[str, tuple[int, int]]:
    """Return, by community, how many buildings there are and how many were inspected in a period.

    Of a grid they are those that it had when the period ended.
    """
    if len(scope) < SCOPE_DIGITS["grid"]:
        return coverage.count_seen(session, scope, since=period.since, until=period.until)
    found = inspected_by_grid(session, scope, period)
    return {scope[: SCOPE_DIGITS["community"]]: found[scope]} if scope in found else {}


def inspected_by_grid(session: Session, scope: str, period: Period) -> dict[str, tuple[int, int]]:
    """Return, by grid in force when a period ended, how many buildings it has and how many were inspected."""
    grids = grids_in_force(session, scope, period.last)
    return coverage.count_seen_by_grid(session, scope, grids, since=period.since, until=period.until)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(
    session: Session, span: Span, by: By, ground: Mapping[str | None, Counts], wanted: frozenset[str]
) -> list[FigureRow]:
    counted: dict[str | None, Counts] = {
        row["key"]: _counts(row) for row in stored.count_cases(session, span, by, _accidents(), wanted - OF_GROUND)
    }
    if by in ("community", "grid"):
        # What nothing happened in is there too: that it was looked for is a figure.
        for key in ground:
            if key is not None and len(key) == SCOPE_DIGITS[by]:
                counted.setdefault(key, {})
    said = labels_of(by, span.workflow)
    order = sorted(counted, key=lambda key: (key is None, key))
    return [
        FigureRow(key, said.get(key or "", ""), _values(counted[key], ground.get(key or "", {}), wanted))
        for key in order
    ]


def _months(session: Session, span: Span, period: Period, wanted: frozenset[str]) -> list[FigureRow]:
    months = period.months()
    names = [f"{month.first:%Y-%m}" for month in months]
    cases = stored.count_cases_by_month(session, span, _accidents(), wanted - OF_GROUND)
    overdue = NEVER_OVERDUE
    if "overdue" in wanted:
        overdue = stored.count_overdue_by_month(session, span, [month.until for month in months])
    counts = counts_by_month(cases, overdue, names)
    medians = stored.median_days_by_month(session, span) if "median_days" in wanted else {}
    return [
        FigureRow(name, "", _values(counts[name] | {"median_days": medians.get(name)}, {}, wanted)) for name in names
    ]


def _together(session: Session, span: Span, wanted: frozenset[str]) -> Counts:
    rows = stored.count_cases(session, span, "all", _accidents(), wanted - OF_GROUND)
    return _counts(rows[0]) if rows else {}


def _values(counted: Counts, ground: Counts, wanted: frozenset[str]) -> dict[str, float | None]:
    """Return the figures that are wanted, out of counts of cases and what is known of the ground."""
    told = figures_of(_nothing() | counted | ground)
    return {code: told[code] for code in told if code in wanted}


def _ground(
    session: Session, scope: str, period: Period, by: By, sees: bool, wanted: frozenset[str]
) -> dict[str | None, Counts]:
    """Return coverage and grids without anybody, by community, by grid, and all together (None)."""
    found: dict[str | None, Counts] = {None: {}}
    if "coverage" in wanted:
        inspected = count_inspected(session, scope, period)
        everywhere = [sum(each) for each in zip(*inspected.values(), strict=True)] or [0, 0]
        for code, (there, seen) in [*inspected.items(), (None, everywhere)]:
            found[code] = {"buildings": there, "inspected_buildings": seen}
        if by == "grid":
            for code, (there, seen) in inspected_by_grid(session, scope, period).items():
                found[code] = {"buildings": there, "inspected_buildings": seen}
    if "grids_without_worker" not in wanted or not sees:
        return found
    grids = [grid.code for grid in grids_in_force(session, scope, period.last)]
    lonely = set(grids) - staffing.staffed(session, grids, period.last)
    for code in grids:
        found[code] = found.get(code, {}) | {"grids_without_worker": int(code in lonely)}
    for code in {code[:12] for code in grids}:
        alone = sum(one.startswith(code) for one in lonely)
        found[code] = found.get(code, {}) | {"grids_without_worker": alone}
    found[None]["grids_without_worker"] = len(lonely)
    return found


def _span(scope: str, workflow: str | None, period: Period, now: datetime | None) -> Span:
    return Span(scope, workflow, period.since, period.until, now or datetime.now(CHINA_TIME))


def _counts(row: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else _number(value) for name, value in row.items() if name != "key"}


def _number(value: float) -> float:
    return value if isinstance(value, int) else float(value)


def _nothing() -> dict[str, float | None]:
    """Return the counts of what has no case."""
    return {code: 0 for code, one in registry().items() if one.opens == "cases"}


def _accidents() -> list[str]:
    entries = dictionary("request_kinds").entries.values()
    return [entry.code for entry in entries if entry.extra.get("counts_as_accident")]


def labels_of(by: By, workflow: str | None) -> dict[str, str]:
    """Return what the rows of a table are called, by key, where a dictionary says so."""
    if by != "kind":
        return {}
    names = [f"{workflow}_kinds"] if workflow in ("hazard", "request") else ["request_kinds", "hazard_kinds"]
    return {entry.code: entry.label for name in names for entry in dictionary(name).entries.values()}


def _whole_months(period: Period) -> Period:
    first = period.first.replace(day=1)
    return replace(period, first=first, last=month_of(f"{period.last:%Y-%m}").last)
