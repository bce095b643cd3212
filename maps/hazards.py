"""Hazards on the map: a ledger in, a layer of points and what the page must know of its time out.

A page of ten thousand hazards must stay small: kinds, natures and grids are numbers of lists, moments are hours. Where
a hazard stood at a moment, and which of them are shown, ``static/hazards.js`` works out.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.ledger.workflows import Named, workflow
from geo.territory.dictionaries import Dictionary, Entry, dictionary
from geo.territory.layer_catalogue import catalogue_layer
from geo.territory.ledger_content import LedgerContent
from maps.coverage import seen_hours
from maps.encoding import encode, label_points
from maps.escaping import plain_text
from maps.layers import Layer
from maps.ledger_styles import (
    AGES,
    COVERAGE,
    KIND_FILLS,
    NATURE_FILLS,
    RESULT_FILLS,
    RESULT_SHARES,
    SEEN,
    STATES,
    UNJUDGED,
    HazardClass,
)


def hazards(ledger: LedgerContent, origin: tuple[int, int], grids: gpd.GeoDataFrame | None) -> Layer:
    """Return the hazards with their dates; each with the grid of the map that it lies in (-1: none)."""
    frame = ledger.hazards
    kinds = _by_frequency(frame["kind"])
    natures = workflow("hazard").natures
    recorded = sorted({plain_text(code) for code in frame["grid_code"]} - {""})
    columns: dict[str, list[Any]] = {
        "number": [plain_text(value) for value in frame["number"]],
        "kind": _places_in(frame["kind"], kinds),
        "nature": _places_in(frame["nature"], [nature.code for nature in natures]),
        "grid": _grid_of(frame.geometry, grids),
        "recorded": _places_in(frame["grid_code"], recorded),
        **{name: _hours(ledger, frame[f"{name}_at"]) for name in ("found", "ended", "paused", "due", "near")},
        **{name: _told_hours(ledger, frame, f"{name}_at") for name in ("early", "moved")},
        "gaps": _spans(ledger, frame, "reopened"),
        **{name: _at_stops(ledger, _spans(ledger, frame, name)) for name in ("late", "halted")},
    }
    options = {
        "kinds": [each.as_row() for each in _kind_classes(kinds)],
        "symbols": [_symbol(code) for code in kinds],
        "natures": [each.as_row() for each in _nature_classes(natures)],
        "recorded": recorded,
    }
    known = catalogue_layer("hazards")
    return Layer(
        name=known.code,
        zh=known.zh,
        en=known.en,
        group=known.group,
        drawn="hazards",
        shapes=encode(frame.geometry.to_numpy(), origin),
        columns=columns,
        options=options,
        searched=known.searched,
    )


def hot_spots(frame: gpd.GeoDataFrame, origin: tuple[int, int]) -> Layer:
    """Return the places where cases gathered."""
    kinds = dictionary("hazard_kinds")
    known = frame["kind"] if "kind" in frame.columns else pd.Series("", index=frame.index)
    columns: dict[str, list[Any]] = {
        "cases": [int(value) for value in frame["cases"]],
        "kind": [_words(kinds, plain_text(code)) for code in known],
        "since": [plain_text(value) for value in frame["since"]],
        "until": [plain_text(value) for value in frame["until"]],
    }
    geometries = frame.geometry.to_numpy()
    known = catalogue_layer("hot_spots")
    return Layer(
        name=known.code,
        zh=known.zh,
        en=known.en,
        group=known.group,
        drawn="hot_spots",
        shapes=encode(geometries, origin),
        columns=columns,
        options={"colour": known.style.line},
        at=label_points(geometries, origin),
    )


def ledger_layers(ledger: LedgerContent, origin: tuple[int, int], grids: gpd.GeoDataFrame | None) -> list[Layer]:
    """Return the layers of a ledger, from the ground up."""
    layers = [] if ledger.hot_spots is None or ledger.hot_spots.empty else [hot_spots(ledger.hot_spots, origin)]
    return [*layers, hazards(ledger, origin, grids)]


def ledger_data(ledger: LedgerContent, building_codes: Sequence[str]) -> dict[str, Any]:
    """Return what the page must know beside its layers: its months, its classes, when each building was seen."""
    return {
        "stops": [[stop.month.year, stop.month.month, stop.start, stop.end] for stop in ledger.stops()],
        "states": _rows(STATES),
        "ages": _rows(AGES),
        "seen": _rows(SEEN),
        "coverage": _rows(COVERAGE),
        "results": {"fills": list(RESULT_FILLS), "shares": list(RESULT_SHARES)},
        "buildings_seen": seen_hours(ledger, building_codes) if len(ledger.seen) else None,
    }


def _rows(classes: Sequence[HazardClass]) -> list[dict[str, object]]:
    return [each.as_row() for each in classes]


def _by_frequency(kinds: pd.Series) -> list[str]:
    counted = kinds.map(plain_text).value_counts()
    return sorted(counted.index, key=lambda code: (-int(counted[code]), code))


def _kind_classes(kinds: Sequence[str]) -> list[HazardClass]:
    known, last = dictionary("hazard_kinds"), len(KIND_FILLS) - 1
    named = [known.entries.get(code) for code in kinds]
    return [
        HazardClass(f"kind_{index}", *_zh_en(entry, code), KIND_FILLS[min(index, last)])
        for index, (code, entry) in enumerate(zip(kinds, named, strict=True))
    ]


def _nature_classes(natures: Sequence[Named]) -> list[HazardClass]:
    last = len(NATURE_FILLS) - 1
    judged = [
        HazardClass(nature.code, nature.zh, nature.en, NATURE_FILLS[min(index, last)])
        for index, nature in enumerate(natures)
    ]
    return [*judged, UNJUDGED]


def _symbol(kind: str) -> str:
    """Return the character that stands for a kind of hazard."""
    entry = dictionary("hazard_kinds").entries.get(kind)
    return str(entry.extra["symbol"]) if entry else "他"


def _zh_en(entry: Entry | None, code: str) -> tuple[str, str]:
    return (entry.zh, entry.en) if entry else (code, "")


def _words(known: Dictionary, code: str) -> str:
    entry = known.entries.get(code)
    return entry.label if entry else code


def _places_in(values: pd.Series, listed: Sequence[str]) -> list[int]:
    places = {code: place for place, code in enumerate(listed)}
    return [places.get(plain_text(value), -1) for value in values]


def _hours(ledger: LedgerContent, moments: pd.Series) -> list[int | None]:
    return [None if hour != hour else int(hour) for hour in ledger.hours(moments).tolist()]


def _told_hours(ledger: LedgerContent, frame: gpd.GeoDataFrame, name: str) -> list[int | None]:
    return _hours(ledger, frame[name]) if name in frame.columns else [None] * len(frame)


def _spans(ledger: LedgerContent, frame: gpd.GeoDataFrame, name: str) -> list[list[int] | None]:
    """Return per hazard the pairs of a column as hours [from, to, from, to, ...]; None for those that have none."""
    if name not in frame.columns:
        return [None] * len(frame)
    # All moments in one go: to ask hazard by hazard took most of the time that a page of a street took.
    moments = [
        [moment for pair in pairs for moment in pair] if isinstance(pairs, (list, tuple)) else []
        for pairs in frame[name]
    ]
    hours = iter(ledger.hours(pd.Series([moment for own in moments for moment in own], dtype=object)).tolist())
    return [[int(next(hours)) for _ in own] or None for own in moments]


def _at_stops(ledger: LedgerContent, spans: list[list[int] | None]) -> list[list[int] | None]:
    """Leave out spans within which no month ends: nothing else is looked at."""
    ends = [stop.end for stop in ledger.stops()]

    def kept(own: list[int] | None) -> list[int] | None:
        pairs = zip((own or ())[::2], (own or ())[1::2], strict=True)
        found = [each for pair in pairs if bisect_right(ends, pair[0]) < bisect_right(ends, pair[1]) for each in pair]
        return found or None

    return [kept(own) for own in spans]


def _grid_of(points: gpd.GeoSeries, grids: gpd.GeoDataFrame | None) -> list[int]:
    """Return per point the first grid of the map that holds it, -1 where none does."""
    found = [-1] * len(points)
    if grids is not None and len(grids) and len(points):
        tree = shapely.STRtree(grids.geometry.to_numpy())
        point, grid = tree.query(points.to_numpy(), predicate="intersects")
        for at, holder in sorted(zip(point.tolist(), grid.tolist(), strict=True), reverse=True):
            found[at] = holder
    return found
