"""Frames into files: complete or not at all, and safe to open in a spreadsheet.

What writes one form alone is imported where that form is written: together they take a quarter of a second to start.
"""

import csv
import math
import os
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import FileFormatError
from geo.exchange.encodings import stated_encoding
from geo.exchange.formats import plain_name, refuse_remote
from geo.exchange.stamps import Stamp
from geo.exchange.tables import neutralise

WRITABLE = ".gpkg, .shp, .zip, .geojson, .parquet, .csv, .xlsx"
DBF_NAME_BYTES = 10
DBF_TEXT_BYTES = 254
XLSX_CELL_CHARS = 32767
XLSX_ROWS = 1048575

#: A GeoDataFrame, or a DataFrame for a noun without geometry.
Frame: TypeAlias = pd.DataFrame


@dataclass(frozen=True)
class _Manner:
    """How a file is written: the encoding of its text, the datum of its coordinates, the stamp it gets."""

    encoding: str | None
    datum: str | None
    stamp: Stamp | None

    @property
    def line(self) -> str:
        return self.stamp.line if self.stamp else ""


_FAMILIES = {"Point": "point", "LineString": "line", "Polygon": "area"}


def write_frames(
    frames: Mapping[str, Frame],
    path: Path,
    *,
    encoding: str | None = None,
    datum: str | None = None,
    stamp: Stamp | None = None,
) -> list[Path]:
    """Write layers into one file (.gpkg, .xlsx, .zip of shapefiles), or one file each (``stem.layer.ext``).

    A single layer always gets exactly ``path``. Frames are written in the CRS they have; one without a CRS (GCJ-02,
    BD-09) is written without, and a GeoPackage then keeps ``datum`` in the layer's metadata. Points become ``lon``
    and ``lat`` in CSV and Excel, other geometries WKT.

    Parameters
    ----------
    encoding
        Of text in CSV (default UTF-8 with a mark, which Excel needs) and Shapefile (default UTF-8 with .cpg).
    stamp
        Who wrote the file, when and of what; kept in it as its format allows (``stamps``).

    Returns
    -------
    list[Path]
        The files written, each replaced as a whole: a reader sees the old or the new one.

    Raises
    ------
    FileFormatError
        Unknown extension, or content that the format cannot hold.
    """
    path = Path(path)
    refuse_remote(str(path))
    write = _WRITERS.get(path.suffix.casefold())
    if write is None:
        raise FileFormatError(
            f"不能写“{path.suffix}”文件;可写:{WRITABLE}", f"{path.suffix!r} files cannot be written; can be: {WRITABLE}"
        )
    if not frames:
        raise FileFormatError("没有可写的图层", "there is nothing to write")
    prepared = {name: _plain(frame) for name, frame in frames.items()}
    encoding = stated_encoding(encoding) if encoding else None
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the folder of the target, so that the last step is a rename within one file system.
    with tempfile.TemporaryDirectory(prefix=".wangge-write-", dir=path.parent) as name:
        folder = Path(name)
        write(prepared, folder, path, _Manner(encoding, datum, stamp))
        written = []
        for made in sorted(folder.iterdir()):
            os.replace(made, path.parent / made.name)
            written.append(path.parent / made.name)
    return written


def write_frame(
    frame: Frame,
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    datum: str | None = None,
    stamp: Stamp | None = None,
) -> list[Path]:
    """Write one layer; see :func:`write_frames`. Its name is the file's stem when none is given."""
    return write_frames({layer or Path(path).stem: frame}, path, encoding=encoding, datum=datum, stamp=stamp)


def short_names(names: list[str], encoding: str) -> dict[str, str]:
    """Shorten names to the 10 bytes a .dbf has room for, between characters, and keep them apart.

    A longer Chinese name cut between bytes gives a file that cannot be opened again.
    """
    shortened: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda name: len(name.encode(encoding, "replace")) > DBF_NAME_BYTES):
        short, number = _cut(name, DBF_NAME_BYTES, encoding), 1
        while short.casefold() in taken:
            number += 1
            short = _cut(name, DBF_NAME_BYTES - len(str(number)) - 1, encoding) + f"_{number}"
        taken.add(short.casefold())
        shortened[name] = short
    return {name: shortened[name] for name in names}


def _cut(name: str, room: int, encoding: str) -> str:
    while len(name.encode(encoding, "replace")) > room:
        name = name[:-1]
    return name


def _plain(frame: Frame) -> Frame:
    """Turn values that file formats do not share (dates, nullable types) into those they do."""
    plain = frame.reset_index(drop=True).copy()
    for column in plain.columns:
        if isinstance(plain[column].dtype, gpd.array.GeometryDtype):
            continue
        if pd.api.types.is_datetime64_any_dtype(plain[column].dtype):
            plain[column] = plain[column].astype(object)
        if plain[column].dtype in (object, "str"):
            values = [_plain_value(value) for value in plain[column]]
            plain[column] = _common_type(pd.Series(values, index=plain.index, dtype=object))
    if isinstance(plain, gpd.GeoDataFrame) and plain.geometry.isna().all() and len(plain):
        return pd.DataFrame(plain.drop(columns=plain.geometry.name))
    return plain


def _plain_value(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.isoformat()[:10] if isinstance(value, date) else value


def _common_type(values: pd.Series) -> pd.Series:
    """Give a column of objects the type all its values share; mixed ones become text."""
    filled = values.dropna()
    if not len(filled):
        return pd.Series(None, index=values.index, dtype=object)
    kinds = {type(value) for value in filled}
    if kinds <= {bool}:
        # No format but Parquet has a boolean that can be missing.
        texts = filled.map({True: "true", False: "false"}).astype(object)
        return texts.reindex(values.index, fill_value=None) if values.isna().any() else values.astype(bool)
    if kinds <= {int}:
        return values.astype("Int64") if values.isna().any() else values.astype("int64")
    if kinds <= {int, float}:
        return values.astype(float)
    return filled.map(str).astype(object).reindex(values.index, fill_value=None)


def _write_gpkg(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    target = folder / path.name
    for name, frame in frames.items():
        metadata = {"STAMP": manner.line} if manner.stamp else {}
        if manner.datum and isinstance(frame, gpd.GeoDataFrame) and frame.crs is None:
            metadata["DATUM"] = manner.datum
        _gdal(
            frame,
            target,
            layer=name,
            driver="GPKG",
            append=target.exists(),
            layer_metadata=metadata or None,
            promote_to_multi=False,
        )


def _gdal(frame: Frame, target: Path, **options: Any) -> None:
    import pyogrio
    import pyogrio.errors

    if not isinstance(frame, gpd.GeoDataFrame):
        frame = pd.DataFrame(frame)
    try:
        with warnings.catch_warnings():
            # Encrypted degrees have no CRS: that is the truth, not an oversight.
            warnings.filterwarnings("ignore", "'crs' was not provided")
            pyogrio.write_dataframe(frame, target, **options)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.FieldError,
        pyogrio.errors.GeometryError,
        ValueError,
    ) as error:
        raise FileFormatError(f"写文件失败:{error}", f"the file cannot be written: {error}") from None


def _write_geojson(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    said = {"DESCRIPTION": manner.line} if manner.stamp else {}
    for name, frame in frames.items():
        spatial = (
            frame if isinstance(frame, gpd.GeoDataFrame) else gpd.GeoDataFrame(frame, geometry=[None] * len(frame))
        )
        target = folder / _own_name(path, name, frames)
        _gdal(spatial, target, driver="GeoJSON", layer=name, COORDINATE_PRECISION=9, **said)


def _write_parquet(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    for name, frame in frames.items():
        target = folder / _own_name(path, name, frames)
        frame.to_parquet(target, index=False)
        if manner.stamp:
            from pyarrow import parquet

            table = parquet.read_table(target)
            told = {**(table.schema.metadata or {}), b"stamp": manner.line.encode()}
            parquet.write_table(table.replace_schema_metadata(told), target)


def _write_shapefile(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    for name, frame in frames.items():
        target = folder / _own_name(path, name, frames)
        for family, part in _families(frame, name).items():
            suffix = f"_{family}" if family else ""
            shapes = target.with_name(f"{target.stem}{suffix}.shp")
            _one_shapefile(part, shapes, manner.encoding or "UTF-8")
            if manner.stamp:
                shapes.with_name(f"{shapes.name}.xml").write_text(_as_metadata(manner.line), encoding="utf-8")


def _as_metadata(line: str) -> str:
    """Return the least that GIS programs take for a description of a layer."""
    said = escape(line)
    return f"<metadata><idinfo><descript><abstract>{said}</abstract></descript></idinfo></metadata>"


def _write_shapefile_zip(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    with tempfile.TemporaryDirectory(prefix="parts-", dir=folder) as name:
        parts = Path(name)
        for layer, frame in frames.items():
            _write_shapefile({layer: frame}, parts, Path(f"{plain_name(layer)}.shp"), manner)
        with zipfile.ZipFile(folder / path.name, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(parts.iterdir()):
                archive.write(part, part.name)


def _families(frame: Frame, name: str) -> dict[str, gpd.GeoDataFrame]:
    """Part a layer by point, line and area, one shapefile each; '' when there is only one of them."""
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FileFormatError(
            f"图层 {name} 没有几何,不能写成 Shapefile;请用 .gpkg、.csv 或 .xlsx",
            f"{name} has no geometry and cannot be a shapefile; use .gpkg, .csv or .xlsx",
        )
    family = frame.geometry.geom_type.str.removeprefix("Multi").map(_FAMILIES)
    found = list(family.dropna().unique())
    if len(found) < 2:
        return {"": frame}
    return {word: frame[family == word] for word in found}


def _one_shapefile(frame: gpd.GeoDataFrame, target: Path, encoding: str) -> None:
    attributes = [str(column) for column in frame.columns if column != frame.geometry.name]
    _check_dbf_texts(frame[attributes], encoding)
    shortened = short_names(attributes, encoding)
    kind = {} if len(frame) else {"geometry_type": "Polygon"}
    if set(frame.geometry.geom_type.dropna()) == {"Point", "MultiPoint"}:
        frame = frame.set_geometry(
            frame.geometry.map(lambda shape: shapely.MultiPoint([shape]) if shape.geom_type == "Point" else shape)
        )
    _gdal(frame.rename(columns=shortened), target, driver="ESRI Shapefile", encoding=encoding, **kind)
    target.with_suffix(".cpg").write_text("936" if encoding == "GBK" else encoding, "ascii")
    if any(name != short for name, short in shortened.items()):
        with target.with_suffix(".fields.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            rows = [("field", "name"), *((short, name) for name, short in shortened.items())]
            csv.writer(stream).writerows([[neutralise(cell) for cell in row] for row in rows])


def _check_dbf_texts(attributes: pd.DataFrame, encoding: str) -> None:
    for column in attributes.select_dtypes(["object", "str"]):
        for text in attributes[column].dropna().astype(str):
            if not text.isascii() or len(text) > DBF_TEXT_BYTES:
                _check_dbf_text(str(column), text, encoding)


def _check_dbf_text(column: str, text: str, encoding: str) -> None:
    try:
        size = len(text.encode(encoding))
    except UnicodeEncodeError:
        raise FileFormatError(
            f"“{column}”列的“{text[:20]}”无法用 {encoding} 表示;请改用 UTF-8",
            f"{text[:20]!r} in {column!r} cannot be written in {encoding}: use UTF-8",
        ) from None
    if size > DBF_TEXT_BYTES:
        raise FileFormatError(
            f"“{column}”列的“{text[:20]}…”有 {size} 字节,Shapefile 最多 {DBF_TEXT_BYTES};请改用 .gpkg",
            f"{text[:20]!r}... in {column!r} takes {size} bytes, a shapefile has {DBF_TEXT_BYTES}: use .gpkg",
        )


def _write_csv(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    encoding = manner.encoding
    for name, frame in frames.items():
        table = _as_table(frame)
        target = folder / _own_name(path, name, frames)
        try:
            with target.open("w", encoding=encoding.lower() if encoding else "utf-8-sig", newline="") as stream:
                writer = csv.writer(stream)
                if manner.stamp:
                    # As wide as the table, so that programs which count signs in the first line find its delimiter.
                    writer.writerow([_encodable(manner.line, encoding), *[""] * (table.shape[1] - 1)])
                writer.writerow([neutralise(str(column)) for column in table])
                writer.writerows([_csv_cell(cell) for cell in row] for row in table.itertuples(index=False, name=None))
        except UnicodeEncodeError as error:
            raise FileFormatError(
                f"“{error.object[error.start : error.end]}”无法用 {encoding} 表示;请改用 GB18030 或 UTF-8",
                f"{error.object[error.start : error.end]!r} cannot be written in {encoding}: use GB18030 or UTF-8",
            ) from None


def _encodable(line: str, encoding: str | None) -> str:
    """Return a line of our own in an encoding that may lack some of its signs; those of the rows have to be kept."""
    return line if encoding is None else line.encode(encoding, "replace").decode(encoding)


def _csv_cell(cell: Any) -> Any:
    if isinstance(cell, str):
        return neutralise(cell)
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return repr(cell) if isinstance(cell, float) else cell


def _as_table(frame: Frame) -> pd.DataFrame:
    """Replace geometry by columns: lon and lat for points, WKT that reads back to the same numbers for the rest."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    kinds = set(frame.geometry.geom_type.dropna())
    if kinds == {"Point"} and not {"lon", "lat"} & set(table):
        table["lon"], table["lat"] = frame.geometry.x, frame.geometry.y
    else:
        table["geometry"] = shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=-1)
    return table


def _write_xlsx(frames: Mapping[str, Frame], folder: Path, path: Path, manner: _Manner) -> None:
    import xlsxwriter

    top = 1 if manner.stamp else 0
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(folder / path.name), options) as book:
        bold = book.add_format({"bold": True})
        if manner.stamp:
            book.set_properties({"author": manner.stamp.who, "comments": manner.line})
        for name, frame in frames.items():
            table = _as_table(frame)
            if len(table) + top > XLSX_ROWS:
                raise FileFormatError(f"图层 {name} 超过 Excel 的行数上限", f"{name} has more rows than Excel allows")
            sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", "_", name)[:31])
            sheet.freeze_panes(top + 1, 0)
            if manner.stamp:
                sheet.write_string(0, 0, manner.line)
            sheet.write_row(top, 0, [neutralise(str(column)) for column in table], bold)
            for number, row in enumerate(table.itertuples(index=False, name=None), start=top + 1):
                for position, cell in enumerate(row):
                    _write_cell(sheet, number, position, cell)


def _write_cell(sheet: Any, row: int, column: int, cell: Any) -> None:
    cell = _csv_cell(cell) if not isinstance(cell, float) or math.isnan(cell) else cell
    if cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float) and abs(cell) < 10**15:
        sheet.write_number(row, column, cell)
    else:
        text = str(cell)
        if len(text) > XLSX_CELL_CHARS:
            raise FileFormatError(
                f"第 {row + 1} 行有 {len(text)} 个字符,Excel 单元格最多 {XLSX_CELL_CHARS};带边界的图层请用 .gpkg",
                f"row {row + 1} has a cell of {len(text)} characters, Excel allows {XLSX_CELL_CHARS}: use .gpkg",
            )
        sheet.write_string(row, column, text)


def _own_name(path: Path, layer: str, frames: Mapping[str, Frame]) -> str:
    return path.name if len(frames) == 1 else f"{path.stem}.{plain_name(layer)}{path.suffix}"


_WRITERS: dict[str, Callable[[Mapping[str, Frame], Path, Path, _Manner], None]] = {
    ".gpkg": _write_gpkg,
    ".shp": _write_shapefile,
    ".zip": _write_shapefile_zip,
    ".geojson": _write_geojson,
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
}
