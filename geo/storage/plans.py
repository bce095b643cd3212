"""Plans: drafted with their grids and assignment, adopted, superseded, read.

::

    plan_id = create_draft(session, name=…, scope_code=…, lower=200, upper=300, seed=1, parameters={}, report={},
                           grids=frame, assignment=table, who=…)
    adopt(session, plan_id, who=…, version=read_plan(session, plan_id).version)

Adopting a street's plan supersedes the adopted plans of the street and of its communities; adopting a community's
plan supersedes that community's own and overrules the street's plan there (``network``). ``department`` '' is the
merged network; every department has old grids of its own, which live by the same rules among themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, func, or_, select, text, union_all
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import (
    BoundsError,
    CodeError,
    ColumnError,
    ConflictError,
    DatumError,
    GeometryError,
    NotFoundError,
    StaleVersionError,
)
from geo.storage import communities, events, queries
from geo.storage.plan_contents import content_hash
from geo.storage.refusals import in_plain_words
from geo.storage.tables import Assignment, DrawnCommunity, Grid, Plan
from geo.territory.times import CHINA_TIME

GRID_COLUMNS = ["code", "name", "community_code", "households", "reason_code", "reason"]
ASSIGNMENT_COLUMNS = ["building_code", "stairwell_code", "grid_code", "households"]
#: Of an assignment by floors; missing for all floors.
FLOOR_RANGE = ["floor_from", "floor_to"]

_COUNTS = {"households": "Int64"}
_TOLD_IN_PARTS = ("report", "parameters")


@dataclass(frozen=True)
class PlanRecord:
    """A plan without its geometries; ``grids`` (or communities) and ``households`` are what it holds in all."""

    id: int
    name: str
    state: str
    department: str
    tier: str
    scope_code: str
    lower: int | None
    upper: int | None
    seed: int | None
    parameters: dict[str, Any]
    report: dict[str, Any]
    created_by: str
    created_at: datetime
    adopted_at: datetime | None
    superseded_at: datetime | None
    version: int
    grids: int
    households: int


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def create_draft(
    session: Session,
    *,
    name: str,
    scope_code: str,
    department: str = "",
    tier: str = "grid",
    lower: int | None,
    upper: int | None,
    seed: int | None,
    parameters: dict[str, Any],
    report: dict[str, Any],
    grids: gpd.GeoDataFrame,
    assignment: pd.DataFrame,
    who: str,
) -> int:
    """Write a draft with its grids and assignment; return the plan's id.

    Parameters
    ----------
    tier
        ``community`` for a plan whose ``grids`` are communities (12-digit codes); buildings are then whole.
    scope_code
        The street or community that the plan is of.
    lower, upper, seed
        None for grids that nobody computed, such as a department's old ones.
    grids
        EPSG:4326, columns ``code``, ``community_code``, ``households`` and, where there are any, ``name``,
        ``reason_code``, ``reason``.
    assignment
        ``building_code``, ``stairwell_code`` (missing for a whole building), ``grid_code``, ``households`` and, where
        there are any, ``floor_from``, ``floor_to``; may be empty for a department's drawn grids.

    Raises
    ------
    ColumnError, DatumError, CodeError
        The frames lack columns, are not in EPSG:4326, or an assignment names a grid that is not in ``grids``.
    WanggeError
        The database refused the plan: grids overlap, reach beyond their community, a building is unknown ...
    """
    _check_draft(grids, assignment)
    plan = Plan(
        name=name,
        scope_code=scope_code,
        department=department,
        tier=tier,
        lower=lower,
        upper=upper,
        seed=seed,
        parameters=parameters,
        report=report,
        created_by=who,
    )
    with in_plain_words():
        session.add(plan)
        session.flush()
        if tier == "community":
            communities.insert_drawn(session, plan.id, grids, assignment)
        else:
            insert_grids(session, plan.id, grids)
            insert_assignment(session, plan.id, assignment)
        _tell(session, plan.id, who=who, what="created", before=None)
    return plan.id


def complete_report(session: Session, plan_id: int, report: dict[str, Any]) -> None:
    """Write the whole report of a draft that was created in this same transaction, whose id it may name.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        The plan is no draft.
    """
    plan = locked_draft(session, plan_id, read_plan(session, plan_id).version)
    with in_plain_words():
        plan.report = report
        session.flush()


def rename(session: Session, plan_id: int, *, name: str, who: str, version: int) -> PlanRecord:
    """Give a draft another name.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan; it is no draft any more, or not at ``version`` any more.
    """
    plan = locked_draft(session, plan_id, version)
    before = _image(read_plan(session, plan_id))
    with in_plain_words():
        plan.name = name
        plan.version += 1
        session.flush()
        return _tell(session, plan_id, who=who, what="changed", before=before)


def adopt(
    session: Session,
    plan_id: int,
    *,
    who: str,
    version: int,
    at: datetime | None = None,
    replaced: Sequence[int] | None = None,
) -> PlanRecord:
    """Put a draft in force and supersede what it replaces, in one transaction.

    The event of it is signed with what was adopted (``plan_contents``).

    Two adoptions in one street wait for each other; the one that finds, after waiting, that another plan came in
    force meanwhile is refused, since its author had not seen it.

    Parameters
    ----------
    version
        The version of the draft that the adopter saw.
    at
        When it came in force (a time without a zone is China's); now, unless old grids are recorded after the fact.
    replaced
        Ids of the plans that it replaces as its author saw them, where the caller has waited for others already
        (:func:`replaced_by`).

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan; it is no draft, or not at ``version`` any more; another plan came in force meanwhile,
        or came in force after ``at``.
    BoundsError
        ``at`` is in the future.
    """
    seen = read_plan(session, plan_id)
    expected = replaced_by(session, seen) if replaced is None else replaced
    with in_plain_words():
        _lock_adoptions(session, seen.scope_code, seen.department)
        ending = replaced_by(session, seen)
        _refuse_unseen(session, set(ending) - set(expected))
        plan = locked_draft(session, plan_id, version)
        moment = _in_force_from(session, at)
        for old in ending:
            _supersede(session, old, moment, who)
        before = _image(read_plan(session, plan_id))
        plan.state, plan.adopted_at = "adopted", moment
        plan.version += 1
        session.flush()
        content = content_hash(read_grids(session, plan_id), read_assignment(session, plan_id))
        return _tell(session, plan_id, who=who, what="adopted", before=before, more={"content": content})


def retire(session: Session, plan_ids: Sequence[int], *, who: str) -> list[PlanRecord]:
    """End plans in force that nothing of their own department replaces; they stay in the store as superseded.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        A plan is not in force.
    """
    ended = []
    with in_plain_words():
        moment = _in_force_from(session, None)
        for plan_id in plan_ids:
            seen = read_plan(session, plan_id)
            if seen.state != "adopted":
                raise ConflictError(
                    f"方案 {plan_id}“{seen.name}”不在生效中,无法结束;请刷新后再试",
                    f"plan {plan_id} ({seen.name}) is {seen.state}, not in force: nothing to end. Reload first",
                )
            _supersede(session, plan_id, moment, who)
            ended.append(read_plan(session, plan_id))
    return ended


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_plan(session: Session, plan_id: int) -> PlanRecord:
    """Read one plan.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    found = _records(session, Plan.id == plan_id, limit=1)
    if not found:
        raise NotFoundError(f"没有编号为 {plan_id} 的方案", f"there is no plan {plan_id}")
    return found[0]


@dataclass(frozen=True)
class PlanVersion:
    """Where a plan is in its life."""

    version: int
    state: str
    scope_code: str


def version_of(session: Session, plan_id: int) -> PlanVersion:
    """Read only the version and state of a plan, for whoever asks again and again.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    row = session.execute(select(Plan.version, Plan.state, Plan.scope_code).where(Plan.id == plan_id)).first()
    if row is None:
        raise NotFoundError(f"没有编号为 {plan_id} 的方案", f"there is no plan {plan_id}")
    return PlanVersion(*row)


def list_plans(
    session: Session,
    *,
    scope_code: str | None = None,
    department: str | None = None,
    state: str | None = None,
    tier: str | None = None,
    limit: int = 100,
    after: int | None = None,
) -> list[PlanRecord]:
    """List plans, the newest first; a street's scope takes in its communities' plans.

    ``after`` is the id of the last plan of the page before.
    """
    wanted: list[ColumnElement[bool]] = []
    if scope_code is not None:
        wanted.append(func.starts_with(Plan.scope_code, scope_code))
    if department is not None:
        wanted.append(Plan.department == department)
    if state is not None:
        wanted.append(Plan.state == state)
    if tier is not None:
        wanted.append(Plan.tier == tier)
    if after is not None:
        wanted.append(Plan.id < after)
    return _records(session, *wanted, limit=limit)


def latest(session: Session, scope_code: str, department: str = "", state: str | None = None) -> PlanRecord | None:
    """Return the newest plan of grids of exactly this scope, if there is one."""
    wanted: list[ColumnElement[bool]] = [Plan.scope_code == scope_code, Plan.department == department]
    wanted.append(Plan.tier == "grid")
    if state is not None:
        wanted.append(Plan.state == state)
    return next(iter(_records(session, *wanted, limit=1)), None)


def in_force(session: Session, scope_code: str, department: str = "", *, wait: bool = False) -> list[PlanRecord]:
    """Return a department's adopted plans of grids in a street or community, its parts and what it is part of, by id.

    With ``wait`` nobody can adopt another one there until the end of the transaction.
    """
    if wait:
        _lock_adoptions(session, scope_code, department)
    here = or_(func.starts_with(Plan.scope_code, scope_code), func.starts_with(scope_code, Plan.scope_code))
    wanted = (Plan.state == "adopted", Plan.department == department, Plan.tier == "grid", here)
    found = _records(session, *wanted, limit=None)
    return sorted(found, key=lambda plan: plan.id)


def read_grids(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    """Read a plan's grids by code, or its communities: :data:`GRID_COLUMNS` plus ``geometry``, EPSG:4326."""
    columns = [getattr(Grid, name) for name in GRID_COLUMNS]
    query = select(*columns, func.ST_AsBinary(Grid.geom, type_=None)).where(Grid.plan_id == plan_id).order_by(Grid.code)
    rows = list(session.execute(query).all()) or communities.read_drawn(session, plan_id)
    table = pd.DataFrame([row[:-1] for row in rows], columns=GRID_COLUMNS)
    types = {name: _COUNTS.get(name, "str") for name in GRID_COLUMNS}
    geometry = gpd.GeoSeries(shapely.from_wkb([row[-1] for row in rows]), crs=WGS84)
    return gpd.GeoDataFrame(table.astype(types), geometry=geometry, crs=WGS84)


def read_assignment(session: Session, plan_id: int) -> pd.DataFrame:
    """Read a plan's assignment by building, stairwell and floor: :data:`ASSIGNMENT_COLUMNS`, :data:`FLOOR_RANGE`.

    ``stairwell_code`` is missing for a whole building, floors where there are all of them.
    """
    columns = (Assignment.building_code, Assignment.stairwell_code, Grid.code, Assignment.households)
    query = (
        select(*columns, Assignment.floor_from, Assignment.floor_to)
        .join(Grid, Grid.id == Assignment.grid_id)
        .where(Assignment.plan_id == plan_id)
        .order_by(Assignment.building_code, Assignment.stairwell_code, Assignment.floor_from)
    )
    rows = [tuple(row) for row in session.execute(query)]
    if not rows:
        drawn = communities.read_assigned(session, plan_id)
        rows = [(building, None, code, households, None, None) for building, code, households in drawn]
    table = pd.DataFrame(rows, columns=[*ASSIGNMENT_COLUMNS, *FLOOR_RANGE])
    text = dict.fromkeys(("building_code", "stairwell_code", "grid_code"), "str")
    return table.astype({**text, "households": "int64", "floor_from": "Int64", "floor_to": "Int64"})


# ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_draft(grids: gpd.GeoDataFrame, assignment: pd.DataFrame) -> None:
    _need("grids", grids, ("code", "community_code", "households"))
    _need("assignment", assignment, ASSIGNMENT_COLUMNS)
    if grids.crs is None or grids.crs != WGS84:
        raise DatumError("写入的网格必须是 EPSG:4326", "grids are written in EPSG:4326 only")
    if grids.geometry.isna().any() or shapely.has_z(grids.geometry.to_numpy()).any():
        raise GeometryError("网格缺少几何或带高程", "a grid has no geometry, or one with heights")
    strange = sorted(set(assignment["grid_code"]) - set(grids["code"]))
    if strange:
        shown = ", ".join(map(str, strange[:5]))
        raise CodeError(f"分配表中的网格不在方案里:{shown}", f"the assignment names grids not in the plan: {shown}")


def _need(what: str, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ColumnError(f"{what} 缺少列:{'、'.join(missing)}", f"{what} lacks columns: {', '.join(missing)}")


def _values(frame: pd.DataFrame, name: str, kind: type[str] | type[int]) -> list[Any]:
    if name not in frame.columns:
        return [None] * len(frame)
    return [None if pd.isna(value) else kind(value) for value in frame[name]]


def grid_values(grids: gpd.GeoDataFrame) -> dict[str, list[Any]]:
    """Return grids as the queries take them: :data:`GRID_COLUMNS` and ``geom`` as WKB, one list each."""
    values = {name: _values(grids, name, int if name == "households" else str) for name in GRID_COLUMNS}
    return values | {"geom": shapely.to_wkb(grids.geometry.to_numpy()).tolist()}


def insert_grids(session: Session, plan_id: int, grids: gpd.GeoDataFrame) -> None:
    """Add grids to a draft; the rules look at all of them at once."""
    queries.execute(session, "insert_grids", {"plan_id": plan_id, **grid_values(grids)})


def insert_assignment(session: Session, plan_id: int, assignment: pd.DataFrame) -> None:
    """Add rows to a draft's assignment, to grids that it has."""
    counts = ("households", *FLOOR_RANGE)
    names = [*ASSIGNMENT_COLUMNS, *FLOOR_RANGE]
    values = {name: _values(assignment, name, int if name in counts else str) for name in names}
    queries.execute(session, "insert_assignment", {"plan_id": plan_id, **values})


def locked_draft(session: Session, plan_id: int, version: int) -> Plan:
    """Return a draft's row, locked until the end of the transaction.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError, ConflictError
        It is not at ``version`` any more, or no draft.
    """
    plan = session.get(Plan, plan_id, with_for_update={"key_share": True}, populate_existing=True)
    if plan is None:
        raise NotFoundError(f"没有编号为 {plan_id} 的方案", f"there is no plan {plan_id}")
    _refuse_unless_draft(session, plan, version)
    return plan


def seen_draft(session: Session, plan_id: int, version: int) -> PlanRecord:
    """Return a draft that is at ``version``, without keeping anybody else from it.

    Raises
    ------
    NotFoundError, StaleVersionError, ConflictError
        As :func:`locked_draft`.
    """
    record = read_plan(session, plan_id)
    _refuse_unless_draft(session, record, version)
    return record


def _refuse_unless_draft(session: Session, plan: Plan | PlanRecord, version: int) -> None:
    if plan.version != version:
        zh, en = events.told(events.changes_since(session, "plan", str(plan.id), version))
        raise StaleVersionError(
            f"方案 {plan.id} 已变为第 {plan.version} 版(您看到的是第 {version} 版),期间的改动:{zh};请刷新后再试",
            f"plan {plan.id} is at version {plan.version}, you saw {version}; changed meanwhile: {en}. Reload first",
        )
    if plan.state != "draft":
        raise ConflictError(f"方案 {plan.id} 已不是草案", f"plan {plan.id} is {plan.state}, not a draft any more")


def _lock_adoptions(session: Session, scope_code: str, department: str) -> None:
    """Let adoptions of one department in one street wait for the end of this transaction."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 0))"),
        {"scope": f"wangge.adopt.{scope_code[:9]}.{department}"},
    )


def replaced_by(session: Session, plan: PlanRecord) -> list[int]:
    """Return the ids of the adopted plans that this one would supersede."""
    query = select(Plan.id).where(
        Plan.state == "adopted",
        Plan.department == plan.department,
        Plan.tier == plan.tier,
        func.starts_with(Plan.scope_code, plan.scope_code),
    )
    return list(session.scalars(query.order_by(Plan.id)))


def _refuse_unseen(session: Session, unseen: set[int]) -> None:
    for plan_id in sorted(unseen):
        other = read_plan(session, plan_id)
        raise ConflictError(
            f"方案 {other.id}“{other.name}”刚刚被采用;请先比较再决定",
            f"plan {other.id} ({other.name}) was adopted just now; compare with it before adopting another",
        )


def _in_force_from(session: Session, at: datetime | None) -> datetime:
    now = session.scalars(select(func.now())).one()
    if at is None:
        return now
    given = at if at.tzinfo else at.replace(tzinfo=CHINA_TIME)
    if given > now:
        raise BoundsError(
            f"生效时间 {given:%Y-%m-%d %H:%M} 在将来;只能填现在或过去",
            f"{given:%Y-%m-%d %H:%M} is in the future; a plan comes in force now or came in the past",
        )
    return given


def _supersede(session: Session, plan_id: int, moment: datetime, who: str) -> None:
    plan = session.get_one(Plan, plan_id, with_for_update={"key_share": True}, populate_existing=True)
    assert plan.adopted_at is not None
    if plan.adopted_at > moment:
        raise ConflictError(
            f"方案 {plan_id} 自 {plan.adopted_at:%Y-%m-%d %H:%M} 起生效,晚于所给的时间",
            f"plan {plan_id} has been in force since {plan.adopted_at:%Y-%m-%d %H:%M}, later than the time given",
        )
    before = _image(read_plan(session, plan_id))
    plan.state, plan.superseded_at = "superseded", moment
    plan.version += 1
    session.flush()
    _tell(session, plan_id, who=who, what="superseded", before=before)


def _tell(
    session: Session,
    plan_id: int,
    *,
    who: str,
    what: str,
    before: dict[str, Any] | None,
    more: dict[str, Any] | None = None,
) -> PlanRecord:
    after = read_plan(session, plan_id)
    told = _image(after) | (more or {})
    events.record(session, who=who, what=what, noun="plan", code=str(plan_id), before=before, after=told)
    return after


def _image(plan: PlanRecord) -> dict[str, Any]:
    """What an event says of a plan: all but the report and parameters, which never change."""
    fields = {name: value for name, value in asdict(plan).items() if name not in ("report", "parameters")}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}


def _records(session: Session, *wanted: Any, limit: int | None) -> list[PlanRecord]:
    units = union_all(
        select(Grid.households).where(Grid.plan_id == Plan.id).correlate(Plan),
        select(DrawnCommunity.households).where(DrawnCommunity.plan_id == Plan.id).correlate(Plan),
    ).subquery()
    held = select(
        func.count().label("grids"), func.coalesce(func.sum(units.c.households), 0).label("households")
    ).lateral()
    names = [name for name in PlanRecord.__dataclass_fields__ if name not in ("grids", "households")]
    # Who sees a part of what a plan is of sees that part of its report.
    seen = {name: func.seen_report(Plan.scope_code, getattr(Plan, name)).label(name) for name in _TOLD_IN_PARTS}
    query = (
        select(*(seen.get(name, getattr(Plan, name)) for name in names), held.c.grids, held.c.households)
        .where(*wanted)
        .order_by(Plan.id.desc())
        .limit(limit)
    )
    return [PlanRecord(**row) for row in session.execute(query).mappings()]
