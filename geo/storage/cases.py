"""Cases (事项) in the store: found, held while somebody acts on them, written with what was done.

What may be done is decided elsewhere (``geo.ledger``). Here a case never changes without a move of its own, and each
change is an event. Whoever asks gets what row-level security shows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ARRAY, DateTime, Row, Select, Text, and_, cast, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, StaleVersionError
from geo.storage import events, queries
from geo.storage.catalogue import METADATA
from geo.storage.declaring import SRID
from geo.storage.refusals import in_plain_words

#: The noun of events about cases; their code is the case's id. What they tell never says what a case is about.
CASE = "case"
_TOLD = (
    "number",
    "workflow",
    "kind",
    "nature",
    "step",
    "state",
    "rung",
    "assignee",
    "sightings",
    "reopened",
    "version",
)
_CASES = METADATA.tables["ledger_case"]
_MOVES = METADATA.tables["case_move"]
_VERSIONS = METADATA.tables["workflow_version"]
_LIVE = ("open", "paused")
#: What is live has no end; by its end an index finds it among the many that have one.
_IS_LIVE = and_(_CASES.c.state.in_(_LIVE), _CASES.c.closed_at.is_(None))

Box = tuple[float, float, float, float]
Light = Literal["green", "yellow", "red"]


@dataclass(frozen=True)
class CaseRecord:
    """A case as it stands; see :class:`geo.storage.ledger_tables.LedgerCase`. ``lon``, ``lat`` in EPSG:4326."""

    id: int
    number: str
    workflow: str
    workflow_version_id: int
    kind: str
    nature: str | None
    summary: str
    step: str
    state: str
    rung: str | None
    street_code: str
    community_code: str
    grid_code: str | None
    building_code: str | None
    household_unit_code: str | None
    place_code: str | None
    city_element_code: str | None
    responsible_body_code: str | None
    lon: float
    lat: float
    source: str
    inspection_id: int | None
    joined_into_id: int | None
    assignee_role: str | None
    assignee: str | None
    found_by: str
    found_at: datetime
    opened_at: datetime
    step_since: datetime
    step_due_at: datetime | None
    step_counts_from: datetime | None
    step_unit: str | None
    due_at: datetime | None
    due_counts_from: datetime | None
    due_unit: str | None
    due_is_own: bool
    yellow_at: datetime | None
    paused_at: datetime | None
    resume_step: str | None
    moved_at: datetime | None
    last_by: str | None
    extended: int
    fixed_by: str | None
    fixed_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    sightings: int
    reopened: int
    rating: int | None
    details: dict[str, Any]
    client_key: str | None
    version: int


@dataclass(frozen=True)
class MoveRecord:
    """One thing done to a case; see :class:`geo.storage.ledger_tables.CaseMove`."""

    id: int
    case_id: int
    action: str
    from_step: str | None
    to_step: str
    state: str
    at: datetime
    recorded_at: datetime
    who: str
    role: str | None
    note: str | None
    details: dict[str, Any]
    grid_code: str | None
    client_key: str | None


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are wanted; None takes all.

    Attributes
    ----------
    scope
        Code of a street, community or grid: where cases lay when they were opened.
    about
        Code of a building, with what is in it; of a door, a place or a city element; of a compound, with what is in
        its buildings; or of the responsible body.
    states
        ``open``, ``paused``, ``closed``, ``void``.
    light
        ``green``, ``yellow`` or ``red``, as they show at ``moment``; now where that is not said.
    assignees
        Assigned to one of these: people by name, or grids, communities and bodies by code.
    text
        In the number or the summary.
    since, until
        Opened at or after, and before.
    box
        West, south, east, north in degrees.
    on_own_ground
        Those in the acting person's own grids alone. Who sees nothing else gets the same, and sooner.
    """

    workflow: str | None = None
    kind: str | None = None
    nature: str | None = None
    states: tuple[str, ...] | None = None
    step: str | None = None
    scope: str | None = None
    about: str | None = None
    assignee: str | None = None
    assignees: tuple[str, ...] | None = None
    found_by: str | None = None
    inspection_id: int | None = None
    light: Light | None = None
    moment: datetime | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    box: Box | None = None
    on_own_ground: bool = False


@dataclass(frozen=True)
class Subject:
    """What a case may be about, as far as its codes are those of living things that are seen.

    ``body`` answers for the place, the element, or else for the compound of the building. The point is the place's or
    element's own, or one of the building.
    """

    place: str | None
    household_unit: str | None
    building: str | None
    city_element: str | None
    community: str | None
    street: str | None
    body: str | None
    lon: float | None
    lat: float | None


_POINT = {"lon": func.ST_X(_CASES.c.geom).label("lon"), "lat": func.ST_Y(_CASES.c.geom).label("lat")}
#: The columns of a record, in its order.
_RECORD: list[Any] = [_POINT[item.name] if item.name in _POINT else _CASES.c[item.name] for item in fields(CaseRecord)]


# ── what a case is about ─────────────────────────────────────────────────────────────────────────────────────────────


def find_subject(
    session: Session,
    *,
    place: str | None = None,
    household_unit: str | None = None,
    building: str | None = None,
    city_element: str | None = None,
) -> Subject:
    """Look up what codes are of, and what that lies in: a place's door and building, a door's building."""
    values = {"place": place, "household_unit": household_unit, "building": building, "city_element": city_element}
    return Subject(**queries.execute(session, "case_subject", values).mappings().one())


def find_community(session: Session, lon: float, lat: float) -> tuple[str, str] | None:
    """Return the codes of the street and community that a point (EPSG:4326) lies in, None outside of all seen."""
    community = METADATA.tables["community"]
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    query = select(community.c.street_code, community.c.code).where(
        community.c.ended_at.is_(None), func.ST_Intersects(community.c.geom, point)
    )
    found = session.execute(query.order_by(community.c.code).limit(1)).first()
    return None if found is None else (found.street_code, found.code)


def find_grid(
    session: Session,
    *,
    building: str | None,
    household_unit: str | None,
    lon: float,
    lat: float,
    moment: datetime,
) -> str | None:
    """Return the code of the grid in force at a moment round a door, a building, or else a point (EPSG:4326)."""
    values = {
        "building": building,
        "household_unit": household_unit,
        "lon": lon,
        "lat": lat,
        "moment": moment,
    }
    code: str | None = queries.execute(session, "case_grid", values).scalar()
    return code


# ── workflows as they were ───────────────────────────────────────────────────────────────────────────────────────────


def keep_workflow(session: Session, code: str, digest: str, content: Mapping[str, Any]) -> int:
    """Return the id of a workflow's version, kept when it is used for the first time."""
    known = select(_VERSIONS.c.id).where(_VERSIONS.c.code == code, _VERSIONS.c.digest == digest)
    found = session.scalar(known)
    if found is None:
        new = insert_or(_VERSIONS).values(code=code, digest=digest, content=dict(content))
        session.execute(new.on_conflict_do_nothing(index_elements=["code", "digest"]))
        found = session.scalars(known).one()
    return int(found)


def read_workflow(session: Session, version_id: int) -> dict[str, Any]:
    """Return what the workflow's file said that a case began under."""
    content: dict[str, Any] = session.scalars(select(_VERSIONS.c.content).where(_VERSIONS.c.id == version_id)).one()
    return content


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def next_number(session: Session, prefix: str, day: datetime) -> str:
    """Return a number that no case has: the prefix, the day (in its own time zone) and a running number."""
    running = session.scalars(text("SELECT nextval('case_number')")).one()
    return f"{prefix}{day:%Y%m%d}{running:06d}"


def insert_case(session: Session, values: Mapping[str, Any], *, lon: float, lat: float, who: str) -> CaseRecord:
    """Write a new case; ``values`` are columns of ``ledger_case``, the point is EPSG:4326."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    with in_plain_words():
        case_id = session.scalars(insert(_CASES).values(**values, geom=point).returning(_CASES.c.id)).one()
    record = read_case(session, case_id)
    events.record(session, who=who, what="opened", noun=CASE, code=str(case_id), after=_told(record))
    return record


def hold_case(session: Session, case_id: int, *, version: int | None = None) -> CaseRecord:
    """Read a case and keep others from acting on it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such case.
    StaleVersionError
        Somebody acted on it since the version that was seen.
    """
    query = select(*_RECORD).where(_CASES.c.id == case_id).with_for_update(of=_CASES)
    with in_plain_words():
        record = _found(session.execute(query).first(), case_id)
    if version is not None and version != record.version:
        raise StaleVersionError(
            f"事项 {record.number} 已有新的办理记录(第 {record.version} 版,您看到的是第 {version} 版);请刷新后再办理",
            f"case {record.number} was acted on meanwhile: it has version {record.version}, you saw {version}; "
            "look again, then act",
        )
    return record


def change_case(session: Session, before: CaseRecord, changes: Mapping[str, Any], *, what: str, who: str) -> CaseRecord:
    """Write what became of a case that is held, in its next version; ``what`` is the event's word for it."""
    values = {**changes, "version": before.version + 1}
    with in_plain_words():
        session.execute(update(_CASES).where(_CASES.c.id == before.id).values(values))
    after = read_case(session, before.id)
    told = {"before": _told(before), "after": _told(after)}
    events.record(session, who=who, what=what, noun=CASE, code=str(before.id), **told)
    return after


def insert_move(session: Session, values: Mapping[str, Any]) -> MoveRecord:
    """Append a move; ``values`` are columns of ``case_move``."""
    with in_plain_words():
        written = insert(_MOVES).values(values).returning(*(_MOVES.c[item.name] for item in fields(MoveRecord)))
        return MoveRecord(**session.execute(written).one()._mapping)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_case(session: Session, case_id: int) -> CaseRecord:
    """Read one case.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    return _found(session.execute(select(*_RECORD).where(_CASES.c.id == case_id)).first(), case_id)


def read_numbered(session: Session, number: str) -> CaseRecord | None:
    """Read the case of a number."""
    found = session.execute(select(*_RECORD).where(_CASES.c.number == number)).first()
    return None if found is None else CaseRecord(**found._mapping)


def read_cases(
    session: Session, wanted: CaseFilter, *, limit: int | None = None, after: int | None = None
) -> list[CaseRecord]:
    """Read cases, the newest first; the next page is ``after`` the last id of this one."""
    query = _where(select(*_RECORD), wanted).order_by(_CASES.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(_CASES.c.id < after)
    return [CaseRecord(*row) for row in session.execute(query).all()]


def read_gravest(session: Session, wanted: CaseFilter, *, limit: int) -> list[CaseRecord]:
    """Read cases for a bill: live ones first, of these what is due first; then the rest, what ended last first."""
    red_at = func.least(_CASES.c.step_due_at, _CASES.c.due_at)
    first = select(*_RECORD).where(_IS_LIVE).order_by(red_at.asc().nulls_last(), _CASES.c.found_at, _CASES.c.id)
    rest = select(*_RECORD).where(_CASES.c.state.not_in(_LIVE)).order_by(_CASES.c.closed_at.desc(), _CASES.c.id.desc())
    found: list[CaseRecord] = []
    for query in (first, rest):
        if len(found) < limit:
            rows = session.execute(_where(query, wanted).limit(limit - len(found))).all()
            found += [CaseRecord(*row) for row in rows]
    return found


def count_kinds(session: Session, wanted: CaseFilter, *, moment: datetime, in_whole: bool) -> list[dict[str, Any]]:
    """Count cases by kind and nature, void ones left out: ``number``, of which ``live``, ``overdue`` and ``ended``.

    ``oldest_at`` is when the first of the live ones was found.

    Parameters
    ----------
    in_whole
        Whether who asks sees streets and communities whole or not at all, and nothing grid by grid.
    """
    late = func.count().filter(_CASES.c.state == "open", _lit("red", moment))
    by = _CASES.c.kind, _CASES.c.nature
    live = select(*by, func.count(), late, func.min(_CASES.c.found_at)).where(_IS_LIVE).group_by(*by)
    counted: dict[tuple[str, str | None], dict[str, Any]] = {}
    # The live ones are few; the ended ones are so many that they are counted by themselves.
    names = ("kind", "nature", "live", "overdue", "oldest_at")
    for values in session.execute(_where(live, wanted)):
        row = dict(zip(names, values, strict=True))
        counted[row["kind"], row["nature"]] = row | {"number": row["live"], "ended": 0}
    for kind, nature, number in session.execute(_count_ended(wanted, in_whole)):
        none = {"kind": kind, "nature": nature, "number": 0, "live": 0, "overdue": 0, "oldest_at": None}
        row = counted.setdefault((kind, nature), none)
        row["ended"] = number
        row["number"] += number
    return [counted[key] for key in sorted(counted, key=lambda key: (key[0], key[1] is None, key[1] or ""))]


def _count_ended(wanted: CaseFilter, in_whole: bool) -> Select[Any]:
    """Return what counts the cases that were closed, by kind and nature."""
    if in_whole and wanted.scope is not None and len(wanted.scope) <= 12:
        ended = func.ended_cases(wanted.scope, wanted.workflow).table_valued("kind", "nature", "ended")
        return select(ended.c.kind, ended.c.nature, ended.c.ended)
    by = _CASES.c.kind, _CASES.c.nature
    return _where(select(*by, func.count()).where(_CASES.c.state == "closed").group_by(*by), wanted)


def count_changes(
    session: Session, scope: str, workflow: str, *, since: datetime, until: datetime, fixing: Iterable[str]
) -> list[dict[str, Any]]:
    """Count what changed in a street, community or grid between two moments, by community, grid and kind."""
    values = {
        "workflow": workflow,
        "street": scope[:9],
        "community": scope[:12] if len(scope) > 9 else None,
        "grid": scope if len(scope) > 12 else None,
        "since": since,
        "until": until,
        "fixing": sorted(fixing),
    }
    return [dict(row) for row in queries.execute(session, "statement", values).mappings()]


def read_workflow_versions(session: Session, code: str) -> list[dict[str, Any]]:
    """Return what the files of all versions of a workflow said that cases began under."""
    return list(session.scalars(select(_VERSIONS.c.content).where(_VERSIONS.c.code == code)))


def read_moves(session: Session, case_id: int) -> list[MoveRecord]:
    """Read what was done to a case, in the order in which it was."""
    query = select(*(_MOVES.c[item.name] for item in fields(MoveRecord))).where(_MOVES.c.case_id == case_id)
    return [MoveRecord(**row._mapping) for row in session.execute(query.order_by(_MOVES.c.id))]


def find_sent(session: Session, who: str, client_key: str) -> int | None:
    """Return the id of the case that somebody's device opened under a key, or joined a sighting to."""
    opened = select(_CASES.c.id).where(_CASES.c.found_by == who, _CASES.c.client_key == client_key)
    joined = select(_MOVES.c.case_id).where(_MOVES.c.client_key == client_key, _MOVES.c.who == who)
    return session.scalar(opened) or session.scalar(joined.order_by(_MOVES.c.id).limit(1))


def find_moved(session: Session, case_id: int, client_key: str) -> MoveRecord | None:
    """Return the move of a case that was sent under a key."""
    return next((move for move in read_moves(session, case_id) if move.client_key == client_key), None)


def find_alike(session: Session, workflow: str, kind: str, subject: Subject) -> int | None:
    """Return the id of the oldest live case of the same workflow and kind about the very same thing."""
    same = _same_subject(subject)
    if same is None:
        return None
    query = select(_CASES.c.id).where(
        _CASES.c.workflow == workflow, _CASES.c.kind == kind, _CASES.c.state.in_(_LIVE), same
    )
    return session.scalar(query.order_by(_CASES.c.id).limit(1))


def subject_key(subject: Subject) -> str | None:
    """Return the code of the very thing that a case is about, None for a mere point."""
    return subject.place or subject.household_unit or subject.city_element or subject.building


def _same_subject(subject: Subject) -> Any:
    """Return the rule for cases about a thing itself: what is about a door is not about all of its building."""
    columns = _CASES.c
    if subject.place is not None:
        return columns.place_code == subject.place
    if subject.household_unit is not None:
        return and_(columns.household_unit_code == subject.household_unit, columns.place_code.is_(None))
    if subject.city_element is not None:
        return columns.city_element_code == subject.city_element
    if subject.building is not None:
        apart = columns.household_unit_code.is_(None), columns.place_code.is_(None), columns.city_element_code.is_(None)
        return and_(columns.building_code == subject.building, *apart)
    return None


def _where(query: Select[Any], wanted: CaseFilter) -> Select[Any]:
    columns = _CASES.c
    equal = {
        columns.workflow: wanted.workflow,
        columns.kind: wanted.kind,
        columns.nature: wanted.nature,
        columns.step: wanted.step,
        columns.assignee: wanted.assignee,
        columns.found_by: wanted.found_by,
        columns.inspection_id: wanted.inspection_id,
    }
    rules: list[Any] = [column == value for column, value in equal.items() if value is not None]
    if wanted.scope is not None:
        rules.append(scope_column(wanted.scope) == wanted.scope)
    if wanted.about is not None:
        rules.append(_about(wanted.about))
    if wanted.states is not None:
        rules.append(columns.state.in_(wanted.states))
    if wanted.assignees is not None:
        rules.append(columns.assignee.in_(wanted.assignees))
    if wanted.light is not None:
        rules += [columns.state == "open", _lit(wanted.light, wanted.moment)]
    if wanted.text is not None:
        said = [column.icontains(wanted.text, autoescape=True) for column in (columns.number, columns.summary)]
        rules.append(or_(*said))
    if wanted.since is not None:
        rules.append(columns.opened_at >= wanted.since)
    if wanted.until is not None:
        rules.append(columns.opened_at < wanted.until)
    if wanted.box is not None:
        rules.append(func.ST_Intersects(columns.geom, func.ST_MakeEnvelope(*wanted.box, SRID)))
    if wanted.on_own_ground:
        mine = cast(select(func.own_buildings()).scalar_subquery(), ARRAY(Text))
        rules.append(or_(columns.building_code == func.any(mine), columns.building_code.is_(None)))
    return query.where(*rules)


def _lit(light: Light, moment: datetime | None) -> Any:
    """Return the rule for open cases of a light; its twin is :func:`geo.ledger.lights.light_at`."""
    now = func.now() if moment is None else literal(moment, DateTime(timezone=True))
    red_at = func.least(_CASES.c.step_due_at, _CASES.c.due_at)
    is_yellow = func.coalesce(_CASES.c.yellow_at < now, False)
    return {
        "red": red_at < now,
        "yellow": and_(red_at >= now, is_yellow),
        "green": and_(red_at >= now, ~is_yellow),
    }[light]


def scope_column(code: str) -> Any:
    """Return the column that holds codes of this length: of streets (9), communities (12) or grids (15)."""
    names = {9: "street_code", 12: "community_code", 15: "grid_code"}
    return _CASES.c[names[len(code)]]


def _about(code: str) -> Any:
    letter = next((sign for sign in code if sign.isalpha()), "")
    if letter == "X":
        building = METADATA.tables["building"]
        return _CASES.c.building_code.in_(select(building.c.code).where(building.c.compound_code == code))
    letters = {"P": "place_code", "E": "city_element_code", "R": "responsible_body_code"}
    name = letters.get(letter) or ("household_unit_code" if len(code) == 25 else "building_code")
    return _CASES.c[name] == code


def _told(record: CaseRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _TOLD}


def _found(row: Row[Any] | None, case_id: int) -> CaseRecord:
    if row is None:
        raise NotFoundError(f"没有编号为 {case_id} 的事项", f"there is no case {case_id}")
    return CaseRecord(**row._mapping)
