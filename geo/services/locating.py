"""Use case: where is that? A text or a point in; the building, grid, cell and the people in charge out.

What is found depends on who asks: the address book is that of their scope (``address_books``), and what comes out of it
is looked up once more under row-level security. Doors and places are looks at households, and so are the people in
charge: each leaves an event, in the transaction that shows them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.access.roles import sees_households
from geo.addresses.answers import Answer, Candidate, Heard, Reason, Relation
from geo.addresses.locating import locate as locate_in
from geo.addresses.normalising import MOST_CHARACTERS
from geo.addresses.suggesting import suggest as suggest_in
from geo.errors import BoundsError, BusyError, InputError, NotFoundError
from geo.services.address_books import AddressBooks, Book
from geo.services.households import LOOKED, StaffRow, look_at_staff
from geo.services.whereabouts import led_to
from geo.storage import addresses, events, layers, network
from geo.storage.addresses import HOUSEHOLD_NOUNS, Nearby
from geo.storage.network import CellRecord, GridRecord
from geo.territory.nouns import COMPOUND, NOUNS
from geo.territory.times import CHINA_TIME

__all__ = [
    "Answer",
    "CellRecord",
    "Found",
    "GridRecord",
    "Heard",
    "Nearby",
    "Place",
    "Reason",
    "Relation",
    "Round",
    "Spot",
    "StaffRow",
    "answer_in",
    "engine_of",
    "locate",
    "reverse",
    "suggest",
]

#: A building as near as this is the building at a point, metres: the kerb of its forecourt.
AT_BUILDING_M = 50.0
#: How far the nearest address may be, metres: beyond it somebody would be sent astray.
NEAREST_ADDRESS_M = 500.0
#: Of things of these nouns buildings are the ground.
_OF_BUILDINGS = frozenset({"building", "stairwell", "household_unit"})
#: Things that lie in many grids, and are in none.
_WIDE = frozenset({"street", "community", "barrier"})


@dataclass(frozen=True)
class Spot:
    """What is at a place: grids and cells in force, and the people in charge of those grids.

    Attributes
    ----------
    lon, lat
        EPSG:4326 degrees; None where no point is known.
    """

    lon: float | None
    lat: float | None
    grids: tuple[GridRecord, ...] = ()
    cells: tuple[CellRecord, ...] = ()
    people: tuple[StaffRow, ...] = ()


@dataclass(frozen=True)
class Place:
    """One place that was found.

    Attributes
    ----------
    noun, code
        The thing that it is: the noun's name and the thing's code; of a crossing both roads' codes.
    address
        The whole address, Chinese.
    cost
        Doubt; 0 is what was said word for word.
    apart
        What tells it from the other candidates.
    moved
        Where "50 metres to the south of it" is.
    """

    id: str
    level: str
    noun: str
    code: str
    address: str
    cost: float
    apart: str
    spot: Spot
    moved: Spot | None = None


@dataclass(frozen=True)
class Found:
    """An answer, as the one who asked may have it; see :class:`geo.addresses.answers.Answer`.

    Attributes
    ----------
    version
        Number of the event that the address book is as of.
    current
        Whether nothing has changed since.
    """

    outcome: Literal["one", "several", "none"]
    text: str
    candidates: tuple[Place, ...]
    nearest: tuple[Place, ...]
    reason: Reason
    heard: tuple[Heard, ...]
    failed: str
    relation: Relation | None
    total: int
    version: int
    current: bool


@dataclass(frozen=True)
class Round:
    """What is round a point.

    Attributes
    ----------
    address
        The nearest building that has an address, within :data:`NEAREST_ADDRESS_M`.
    building
        The building at the point, or the nearest one within :data:`AT_BUILDING_M`.
    """

    address: Nearby | None
    building: Nearby | None
    compound: Nearby | None
    community: Nearby
    spot: Spot


def locate(
    session: Session,
    books: AddressBooks,
    text: str,
    *,
    near: tuple[float, float] | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> Found:
    """Say which place a text tells: one, several with what tells them apart, or none and which part failed.

    Parameters
    ----------
    near
        Longitude and latitude of who calls, where it is known.
    actor
        Who asks. None for the store's owner, who is ``who``.

    Raises
    ------
    BoundsError
        The text has more than :data:`MOST_CHARACTERS` characters, or ``near`` is no point on the globe.
    BusyError
        Places changed faster than they could be read.
    """
    check_text(text)
    if near is not None:
        check_point(*near)
    engine = engine_of(session)
    book = books.of(engine, actor)
    answer = answer_in(book, text, near, actor)
    if not _there(session, book, answer):
        # Something ended, or is not theirs any more, since the book was read.
        book = books.renew(engine, actor, old=book)
        answer = answer_in(book, text, near, actor)
        if not _there(session, book, answer):
            raise BusyError(
                "地址数据正在变化,请稍后再查", "addresses are changing at this moment; ask again in a moment"
            )
    surroundings = _Surroundings(session, actor, who)
    return Found(
        outcome=answer.outcome,
        text=answer.text,
        candidates=tuple(surroundings.place(book, found, answer.relation) for found in answer.candidates),
        nearest=tuple(surroundings.mention(book, found) for found in answer.nearest),
        reason=answer.reason,
        heard=answer.heard,
        failed=answer.failed,
        relation=answer.relation,
        total=answer.total,
        version=book.moment.seq,
        current=book.current,
    )


def suggest(
    session: Session, books: AddressBooks, text: str, *, limit: int = 10, actor: Actor | None = None
) -> list[Place]:
    """Return up to ``limit`` places that what is typed so far may become, the likeliest first.

    Doors and places are never among them: to see one is a look at a household, which is on record, and nobody means to
    look at what happens to come up while they type. They are found by :func:`locate`.

    Raises
    ------
    BoundsError
        The text has more than :data:`MOST_CHARACTERS` characters.
    """
    check_text(text)
    book = books.of(engine_of(session), actor)
    if book.book is None:
        return []
    found = [_place(book, one) for one in suggest_in(book.book, text, 3 * limit)]
    shown = [place for place in found if place.noun not in HOUSEHOLD_NOUNS][:limit]
    living = _living(session, shown)
    return [place for place in shown if place.noun == "crossing" or (place.noun, place.code) in living]


def reverse(session: Session, lon: float, lat: float, *, actor: Actor | None = None, who: str | None = None) -> Round:
    """Say what is at a point: address, building, compound, community, grid, cell and the people in charge.

    Raises
    ------
    BoundsError
        It is no point on the globe.
    NotFoundError
        No community that the actor sees lies there.
    """
    check_point(lon, lat)
    near = addresses.around(session, lon, lat, reach_m=NEAREST_ADDRESS_M)
    first = {noun: next((one for one in near if one.noun == noun), None) for noun in ("community", "compound")}
    community = first["community"]
    if community is None:
        raise NotFoundError(
            f"经度 {lon:.6f}、纬度 {lat:.6f} 处没有您范围之内的社区;请核对坐标(WGS84,先经后纬)",
            f"no community of your scope lies at {lon:.6f}, {lat:.6f}; coordinates are WGS84, longitude first",
        )
    buildings = [one for one in near if one.noun == "building"]
    at = next((one for one in buildings if one.metres <= AT_BUILDING_M), None)
    surroundings = _Surroundings(session, actor, who)
    # Of a building that holds the point the assignment counts, elsewhere the lines on the map.
    spot = surroundings.at(lon, lat)
    if at is not None and at.metres == 0:
        inside = surroundings.of_building(at.code, lon, lat)
        spot = inside if inside.grids else spot
    return Round(
        address=next((one for one in buildings if one.address), None),
        building=at,
        compound=first["compound"],
        community=community,
        spot=spot,
    )


def check_text(text: str) -> None:
    """Refuse texts that are too long to be an address.

    Raises
    ------
    BoundsError
        It has more than :data:`MOST_CHARACTERS` characters.
    """
    if len(text) > MOST_CHARACTERS:
        raise BoundsError(
            f"地址文字有 {len(text)} 个字,最多 {MOST_CHARACTERS} 个",
            f"the text has {len(text)} characters; {MOST_CHARACTERS} are allowed",
        )


def check_point(lon: float, lat: float) -> None:
    """Refuse what is no point on the globe.

    Raises
    ------
    BoundsError
        Not within ±180 and ±90 degrees.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BoundsError(
            f"坐标 {lon},{lat} 不在经度 ±180、纬度 ±90 之内;先经后纬",
            f"{lon},{lat} is not within ±180 and ±90 degrees; longitude comes first",
        )


def engine_of(session: Session) -> Engine:
    """Return the engine that a session's transactions run on."""
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine


def answer_in(book: Book, text: str, near: tuple[float, float] | None, actor: Actor | None) -> Answer:
    """Return what a book answers, as the actor may have it; nothing is looked up in the store, and nothing recorded.

    Parameters
    ----------
    near
        Longitude and latitude of who calls: what could be meant is told from there outwards, and never decided by it.
    """
    if book.book is None:
        reason = Reason(
            "nothing-here", "您的范围之内还没有可定位的地址", "there is nothing yet in your scope that could be located"
        )
        return Answer("none", text, (), (), reason, ())
    answer = locate_in(book.book, text)
    if actor is not None and not sees_households(actor.roles):
        answer = _without_doors(answer)
    if near is None:
        return answer
    return replace(answer, candidates=tuple(sorted(answer.candidates, key=lambda found: _far(found, near))))


def _without_doors(answer: Answer) -> Answer:
    """Of those who see no doors, the door that was asked for is its building."""
    if answer.outcome != "none" or answer.failed != "room" or not answer.nearest:
        return answer
    reason = Reason("doors-not-shown", "您的角色不看各户,只定位到楼栋", "your role sees no doors: this is the building")
    outcome: Literal["one", "several"] = "one" if len(answer.nearest) == 1 else "several"
    return replace(
        answer,
        outcome=outcome,
        candidates=answer.nearest,
        nearest=(),
        reason=reason,
        failed="",
        total=len(answer.nearest),
    )


def _far(found: Candidate, near: tuple[float, float]) -> float:
    """Return about how far a candidate is from a point, degrees of latitude; what has no point is farthest."""
    east, north = (found.lon - near[0]) * math.cos(math.radians(near[1])), found.lat - near[1]
    return math.hypot(east, north) if math.isfinite(east + north) else math.inf


def _place(book: Book, found: Candidate, spot: Spot | None = None, moved: Spot | None = None) -> Place:
    assert book.book is not None, "an empty book finds nothing"
    row = book.book.frame.iloc[found.row]
    return Place(
        id=found.id,
        level=found.level,
        noun=str(row["noun"]),
        code=str(row["code"]),
        address=found.address,
        cost=found.cost,
        apart=found.apart,
        spot=spot or _only_point(found.lon, found.lat),
        moved=moved,
    )


def _only_point(lon: float, lat: float) -> Spot:
    known = math.isfinite(lon) and math.isfinite(lat)
    return Spot(lon, lat) if known else Spot(None, None)


def _living(session: Session, places: Iterable[Place]) -> set[tuple[str, str]]:
    """Return noun and code of those that are there, and seen, at this moment."""
    by_noun: dict[str, list[str]] = {}
    for place in places:
        by_noun.setdefault(place.noun, []).append(place.code)
    by_noun.pop("crossing", None)
    return {(noun, code) for noun, codes in by_noun.items() for code in addresses.living(session, noun, codes)}


def _there(session: Session, book: Book, answer: Answer) -> bool:
    """Whether all that an answer names is there, and seen, at this moment."""
    places = [_place(book, found) for found in (*answer.candidates, *answer.nearest)]
    named = {(place.noun, place.code) for place in places if place.noun != "crossing"}
    return named == _living(session, places)


class _Surroundings:
    """Reads what is at places, each grid's people once, and records the looks."""

    def __init__(self, session: Session, actor: Actor | None, who: str | None) -> None:
        self._session = session
        self._actor = actor
        self._who = actor.name if actor else who
        if not self._who:
            raise InputError("查询地址须写明查询人", "whoever locates an address has to be named")
        self._people: dict[str, tuple[StaffRow, ...]] = {}

    def place(self, book: Book, found: Candidate, relation: Relation | None) -> Place:
        """Return a candidate with what is there, and where a direction leads from it."""
        place = self.mention(book, found)
        lon, lat = place.spot.lon, place.spot.lat
        spot = self._spot_of(place)
        there = None if lon is None or lat is None else led_to(lon, lat, relation)
        return replace(place, spot=spot, moved=None if there is None else self.at(*there))

    def mention(self, book: Book, found: Candidate) -> Place:
        """Return a candidate and nothing round it; a door or a place is a look at a household."""
        place = _place(book, found)
        if place.noun in HOUSEHOLD_NOUNS:
            told = {"located": 1}
            events.record(self._session, who=str(self._who), what=LOOKED, noun=place.noun, code=place.code, after=told)
        return place

    def at(self, lon: float, lat: float) -> Spot:
        """Return what is at a point, by the lines on the map."""
        shape = shapely.to_wkb(shapely.Point(lon, lat))
        grids = addresses.grids_over(self._session, shape)
        return self._spot(lon, lat, grids, addresses.cells_over(self._session, shape, grids))

    def of_building(self, code: str, lon: float | None, lat: float | None) -> Spot:
        """Return what a building, stairwell or household unit is in, by the plan's assignment."""
        grids = network.grids_at(self._session, code)
        return self._spot(lon, lat, grids, network.cells_at(self._session, code))

    def _spot_of(self, place: Place) -> Spot:
        lon, lat = place.spot.lon, place.spot.lat
        if place.noun in _OF_BUILDINGS:
            return self.of_building(place.code, lon, lat)
        if place.noun in _WIDE or lon is None or lat is None:
            return place.spot
        if place.noun == COMPOUND.name:
            shape = layers.read(self._session, NOUNS[COMPOUND.name], codes=[place.code]).geometry
            grids = [grid for one in shapely.to_wkb(shape.to_numpy()) for grid in self._over(one)]
            return self._spot(lon, lat, grids, ())
        return self.at(lon, lat)

    def _over(self, shape: bytes) -> list[GridRecord]:
        return addresses.grids_over(self._session, shape)

    def _spot(
        self, lon: float | None, lat: float | None, grids: Sequence[GridRecord], cells: Sequence[CellRecord]
    ) -> Spot:
        people = tuple(person for grid in grids for person in self._in_charge(grid.code))
        return Spot(lon, lat, tuple(grids), tuple(cells), people)

    def _in_charge(self, grid: str) -> tuple[StaffRow, ...]:
        """Return the people of a grid, for those who see households; once per answer, so that it is one look."""
        if self._actor is not None and not sees_households(self._actor.roles):
            return ()
        if grid not in self._people:
            staff = look_at_staff(self._session, grid, actor=self._actor, who=self._who)
            self._people[grid] = tuple(in_charge_today(staff))
        return self._people[grid]


def in_charge_today(staff: Iterable[StaffRow]) -> Iterator[StaffRow]:
    """Yield those who are in charge today, in China."""
    today = datetime.now(CHINA_TIME).date()
    for person in staff:
        if (person.since is None or person.since <= today) and (person.until is None or today <= person.until):
            yield person
