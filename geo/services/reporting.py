"""Use case: reports for the meetings that come round (综合分析会), made from the ledger; resolutions become cases.

A report says what is late, where cases gather, who does better and worse than before, and whether the three goals of
zero were met. It names places and cases, and nobody who lives anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from geo.access.actor import Actor, check_scope
from geo.errors import BoundsError, InputError
from geo.ledger import duties
from geo.ledger.deeds import Deed
from geo.ledger.figures import Figure, Period, registry
from geo.ledger.meetings import Meeting, meeting, rank
from geo.services.cases import CaseRecord, NewCase, Opening, act_on_case, look_at_case, open_or_join
from geo.services.describing_cases import Described, NamedCase, describe, name_counted
from geo.services.figuring import FigureTable, cases_of, figure
from geo.services.hot_spots import Spot, find_hot_spots
from geo.services.leading import coverage_of_grids
from geo.services.ledger_layers import RARE
from geo.services.naming import Named, name_of, names_of
from geo.services.requesting import hand_on
from geo.storage import addresses, figures, meetings, requests
from geo.storage import cases as stored
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

#: Overdue cases that a report lists, the longest overdue first, and of how many they are chosen.
MOST_OVERDUE, MOST_LOOKED_THROUGH = 30, 5_000
#: Hot spots that it lists, the least likely by chance first.
MOST_SPOTS = 10
#: How far from a spot's middle the building may be that it is named by, metres.
NEAR_M = 200.0
#: Kinds of cases that are named of each, the most frequent first.
MOST_KINDS = 3
#: Where a case of a resolution came from.
SOURCE = "meeting"

_DAY_S = 86_400


@dataclass(frozen=True)
class Compared:
    """A figure of the period, and of the one before; ``is_met`` is None for what has no goal."""

    figure: Figure
    value: float | None
    before: float | None

    @property
    def is_met(self) -> bool | None:
        """Whether it keeps to its goal."""
        if self.figure.goal is None or self.value is None:
            return None
        return self.value <= self.figure.goal

    @property
    def is_better(self) -> bool | None:
        """Whether it is better than before; None where it is neither better nor worse."""
        if self.figure.better == "none" or None in (self.value, self.before) or self.value == self.before:
            return None
        assert self.value is not None
        assert self.before is not None
        return (self.value > self.before) == (self.figure.better == "more")


@dataclass(frozen=True)
class Overdue:
    """A case that is late, and for how many whole days when the period ended."""

    named: NamedCase
    days: int


@dataclass(frozen=True)
class PlacedSpot:
    """A hot spot, and where it is as people say it.

    Attributes
    ----------
    community, grid_code, grid
        What its middle lies in, by name and the grid by code as well; "" outside of all.
    near, near_m
        What the nearest building is called, with its compound or address, and how far from it the middle is, metres;
        "" and None where none is near.
    """

    spot: Spot
    community: str
    grid_code: str
    grid: str
    near: str
    near_m: float | None
    kinds: str


@dataclass(frozen=True)
class Ranked:
    """A part of the scope with its place, and the one it had before; None: not ranked.

    Attributes
    ----------
    climbed
        By how many places it is further up than before.
    """

    code: str
    name: str
    place: int | None
    before: int | None
    values: Mapping[str, float | None]

    @property
    def climbed(self) -> int | None:
        """By how many places it is further up than before."""
        return None if self.place is None or self.before is None else self.before - self.place


@dataclass(frozen=True)
class Report:
    """What a meeting is told.

    Attributes
    ----------
    has_ended
        False while the period still runs: figures are up to now.
    overdue
        The longest overdue, of ``n_overdue``.
    spots
        None where there are too many cases to look through.
    follow_up, resolutions
        What the meeting before this one and this one resolved, as it stands today.
    """

    meeting: Meeting
    of: Named
    name: str
    period: Period
    before: Period
    has_ended: bool
    goals: Sequence[Compared]
    figures: Sequence[Compared]
    n_overdue: int
    overdue: Sequence[Overdue]
    spots: Sequence[PlacedSpot] | None
    ranking: Sequence[Ranked]
    follow_up: Sequence[Described]
    resolutions: Sequence[Described]


@dataclass(frozen=True)
class Resolution:
    """What a meeting resolved to have done.

    Attributes
    ----------
    workflow
        ``request`` or ``hazard``: as what it is followed until it is done.
    kind, nature
        Of the workflow.
    assignee
        Who is in charge; of a request without one whom the duty list names.
    until
        By when a general hazard is to be gone, where the meeting set a time.
    community_code, building_code, place_code, point
        Where: as closely as it is known. A hazard is at a building, a place or a point.
    client_key
        What the sender calls it: what is sent twice under one key is one.
    """

    text: str
    workflow: Literal["request", "hazard"] = "request"
    kind: str = "other"
    nature: str | None = None
    assignee: str | None = None
    until: datetime | None = None
    community_code: str | None = None
    building_code: str | None = None
    place_code: str | None = None
    point: tuple[float, float] | None = None
    client_key: str | None = None


def draw_up_report(
    session: Session,
    kind: str,
    scope: str,
    name: str | None = None,
    *,
    actor: Actor | None = None,
    who: str | None = None,
    now: datetime | None = None,
) -> Report:
    """Draw up the report for a meeting of a street or community; looks at cases about homes are recorded.

    Parameters
    ----------
    kind
        Of ``data/dictionaries/meetings.toml``.
    name
        Of the period, as in ``2026-10`` or ``2026-H1``; the last that has ended where it is not said.

    Raises
    ------
    CodeError
        There is no such meeting, or the scope is no code.
    InputError
        The scope has no such meeting, or the period is none of its.
    NotFoundError
        There is no such street or community.
    """
    which, of = _which(session, kind, scope)
    moment = now or datetime.now(CHINA_TIME)
    name = name or which.last_ended(moment.astimezone(CHINA_TIME).date())
    period = which.period(name)
    before = which.before(period)
    tables = [figure(session, scope, each, by=which.compares, actor=actor, now=moment) for each in (period, before)]
    compared = [Compared(one, *(table.total.values[code] for table in tables)) for code, one in registry().items()]
    return Report(
        meeting=which,
        of=of,
        name=name,
        period=period,
        before=before,
        has_ended=period.until <= moment,
        goals=[one for one in compared if one.figure.goal is not None],
        figures=[one for one in compared if one.figure.goal is None],
        n_overdue=int(tables[0].total.values["overdue"] or 0),
        overdue=_overdue(session, scope, period, moment),
        spots=_spots(session, scope, period, min(period.until, moment)),
        ranking=_ranking(session, which, scope, (period, before), tables),
        follow_up=_resolved(session, which, scope, before, moment, actor, who),
        resolutions=_resolved(session, which, scope, period, moment, actor, who),
    )


def resolve(
    session: Session,
    kind: str,
    scope: str,
    name: str,
    resolution: Resolution,
    *,
    actor: Actor | None = None,
    who: str | None = None,
) -> Opening:
    """Make a case of what a meeting resolved, with who is in charge; it stays linked to the meeting's report.

    What is open about the very same thing already is joined, and linked as well.

    Raises
    ------
    CodeError, InputError, BoundsError, NotFoundError, NotAllowedError
        What was given is wrong, not there, or not theirs to do.
    """
    which, _ = _which(session, kind, scope)
    link = meetings.reference(which.code, scope, which.name_of(which.period(name).first))
    opening = open_or_join(session, _new_case(session, scope, resolution, link), actor=actor, who=who)
    if opening.outcome == "known":
        return opening
    record = meetings.mark(session, stored.hold_case(session, opening.case.id), link, who=_name(actor, who))
    if opening.outcome == "opened":
        record = _hand_on(session, record, resolution, f"{which.zh} {name} {which.en}", actor, who)
    return replace(opening, case=record)


# ── what a report has ────────────────────────────────────────────────────────────────────────────────────────────────


def _which(session: Session, kind: str, scope: str) -> tuple[Meeting, Named]:
    which = meeting(kind)
    level = check_scope(scope)
    if level != which.tier:
        said = {"street": ("街道", "street"), "community": ("社区", "community")}[which.tier]
        raise InputError(
            f"“{which.zh}”属于{said[0]};请给出{said[0]}编码", f"that report is a {said[1]}'s: give the code of one"
        )
    return which, name_of(session, level, scope)


def _overdue(session: Session, scope: str, period: Period, now: datetime) -> list[Overdue]:
    found = cases_of(session, "overdue", scope, period, limit=MOST_LOOKED_THROUGH, now=now)
    end = min(period.until, now)
    # Limits may have been put off since, and cases closed that then came back: their moves say how they stood.
    told = figures.read_late_since(session, [case.id for case in found], period.until)
    sinces = [min(filter(None, (case.due_at, told.get(case.id))), default=end) for case in found]
    late = sorted(zip(sinces, found, strict=True), key=lambda pair: (pair[0], pair[1].id))
    return [
        Overdue(name_counted(case), int((end - due).total_seconds() // _DAY_S)) for due, case in late[:MOST_OVERDUE]
    ]


def _spots(session: Session, scope: str, period: Period, moment: datetime) -> list[PlacedSpot] | None:
    try:
        found = find_hot_spots(session, scope, period, rare=RARE)[:MOST_SPOTS]
    except BoundsError:
        return None
    words = {**dictionary("hazard_kinds").entries, **dictionary("request_kinds").entries}
    return [place_spot(session, spot, _kinds(spot, words), moment) for spot in found]


def place_spot(session: Session, spot: Spot, kinds: str, moment: datetime) -> PlacedSpot:
    """Say where a spot is: its community, the grid of that time, and the nearest building as it stands today."""
    at = {"lon": spot.lon, "lat": spot.lat}
    grid = stored.find_grid(session, building=None, household_unit=None, **at, moment=moment)
    around = addresses.around(session, **at, reach_m=NEAR_M)
    community, compound, building = (
        next((one for one in around if one.noun == noun), None) for noun in ("community", "compound", "building")
    )
    return PlacedSpot(
        spot,
        community.name or community.code if community else "",
        grid or "",
        names_of(session, "grid", [grid])[grid] if grid else "",
        _called(building, compound),
        building.metres if building else None,
        kinds,
    )


def _called(building: addresses.Nearby | None, compound: addresses.Nearby | None) -> str:
    """Name a building so that it is found: by its compound and name, or its address."""
    if building is None:
        return compound.name or "" if compound else ""
    if not building.name:
        return building.address or building.code
    if compound and compound.name:
        return f"{compound.name} {building.name}"
    # A name alone may be that of several; most addresses end with it.
    address = building.address or building.name
    return address if building.name in address else f"{address} {building.name}"


def _kinds(spot: Spot, words: Mapping[str, Entry]) -> str:
    """Name what a spot has most of; in a busy place it has something of everything."""
    said = [f"{words[code].zh if code in words else code} {count}" for code, count in spot.kinds.items()]
    return "、".join(said[:MOST_KINDS]) + (f" 等 {len(said)} 类" if len(said) > MOST_KINDS else "")


def _ranking(
    session: Session, which: Meeting, scope: str, periods: tuple[Period, Period], tables: Sequence[FigureTable]
) -> list[Ranked]:
    rows = []
    for period, table in zip(periods, tables, strict=True):
        told: dict[str, dict[str, Any]] = {row.key: dict(row.values) for row in table.rows if row.key is not None}
        if which.compares == "grid":
            shares = coverage_of_grids(session, scope, period)
            # A grid that was redrawn since is not ranked: there is nobody any more to hear of it.
            told = {code: {**told.get(code, {}), "coverage": share} for code, share in shares.items()}
        rows.append(told)
    now, before = (rank(each, which.ranked_by) for each in rows)
    names = names_of(session, which.compares, list(now))
    found = [Ranked(code, names[code], place, before.get(code), rows[0][code]) for code, place in now.items()]
    return sorted(found, key=lambda one: (one.place is None, one.place, one.code))


def _resolved(
    session: Session,
    which: Meeting,
    scope: str,
    period: Period,
    now: datetime,
    actor: Actor | None,
    who: str | None,
) -> list[Described]:
    link = meetings.reference(which.code, scope, which.name_of(period.first))
    found = meetings.read_resolved(session, scope, link, since=period.since, until=period.until)
    return describe(session, [look_at_case(session, one, actor=actor, who=who) for one in found], now=now)


# ── what becomes of a resolution ─────────────────────────────────────────────────────────────────────────────────────


def _new_case(session: Session, scope: str, resolution: Resolution, link: dict[str, str]) -> NewCase:
    lon, lat = resolution.point or (None, None)
    about = (resolution.building_code, resolution.place_code, resolution.point)
    if all(each is None for each in about):
        if resolution.workflow == "hazard":
            raise InputError(
                "隐患须写明楼栋、场所或经纬度", "say where a hazard is: a building, a place, or longitude and latitude"
            )
        community = resolution.community_code or (scope if check_scope(scope) == "community" else None)
        lon, lat = _middle(session, scope, community)
    limit = duties.of(resolution.kind).limit if resolution.workflow == "request" else None
    return NewCase(
        resolution.workflow,
        resolution.kind,
        resolution.text,
        lon=lon,
        lat=lat,
        nature=resolution.nature if resolution.workflow == "hazard" else None,
        building_code=resolution.building_code,
        place_code=resolution.place_code,
        source=SOURCE,
        client_key=resolution.client_key,
        details={meetings.MEETINGS: [link]},
        limit=limit,
    )


def _middle(session: Session, scope: str, community: str | None) -> tuple[float, float]:
    """Return a point of the community that is to do something."""
    found = requests.middle_of(session, community) if community and community.startswith(scope) else None
    if found is None:
        raise InputError(
            "请写明由哪个社区办理(community_code),或写明楼栋、场所、经纬度",
            "say which community is to do it (community_code), or a building, a place, longitude and latitude",
        )
    return found


def _hand_on(
    session: Session, record: CaseRecord, resolution: Resolution, said: str, actor: Actor | None, who: str | None
) -> CaseRecord:
    """Hand a new case to who is in charge of it, as far as its workflow lets a meeting do that."""

    def do(case: CaseRecord, action: str, note: str | None = None, **fields: Any) -> CaseRecord:
        deed = Deed(action, datetime.now(CHINA_TIME), note=note, fields=fields)
        return act_on_case(session, case.id, deed, version=case.version, actor=actor, who=who)

    if resolution.workflow == "request":
        record = do(record, "take_call", said)
        nature, version = resolution.nature or "suggestion", record.version
        return hand_on(
            session, record.id, nature=nature, assignee=resolution.assignee, version=version, actor=actor, who=who
        )[0]
    nature = resolution.nature or "general"
    record = do(record, "judge", nature=nature)
    if resolution.assignee is None:
        return record
    until = {"until": resolution.until.isoformat()} if resolution.until else {}
    if nature == "general":
        return do(record, "assign", assignee=resolution.assignee, **until)
    # A major one is handed on after its work was stopped: until then the record says who was named.
    return do(record, "note", f"{said}:由 {resolution.assignee} 负责 is in charge")


def _name(actor: Actor | None, who: str | None) -> str:
    name = actor.name if actor else who
    if not name:
        raise InputError("登记决议须写明操作人", "whoever enters a resolution has to be named")
    return name
