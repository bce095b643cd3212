"""How a batch of rows gets into a noun's table.

The rows are copied into a temporary table, those that are already kept the same are dropped from it, and one
statement inserts or updates the rest: a re-import touches nothing, and 45,000 rows take seconds.

Events: a batch that changes up to :data:`EVENT_ROWS` rows leaves one event per changed row, with the row before and
after; a larger one (an import) leaves one event for the whole batch with its counts and its source, since a second
copy of every row would double the store and tell nobody anything.
"""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg import sql
from psycopg.types.json import Jsonb

from geo.crs import WGS84
from geo.errors import CodeError, ColumnError, DatumError, GeometryError, InputError
from geo.storage.declaring import SRID
from geo.territory.nouns import Noun

EVENT_ROWS = 200


class Batch:
    """One upsert: a temporary table, what differs of it merged into the noun's, and the events of that."""

    def __init__(self, noun: Noun, columns: list[str], *, who: str, source: str | None) -> None:
        self._noun = noun
        self._who = who
        self._source = source
        self._columns = [name if name != "geometry" else "geom" for name in columns]
        self._has_geom = "geom" in self._columns
        names = [*self._columns, "source", "source_key"]
        self._names = {
            "table": sql.Identifier(noun.name),
            "stage": sql.Identifier(f"stage_{noun.name}"),
            "columns": sql.SQL(", ").join(map(sql.Identifier, names)),
            "differs": self._differs(),
            "assignments": sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in self._columns
            ),
        }

    def _differs(self) -> sql.Composed:
        plain = [sql.Identifier(name) for name in self._columns if name != "geom"]
        kept, new = (
            sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.Identifier(side), column) for column in plain)
            for side in ("kept", "excluded")
        )
        geometry = " OR ST_AsEWKB(kept.geom) IS DISTINCT FROM ST_AsEWKB(excluded.geom)" if self._has_geom else ""
        return sql.SQL(
            "(kept.ended_at IS NOT NULL OR ROW({}) IS DISTINCT FROM ROW({}) OR (excluded.source IS NOT NULL AND "
            "ROW(kept.source, kept.source_key) IS DISTINCT FROM ROW(excluded.source, excluded.source_key))"
            + geometry
            + ")"
        ).format(kept, new)

    def _run(self, cursor: Any, statement: str, **values: Any) -> Any:
        return cursor.execute(sql.SQL(statement).format(**self._names), values or None)

    def stage(self, cursor: Any, rows: list[tuple[Any, ...]]) -> None:
        """Copy the rows into a temporary table of the same column types and none of the rules."""
        self._run(cursor, "DROP TABLE IF EXISTS pg_temp.{stage}")
        self._run(cursor, "CREATE TEMP TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
        with cursor.copy(sql.SQL("COPY {stage} ({columns}) FROM STDIN").format(**self._names)) as copy:
            for row in rows:
                copy.write_row(row)
        self._run(cursor, "ANALYZE {stage}")

    def merge(self, cursor: Any) -> tuple[int, int, int]:
        """Write what differs, and the events of it; return how many were inserted, updated, unchanged."""
        unchanged = self._run(
            cursor,
            "DELETE FROM {stage} AS excluded USING {table} AS kept WHERE kept.code = excluded.code AND NOT {differs}",
        ).rowcount
        before = self._images_before(cursor)
        # Former names are kept in the name of whoever acts; for the store's owner, of whom the caller says.
        self._run(cursor, "SELECT set_config('wangge.who', %(who)s, true) WHERE NOT is_acting()", who=self._who)
        written = self._run(
            cursor,
            "INSERT INTO {table} AS kept ({columns}) SELECT {columns} FROM {stage} "
            "ON CONFLICT (code) DO UPDATE SET {assignments}, "
            "source = coalesce(excluded.source, kept.source), "
            "source_key = CASE WHEN excluded.source IS NULL THEN kept.source_key ELSE excluded.source_key END, "
            "version = kept.version + 1, changed_at = now(), ended_at = NULL "
            "WHERE {differs} RETURNING code, xmax = 0",
        ).fetchall()
        inserted = sum(is_new for _, is_new in written)
        counts = (inserted, len(written) - inserted, unchanged)
        self._run(cursor, "DROP TABLE {stage}")
        if before is None:
            self._one_event(cursor, counts)
        elif written:
            self._row_events(cursor, written, before)
        return counts

    def _images_before(self, cursor: Any) -> dict[str, Any] | None:
        """The rows about to change, by code, locked; None when they are too many to be told one by one."""
        if self._run(cursor, "SELECT count(*) FROM {stage}").fetchone()[0] > EVENT_ROWS:
            return None
        found = self._run(
            cursor,
            "SELECT kept.code, to_jsonb(kept) FROM {table} kept JOIN {stage} USING (code) FOR UPDATE OF kept",
        )
        return dict(found.fetchall())

    def _one_event(self, cursor: Any, counts: tuple[int, int, int]) -> None:
        told = {"source": self._source, **dict(zip(("inserted", "updated", "unchanged"), counts, strict=True))}
        cursor.execute(
            "INSERT INTO event (who, what, noun, after) VALUES (%s, 'imported', %s, %s)",
            (self._who, self._noun.name, Jsonb(told)),
        )

    def _row_events(self, cursor: Any, written: list[tuple[str, bool]], before: dict[str, Any]) -> None:
        codes = [code for code, _ in written]
        self._run(
            cursor,
            "INSERT INTO event (who, what, noun, code, before, after) "
            "SELECT %(who)s, CASE WHEN told.is_new THEN 'created' ELSE 'changed' END, %(noun)s, kept.code, "
            "told.before, to_jsonb(kept) "
            "FROM unnest(%(codes)s::text[], %(is_new)s::boolean[], %(before)s::jsonb[]) AS told(code, is_new, before) "
            "JOIN {table} kept ON kept.code = told.code ORDER BY kept.code",
            who=self._who,
            noun=self._noun.name,
            codes=codes,
            is_new=[is_new for _, is_new in written],
            before=[Jsonb(before[code]) if code in before else None for code in codes],
        )


def frame_columns(noun: Noun, frame: pd.DataFrame) -> list[str]:
    """Return the noun's columns that a frame has, ``geometry`` last; a required one must be there."""
    allowed = [*noun.column_names, *(["geometry"] if noun.geometry else [])]
    present = [name for name in allowed if name in frame.columns]
    required = [column.name for column in noun.columns if column.required]
    if noun.geometry_required:
        required.append("geometry")
    missing = [name for name in required if name not in present]
    unknown = [str(name) for name in frame.columns if name not in allowed and name != "geometry"]
    if missing:
        raise ColumnError(f"{noun.zh}缺少列:{'、'.join(missing)}", f"{noun.name} lacks columns: {', '.join(missing)}")
    if unknown:
        raise ColumnError(f"{noun.zh}没有这些列:{'、'.join(unknown)}", f"{noun.name} has no columns {unknown}")
    return present


def check_frame(noun: Noun, frame: pd.DataFrame) -> None:
    """Refuse what no table could say as well: codes missing or twice, another datum, heights."""
    codes = frame["code"]
    if codes.isna().any():
        raise CodeError(f"{noun.zh}有 {codes.isna().sum()} 行没有编码", f"{codes.isna().sum()} rows have no code")
    twice = sorted(set(codes[codes.duplicated()]))
    if twice:
        shown = ", ".join(map(str, twice[:5]))
        raise CodeError(f"{noun.zh}编码重复:{shown}", f"codes of {noun.name} appear twice: {shown}")
    if not noun.geometry or "geometry" not in frame.columns:
        return
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None or frame.crs != WGS84:
        raise DatumError("写入的图层必须是 EPSG:4326", "a layer is written in EPSG:4326 only")
    missing = frame.geometry.isna()
    if noun.geometry_required and missing.any():
        shown = ", ".join(codes[missing].head(5))
        raise GeometryError(f"{noun.zh}没有几何:{shown}", f"{noun.name} without geometry: {shown}")
    high = shapely.has_z(frame.geometry.to_numpy())
    if high.any():
        shown = ", ".join(codes[high].head(5))
        raise GeometryError(f"{noun.zh}的几何带高程:{shown}", f"geometries of {noun.name} have heights: {shown}")


def frame_rows(
    noun: Noun,
    frame: pd.DataFrame,
    columns: list[str],
    source: str | None,
    source_keys: Sequence[str | None] | None,
) -> list[tuple[Any, ...]]:
    """The frame as rows of plain Python values, in the order of the temporary table's columns."""
    values = [_plain_values(noun, frame, name) for name in columns if name != "geometry"]
    if "geometry" in columns:
        array = shapely.set_srid(frame.geometry.to_numpy(), SRID)
        values.append(shapely.to_wkb(array, hex=True, include_srid=True).tolist())
    keys = list(source_keys) if source_keys is not None else [None] * len(frame)
    return list(zip(*values, [source] * len(frame), keys, strict=True))


def _plain_values(noun: Noun, frame: pd.DataFrame, name: str) -> list[Any]:
    series = frame[name].astype(object)
    values = series.where(series.notna(), None).tolist()
    if noun.column(name).type != "integer":
        return values
    strange = next((value for value in values if value is not None and not _is_whole(value)), None)
    if strange is not None:
        raise InputError(
            f"列 {name} 的值 {str(strange)[:40]!r} 不是整数",
            f"column {name} has {str(strange)[:40]!r}, which is no whole number",
        )
    return [None if value is None else int(value) for value in values]


def _is_whole(value: object) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, (int, np.integer)) or (
        isinstance(value, (float, np.floating)) and float(value).is_integer()
    )
