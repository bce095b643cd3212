"""Frames of a noun in and out of the store, set by set.

A frame is what ``geo/territory/nouns.py`` says: a (Geo)DataFrame with the noun's columns plus ``geometry`` in
EPSG:4326 (lon, lat). Nouns whose rows live in plans (grid) are read and written by ``plans``.

How a batch is written, and which events it leaves: ``batches``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from psycopg import Error as DriverError
from sqlalchemy import ColumnElement, Select, Table, and_, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import InputError, NotFoundError
from geo.storage import events
from geo.storage.batches import Batch, check_frame, frame_columns, frame_rows
from geo.storage.catalogue import METADATA
from geo.storage.database import IN_BINARY
from geo.storage.declaring import SRID
from geo.storage.refusals import in_plain_words, refusal
from geo.storage.tables import NOUN_TABLES
from geo.territory.nouns import Noun

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True)
class UpsertCounts:
    """What became of the rows of one batch."""

    inserted: int
    updated: int
    unchanged: int


def table_of(noun: Noun) -> Table:
    """Return the table that keeps a noun's rows."""
    if noun.name not in NOUN_TABLES:
        raise ValueError(f"{noun.name} has no layer of its own")
    return METADATA.tables[noun.name]


def upsert(
    session: Session,
    noun: Noun,
    frame: pd.DataFrame,
    *,
    source: str | None = None,
    source_keys: Sequence[str | None] | None = None,
    who: str,
) -> UpsertCounts:
    """Insert new rows and update those that differ, matched by ``code``; one writer of a row waits for the other.

    Columns that the frame lacks keep their values. Geometries are compared byte by byte. A changed row gets the next
    version; an ended row that comes again lives again.

    Parameters
    ----------
    source, source_keys
        Where the rows come from and each row's own key there; without them the rows keep the source they had.

    Raises
    ------
    ColumnError, DatumError, GeometryError, CodeError
        The frame is not canonical: a required column is missing or one is unknown; not EPSG:4326; a geometry is
        missing or has heights; a code appears twice.
    WanggeError
        The database refused a row, in its words.
    """
    columns = frame_columns(noun, frame)
    check_frame(noun, frame)
    if frame.empty:
        return UpsertCounts(0, 0, 0)
    session.flush()
    rows = frame_rows(noun, frame, columns, source, source_keys)
    batch = Batch(noun, columns, who=who, source=source)
    connection: Any = session.connection().connection
    try:
        with connection.cursor() as cursor:
            batch.stage(cursor, rows)
            counts = batch.merge(cursor)
    except DriverError as error:
        raise refusal(error) from error
    except UnicodeEncodeError:
        raise InputError("文字含有无法保存的字符", "a text has characters that cannot be kept") from None
    session.expire_all()  # objects read before are out of date now
    return UpsertCounts(*counts)


def end(session: Session, noun: Noun, codes: Sequence[str], *, who: str) -> int:
    """End living rows: they stay on record and are read no more. Returns how many; each leaves an event.

    Raises
    ------
    NotFoundError
        A code has no living row; nothing is ended then.
    """
    table = table_of(noun)
    living = [table.c.code.in_(list(codes)), table.c.ended_at.is_(None)]
    image = func.to_jsonb(literal_column(noun.name))
    with in_plain_words():
        locked = select(table.c.code, image).where(*living).order_by(table.c.code).with_for_update()
        before = {row.code: row[1] for row in session.execute(locked)}
        missing = sorted(set(codes) - set(before))
        if missing:
            shown = "、".join(missing[:5])
            raise NotFoundError(f"没有编码为 {shown} 的{noun.zh}", f"there is no living {noun.name} {shown}")
        moved = {"ended_at": func.now(), "changed_at": func.now(), "version": table.c.version + 1}
        ended = session.execute(update(table).where(*living).values(moved).returning(table.c.code, image))
        for code, after in sorted(ended.all()):
            events.record(session, who=who, what="ended", noun=noun.name, code=code, before=before[code], after=after)
    session.expire_all()
    return len(before)


def read(
    session: Session,
    noun: Noun,
    *,
    community_codes: Sequence[str] | None = None,
    street_code: str | None = None,
    bbox: Bounds | None = None,
    codes: Sequence[str] | None = None,
    kind: str | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> gpd.GeoDataFrame:
    """Read the living rows of a noun in the order of their codes.

    Parameters
    ----------
    community_codes, street_code
        Only rows that belong there: by code; barriers, and places without a building, by where they lie.
    bbox
        west, south, east, north in degrees: only rows that touch it.
    codes, kind
        Only these rows, only rows of this kind.
    limit, after
        One page: at most ``limit`` rows whose codes follow ``after``.

    Returns
    -------
    GeoDataFrame
        The noun's columns plus ``geometry`` (None where there is none), EPSG:4326. Missing integers are ``pd.NA``.
    """
    table = table_of(noun)
    geometry = func.ST_AsBinary(table.c.geom, type_=None) if noun.geometry else None
    columns = [table.c[name] for name in noun.column_names]
    query = select(*columns, *([geometry] if geometry is not None else [])).execution_options(**IN_BINARY)
    query = _only(query, noun, community_codes, street_code, bbox).order_by(table.c.code)
    if codes is not None:
        query = query.where(table.c.code.in_(list(codes)))
    if kind is not None:
        query = query.where(_kind(noun) == kind)
    if after is not None:
        query = query.where(table.c.code > after)
    if limit is not None:
        query = query.limit(limit)
    return _frame(noun, session.execute(query).all())


def count(
    session: Session,
    noun: Noun,
    *,
    community_codes: Sequence[str] | None = None,
    street_code: str | None = None,
    bbox: Bounds | None = None,
) -> int:
    """Count what :func:`read` would return."""
    query = select(func.count()).select_from(table_of(noun))
    return session.scalar(_only(query, noun, community_codes, street_code, bbox)) or 0


def existing_codes(session: Session, noun: Noun, parent: str) -> list[str]:
    """Return all codes that start with ``parent``, sorted; ended ones too, since a code is never given twice."""
    code = table_of(noun).c.code
    return list(session.scalars(select(code).where(_under(code, parent)).order_by(code)))


def last_code(session: Session, noun: Noun, parent: str) -> str | None:
    """Return the highest code that starts with ``parent`` where something of its street is seen, seen or not."""
    found: str | None = session.scalar(select(func.last_code(noun.name, parent)))
    return found


def codes_by_source(session: Session, noun: Noun, source: str) -> dict[str, str]:
    """Return the code of each row that came from ``source``, by the row's own key there; ended ones too."""
    table = table_of(noun)
    query = select(table.c.source_key, table.c.code).where(table.c.source == source, table.c.source_key.is_not(None))
    return {row.source_key: row.code for row in session.execute(query)}


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _frame(noun: Noun, rows: Sequence[Any]) -> gpd.GeoDataFrame:
    types = {"text": "str", "integer": "Int64", "number": "float64", "boolean": "boolean", "date": "object"}
    columns = list(zip(*rows, strict=True)) or [()] * (len(noun.columns) + 1)
    data = {
        column.name: pd.Series(values, dtype=types[column.type])
        for column, values in zip(noun.columns, columns, strict=False)
    }
    geometry = shapely.from_wkb(list(columns[-1])) if noun.geometry else [None] * len(rows)
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(geometry, crs=WGS84), crs=WGS84)


def _only(
    query: Select[Any],
    noun: Noun,
    community_codes: Sequence[str] | None,
    street_code: str | None,
    bbox: Bounds | None,
) -> Select[Any]:
    table = table_of(noun)
    query = query.where(table.c.ended_at.is_(None))
    if community_codes is not None:
        query = query.where(_in_divisions(noun, list(community_codes), "community"))
    if street_code is not None:
        query = query.where(_in_divisions(noun, [street_code], "street"))
    if bbox is not None:
        if not noun.geometry:
            raise InputError(f"{noun.zh}没有几何,不能按范围查询", f"{noun.name} has no geometry to search by extent")
        query = query.where(func.ST_Intersects(table.c.geom, func.ST_MakeEnvelope(*bbox, SRID)))
    return query


def _kind(noun: Noun) -> ColumnElement[str]:
    if "kind" not in noun.column_names:
        raise InputError(f"{noun.zh}没有类型之分", f"{noun.name} has no kinds")
    return table_of(noun).c.kind


def _in_divisions(noun: Noun, divisions: list[str], level: str) -> ColumnElement[bool]:
    """Rows of the given communities, or of the given streets."""
    columns = table_of(noun).c
    streets = sorted({division[:9] for division in divisions})
    if noun.name in ("street", "responsible_body"):
        return _under_any(columns.code, streets)
    if noun.name == "barrier":
        near = _touches(columns.geom, divisions, level)
        return or_(near, _under_any(columns.code, streets)) if level == "street" else near
    if noun.name == "place":
        inside = and_(columns.building_code.is_(None), _touches(columns.geom, divisions, level))
        return or_(_in_buildings(columns.building_code, divisions, level), inside)
    if noun.name == "grid_staff":
        return _under_any(columns.grid_code, divisions)
    # A code names the community that it was given in; since then borders may have moved, though never streets'.
    if level == "community" and "community_code" in columns:
        return columns.community_code.in_(divisions)
    if level == "community" and "building_code" in columns:
        return _in_buildings(columns.building_code, divisions, level)
    return _under_any(columns.code, divisions)


def _in_buildings(code: ColumnElement[str], divisions: list[str], level: str) -> ColumnElement[bool]:
    """Things of buildings of the given communities or streets, by their building's code."""
    if level == "street":
        return _under_any(code, divisions)
    building = METADATA.tables["building"].c
    return code.in_(select(building.code).where(building.community_code.in_(divisions)))


def _under(code: ColumnElement[str], parent: str) -> ColumnElement[bool]:
    # "[" follows "Z", the last character of codes in byte order, so this is the range of all that start so.
    return and_(code >= parent, code < f"{parent}[") if parent.isalnum() else code.startswith(parent, autoescape=True)


def _under_any(code: ColumnElement[str], parents: list[str]) -> ColumnElement[bool]:
    return or_(*(_under(code, parent) for parent in parents)) if parents else code.in_([])


def _touches(geom: ColumnElement[Any], divisions: list[str], level: str) -> ColumnElement[bool]:
    area = METADATA.tables[level]
    return (
        select(1)
        .where(area.c.code.in_(divisions), func.ST_Intersects(area.c.geom, geom))
        .correlate_except(area)
        .exists()
    )
