"""Rows of layers as other tools ask for them: in pages by key, in boxes, by the values of columns, in a span of time.

What is read is what the session's actor may see; columns that tell of persons are in no source.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.storage import tiles
from geo.storage.declaring import SRID
from geo.storage.layers import Bounds
from geo.storage.tables import Cell, Community, Grid, Street
from geo.storage.tiles import SOURCES, Square

#: More communities (or rows) round a box than this are no help in finding what is in it.
MOST_NEAR = 2_000

Present = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Source:
    """Where features come from.

    Attributes
    ----------
    rows
        The table.
    columns
        What is told of each row besides its shape; the first one tells rows apart, and orders them.
    present
        Which rows there are.
    near
        The column whose values an index finds what lies round a box by (``tiles``).
    moment
        The column that says when a row began to be, where it has one.
    plan_id
        The plan that ``present`` asks about as ``:plan``.
    """

    rows: Any
    columns: tuple[str, ...]
    present: Present
    near: str
    moment: str | None = None
    plan_id: int | None = None

    @property
    def key(self) -> Any:
        """The column that tells rows apart."""
        return getattr(self.rows, self.columns[0])


@dataclass(frozen=True)
class Selection:
    """Which rows are wanted; an empty one wants all.

    Attributes
    ----------
    boxes
        West, south, east, north in degrees: rows that touch one of them.
    values
        By column what it holds.
    since, until
        Both included; open where None.
    near
        What lies round the boxes has one of these in the source's column ``near``; None where nobody looked.
    """

    boxes: tuple[Bounds, ...] = ()
    values: Mapping[str, str | int] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    near: tuple[str, ...] | None = None


def read(
    session: Session, source: Source, wanted: Selection, *, limit: int, after: str | None = None
) -> gpd.GeoDataFrame:
    """Return up to ``limit`` rows whose keys follow ``after``, in the order of keys.

    Returns
    -------
    GeoDataFrame
        The source's columns as they are in the store, plus ``geometry`` (None where unknown), EPSG:4326.
    """
    query = _told(source).where(*_conditions(source, wanted)).order_by(source.key).limit(limit)
    if after is not None:
        query = query.where(source.key > after)
    return _frame(source, session.execute(query, _bound(source)).all())


def read_one(session: Session, source: Source, key: str) -> gpd.GeoDataFrame:
    """Return the row with this key as a frame; one without rows where there is none."""
    query = _told(source).where(*_conditions(source, Selection()), source.key == key)
    return _frame(source, session.execute(query.limit(1), _bound(source)).all())


def count(session: Session, source: Source, wanted: Selection) -> int:
    """Count the rows that :func:`read` would return in all its pages."""
    query = select(func.count()).select_from(source.rows).where(*_conditions(source, wanted))
    return session.scalar(query, _bound(source)) or 0


def territory(session: Session, under: str = "") -> Bounds | None:
    """Return the bounds of the living streets and communities whose codes start with ``under``; None of nothing."""
    boxes = [
        session.execute(
            select(*(getattr(func, f"ST_{side}")(func.ST_Extent(area.geom, type_=None)) for side in _SIDES)).where(
                area.ended_at.is_(None), func.starts_with(area.code, under)
            )
        ).one()
        for area in (Street, Community)
    ]
    known = [tuple(box) for box in boxes if box[0] is not None]
    if not known:
        return None
    wests, souths, easts, norths = zip(*known, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def plans_with_cells(session: Session, plan_ids: Sequence[int]) -> set[int]:
    """Return which of some plans have grids that are divided into cells."""
    divided = exists().where(Cell.grid_id == Grid.id)
    query = select(Grid.plan_id).distinct().where(Grid.plan_id.in_(list(plan_ids)), divided)
    return set(session.scalars(query))


def of_layer(layer: str, columns: tuple[str, ...], moment: str | None) -> Source:
    """Return the rows of a layer that are there today."""
    source = SOURCES[layer]
    return Source(source.rows, columns, source.present, source.near, moment)


def of_plan(layer: str, columns: tuple[str, ...], plan_id: int) -> Source:
    """Return the ``grids`` or ``cells`` of a plan, whatever its state."""
    source = SOURCES[layer]
    assert source.of_plan is not None, f"no plan has {layer}"
    return Source(source.rows, columns, source.of_plan, source.near, plan_id=plan_id)


def read_near(owner: Connection, layer: str, boxes: Sequence[Bounds]) -> tuple[str, ...] | None:
    """Return what the rows round some boxes have in their column ``near``; for the store's owner.

    Rules of rows come before boxes, so that for a person no index of boxes is used; it is of codes. None where so much
    lies there that looking at it in order is faster.
    """
    found = {code for box in boxes for code in tiles.read_near(owner, layer, Square(0, box, box))}
    return tuple(sorted(found)) if len(found) <= MOST_NEAR else None


_SIDES = ("XMin", "YMin", "XMax", "YMax")


def _bound(source: Source) -> dict[str, int]:
    return {} if source.plan_id is None else {"plan": source.plan_id}


def _told(source: Source) -> Any:
    columns = [getattr(source.rows, name) for name in source.columns]
    return select(*columns, func.ST_AsBinary(source.rows.geom, type_=None))


def _conditions(source: Source, wanted: Selection) -> list[ColumnElement[bool]]:
    rows, conditions = source.rows, [source.present(source.rows)]
    if wanted.boxes:
        conditions.append(or_(*(_touches(rows.geom, box) for box in wanted.boxes)))
    if wanted.near is not None:
        conditions.append(getattr(rows, source.near).in_(wanted.near))
    conditions += [getattr(rows, name) == value for name, value in wanted.values.items()]
    if source.moment is not None:
        moment = getattr(rows, source.moment)
        conditions += [moment >= wanted.since] if wanted.since is not None else []
        conditions += [moment <= wanted.until] if wanted.until is not None else []
    return conditions


def _touches(geom: Any, box: Bounds) -> ColumnElement[bool]:
    # A box without width or height becomes the line or point that it is.
    envelope = func.ST_Envelope(func.ST_MakeEnvelope(*box, SRID, type_=None), type_=None)
    return and_(geom.bool_op("&&")(envelope), func.ST_Intersects(geom, envelope))


def _frame(source: Source, rows: Any) -> gpd.GeoDataFrame:
    told = pd.DataFrame([tuple(row)[:-1] for row in rows], columns=list(source.columns), dtype=object)
    geometry = gpd.GeoSeries(shapely.from_wkb([row[-1] for row in rows]), index=told.index, crs=WGS84)
    return gpd.GeoDataFrame(told, geometry=geometry, crs=WGS84)
