"""Where a request is: by the address as it was said, a place that was chosen, a point, or no more than a community."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import InputError, NotFoundError
from geo.services.address_books import AddressBooks
from geo.services.locating import Found, check_point, engine_of, locate
from geo.services.whereabouts import is_at
from geo.storage import addresses, cases, requests
from geo.territory.codes import DIGITS

#: Things that are too wide to be the place of a request; a compound has a middle that one can go to.
WIDE = frozenset({"street", "community", "barrier"})
#: What a case may be about.
SUBJECT = ("building_code", "household_unit_code", "place_code", "city_element_code")
#: What is found at a point, metres.
AT_THE_POINT_M = 1.0


class WhereError(InputError):
    """What was said is no one place.

    Parameters
    ----------
    found
        What was found: several places to choose from, or none with what is near.
    """

    def __init__(self, zh: str, en: str, *, found: Found) -> None:
        super().__init__(zh, en)
        self.found = found


@dataclass(frozen=True)
class Where:
    """The place of a request.

    Attributes
    ----------
    lon, lat
        EPSG:4326 degrees.
    is_known
        False where the community alone is known: the point is its middle, and somebody has to ask where.
    said
        The address as it was said.
    """

    lon: float
    lat: float
    building_code: str | None = None
    household_unit_code: str | None = None
    place_code: str | None = None
    city_element_code: str | None = None
    is_known: bool = True
    said: str | None = None


def find_where(
    session: Session,
    books: AddressBooks,
    *,
    address: str | None = None,
    place: str | None = None,
    point: tuple[float, float] | None = None,
    community: str | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> Where:
    """Return the place of a request: a chosen place before a point, a point before an address, that before a community.

    Parameters
    ----------
    place
        Id of one of the places that an earlier answer offered.
    community
        Where an address is no one place, the request is kept with this community alone. Nothing is dropped.

    Raises
    ------
    WhereError
        The address is several places or none, and no community is given.
    InputError
        Nothing at all is given, or the address is as wide as a community.
    NotFoundError
        There is no such place or community, or it is not seen.
    """
    if place is not None:
        return replace(_chosen(session, books, place, actor), said=address)
    if point is not None:
        return replace(_at(session, *point), said=address)
    if address:
        found = locate(session, books, address, actor=actor, who=who)
        where = _located(found)
        if where is not None:
            return where
        if community is None:
            raise _nowhere(found)
    elif community is None:
        raise InputError(
            "请写明地点:所说的地址、选定的地点、经纬度,或至少所在社区",
            "say where: the address as it was said, a chosen place, longitude and latitude, or the community at least",
        )
    return replace(_somewhere_in(session, community), said=address or None)


def subject_of(where: Where) -> dict[str, Any]:
    """Return what a new case is given of where it is: a thing has a point of its own, elsewhere the point is all."""
    about = {name: getattr(where, name) for name in SUBJECT}
    point = {} if any(about.values()) else {"lon": where.lon, "lat": where.lat}
    return about | point


def _chosen(session: Session, books: AddressBooks, place: str, actor: Actor | None) -> Where:
    found = books.of(engine_of(session), actor)
    row = found.row_of(place)
    if row is None or found.book is None:
        raise _no_place(place)
    thing = found.book.frame.iloc[row]
    noun, code = str(thing["noun"]), str(thing["code"])
    if noun != "crossing" and code not in addresses.living(session, noun, [code]):
        raise _no_place(place)
    lon, lat = float(thing["lon"]), float(thing["lat"])
    if noun in WIDE or lon != lon:
        raise InputError(
            f"“{place[:60]}”没有确切位置;请选楼栋、场所等,或只写所在社区",
            f"{place[:60]!r} is no exact place: choose a building or the like, or give the community alone",
        )
    return _of_thing(noun, code, lon, lat)


def _at(session: Session, lon: float, lat: float) -> Where:
    check_point(lon, lat)
    if cases.find_community(session, lon, lat) is None:
        raise NotFoundError(
            f"坐标 {lon:.5f}, {lat:.5f} 不在您范围内的任何社区",
            f"the point {lon:.5f}, {lat:.5f} is in no community of your scope",
        )
    around = addresses.around(session, lon, lat, reach_m=AT_THE_POINT_M)
    inside = next((one.code for one in around if one.noun == "building" and one.metres == 0), None)
    return Where(lon, lat, building_code=inside)


def _located(found: Found) -> Where | None:
    """Return the one place that was found, None where it is several, none, or too wide to go to."""
    if found.outcome != "one" or found.candidates[0].noun in WIDE:
        return None
    place = found.candidates[0]
    moved = place.moved
    if moved is not None and moved.lon is not None and moved.lat is not None:
        return Where(moved.lon, moved.lat, said=found.text)
    if place.spot.lon is None or place.spot.lat is None:
        return None
    where = _of_thing(place.noun, place.code, place.spot.lon, place.spot.lat)
    # Opposite a building is near it, and no matter of that building.
    beside = Where(where.lon, where.lat)
    return replace(where if is_at(found.relation) else beside, said=found.text)


def _of_thing(noun: str, code: str, lon: float, lat: float) -> Where:
    where = Where(lon, lat)
    if noun in ("building", "stairwell"):
        return replace(where, building_code=code[: DIGITS["building"]])
    if noun == "household_unit":
        return replace(where, household_unit_code=code)
    if noun == "place":
        return replace(where, place_code=code)
    return replace(where, city_element_code=code) if noun == "city_element" else where


def _somewhere_in(session: Session, community: str) -> Where:
    middle = requests.middle_of(session, community)
    if middle is None:
        raise NotFoundError(f"没有编码为 {community[:40]} 的社区", f"there is no community {community[:40]!r}")
    return Where(*middle, is_known=False)


def _nowhere(found: Found) -> WhereError:
    zh = "请从候选中选定一处(place),或写明所在社区(community_code)先行登记"
    en = "choose one of the places (place), or give the community (community_code) to have it kept for now"
    return WhereError(f"{found.reason.zh};{zh}", f"{found.reason.en}; {en}", found=found)


def _no_place(place: str) -> NotFoundError:
    return NotFoundError(f"没有编号为 {place[:60]} 的地点", f"there is no place {place[:60]!r}")
