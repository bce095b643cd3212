"""Layers as vector tiles, cut by PostGIS (``ST_AsMVT``), the farther off the plainer.

The search box is bound as plain numbers, in the stored system: only so is the spatial index used. Where the database
does not trust boxes (``boxes``), it uses none for a person: what lies round a box is then looked up first, by the
store's owner: the communities (or rows) there, which an index finds again under the rules of rows. What a tile holds is
what the session's actor may see.

Near by, a tile is an even piece of degrees: a quarter of a step is the most that the curve of Web Mercator makes within
one (0.14 steps at level 13 in Shenzhen, 0.35 at 60° north), so that shapes need not be transformed one by one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Float,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import UserDefinedType

from geo.storage.database import IN_BINARY
from geo.storage.declaring import SRID
from geo.storage.ledger_tables import Inspection, LedgerCase
from geo.storage.tables import (
    Assignment,
    Barrier,
    Building,
    Cell,
    CityElement,
    Community,
    Compound,
    Grid,
    Plan,
    Street,
)
from geo.territory.layer_catalogue import CatalogueLayer, catalogue_layer

Extent = tuple[float, float, float, float]  # west, south, east, north

#: Steps along a tile's side, and how many of them what is drawn may reach over its edge, so that no border shows there.
SIDE, BUFFER = 4096, 96
#: Far off, where shapes are drawn plainer, a side has so many steps: half a pixel each on a tile of 512.
PLAIN_SIDE = 1024
#: What is joined to points is joined in so many squares along a tile's side: one every 16 pixels of 512.
SQUARES = 32
#: More rows of one layer than this are joined at any level: what nobody can tell apart, nobody has to wait for.
MOST_ROWS = 40_000
#: From this level on a tile is an even piece of degrees, to a part of a step.
EVEN_FROM = 13
_WEB_MERCATOR = 3857
_CHINA = "Asia/Shanghai"


@dataclass(frozen=True)
class Square:
    """A tile of the web's grid.

    Attributes
    ----------
    level
        z.
    metres
        In EPSG:3857.
    degrees
        The same in EPSG:4326.
    """

    level: int
    metres: Extent
    degrees: Extent

    @property
    def wide(self) -> Extent:
        """The degrees with what is drawn over the edge."""
        west, south, east, north = self.degrees
        across, up = (east - west) * BUFFER / SIDE, (north - south) * BUFFER / SIDE
        return max(-180.0, west - across), max(-90.0, south - up), min(180.0, east + across), min(90.0, north + up)


@dataclass(frozen=True)
class Piece:
    """One layer's part of a tile.

    Attributes
    ----------
    content
        A layer of Mapbox Vector Tile 2.1; empty where nothing is drawn.
    left_out
        Rows that lie in the tile and are not drawn: too small to be seen, or of a kind that later levels show.
    joined
        Rows that are told as points that count them, each once; None where each is drawn by itself.
    """

    content: bytes
    left_out: int = 0
    joined: int | None = None


@dataclass(frozen=True)
class Source:
    """Where a layer's rows are.

    Attributes
    ----------
    rows
        The table.
    present
        Which rows are there today.
    near
        A column whose values an index finds, told apart by which communities (or rows) lie round a box.
    own
        Whether rules of rows ask of a row's own community alone, and nothing of others.
    of_plan
        Which rows are those of the plan ``:plan``; None for layers that no plan has.
    made
        Properties that are no columns.
    """

    rows: Any
    present: Callable[[Any], ColumnElement[bool]]
    near: str
    own: bool = False
    of_plan: Callable[[Any], ColumnElement[bool]] | None = None
    made: Mapping[str, Callable[[Any], ColumnElement[Any]]] = field(default_factory=dict)

    def told(self, names: Sequence[str]) -> list[ColumnElement[Any]]:
        """Return the properties with these names."""
        rows = self.rows
        return [self.made[name](rows).label(name) if name in self.made else getattr(rows, name) for name in names]


def read_near(owner: Connection, layer: str, square: Square) -> list[Any]:
    """Return what an index finds the rows round a tile by; for the store's owner, whom no rules bind."""
    return list(owner.scalars(_near(layer), _values(square)))


#: Asks some queries with the same values; returns the first row of each.
Ask = Callable[[Sequence[Select[Any]], Mapping[str, Any]], Sequence[Sequence[Any]]]


def asking(session: Session) -> Ask:
    """Return what asks queries in a session, one after another."""
    return lambda queries, values: [session.execute(query, values).one() for query in queries]


def cut(
    ask: Ask,
    layers: Sequence[str],
    square: Square,
    *,
    near: Sequence[Any] | None = None,
    plan_id: int | None = None,
) -> dict[str, Piece]:
    """Cut some layers of a tile.

    Parameters
    ----------
    ask
        Asks all that the layers need together.
    near
        What :func:`read_near` returned, which is of one layer; None looks at every row that is seen, which is as right
        and takes longer.
    plan_id
        The plan whose grids or cells are meant; None means those in force.
    """
    values = _values(square, near=near, plan=plan_id)
    shape = {"near": near is not None, "of_plan": plan_id is not None}

    def told(queries: Mapping[str, Sequence[Select[Any]]]) -> dict[str, list[Sequence[Any]]]:
        rows = iter(ask([query for each in queries.values() for query in each], values))
        return {layer: list(islice(rows, len(each))) for layer, each in queries.items()}

    level = square.level
    drawn = {layer: _drawing(layer, level, **shape) for layer in layers if _is_drawn(layer, level)}
    joined = {layer: [_joined(layer, level, **shape)] for layer in layers if layer not in drawn}
    rows = told({**drawn, **joined})
    crowded = {layer: [_joined(layer, level, **shape)] for layer in drawn if rows[layer][0][2] > MOST_ROWS}
    if crowded:
        rows |= told(crowded)
        joined |= crowded
    return {layer: _of_joined(rows[layer]) if layer in joined else _of_drawn(rows[layer]) for layer in layers}


def _is_drawn(layer: str, level: int) -> bool:
    """Whether rows are drawn one by one, if they are not too many."""
    levels = catalogue_layer(layer).levels
    assert levels is not None, f"{layer} has no tiles"
    return level >= levels.whole or levels.below == "plain"


def _drawing(layer: str, level: int, *, near: bool, of_plan: bool) -> list[Select[Any]]:
    shape = {"near": near, "of_plan": of_plan}
    hidden = [_hidden(layer, level, **shape)] if _kinds(layer, level, shown=False) else []
    return [_drawn(layer, level, **shape), *hidden]


def _of_drawn(rows: Sequence[Sequence[Any]]) -> Piece:
    (content, left_out, _), *hidden = rows
    return Piece(bytes(content or b""), left_out + sum(count for (count,) in hidden))


def _of_joined(rows: Sequence[Sequence[Any]]) -> Piece:
    ((content, joined),) = rows
    return Piece(bytes(content or b""), joined=int(joined or 0))


def draw(session: Session, layer: str, square: Square, rows: Sequence[Mapping[str, Any]]) -> Piece:
    """Cut a layer of a tile out of shapes that are in no table.

    Parameters
    ----------
    rows
        The properties of each, in the order in which the catalogue has them, and its ``wkb`` (hexadecimal, EPSG:4326).
    """
    names = catalogue_layer(layer).told_at(square.level)
    types = {"text": Text, "integer": Integer, "number": Float}
    told: dict[str, Any] = {each.name: types.get(each.type, Text) for each in catalogue_layer(layer).properties}
    columns: list[Any] = [column(name, told[name]) for name in names]
    given = (
        func.jsonb_to_recordset(cast(bindparam("rows", type_=JSONB), JSONB))
        .table_valued(*columns, column("wkb", Text), name="given")
        .render_derived(with_types=True)
    )
    whole = func.ST_Transform(func.ST_GeomFromWKB(func.decode(given.c.wkb, "hex"), SRID, type_=None), _WEB_MERCATOR)
    cut_to = func.ST_AsMVTGeom(whole, _box("metres", _WEB_MERCATOR), SIDE, BUFFER, type_=None)
    drawn = select(*(given.c[name] for name in names), cut_to.label("shape")).subquery("drawn")
    made = select(func.ST_AsMVT(literal_column("drawn"), layer, SIDE, "shape", type_=None))
    there = made.select_from(drawn).where(drawn.c.shape.is_not(None))
    return Piece(bytes(session.scalar(there, {**_values(square), "rows": list(rows)}) or b""))


def _values(square: Square, *, near: Sequence[Any] | None = None, plan: int | None = None) -> dict[str, Any]:
    boxes = {"box": square.degrees, "wide": square.wide, "metres": square.metres}
    sides = ("west", "south", "east", "north")
    values = {f"{name}_{side}": value for name, box in boxes.items() for side, value in zip(sides, box, strict=True)}
    return {**values, "near": None if near is None else list(near), "plan": plan}


def _box(name: str, srid: int = SRID) -> ColumnElement[Any]:
    corners = [bindparam(f"{name}_{side}", type_=Float) for side in ("west", "south", "east", "north")]
    made: ColumnElement[Any] = func.ST_MakeEnvelope(*corners, srid, type_=None)
    return made


@cache
def _near(layer: str) -> Select[Any]:
    source = SOURCES[layer]
    by = getattr(source.rows, source.near)
    return select(by).where(source.rows.geom.bool_op("&&")(_box("wide"))).distinct().order_by(by)


@cache
def _drawn(layer: str, level: int, *, near: bool, of_plan: bool) -> Select[Any]:
    """Rows one by one: the tile, how many were too small for it, how many there were."""
    source, known = SOURCES[layer], catalogue_layer(layer)
    side = SIDE if known.levels is None or level >= known.levels.whole else PLAIN_SIDE
    rows, names = source.rows, known.told_at(level)
    is_small = _is_small(known, level)
    cut_to = _even(rows.geom) if is_small else _clipped(rows.geom, level, side)
    found = (
        select(*source.told(names), cut_to.label("shape"), rows.geom.label("ground"))
        .where(*_there(source, known, level, near=near, of_plan=of_plan))
        .limit(MOST_ROWS + 1)
        .subquery("found")
    )
    # In order, so that what has not changed is the same tile, byte by byte.
    found = select(found).order_by(found.c[names[0]]).subquery("found")
    drawn = select(*(found.c[name] for name in names), found.c.shape).correlate(found).lateral("drawn")
    drawable: ColumnElement[bool] = found.c.shape.is_not(None)
    if not is_small:
        drawable = and_(drawable, not_(func.ST_IsEmpty(found.c.shape, type_=Boolean)))
    lost = case((not_(drawable), func.ST_Intersects(found.c.ground, _box("box"), type_=Boolean)), else_=False)
    made = func.ST_AsMVT(literal_column("drawn"), layer, side, "shape", type_=None)
    told = select(made.filter(drawable), func.count().filter(lost), func.count().label("found"))
    return told.select_from(found.join(drawn, true())).execution_options(**IN_BINARY)


def _is_small(known: CatalogueLayer, level: int) -> bool:
    """Whether shapes are no larger than what may reach over a tile's edge, and a tile an even piece of degrees."""
    assert known.levels is not None
    return known.geometry in ("site", "point") and level >= max(EVEN_FROM, known.levels.whole)


def _even(geom: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a small shape in steps of a tile, whole, its outer rings clockwise on the screen as the format has them.

    NULL where it is too small for a step.

    ``ST_AsMVTGeom`` would cut it at the edge and mend what rounding does to its rings, which takes three times as long
    as all the rest: a footprint is drawn the same without.
    """
    west, south, east, north = (bindparam(f"box_{side}", type_=Float) for side in ("west", "south", "east", "north"))
    across, down = literal(float(SIDE)) / (east - west), literal(float(SIDE)) / (south - north)
    turned = func.ST_ForcePolygonCW(geom, type_=None)
    moved = func.ST_TransScale(turned, -west, -north, across, down, type_=None)
    snapped: ColumnElement[Any] = func.ST_SnapToGrid(moved, 0, 0, 1, 1, type_=None)
    return snapped


def _clipped(geom: ColumnElement[Any], level: int, side: int) -> ColumnElement[Any]:
    """Return a shape in steps of a tile, cut off behind its edge; of coarse steps only the corners that they tell."""
    buffer = BUFFER * side // SIDE
    shape, box = (geom, _box("box")) if level >= EVEN_FROM else (
        func.ST_Transform(geom, _WEB_MERCATOR, type_=None), _box("metres", _WEB_MERCATOR)
    )  # fmt: skip
    clipped: ColumnElement[Any] = func.ST_AsMVTGeom(shape, box, side, buffer, type_=None)
    return clipped


@cache
def _hidden(layer: str, level: int, *, near: bool, of_plan: bool) -> Select[Any]:
    """How many rows of a tile are of kinds that later levels show."""
    source, known = SOURCES[layer], catalogue_layer(layer)
    there = _there(source, known, level, near=near, of_plan=of_plan, shown=False)
    return (
        select(func.count()).select_from(source.rows).where(*there, func.ST_Intersects(source.rows.geom, _box("box")))
    )


@cache
def _joined(layer: str, level: int, *, near: bool, of_plan: bool) -> Select[Any]:
    """Rows joined to points in the middle of those in each square, by the middle of their boxes: each in one tile."""
    source, known = SOURCES[layer], catalogue_layer(layer)
    west, south, east, north = (bindparam(f"box_{side}", type_=Float) for side in ("west", "south", "east", "north"))
    box = cast(source.rows.geom, _Box)
    middles = (
        select(
            ((_corner("X", "Min", box) + _corner("X", "Max", box)) * literal(0.5, Float)).label("x"),
            ((_corner("Y", "Min", box) + _corner("Y", "Max", box)) * literal(0.5, Float)).label("y"),
        )
        .where(*_there(source, known, level, near=near, of_plan=of_plan))
        .offset(0)  # each middle is worked out once
        .subquery("middles")
    )
    x, y = middles.c.x, middles.c.y
    across = func.floor((x - west) / (east - west) * SQUARES)
    up = func.floor((y - south) / (north - south) * SQUARES)
    point = func.ST_SetSRID(func.ST_MakePoint(func.avg(x), func.avg(y), type_=None), SRID, type_=None)
    squares = (
        select(
            func.count().label("count"), func.ST_AsMVTGeom(point, _box("box"), SIDE, BUFFER, type_=None).label("shape")
        )
        .where(x >= west, x < east, y > south, y <= north)
        .group_by(across, up)
        .order_by(across, up)
        .subquery("squares")
    )
    made = func.ST_AsMVT(literal_column("squares"), layer, SIDE, "shape", type_=None)
    return select(made, func.sum(squares.c.count)).select_from(squares)


class _Box(UserDefinedType[Any]):
    """PostGIS's box of a shape, which is kept beside it and costs nothing to read."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "box2d"


def _corner(axis: str, end: str, box: ColumnElement[Any]) -> ColumnElement[float]:
    return getattr(func, f"ST_{axis}{end}")(box, type_=Float)  # type: ignore[no-any-return]


def _there(
    source: Source, known: CatalogueLayer, level: int, *, near: bool, of_plan: bool, shown: bool = True
) -> list[ColumnElement[bool]]:
    """Conditions of the rows round a tile."""
    rows = source.rows
    present = source.of_plan if of_plan else source.present
    assert present is not None, f"no plan has {known.code}"
    there: list[ColumnElement[bool]] = [rows.geom.bool_op("&&")(_box("wide")), present(rows)]
    if known.days is not None:
        there.append(rows.inspected_at > func.now() - func.make_interval(0, 0, 0, known.days))
    if near:
        by = getattr(rows, source.near)
        there.append(by == func.any(bindparam("near", type_=ARRAY(by.type))))
    if kinds := _kinds(known.code, level, shown=False):
        there.append(rows.kind.not_in(kinds) if shown else rows.kind.in_(kinds))
    return there


def _kinds(layer: str, level: int, *, shown: bool) -> list[str]:
    """Return the kinds that a level shows, or those that it leaves to later ones."""
    levels = catalogue_layer(layer).levels
    assert levels is not None
    return [kind for kind, first in levels.kinds.items() if (level >= first) == shown]


def _living(rows: Any) -> ColumnElement[bool]:
    living: ColumnElement[bool] = rows.ended_at.is_(None)
    return living


def _in_force(grid: Any) -> ColumnElement[bool]:
    """The grids of ``sql/network.sql``, told row by row: its twin for today."""
    return and_(grid.plan_id == _ruling(grid.community_code), or_(not_(_of_ended(grid)), _still_needed(grid)))


def _ruling(community_code: ColumnElement[str]) -> ColumnElement[int]:
    """The plan adopted last whose scope holds a community."""
    return (
        select(Plan.id)
        .where(_adopted(Plan), func.starts_with(community_code, Plan.scope_code))
        .order_by(Plan.adopted_at.desc(), Plan.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _adopted(plan: Any) -> ColumnElement[bool]:
    return and_(plan.tier == "grid", plan.department == "", plan.state == "adopted")


def _of_ended(grid: Any) -> ColumnElement[bool]:
    return exists().where(Community.code == grid.community_code, Community.ended_at.is_not(None))


def _still_needed(grid: Any) -> ColumnElement[bool]:
    """Whether newer plans have not yet drawn all buildings of a grid, or its plan names none."""
    held, later, ruling, newer = aliased(Assignment), aliased(Assignment), aliased(Plan), aliased(Plan)
    drawn_anew = (
        select(1)
        .select_from(later)
        .join(newer, and_(newer.id == later.plan_id, _adopted(newer)))
        .join(ruling, ruling.id == grid.plan_id)
        .where(
            later.building_code == held.building_code,
            or_(
                newer.adopted_at > ruling.adopted_at,
                and_(newer.adopted_at == ruling.adopted_at, newer.id > ruling.id),
            ),
        )
        .correlate(held, grid)
        .exists()
    )
    left = select(1).where(held.grid_id == grid.id, not_(drawn_anew)).correlate(grid).exists()
    named = select(1).where(held.plan_id == grid.plan_id).correlate(grid).exists()
    return or_(left, not_(named))


def _of_grid_in_force(cell: Any) -> ColumnElement[bool]:
    return exists().where(Grid.id == cell.grid_id, _in_force(Grid))


def _live_hazard(case: Any) -> ColumnElement[bool]:
    """Hazards that are not done with. Of whom they are, or what was written of them, is in no tile."""
    return and_(case.workflow == "hazard", case.state.in_(("open", "paused")))


def _of_plan(grid: Any) -> ColumnElement[bool]:
    return _equals_plan(grid.plan_id)


def _of_grid_of_plan(cell: Any) -> ColumnElement[bool]:
    return exists().where(Grid.id == cell.grid_id, _equals_plan(Grid.plan_id))


def _equals_plan(column: Any) -> ColumnElement[bool]:
    same: ColumnElement[bool] = column == bindparam("plan", type_=BigInteger)
    return same


def _always(_rows: Any) -> ColumnElement[bool]:
    return true()


def _seen_at(building: Any) -> ColumnElement[Any]:
    """When somebody last got in somewhere in a building, in China."""
    return (
        select(func.timezone(_CHINA, func.max(Inspection.inspected_at)))
        .where(Inspection.building_code == building.code, Inspection.result != "no_access")
        .correlate(building)
        .scalar_subquery()
    )


def _last_seen(building: Any) -> ColumnElement[Any]:
    return cast(cast(_seen_at(building), Date), Text)


def _days_since(building: Any) -> ColumnElement[Any]:
    return cast(func.timezone(_CHINA, func.now()), Date) - cast(_seen_at(building), Date)


SOURCES: MappingProxyType[str, Source] = MappingProxyType(
    {
        "streets": Source(Street, _living, "code"),
        "communities": Source(Community, _living, "code"),
        "compounds": Source(Compound, _living, "community_code", own=True),
        "grids": Source(Grid, _in_force, "community_code", of_plan=_of_plan),
        "cells": Source(Cell, _of_grid_in_force, "grid_id", of_plan=_of_grid_of_plan),
        "barriers": Source(Barrier, _living, "code"),
        "buildings": Source(Building, _living, "community_code", own=True),
        "coverage": Source(
            Building,
            _living,
            "community_code",
            own=True,
            made={"last_seen": _last_seen, "days": _days_since},
        ),
        "elements": Source(CityElement, _living, "community_code", own=True),
        "hazards": Source(LedgerCase, _live_hazard, "community_code", own=True),
        "inspections": Source(Inspection, _always, "community_code", own=True),
    }
)
