"""Frames in, drawable layers out: which columns are read, how each layer is called, drawn and found.

Pure: the same content gives the same layers. A layer is data and options; ``static/painter.js`` draws it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.territory.dictionaries import dictionary
from geo.territory.layer_catalogue import Group, catalogue_layer
from geo.territory.map_content import MapContent
from maps.encoding import MICRO, Shapes, encode, label_points
from maps.escaping import plain_text
from maps.styles import NOT_LIVED_IN, OLD_GRID_LINES, HouseholdClass, class_of

Drawn = Literal[
    "grids", "cells", "communities", "compounds", "buildings", "lines", "elements", "old_grids", "hot_spots", "hazards"
]


@dataclass(frozen=True)
class Layer:
    """One switchable layer of the page.

    Attributes
    ----------
    drawn
        How the painter draws it; also its place between the others.
    columns
        Per column one value per feature: text, a number, or None.
    at
        Where labels sit, ``[x, y]`` per feature; empty when the layer has none.
    searched
        Columns in which the search looks.
    """

    name: str
    zh: str
    en: str
    group: Group
    drawn: Drawn
    shapes: Shapes
    columns: dict[str, list[Any]]
    options: dict[str, Any] = field(default_factory=dict)
    at: list[list[int]] = field(default_factory=list)
    searched: tuple[str, ...] = ()
    visible: bool = True

    def __len__(self) -> int:
        return len(self.shapes.kinds)

    def as_row(self) -> dict[str, Any]:
        """Return the layer for the page."""
        return {
            "name": self.name,
            "zh": self.zh,
            "en": self.en,
            "group": self.group,
            "drawn": self.drawn,
            "shapes": self.shapes.as_row(),
            "columns": self.columns,
            "options": self.options,
            "at": self.at,
            "searched": list(self.searched),
            "visible": self.visible,
        }


@dataclass(frozen=True)
class Extent:
    """Bounds of everything shown, in degrees (lon, lat)."""

    west: float
    south: float
    east: float
    north: float

    @property
    def origin(self) -> tuple[int, int]:
        """The south-west corner in micro-degrees; shapes are counted from here."""
        return round(self.west * MICRO), round(self.south * MICRO)


def extent_of(content: MapContent) -> Extent | None:
    """Return the bounds of the plan: its grids, else its communities, else all that is there."""
    frames = content.frames()
    chosen = [frames[name] for name in ("grids", "communities") if name in frames] or list(frames.values())
    bounds = np.array([frame.total_bounds for frame in chosen])
    bounds = bounds[np.isfinite(bounds).all(axis=1)] if len(bounds) else bounds
    if not len(bounds):
        return None
    return Extent(*bounds[:, :2].min(axis=0).tolist(), *bounds[:, 2:].max(axis=0).tolist())


def layers_of(content: MapContent, origin: tuple[int, int], classes: Sequence[HouseholdClass]) -> list[Layer]:
    """Return the layers of a content in drawing order, from the ground up; absent frames give none."""
    frames = content.frames()
    makers: dict[str, Callable[[gpd.GeoDataFrame], list[Layer]]] = {
        "communities": lambda frame: [communities(frame, origin)],
        "compounds": lambda frame: [compounds(frame, origin)],
        "grids": lambda frame: [grids(frame, origin, classes)],
        "cells": lambda frame: [cells(frame, origin)],
        "barriers": lambda frame: barriers(frame, origin),
        "buildings": lambda frame: [buildings(frame, origin, content)],
        "city_elements": lambda frame: city_elements(frame, origin),
    }
    layers = [layer for name, maker in makers.items() if name in frames for layer in maker(frames[name])]
    for index, (department, frame) in enumerate(content.old_grids.items()):
        if len(frame):
            layers.append(old_grids(department, frame, index, origin))
    return layers


def grids(frame: gpd.GeoDataFrame, origin: tuple[int, int], classes: Sequence[HouseholdClass]) -> Layer:
    """Return the plan's grids, each with the index of its household class (-1: unknown)."""
    households = _numbers(frame, "households")
    keys = [each.key for each in classes]
    in_class = [class_of(value, classes).key for value in households]
    columns: dict[str, list[Any]] = {
        "code": _texts(frame, "code"),
        "short": short_numbers(_texts(frame, "code")),
        "households": households,
        "class": [keys.index(key) if key in keys else -1 for key in in_class],
        **_optional(frame, ("name", "community_code", "reason", "reason_en"), _texts),
    }
    if "contiguous" in frame.columns:
        columns["contiguous"] = [bool(value) for value in frame["contiguous"].fillna(True)]
    return _listed("grids", frame, origin, columns)


def cells(frame: gpd.GeoDataFrame, origin: tuple[int, int]) -> Layer:
    """Return the linked-household cells, each by what its code adds to its grid's."""
    codes = _texts(frame, "code")
    of_grid = _texts(frame, "grid_code") if "grid_code" in frame.columns else [""] * len(frame)
    columns: dict[str, list[Any]] = {
        "code": codes,
        "short": [
            code.removeprefix(grid).lstrip("-_/ ") or code if grid else _short_number(code)
            for code, grid in zip(codes, of_grid, strict=True)
        ],
        "households": _numbers(frame, "households"),
        **_optional(frame, ("grid_code", "reason", "reason_en"), _texts),
    }
    if "in_range" in frame.columns:
        columns["in_range"] = [bool(value) for value in frame["in_range"].fillna(True)]
    return _listed("cells", frame, origin, columns)


def communities(frame: gpd.GeoDataFrame, origin: tuple[int, int]) -> Layer:
    """Return the communities."""
    columns = {"code": _texts(frame, "code"), "name": _texts(frame, "name")}
    return _listed("communities", frame, origin, columns)


def compounds(frame: gpd.GeoDataFrame, origin: tuple[int, int]) -> Layer:
    """Return the residential compounds."""
    columns = {"name": _texts(frame, "name"), **_optional(frame, ("kind",), _texts)}
    return _listed("compounds", frame, origin, columns)


def buildings(frame: gpd.GeoDataFrame, origin: tuple[int, int], content: MapContent) -> Layer:
    """Return the buildings with their counts; points are drawn as discs, areas as footprints."""
    columns: dict[str, list[Any]] = {
        "households": _numbers(frame, "households"),
        **_optional(frame, ("code", "name", "address", "kind", "households_source"), _texts),
        **_optional(frame, ("floors",), _numbers),
    }
    order = {} if content.grids is None else {code: i for i, code in enumerate(_texts(content.grids, "code"))}
    for name, column in (("grid_code", "grid"), ("keeps_out_of_range", "blocks")):
        if name in frame.columns:
            columns[column] = [order.get(code, -1) for code in _texts(frame, name)]
    if content.stairwells is not None and "code" in columns:
        columns["stairwells"] = _stairwells_of(columns["code"], content)
    options: dict[str, Any] = {}
    if "kind" in columns:
        options["paler"] = sorted(NOT_LIVED_IN & set(columns["kind"]))
    return _listed("buildings", frame, origin, columns, options=options)


def _stairwells_of(codes: Sequence[str], content: MapContent) -> list[list[list[Any]] | None]:
    """Return per building its stairwells as ``[name, households, short number of its own grid or ""]``."""
    stairwells = content.stairwells
    assert stairwells is not None
    divided = "grid_code" in stairwells.columns
    grids = short_numbers(_texts(stairwells, "grid_code")) if divided else [""] * len(stairwells)
    rows: dict[str, list[list[Any]]] = {}
    columns = (_texts(stairwells, "building_code"), _texts(stairwells, "name"), _numbers(stairwells, "households"))
    for building, name, households, grid in zip(*columns, grids, strict=True):
        rows.setdefault(building, []).append([name, households, grid])
    return [rows.get(code) for code in codes]


def barriers(frame: gpd.GeoDataFrame, origin: tuple[int, int]) -> list[Layer]:
    """Return rivers, roads, railways and walls, one layer each, narrow ones first so that wide ones lie above."""
    known = catalogue_layer("barriers")
    kinds = dictionary("barrier_kinds")
    layers = []
    for part in known.parts:
        chosen = frame[frame["kind"].isin(part.kinds)]
        if chosen.empty:
            continue
        chosen = chosen.iloc[np.argsort([part.kinds.index(kind) for kind in chosen["kind"]], kind="stable")]
        columns = {"kind": _texts(chosen, "kind"), **_optional(chosen, ("name",), _texts)}
        widths = {code: kinds[code].extra["width_m"] for code in part.kinds}
        layers.append(
            _layer(
                part.code,
                part.zh,
                part.en,
                known.group,
                "lines",
                chosen,
                origin,
                columns,
                options={"width_m": widths, "drawn_as": part.code},
                searched=known.searched if part.searched else (),
            )
        )
    return layers


def city_elements(frame: gpd.GeoDataFrame, origin: tuple[int, int]) -> list[Layer]:
    """Return one layer per kind of city element, with its symbol and colour from ``element_kinds``."""
    listed = catalogue_layer("elements")
    known = dictionary("element_kinds")
    kind = frame["kind"].where(frame["kind"].isin(list(known.entries)), "other")
    layers = []
    for code, entry in known.entries.items():
        chosen = frame[kind == code]
        if chosen.empty:
            continue
        columns = _optional(chosen, ("name", "address"), _texts)
        options = {"symbol": entry.extra["symbol"], "colour": entry.extra["colour"]}
        layers.append(
            _layer(
                f"element_{code}",
                entry.zh,
                entry.en,
                listed.group,
                "elements",
                chosen,
                origin,
                columns,
                options=options,
                searched=listed.searched,
                at=listed.labelled,
            )
        )
    return layers


def old_grids(department: str, frame: gpd.GeoDataFrame, index: int, origin: tuple[int, int]) -> Layer:
    """Return one department's earlier grids, switched off until asked for."""
    colour, dash = OLD_GRID_LINES[index % len(OLD_GRID_LINES)]
    columns: dict[str, list[Any]] = {
        "code": _texts(frame, "code"),
        **_optional(frame, ("name",), _texts),
        **_optional(frame, ("households",), _numbers),
    }
    known = catalogue_layer("old_grids")
    return _layer(
        f"old_grids_{index}",
        plain_text(department) or known.zh,
        known.en,
        known.group,
        "old_grids",
        frame,
        origin,
        columns,
        options={"colour": colour, "dash": list(dash)},
        at=known.labelled,
        visible=known.visible,
    )


def short_numbers(codes: Sequence[str]) -> list[str]:
    """Return what tells grids apart at a glance: the sequence number of a 15-digit code, else the code's last part."""
    return [_short_number(code) for code in codes]


def _short_number(code: str) -> str:
    if re.fullmatch(r"\d{15}", code):
        return code[-3:]
    tail = re.split(r"[-_/ ]", code)[-1]
    return tail if 0 < len(tail) <= 6 else code[-6:]


def _listed(
    name: Literal["communities", "compounds", "grids", "cells", "buildings"],
    frame: gpd.GeoDataFrame,
    origin: tuple[int, int],
    columns: dict[str, list[Any]],
    *,
    options: dict[str, Any] | None = None,
) -> Layer:
    """Return a layer that is drawn, called and searched as the catalogue has it."""
    known = catalogue_layer(name)
    return _layer(
        name,
        known.zh,
        known.en,
        known.group,
        name,
        frame,
        origin,
        columns,
        options=options,
        searched=known.searched,
        at=known.labelled,
        visible=known.visible,
    )


def _layer(
    name: str,
    zh: str,
    en: str,
    group: Group,
    drawn: Drawn,
    frame: gpd.GeoDataFrame,
    origin: tuple[int, int],
    columns: dict[str, list[Any]],
    *,
    options: dict[str, Any] | None = None,
    searched: tuple[str, ...] = (),
    at: bool = False,
    visible: bool = True,
) -> Layer:
    geometries = frame.geometry.to_numpy()
    return Layer(
        name=name,
        zh=zh,
        en=en,
        group=group,
        drawn=drawn,
        shapes=encode(geometries, origin),
        columns=columns,
        options=options or {},
        at=label_points(geometries, origin) if at else [],
        searched=tuple(column for column in searched if column in columns),
        visible=visible,
    )


def _optional(
    frame: pd.DataFrame, names: Sequence[str], read: Callable[[pd.DataFrame, str], list[Any]]
) -> dict[str, list[Any]]:
    """Return those of the columns that are there and hold at least one value."""
    return {name: read(frame, name) for name in names if name in frame.columns and frame[name].notna().any()}


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    return [plain_text(value) for value in frame[name].tolist()]


def _numbers(frame: pd.DataFrame, name: str) -> list[int | None]:
    values = pd.to_numeric(frame[name], errors="coerce").replace([np.inf, -np.inf], np.nan)
    return [None if value != value else round(value) for value in values.astype(float).tolist()]
