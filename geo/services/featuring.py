"""Use case: the living layers, and the grids of single plans, as collections of features for other tools.

A collection is a layer of the catalogue (``data/dictionaries/layers.toml``) with its properties, and what features tell
beyond tiles. Nothing of it is personal; households are counts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.services.locating import engine_of
from geo.services.reference_systems import ReferenceSystem, offered
from geo.storage import buildings, features, plans
from geo.storage.boxes import boxes_are_trusted
from geo.storage.features import Selection, Source
from geo.storage.layers import Bounds
from geo.storage.plans import PlanRecord
from geo.territory.layer_catalogue import Geometry, Property, PropertyType, catalogue_layer

__all__ = ["LAYERS", "MOST_PLANS", "Collection", "Page", "Selection"]

#: Layers that are collections, in the order in which they are listed.
LAYERS = ("streets", "communities", "grids", "cells", "compounds", "buildings", "elements", "barriers", "hazards")
#: So many plans, the newest ones, are listed with their grids; all others answer to their number as well.
MOST_PLANS = 20

_OF_PLAN = re.compile("plan-([1-9][0-9]{0,9})-(grids|cells)")
_LARGEST_ID = 2**31 - 1


def _more(name: str, zh: str, en: str, of: PropertyType = "text", words: str | None = None) -> Property:
    return Property(name, zh, en, of, words, None)


_COMMUNITY = _more("community_code", "社区编码", "code of its community")
_HOUSEHOLDS = _more("households", "户数", "households", "integer")
_REASONS = (
    _more("reason_code", "户数超出范围的原因代码", "code of why its households are out of range"),
    _more("reason", "户数超出范围的原因", "why its households are out of range"),
)
#: What features tell beyond what tiles do.
_MORE: Mapping[str, tuple[Property, ...]] = MappingProxyType(
    {
        "grids": (_COMMUNITY, _HOUSEHOLDS, *_REASONS),
        "cells": (_HOUSEHOLDS, *_REASONS),
        "buildings": (
            _HOUSEHOLDS,
            _more("households_source", "户数来源", "where the count comes from", "text", "household_sources"),
        ),
        "hazards": (
            _COMMUNITY,
            _more("grid_code", "网格编码", "code of the grid it was found in"),
            _more("found_at", "发现时间", "found at", "moment"),
        ),
    }
)
#: What is counted when it is told, or is a sentence: nobody asks for features by it.
_NOT_ASKED = frozenset({"households", "households_source", "reason"})
_MOMENTS: Mapping[str, str] = MappingProxyType({"hazards": "found_at"})


@dataclass(frozen=True)
class Collection:
    """One collection of features.

    Attributes
    ----------
    layer
        The layer of the catalogue that it is made of, and looks like.
    geometry
        As the catalogue says it.
    plan
        The plan it is of; None for what is there today.
    """

    id: str
    zh: str
    en: str
    layer: str
    geometry: Geometry
    properties: tuple[Property, ...]
    source: Source
    plan: PlanRecord | None = None

    @property
    def asked(self) -> dict[str, Property]:
        """The properties by whose values features can be asked for."""
        return asked_of(self.layer)

    @property
    def key(self) -> str:
        """Name of the property that tells features apart."""
        return self.properties[0].name


@dataclass(frozen=True)
class Page:
    """One page of features: EPSG:4326, and the key after which the next page begins, where one follows.

    ``matched`` counts what is on all pages; on the first page alone, since counting takes as long as reading.
    """

    frame: gpd.GeoDataFrame
    matched: int | None
    following: str | None


def asked_of(layer: str) -> dict[str, Property]:
    """Return the properties of a layer by whose values features can be asked for."""
    plain = (told for told in _properties(layer) if told.type in ("text", "integer"))
    return {told.name: told for told in plain if told.name not in _NOT_ASKED}


def collections(session: Session) -> list[Collection]:
    """Return the collections: the layers of today, then grids and cells of the newest plans that the actor may see."""
    newest = plans.list_plans(session, tier="grid", limit=MOST_PLANS)
    with_cells = features.plans_with_cells(session, [plan.id for plan in newest])
    of_plans = [_of_plan("grids", plan) for plan in newest]
    of_plans += [_of_plan("cells", plan) for plan in newest if plan.id in with_cells]
    return [*(_of_today(layer) for layer in LAYERS), *of_plans]


def collection(session: Session, name: str) -> Collection:
    """Return a collection by its name: of :data:`LAYERS`, or such as ``plan-12-grids``.

    Raises
    ------
    NotFoundError
        There is none of this name, or no such plan.
    """
    if name in LAYERS:
        return _of_today(name)
    named = _OF_PLAN.fullmatch(name)
    if named and int(named[1]) <= _LARGEST_ID:
        plan = plans.read_plan(session, int(named[1]))
        if plan.tier == "grid":
            return _of_plan(named[2], plan)
    listed = ", ".join(LAYERS)
    raise NotFoundError(
        f"没有这个数据集;可用:{listed},或某方案的 plan-编号-grids、plan-编号-cells",
        f"there is no such collection; there are {listed}, and plan-N-grids and plan-N-cells of plan N",
    )


def page_of(session: Session, of: Collection, wanted: Selection, *, limit: int, after: str | None) -> Page:
    """Return up to ``limit`` features that follow the one with the key ``after``."""
    wanted = replace(wanted, near=_near(session, of, wanted.boxes))
    frame = features.read(session, of.source, wanted, limit=limit + 1, after=after)
    shown = _counted(session, of, frame.head(limit))
    following = str(shown[of.key].iloc[-1]) if len(frame) > limit else None
    if after is not None:
        return Page(shown, None, following)
    matched = features.count(session, of.source, wanted) if following is not None else len(shown)
    return Page(shown, matched, following)


def feature_of(session: Session, of: Collection, key: str) -> gpd.GeoDataFrame:
    """Return one feature, as a frame of one row.

    Raises
    ------
    NotFoundError
        The collection has none with this key.
    """
    frame = features.read_one(session, of.source, key)
    if frame.empty:
        raise NotFoundError(f"{of.zh}中没有 {key}", f"there is no {key} in {of.id}")
    return _counted(session, of, frame)


def extent_of(session: Session, of: Collection | None = None) -> Bounds | None:
    """Return what the streets and communities take up that a collection lies in; of none, all that the actor sees."""
    return features.territory(session, of.plan.scope_code if of is not None and of.plan is not None else "")


def systems_of(session: Session) -> Sequence[ReferenceSystem]:
    """Return the coordinate systems that features are given out in; the first one unless another is asked for."""
    return offered(extent_of(session))


def selection(
    *, boxes: Sequence[Bounds] = (), values: Mapping[str, str | int], since: datetime | None, until: datetime | None
) -> Selection:
    """Say which features are wanted; see :class:`~geo.storage.features.Selection`."""
    return Selection(tuple(boxes), values, since, until)


def _near(session: Session, of: Collection, boxes: Sequence[Bounds]) -> tuple[str, ...] | None:
    """Look up what lies round some boxes, for somebody whom rules of rows bind; see ``storage/tiles``."""
    if not boxes or "actor" not in session.info or boxes_are_trusted(engine_of(session)):
        return None
    with engine_of(session).connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
        return features.read_near(owner, of.layer, boxes)


def _of_today(layer: str) -> Collection:
    told = catalogue_layer(layer)
    properties = _properties(layer)
    source = features.of_layer(layer, tuple(each.name for each in properties), _MOMENTS.get(layer))
    return Collection(layer, told.zh, told.en, layer, told.geometry, properties, source)


def _of_plan(layer: str, plan: PlanRecord) -> Collection:
    told = catalogue_layer(layer)
    properties = _properties(layer)
    return Collection(
        f"plan-{plan.id}-{layer}",
        f"{told.zh}({plan.name})",
        f"{told.en} of plan {plan.id}",
        layer,
        told.geometry,
        properties,
        features.of_plan(layer, tuple(each.name for each in properties), plan.id),
        plan,
    )


def _properties(layer: str) -> tuple[Property, ...]:
    """What the catalogue says of a layer's rows, and what is told beyond it; first what tells them apart."""
    known = catalogue_layer(layer).properties
    names = {told.name for told in known}
    return (*known, *(told for told in _MORE.get(layer, ()) if told.name not in names))


def _counted(session: Session, of: Collection, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A building's households are those that count, as plans count them."""
    if of.layer != "buildings" or frame.empty:
        return frame
    counted = buildings.read_buildings(session, codes=frame["code"].tolist()).set_index("code")
    columns = {name: frame["code"].map(counted[name].astype(object)) for name in ("households", "households_source")}
    return frame.assign(**columns)
