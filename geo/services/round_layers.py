"""Use case: what an inspector's map shows of grids: what is inspected there, city elements, and open hazards.

Beside what is due today it says of everything when it was last seen and what came of that, so that a phone can tell it
without signal. It names doors and places, and nobody who lives or works there.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.crs import WGS84
from geo.services.cases import look_at_cases
from geo.services.describing_cases import Described, describe
from geo.services.inspectors import day_of, today
from geo.services.rounds import Ground
from geo.storage import element_looks, inspections, layers
from geo.storage.cases import CaseFilter, CaseRecord
from geo.storage.inspections import LookRow, SubjectRow
from geo.territory.nouns import CITY_ELEMENT

__all__ = ["MOST_HAZARDS", "RoundLayers", "Subject", "round_layers"]

#: Hazards on a phone's map, at most: the newest. Many times what one person's grids have.
MOST_HAZARDS = 2_000

_ELEMENTS = ("code", "name", "kind", "address", "last_seen", "result")
_HAZARDS = (
    *("id", "number", "kind", "nature", "summary", "step", "state", "light", "due_on", "found_on", "age_days"),
    *("sightings", "building_code", "household_unit_code", "place_code", "city_element_code"),
)


@dataclass(frozen=True)
class Subject:
    """A place or a door that may be inspected.

    Attributes
    ----------
    lon, lat
        Where it is, EPSG:4326.
    last_seen
        The day on which somebody last got in, or None.
    result
        What the last look came to: ``clear``, ``findings`` or ``no_access``; None where there was none.
    """

    noun: str
    code: str
    kind: str
    name: str
    address: str | None
    building_code: str | None
    floor: int | None
    room: str | None
    lon: float
    lat: float
    last_seen: date | None
    result: str | None


@dataclass(frozen=True)
class RoundLayers:
    """What there is in grids, EPSG:4326.

    Attributes
    ----------
    subjects
        By code.
    elements
        City elements, each as a point: ``code, name, kind, address, last_seen, result``.
    hazards
        That are open or paused, as points: ``id, number, kind, nature, summary, step, state, light, due_on, found_on,
        age_days, sightings`` and the codes of what they are about.
    more_hazards
        Whether there are more than :data:`MOST_HAZARDS`, the newest of which are shown.
    """

    subjects: tuple[Subject, ...]
    elements: gpd.GeoDataFrame
    hazards: gpd.GeoDataFrame
    more_hazards: bool


def round_layers(
    session: Session, codes: Sequence[str], ground: Ground, *, actor: Actor | None = None, who: str | None = None
) -> RoundLayers:
    """Return what there is in grids, and record the look at hazards of doors and places.

    Parameters
    ----------
    codes, ground
        The grids, and what they are drawn on (:func:`geo.services.rounds.ground_of`).
    """
    subjects = _subjects(session, codes)
    elements = _elements(session, ground)
    shown, more = _hazards(session, ground, actor=actor, who=who)
    return RoundLayers(subjects, elements, _hazard_frame(shown), more)


def _subjects(session: Session, codes: Sequence[str]) -> tuple[Subject, ...]:
    rows = inspections.read_subjects(session, codes)
    looks: dict[str, list[LookRow]] = {}
    for look in inspections.read_looks(session, [row.code for row in rows], today()):
        looks.setdefault(look.code, []).append(look)
    return tuple(_subject(row, looks.get(row.code, ())) for row in rows)


def _subject(row: SubjectRow, looks: Sequence[LookRow]) -> Subject:
    last = max(looks, key=lambda look: look.inspected_at, default=None)
    seen = max((look.inspected_at for look in looks if look.result != "no_access"), default=None)
    return Subject(
        noun=row.noun,
        code=row.code,
        kind=row.kind,
        name=row.name,
        address=row.address,
        building_code=row.building_code,
        floor=row.floor,
        room=row.room,
        lon=row.lon,
        lat=row.lat,
        last_seen=day_of(seen) if seen else None,
        result=last.result if last else None,
    )


def _elements(session: Session, ground: Ground) -> gpd.GeoDataFrame:
    """Return city elements that touch the grids, each as a point of its own."""
    if len(ground.grids) == 0:
        found = layers.read(session, CITY_ELEMENT, codes=[])
    else:
        found = layers.read(session, CITY_ELEMENT, bbox=tuple(ground.grids.total_bounds))
        found = found[found.intersects(ground.grids.union_all())]
    looks = element_looks.read_element_looks(session, list(found["code"]))
    told = found.assign(
        last_seen=_column(
            [day_of(looks[code].inspected_at) if code in looks else None for code in found["code"]], found
        ),
        result=_column([looks[code].result if code in looks else None for code in found["code"]], found),
    )
    points = told.set_geometry(told.geometry.representative_point())
    return gpd.GeoDataFrame(points[[*_ELEMENTS, "geometry"]])


def _column(values: Sequence[object], frame: gpd.GeoDataFrame) -> pd.Series:
    return pd.Series(values, index=frame.index, dtype="object")


def _hazards(session: Session, ground: Ground, *, actor: Actor | None, who: str | None) -> tuple[list[Described], bool]:
    """Return hazards that stand open in the grids as they are now, whichever grid they were found in."""
    if len(ground.grids) == 0:
        return [], False
    west, south, east, north = (float(edge) for edge in ground.grids.total_bounds)
    wanted = CaseFilter(workflow="hazard", states=("open", "paused"), box=(west, south, east, north))
    found = look_at_cases(session, wanted, limit=MOST_HAZARDS + 1, actor=actor, who=who)
    inside = _inside(found[:MOST_HAZARDS], ground, frozenset(ground.buildings["code"]))
    return describe(session, inside, now=datetime.now(UTC)), len(found) > MOST_HAZARDS


def _inside(found: Sequence[CaseRecord], ground: Ground, buildings: Collection[str]) -> list[CaseRecord]:
    """Leave out what lies in the neighbours' grids."""
    points = gpd.GeoSeries(
        gpd.points_from_xy([case.lon for case in found], [case.lat for case in found]), crs=ground.grids.crs
    )
    covered = points.intersects(ground.grids.union_all())
    return [
        case
        for case, is_covered in zip(found, covered, strict=True)
        if case.building_code in buildings or (case.building_code is None and is_covered)
    ]


def _hazard_frame(shown: Sequence[Described]) -> gpd.GeoDataFrame:
    rows = [_hazard(one) for one in shown]
    columns = {name: pd.Series([row[name] for row in rows], dtype="object") for name in _HAZARDS}
    points = gpd.points_from_xy([one.case.lon for one in shown], [one.case.lat for one in shown], crs=WGS84)
    return gpd.GeoDataFrame(columns, geometry=points)


def _hazard(one: Described) -> dict[str, object]:
    told = {name: getattr(one.case, name) for name in _HAZARDS if hasattr(one.case, name)}
    return told | {
        "step": one.step.label,
        "light": one.light,
        "due_on": day_of(one.red_at) if one.red_at else None,
        "found_on": day_of(one.case.found_at),
        "age_days": one.age_days,
    }
