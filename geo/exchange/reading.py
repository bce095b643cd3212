"""One door for files: whatever the format, a GeoDataFrame in WGS84 and what there is to say about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.crs import WGS84, Datum, datum_of_crs, is_gauss_kruger, looks_swapped, parse_datum, to_wgs84
from geo.errors import ColumnError, DatumError, FileFormatError
from geo.exchange.encodings import Note, dbf_encoding, stated_encoding
from geo.exchange.formats import Format, format_of, safe_copy, split_layer
from geo.exchange.parsing import ParsedTable, parse
from geo.exchange.tables import RowProblem, TextTable, read_csv, read_excel
from geo.exchange.wkb import flag_deep, too_deep_text

LON_NAMES = ("lon", "lng", "longitude", "经度", "long", "东经", "lon_wgs84", "x", "x坐标", "point_x", "coord_x")
LAT_NAMES = ("lat", "latitude", "纬度", "北纬", "lat_wgs84", "y", "y坐标", "point_y", "coord_y")
WKT_NAMES = ("geometry", "wkt", "geom", "the_geom", "几何")

Geometries = NDArray[Any]


@dataclass
class FrameRead:
    """A layer as it was read.

    Attributes
    ----------
    frame
        EPSG:4326 (lon, lat), 2-D, index 0..n-1; geometry is None where a row has none, and in every row when the
        file has none. Columns of CSV and Excel are numbers where every value is one without a leading zero.
    datum
        The datum the user or the file states; None when neither does and the numbers were taken as WGS84.
    had_z
        Which rows had a third dimension, now dropped.
    row_numbers
        For each row the number its user sees: line of a CSV, row of a sheet, position from 1 elsewhere.
    problems
        By position, rows that could not be read as they should; their geometry or value is missing.
    has_geometry
        Whether the file carries coordinates at all.
    coordinates
        The columns of a CSV or sheet that the coordinates were taken from.
    """

    frame: gpd.GeoDataFrame
    layer: str | None
    encoding: str | None
    datum: str | None
    notes: list[Note]
    row_numbers: NDArray[np.int64]
    had_z: NDArray[np.bool_]
    problems: dict[int, RowProblem] = field(default_factory=dict)
    has_geometry: bool = True
    coordinates: tuple[str, ...] = ()


@dataclass
class _Raw:
    """Attributes and geometries before their coordinates are understood."""

    attributes: pd.DataFrame
    geometries: Geometries | None
    crs: CRS | None = None
    layer: str | None = None
    encoding: str | None = None
    stated: str | None = None
    notes: list[Note] = field(default_factory=list)
    row_numbers: NDArray[np.int64] | None = None
    problems: dict[int, RowProblem] = field(default_factory=dict)
    coordinates: tuple[str, ...] = ()


def read_frame(
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    datum: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    prefer_geometry: Literal["any", "line", "area"] = "any",
    needs_column: str | None = None,
) -> FrameRead:
    """Read one layer of a GeoPackage, Shapefile (.shp, .zip), GeoJSON, GeoParquet, CSV or Excel file.

    Parameters
    ----------
    path
        The file; ``file.gpkg#layer`` names a layer or sheet too.
    layer
        Layer or sheet. When none is named: the only one, else the one with ``needs_column``, else the one whose
        geometry ``prefer_geometry`` wants.
    encoding
        Of text in CSV and Shapefile; found from the bytes when not stated.
    datum
        What the coordinates mean (:mod:`geo.crs`); overrides what the file says of itself.
    lon, lat
        Columns of a CSV or sheet that hold the coordinates (also projected east and north); guessed when not named.

    Raises
    ------
    FileFormatError
        Unreadable, forbidden or disguised file, unknown layer, undecodable text.
    ColumnError
        ``lon`` or ``lat`` names no column.
    DatumError
        The coordinates cannot be what the datum says, or are no degrees and no datum is stated.
    """
    path, named_layer = split_layer(Path(path))
    layer = layer or named_layer
    form = format_of(path)
    if form.name in ("csv", "excel"):
        table = read_csv(path, encoding) if form.name == "csv" else read_excel(path, layer)
        raw = _from_text(table, lon, lat)
    else:
        with _parsed(path, form, layer, encoding, needs_column, prefer_geometry) as (parsed, notes, used):
            raw = _from_parsed(parsed, form, notes, used)
    return _place(raw, datum)


@contextmanager
def _parsed(
    path: Path,
    form: Format,
    layer: str | None,
    encoding: str | None,
    needs_column: str | None,
    prefer_geometry: str,
) -> Iterator[tuple[ParsedTable, list[Note], str | None]]:
    with safe_copy(path, form) as copy:
        notes: list[Note] = []
        if form.name in ("shapefile", "zip"):
            copy, layer = _one_shapefile(copy, layer, path)
            if encoding is None:
                encoding, found = _shapefile_encoding(copy)
                notes.extend(found)
            else:
                encoding = stated_encoding(encoding)
        else:
            encoding = None
        parsed = parse(
            copy,
            "parquet" if form.name == "parquet" else "gdal",
            driver=form.driver,
            layer=layer,
            encoding=encoding,
            needs_column=needs_column,
            prefer_geometry=prefer_geometry,
        )
        if form.name == "geojson" and not _geojson_states_crs(copy):
            parsed = ParsedTable(parsed.table, parsed.layer, parsed.geometry, None, parsed.metadata)
        if form.name in ("shapefile", "zip"):
            parsed = _with_full_names(parsed, _fields_file(path, form, copy))
        name = path.stem if form.name in ("shapefile", "geojson") else parsed.layer
        yield ParsedTable(parsed.table, name, parsed.geometry, parsed.crs, parsed.metadata), notes, encoding


def _one_shapefile(copy: Path, layer: str | None, path: Path) -> tuple[Path, str | None]:
    """Pick the .shp in an unpacked folder; a single shapefile has one layer, named like the file."""
    if copy.is_dir():
        found = sorted(copy.glob("*.shp"))
        chosen = [shp for shp in found if layer in (None, shp.stem)]
        if len(chosen) != 1:
            names = ", ".join(shp.stem for shp in found)
            raise FileFormatError(
                f"压缩包内有图层:{names};请指明一个,例如 文件.zip#{found[0].stem}",
                f"the zip holds the layers {names}; name one, e.g. FILE.zip#{found[0].stem}",
            )
        copy = chosen[0]
    elif layer not in (None, path.stem):
        raise FileFormatError(
            f"Shapefile 没有图层“{layer}”", f"a shapefile has one layer, {path.stem!r}, not {layer!r}"
        )
    if not copy.with_suffix(".dbf").exists() or not copy.with_suffix(".shx").exists():
        raise FileFormatError("Shapefile 缺少 .dbf 或 .shx 文件", "the shapefile lacks its .dbf or .shx")
    return copy, None


def _shapefile_encoding(shp: Path) -> tuple[str, list[Note]]:
    guess = dbf_encoding(shp.with_suffix(".dbf"), shp.with_suffix(".cpg"))
    return guess.encoding, list(guess.notes)


def _fields_file(path: Path, form: Format, copy: Path) -> Path:
    return copy.with_suffix(".fields.csv") if form.name == "zip" else path.with_suffix(".fields.csv")


def _with_full_names(parsed: ParsedTable, fields: Path) -> ParsedTable:
    """Give fields back the names that :mod:`geo.exchange.writing` had to shorten."""
    if not fields.is_file() or fields.stat().st_size > 2**20:
        return parsed
    names = dict(row[:2] for row in read_csv(fields, None).rows if len(row) > 1 and row[1])
    names.pop(parsed.geometry or "", None)
    full = [names.get(name, name) for name in parsed.table.column_names]
    if len(set(full)) < len(full):
        return parsed
    table = parsed.table.rename_columns(full)
    return ParsedTable(table, parsed.layer, parsed.geometry, parsed.crs, parsed.metadata)


def _geojson_states_crs(path: Path) -> bool:
    """Whether there is a crs member before the features or after them (RFC 7946 has none)."""
    with path.open("rb") as stream:
        head = stream.read(2**16)
        stream.seek(max(path.stat().st_size - 2**12, 0))
        tail = stream.read()
    return b'"crs"' in head.split(b'"features"')[0] or b'"crs"' in tail.rpartition(b"]")[2]


def _from_parsed(parsed: ParsedTable, form: Format, notes: list[Note], encoding: str | None) -> _Raw:
    table = parsed.table
    problems: dict[int, RowProblem] = {}
    geometries: Geometries | None = None
    if parsed.geometry is not None:
        geometries, problems = _geometries(table.column(parsed.geometry))
        table = table.drop_columns([parsed.geometry])
    crs = None
    if parsed.crs and geometries is not None:
        try:
            crs = CRS.from_user_input(parsed.crs)
        except CRSError:
            notes.append(
                ("文件的坐标系定义无法识别,已忽略", "the CRS of the file cannot be understood and was ignored")
            )
    if crs is not None and crs.name.casefold().startswith(("undefined", "unknown")):
        crs = None
    stated = parsed.metadata.get("DATUM") if parsed.metadata else None
    raw = _Raw(_to_pandas(table), geometries, crs, parsed.layer, encoding, stated, notes)
    raw.problems = problems
    return raw


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Keep long whole numbers exact: a column with gaps would turn into floats, and codes would change."""
    for position, column in enumerate(table.schema):
        values = table.column(position)
        if pa.types.is_int64(column.type) and values.null_count and _beyond_floats(values):
            table = table.set_column(position, column.name, values.cast(pa.string()))
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def _beyond_floats(values: pa.ChunkedArray) -> bool:
    bounds = pc.min_max(values).as_py()
    return bounds["max"] is not None and max(abs(bounds["min"]), abs(bounds["max"])) > 2**53


def _geometries(column: pa.ChunkedArray) -> tuple[Geometries, dict[int, RowProblem]]:
    wkb = column.to_pylist()
    problems = {}
    for position in np.flatnonzero(flag_deep(wkb)):
        wkb[position] = None
        problems[int(position)] = RowProblem(
            "geometry", "", "几何集合嵌套过深或已损坏,未读取", "nested too deeply or damaged, so not read"
        )
    geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    for row, (geometry, binary) in enumerate(zip(geometries, wkb, strict=True)):
        if geometry is None and binary is not None:
            problems[row] = RowProblem("geometry", "", "几何数据已损坏,无法读取", "the geometry is damaged")
    return np.asarray(geometries, object), problems


def _from_text(table: TextTable, lon: str | None, lat: str | None) -> _Raw:
    texts = pd.DataFrame(table.rows, columns=table.headings, dtype=object)
    geometries: Geometries | None = None
    coordinates: tuple[str, ...] = ()
    problems = dict(table.problems)
    wkt = _find(table.headings, WKT_NAMES)
    x, y = _coordinate_column(table.headings, lon, LON_NAMES), _coordinate_column(table.headings, lat, LAT_NAMES)
    if wkt is not None and lon is None and lat is None and _looks_like_wkt(texts[wkt]):
        geometries = _from_wkt(texts[wkt], problems)
        texts = texts.drop(columns=wkt)
    elif x is not None and y is not None:
        geometries, coordinates = _points(texts, x, y, problems), (x, y)
    raw = _Raw(pd.DataFrame({name: _typed(texts[name]) for name in texts}), geometries)
    raw.layer, raw.encoding, raw.notes, raw.problems = table.sheet, table.encoding, table.notes, problems
    raw.row_numbers, raw.coordinates = np.array(table.row_numbers, np.int64), coordinates
    return raw


def _find(headings: list[str], names: tuple[str, ...]) -> str | None:
    folded = {heading.casefold(): heading for heading in reversed(headings)}
    return next((folded[name] for name in names if name in folded), None)


def _coordinate_column(headings: list[str], stated: str | None, names: tuple[str, ...]) -> str | None:
    if stated is None:
        return _find(headings, names)
    if stated not in headings:
        raise ColumnError(
            f"没有坐标列“{stated}”;有:{'、'.join(headings[:40])}", f"no column {stated!r}; there are: {headings[:40]}"
        )
    return stated


def _looks_like_wkt(texts: pd.Series) -> bool:
    filled = texts[texts != ""]
    return bool(len(filled)) and bool(filled.str.match(r"\s*(?:SRID=\d+;)?[A-Za-z ]+\(|[A-Za-z ]+EMPTY").mean() > 0.5)


def _from_wkt(texts: pd.Series, problems: dict[int, RowProblem]) -> Geometries:
    geometries = np.full(len(texts), None, object)
    for position, text in enumerate(texts):
        if not text:
            continue
        geometry = None if too_deep_text(text) else shapely.from_wkt(text, on_invalid="ignore")
        geometries[position] = geometry
        if geometry is None:
            problems[position] = RowProblem(
                "geometry", text[:60], "WKT 文字无法读取或嵌套过深", "the WKT cannot be read, or is nested too deeply"
            )
    return geometries


def _points(texts: pd.DataFrame, x: str, y: str, problems: dict[int, RowProblem]) -> Geometries:
    coordinates = np.column_stack([pd.to_numeric(texts[name], errors="coerce").to_numpy(float) for name in (x, y)])
    spoken = (texts[[x, y]] != "").to_numpy()
    geometries = np.full(len(texts), None, object)
    there = spoken.any(axis=1)
    geometries[there] = shapely.points(coordinates[there])
    for position in np.flatnonzero(there & ~np.isfinite(coordinates).all(axis=1)):
        name = x if not np.isfinite(coordinates[position, 0]) else y
        geometries[position] = None
        problems.setdefault(
            int(position),
            RowProblem(name, str(texts[name].iloc[position])[:60], "坐标不是数字", "the coordinate is no number"),
        )
    return geometries


def _typed(texts: pd.Series) -> pd.Series:
    """Turn a column into numbers when each value is one and none is a code in disguise (leading 0, 16 digits)."""
    filled = texts[texts != ""]
    plain = filled.str.fullmatch(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?")
    if not len(filled) or not plain.all():
        return texts.where(texts != "", None)
    numbers = pd.to_numeric(texts.where(texts != "", None))
    return numbers if "." in "".join(filled.str.slice(0, 40)) or len(filled) < len(texts) else numbers.astype("int64")


def _place(raw: _Raw, stated: str | None) -> FrameRead:
    """Bring the geometries to WGS84 and put everything together."""
    n_rows = len(raw.attributes)
    notes = list(raw.notes)
    geometries = raw.geometries if raw.geometries is not None else np.full(n_rows, None, object)
    had_z = np.asarray(shapely.has_z(geometries), bool)
    datum = _datum(stated, raw, notes) if raw.geometries is not None else None
    if raw.geometries is not None:
        geometries = to_wgs84(geometries, datum or _assumed(geometries))
        _note_swapped(geometries, notes)
    attributes = raw.attributes.reset_index(drop=True)
    if "geometry" in attributes:
        attributes = attributes.rename(columns={"geometry": "geometry_1"})
    frame = gpd.GeoDataFrame(attributes, geometry=gpd.GeoSeries(geometries, crs=WGS84))
    numbers = raw.row_numbers if raw.row_numbers is not None else np.arange(1, n_rows + 1)
    return FrameRead(
        frame,
        raw.layer,
        raw.encoding,
        datum.name if datum else None,
        notes,
        numbers,
        had_z,
        raw.problems,
        raw.geometries is not None,
        raw.coordinates,
    )


def _datum(stated: str | None, raw: _Raw, notes: list[Note]) -> Datum | None:
    """Return what the user states, else what the layer says of itself, else its CRS."""
    own = parse_datum(raw.stated) if raw.stated else datum_of_crs(raw.crs) if raw.crs is not None else None
    if stated is None:
        if own is not None:
            notes.append((f"坐标基准取自文件:{own.label}", f"datum taken from the file: {own.name}"))
        return own
    datum = parse_datum(stated)
    if datum.name == "cgcs2000-gk" and raw.crs is not None and is_gauss_kruger(raw.crs):
        return Datum(datum.name, raw.crs)
    if own is not None and own.name != datum.name:
        notes.append(
            (
                f"文件写的坐标基准是 {own.label},按声明的 {datum.label} 处理",
                f"the file says {own.name}; taken as {datum.name}, as stated",
            )
        )
    return datum


def _assumed(geometries: Geometries) -> Datum:
    coordinates = shapely.get_coordinates(geometries)
    finite = coordinates[np.isfinite(coordinates).all(axis=1)]
    if len(finite) and np.abs(finite).max() > 360:
        raise DatumError(
            "坐标不是经纬度,而文件没有写明坐标系;请用 --datum 写明,例如 cgcs2000-gk 或 EPSG:4547",
            "the coordinates are no degrees and the file states no CRS; state --datum, e.g. cgcs2000-gk or EPSG:4547",
        )
    return Datum("wgs84", WGS84)


def _note_swapped(geometries: Geometries, notes: list[Note]) -> None:
    coordinates = shapely.get_coordinates(geometries)
    if len(coordinates) and looks_swapped(coordinates[:, 0], coordinates[:, 1]):
        notes.append(
            (
                "经度和纬度似乎写反了:交换后落在中国境内",
                "longitude and latitude look swapped: exchanged, they lie in China",
            )
        )
