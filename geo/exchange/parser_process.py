"""The program that opens a user's file with GDAL, Arrow or calamine, in a process of its own.

Started by :mod:`geo.exchange.parsing`, with limits on memory and time, with every GDAL driver but three switched
off, on a file that has been given a name of ours. A file that breaks a C library breaks this process only. It
imports nothing of the project and no geopandas: that would triple the time it takes to start.

Reads one JSON request on standard input, writes the table as an Arrow file (a sheet's cells as JSON), answers with
JSON on standard output.
"""

import contextlib
import json
import os
import resource
import sys
from datetime import datetime, time
from typing import Any

ALLOWED_DRIVERS = {"GPKG", "ESRI Shapefile", "GeoJSON"}
# Drivers of GDAL 3.12. When another version has more, the parent starts this again with those in the request.
SKIPPED_DRIVERS = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,DXF,EDIGEO,EEDA,ESRIJSON,Elasticsearch,FlatGeobuf,"
    "GDALG,GML,GPSBabel,GPX,GTFS,GeoJSONSeq,GeoRSS,HTTP,Idrisi,JML,JSONFG,KML,LIBKML,LVBAG,MBTiles,MEM,MVT,"
    "MapInfo File,MapML,MiraMonVector,NGW,OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OpenFileGDB,PCIDSK,PDF,PDS4,"
    "PGDUMP,PLSCENES,PMTiles,PostgreSQL,MySQL,ODBC,MSSQLSpatial,S57,SQLite,SXF,Selafin,TopoJSON,VDV,VFK,VICAR,WAsP,"
    "WFS,XLS,XLSX"
)
#: Rows times columns of a sheet, empty ones too: a city's register has some 30 million.
MAX_CELLS = 40_000_000
KINDS = {"line": ("LineString",), "area": ("Polygon",), "any": ()}


class Refused(Exception):  # noqa: N818
    """What the parent turns into a FileFormatError: (zh, en)."""


def main() -> None:
    """Answer the one request."""
    request = json.load(sys.stdin)
    os.environ["OGR_SKIP"] = ",".join([SKIPPED_DRIVERS, *request["skip"]])
    resource.setrlimit(resource.RLIMIT_AS, (request["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (request["seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = _READERS[request["format"]](request)
    except Refused as refused:
        answer = {"refused": list(refused.args)}
    except MemoryError:
        answer = {"refused": ["文件展开后超出内存限制", "the file needs more memory than is allowed"]}
    except Exception as error:
        # Whatever a parser says of a hostile file: one line of it, never a traceback.
        said = " ".join(str(error).split())[:300]
        answer = {"refused": [f"文件无法读取:{said}", f"the file cannot be read: {said}"]}
    json.dump(answer, sys.stdout)


def _gdal(request: dict[str, Any]) -> dict[str, Any]:
    # Hidden so that pyogrio does not import them: start-up takes 0.5 s instead of 2.7 s.
    for unused in ("geopandas", "pandas", "shapely", "pyproj"):
        sys.modules[unused] = None  # type: ignore[assignment]
    import pyogrio
    import pyogrio.raw

    more = set(pyogrio.list_drivers()) - ALLOWED_DRIVERS
    if more:
        return {"skip": sorted(more)}
    path = request["path"]
    layer = _choose_layer(pyogrio, request)
    options = {"encoding": request["encoding"]} if request["encoding"] else {}
    info = pyogrio.read_info(path, layer=layer, **options)
    if info["driver"] != request["driver"]:
        raise Refused(
            f"文件内容是 {info['driver']},与扩展名不符", f"the content is {info['driver']}: not what its name says"
        )
    meta, table = pyogrio.raw.read_arrow(path, layer=layer, datetime_as_string=True, **options)
    has_geometry = meta["geometry_type"] is not None and meta["geometry_name"] is not None
    _save(table, request["out"])
    return {
        "layer": layer,
        "geometry": (meta["geometry_name"] or "wkb_geometry") if has_geometry else None,
        "crs": meta["crs"],
        "fid": meta.get("fid_column") or None,
        "metadata": info.get("layer_metadata") or {},
    }


def _choose_layer(pyogrio: Any, request: dict[str, Any]) -> str:
    layers = [(str(name), str(kind)) for name, kind in pyogrio.list_layers(request["path"])]
    names = [name for name, _ in layers]
    if request["layer"] is not None:
        if request["layer"] in names:
            return str(request["layer"])
        raise Refused(
            f"文件中没有图层“{request['layer']}”;有:{'、'.join(names)}",
            f"the file has no layer {request['layer']!r}; it has: {', '.join(names)}",
        )
    if len(names) == 1:
        return names[0]
    if not names:
        raise Refused("文件中没有图层", "the file has no layers")
    candidates = _with_column(pyogrio, request, names)
    if len(candidates) != 1:
        kinds = KINDS[request["prefer_geometry"]]
        candidates = [name for name, kind in layers if any(word in kind for word in kinds) and name in candidates]
    if len(candidates) == 1:
        return candidates[0]
    raise Refused(
        f"文件有多个图层:{'、'.join(names)};请指明一个,例如 文件#{names[0]}",
        f"the file has several layers: {', '.join(names)}; name one, e.g. FILE#{names[0]}",
    )


def _with_column(pyogrio: Any, request: dict[str, Any], names: list[str]) -> list[str]:
    wanted = (request["needs_column"] or "").casefold()
    if not wanted:
        return names
    found = []
    for name in names:
        with contextlib.suppress(Exception):
            fields = pyogrio.read_info(request["path"], layer=name)["fields"]
            if wanted in (str(field).casefold() for field in fields):
                found.append(name)
    return found or names


def _parquet(request: dict[str, Any]) -> dict[str, Any]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(request["path"], use_threads=False, memory_map=False)
    meta = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
    column = meta.get("primary_column")
    geometry = meta.get("columns", {}).get(column, {}) if column in table.column_names else {}
    if geometry and geometry.get("encoding") != "WKB":
        raise Refused("GeoParquet 的几何编码不是 WKB", "the geometry encoding of this GeoParquet is not WKB")
    _save(table.replace_schema_metadata(None), request["out"])
    # The GeoParquet rule: no crs member means OGC:CRS84; a null one means that it is not known.
    crs = geometry.get("crs", "OGC:CRS84") if geometry else None
    return {
        "layer": None,
        "geometry": column if geometry else None,
        "crs": json.dumps(crs) if isinstance(crs, dict) else crs,
        "fid": None,
        "metadata": {},
    }


def _excel(request: dict[str, Any]) -> dict[str, Any]:
    import python_calamine

    book = python_calamine.load_workbook(request["path"])
    names = list(book.sheet_names)
    name = _choose_sheet(book, names, request["layer"])
    sheet = book.get_sheet_by_name(name)
    # One cell in the last corner of a sheet stands for 17 thousand million empty ones.
    height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    if height * width > MAX_CELLS:
        raise Refused(
            f"工作表“{name}”有 {height} 行 {width} 列,超出 {MAX_CELLS} 格;请删除数据区以外的内容",
            f"sheet {name!r} has {height} rows and {width} columns, over {MAX_CELLS} cells: "
            "remove what lies outside the table",
        )
    cells = sheet.to_python(skip_empty_area=False)
    with open(request["out"], "w", encoding="utf-8", errors="surrogatepass") as stream:
        json.dump(cells, stream, default=_tell_time)
    return {"sheet": name, "position": names.index(name)}


def _choose_sheet(book: Any, names: list[str], wanted: str | None) -> str:
    if wanted is not None:
        if wanted in names:
            return wanted
        raise Refused(f"没有工作表“{wanted}”;有:{'、'.join(names)}", f"no sheet {wanted!r}; there are: {names}")
    filled = [name for name in names if book.get_sheet_by_name(name).height > 0]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        raise Refused("工作簿是空的", "the workbook is empty")
    raise Refused(
        f"工作簿有多张表:{'、'.join(filled)};请指明一张,例如 文件#{filled[0]}",
        f"the workbook has several sheets: {filled}; name one, e.g. FILE#{filled[0]}",
    )


def _tell_time(value: Any) -> dict[str, Any]:
    """Dates, times and spans, which JSON does not have, as the text a table shows."""
    if isinstance(value, datetime) and value.time() == time():
        return {"text": value.date().isoformat()}
    return {"text": value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)}


def _save(table: Any, path: str) -> None:
    import pyarrow.ipc

    with pyarrow.OSFile(path, "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


_READERS = {"gdal": _gdal, "parquet": _parquet, "excel": _excel}


if __name__ == "__main__":
    main()
