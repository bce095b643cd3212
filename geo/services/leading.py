"""Use case: the leader's view (领导视图): what answers the three questions and the three goals, by month and by area.

Grids are those that were in force when a month ended: a past month is shown on the map of its own day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import geopandas as gpd
import shapely
from sqlalchemy.orm import Session

from geo.access.actor import SCOPE_DIGITS, Actor, check_scope
from geo.access.roles import sees_households
from geo.crs import WGS84, metric_crs
from geo.errors import BoundsError, InputError
from geo.ledger.figures import MOST_MONTHS, Period, month_of
from geo.ledger.questions import AREA_NOUNS, AreaNoun, answers
from geo.services.figuring import FigureRow, figure, figure_by_month, inspected_by_grid
from geo.services.ledger_layers import first_month
from geo.storage import coverage, divisions, layers, staffing
from geo.storage.network import GridInForce, grids_in_force, read_network
from geo.territory.nouns import COMMUNITY
from geo.territory.times import CHINA_TIME

#: How far borders may move when they are drawn small, metres.
TOLERANCE_M: Mapping[AreaNoun, float] = {"community": 5.0, "grid": 2.0}

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class MonthRow:
    """A month (``2026-11``) and its figures, by the code of the answer; None where nothing is counted."""

    month: str
    values: Values


@dataclass(frozen=True)
class AreaRow:
    """A community or grid and its figures of a month.

    Attributes
    ----------
    key
        None for what lies in no grid.
    is_there
        Whether it is on the map of the month; what was redrawn since its cases were opened is not.
    """

    key: str | None
    name: str
    values: Values
    is_there: bool


@dataclass(frozen=True)
class AreaFigures:
    """The figures of a month by area.

    Attributes
    ----------
    areas
        ``code``, ``name`` and ``geometry`` in EPSG:4326 of what was in force when the month ended, by code.
    rows
        One for each area, in their order, then what is on no map.
    is_whole
        False for who sees no households: cases about doors and places are not counted for them.
    """

    scope: str
    noun: AreaNoun
    period: Period
    areas: gpd.GeoDataFrame
    rows: Sequence[AreaRow]
    total: Values
    is_whole: bool


def figures_by_month(
    session: Session,
    scope: str,
    last: str,
    n_months: int = 12,
    *,
    actor: Actor | None = None,
    now: datetime | None = None,
) -> list[MonthRow]:
    """Return what answers the questions of a street, community or grid, month by month.

    Parameters
    ----------
    last
        The last month, as in ``2026-11``; China's.
    n_months
        How many, the last among them.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    InputError
        The month is none.
    BoundsError
        So many months cannot be shown.
    """
    check_scope(scope)
    if not 1 <= n_months <= MOST_MONTHS:
        raise BoundsError(
            f"可显示 1 至 {MOST_MONTHS} 个月,给出 {n_months} 个",
            f"1 to {MOST_MONTHS} months can be shown, {n_months} were asked for",
        )
    end = month_of(last)
    period = Period(first_month(datetime.combine(end.first, datetime.min.time(), CHINA_TIME), n_months), end.last)
    rows = {
        workflow: {
            str(row.key): row for row in figure_by_month(session, scope, period, workflow=workflow, only=codes, now=now)
        }
        for workflow, codes in _asked().items()
    }
    months = {f"{month.first:%Y-%m}": month for month in period.months()}
    grids = {name: grids_in_force(session, scope, month.last) for name, month in months.items()}
    shares = _coverage_by_month(session, scope, period, grids)
    told = actor is None or sees_households(actor.roles)
    found = []
    for name, month in months.items():
        own: dict[str, float | None] = {"coverage": shares[name], "grids_without_worker": None}
        if told:
            codes = {grid.code for grid in grids[name]}
            own["grids_without_worker"] = float(len(codes - staffing.staffed(session, codes, month.last)))
        found.append(MonthRow(name, _values({one: by[name] for one, by in rows.items()}) | own))
    return found


def figures_by_area(
    session: Session,
    scope: str,
    month: str,
    noun: AreaNoun,
    *,
    actor: Actor | None = None,
    now: datetime | None = None,
) -> AreaFigures:
    """Return what answers the questions of a month, by community or by grid, with their borders.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    InputError
        The month is none, or the scope has no such areas.
    """
    level = check_scope(scope)
    if noun not in AREA_NOUNS or (noun == "community" and level == "grid"):
        raise InputError("网格之内只能按网格查看", "a grid is shown by grid alone")
    period = month_of(month)
    tables = {
        workflow: figure(session, scope, period, workflow=workflow, by=noun, only=codes, actor=actor, now=now)
        for workflow, codes in _asked().items()
    }
    areas = _areas(session, scope, noun, period.last)
    by_key = {workflow: {row.key: row for row in table.rows} for workflow, table in tables.items()}
    names = dict(zip(areas["code"], areas["name"], strict=True))
    others = {key for rows in by_key.values() for key in rows if key not in names}
    rows = [
        AreaRow(key, names.get(key or "", ""), _of_area(by_key, key), key in names)
        for key in (*names, *sorted(others, key=lambda key: (key is None, key)))
    ]
    table = next(iter(tables.values()))
    totals = {workflow: table.total for workflow, table in tables.items()}
    shown = [row for row in rows if row.is_there or any(row.values.values())]
    return AreaFigures(scope, noun, period, _drawn(areas, noun), shown, _values(totals), table.is_whole)


def coverage_of_grids(session: Session, scope: str, period: Period) -> dict[str, float | None]:
    """Return, by grid in force when a period ended, into what share of its buildings somebody got in it, percent."""
    counted = inspected_by_grid(session, scope, period)
    shares = {code: _share(inspected, there) for code, (there, inspected) in counted.items()}
    return {grid.code: shares.get(grid.code) for grid in grids_in_force(session, scope, period.last)}


def areas_of(session: Session, scope: str, noun: AreaNoun, on: date) -> gpd.GeoDataFrame:
    """Return the communities or grids in force on a day, as coarse as a screen shows them: ``code, name, geometry``."""
    return _drawn(_areas(session, scope, noun, on), noun)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _asked() -> dict[str | None, set[str]]:
    """Return which figures answer, by the workflow whose cases they are of."""
    asked: dict[str | None, set[str]] = {}
    for one in answers().values():
        asked.setdefault(one.workflow, set()).add(one.figure.code)
    return asked


def _values(rows: Mapping[str | None, FigureRow]) -> dict[str, float | None]:
    """Return what answers, out of the rows of each workflow."""
    return {code: rows[one.workflow].values[one.figure.code] for code, one in answers().items()}


def _of_area(rows: Mapping[str | None, Mapping[str | None, FigureRow]], key: str | None) -> dict[str, float | None]:
    """Return what answers of one area; where nothing happened, no case is counted."""
    found: dict[str, float | None] = {}
    for code, one in answers().items():
        row = rows[one.workflow].get(key)
        found[code] = row.values[one.figure.code] if row else (0 if one.figure.opens == "cases" else None)
    return found


def _areas(session: Session, scope: str, noun: AreaNoun, on: date) -> gpd.GeoDataFrame:
    """Return what was in force on a day: ``code, name, geometry``, and ``plan_id`` of grids."""
    if noun == "grid":
        grids = _grids(session, scope, on)
        return grids.assign(name=grids["name"].where(grids["name"].notna() & (grids["name"] != "None"), ""))
    wanted = divisions.community_codes(session, scope)
    return layers.read(session, COMMUNITY, community_codes=wanted)[["code", "name", "geometry"]]


def _grids(session: Session, scope: str, on: date) -> gpd.GeoDataFrame:
    grids = read_network(session, scope[:12], on=on)
    return grids[grids["code"].str.startswith(scope)][["plan_id", "code", "name", "geometry"]]


def _coverage_by_month(
    session: Session, scope: str, period: Period, grids: Mapping[str, Sequence[GridInForce]]
) -> dict[str, float | None]:
    """Return the coverage of months, by name; of a grid with the buildings that it had when each month ended."""
    within = {"since": period.since, "until": period.until}
    never = {"since": period.until, "until": period.until}  # how many there are follows from no look
    if len(scope) < SCOPE_DIGITS["grid"]:
        there = sum(buildings for buildings, _ in coverage.count_seen(session, scope, **never).values())
        seen = coverage.count_seen_by_month(session, scope, (), **within)
        return {name: _share(seen.get(name, 0), there) for name in grids}
    shares: dict[str, float | None] = {}
    for drawn in {tuple(each) for each in grids.values()}:
        there = coverage.count_seen_by_grid(session, scope, drawn, **never).get(scope, (0, 0))[0]
        seen = coverage.count_seen_by_month(session, scope, drawn, **within)
        shares |= {name: _share(seen.get(name, 0), there) for name, each in grids.items() if tuple(each) == drawn}
    return shares


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _drawn(areas: gpd.GeoDataFrame, noun: AreaNoun) -> gpd.GeoDataFrame:
    """Return areas with borders as coarse as a screen shows them; what they share they still share."""
    plain = areas[["code", "name", "geometry"]].reset_index(drop=True)
    if plain.empty:
        return plain
    middle = plain.total_bounds
    metric = plain.geometry.to_crs(metric_crs((middle[0] + middle[2]) / 2, (middle[1] + middle[3]) / 2))
    coarse = shapely.coverage_simplify(metric.to_numpy(), TOLERANCE_M[noun])
    return plain.set_geometry(gpd.GeoSeries(coarse, crs=metric.crs).to_crs(WGS84))
