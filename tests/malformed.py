"""Bytes that nobody should send: bodies, raw requests and files, the same ones every time.

Every piece has a label that says what is wrong with it, so that a failure names its kind. The first pieces of a
family are the ones thought of; the others are made from these by a seeded generator.
"""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import shapely
from shapely import Point, box

from geo.exchange.writing import write_frame

#: Never to be seen in an answer, an error or a file.
CANARY = "zq9canary"
#: What a VRT would read if anything opened it.
SECRET = "topsecret-zq9"


@dataclass(frozen=True)
class Piece:
    """Some bytes and what is wrong with them; ``suffix`` is the name that a file goes by."""

    label: str
    content: bytes
    suffix: str = ""


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────

ODD_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e999",
    "9" * 400,
    "9" * 5_000,
    "0." + "1" * 3_000,
    "1e",
    "--1",
]
ODD_VALUES = [
    *ODD_NUMBERS,
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"\\u202e' + CANARY + '"',
    '"<script>' + CANARY + '</script>"',
    "\"=cmd|' /C calc'!A0\"",
    '"' + "字" * 20_000 + '"',
    '"../../../../etc/passwd"',
    '"\' OR 1=1; DROP TABLE plan; --"',
    "null",
    "true",
    "-1",
    "2147483648",
    "9223372036854775808",
    "0.1",
    "[]",
    "{}",
    "[[[[[[]]]]]]",
    '{"type":"GeometryCollection","geometries":' * 40 + "[]" + "}" * 40,
    "[" * 63 + "]" * 63,
    "[" * 64 + "]" * 64,
    '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}',
]


def bodies(fields: list[str], valid: dict[str, Any], count: int, seed: int) -> Iterator[Piece]:
    """Yield ``count`` malformed bodies for a route.

    Parameters
    ----------
    fields
        Names that the route's body may have.
    valid
        A body that the route would take, to be spoilt.
    """
    rng = np.random.default_rng(seed)
    whole = json.dumps(valid, ensure_ascii=False).encode()
    made = 0
    for piece in _thought_of(fields, valid, whole):
        if made == count:
            return
        made += 1
        yield piece
    makers = [_truncated, _mutated, _odd_value, _odd_encoding, _twice, _nested]
    while made < count:
        maker = makers[int(rng.integers(len(makers)))]
        yield maker(fields, valid, whole, rng)
        made += 1


def _thought_of(fields: list[str], valid: dict[str, Any], whole: bytes) -> Iterator[Piece]:
    yield Piece("nothing", b"")
    yield Piece("BOM", b"\xef\xbb\xbf" + whole)
    yield Piece("UTF-16", whole.decode().encode("utf-16"))
    yield Piece("UTF-32", whole.decode().encode("utf-32"))
    yield Piece("GBK", json.dumps({**valid, "name": "方案名称"}, ensure_ascii=False).encode("gbk"))
    yield Piece("NUL bytes", b"\0" * 100)
    yield Piece("NUL inside", whole[:5] + b"\0" + whole[5:])
    yield Piece("gzip without saying so", b"\x1f\x8b\x08\x00" + b"\0" * 50)
    yield Piece("open arrays", b"[" * 200_000)
    yield Piece("open objects", b'{"a":' * 50_000)
    yield Piece("a long key", b'{"' + b"k" * 300_000 + b'": 1}')
    yield Piece("many keys", json.dumps({f"{CANARY}{i}": i for i in range(20_000)}).encode())
    yield Piece("a key that is no name", b'{"__proto__": {"a": 1}, "constructor": 1}')
    yield Piece("two documents", whole + whole)
    yield Piece("a comment", b"/* */" + whole)
    yield Piece("single quotes", whole.replace(b'"', b"'"))
    yield Piece("a trailing comma", whole[:-1] + b",}")
    for field in fields:
        for value in ODD_VALUES:
            yield Piece(f"{field} = {value[:24]}", _with(valid, field, value))


def _with(valid: dict[str, Any], field: str, value: str) -> bytes:
    rest = {name: given for name, given in valid.items() if name != field}
    text = json.dumps(rest, ensure_ascii=False)[:-1]
    return f"{text}{', ' if rest else ''}{json.dumps(field)}: {value}}}".encode("utf-8", "surrogatepass")


def _truncated(_: list[str], __: dict[str, Any], whole: bytes, rng: np.random.Generator) -> Piece:
    return Piece("truncated", whole[: int(rng.integers(1, len(whole)))])


def _mutated(_: list[str], __: dict[str, Any], whole: bytes, rng: np.random.Generator) -> Piece:
    return Piece("mutated", mutate(whole, rng))


def _odd_value(fields: list[str], valid: dict[str, Any], _: bytes, rng: np.random.Generator) -> Piece:
    field, value = fields[int(rng.integers(len(fields)))], ODD_VALUES[int(rng.integers(len(ODD_VALUES)))]
    other = fields[int(rng.integers(len(fields)))]
    spoilt = {**valid, other: [None, CANARY, -1, {}, [], 1e300][int(rng.integers(6))]}
    return Piece(f"{other} and {field} = {value[:24]}", _with(spoilt, field, value))


def _odd_encoding(_: list[str], valid: dict[str, Any], __: bytes, rng: np.random.Generator) -> Piece:
    encoding = ["gb18030", "big5", "utf-16-le", "utf-16-be", "utf-32-le", "shift_jis"][int(rng.integers(6))]
    cut = "网格方案名称"[: int(rng.integers(1, 7))]
    text = json.dumps({**valid, "name": cut}, ensure_ascii=False).encode(encoding, "replace")
    return Piece(encoding, text[: len(text) - int(rng.integers(0, 3))])


def _twice(fields: list[str], valid: dict[str, Any], whole: bytes, rng: np.random.Generator) -> Piece:
    field = fields[int(rng.integers(len(fields)))]
    value = ODD_VALUES[int(rng.integers(len(ODD_VALUES)))]
    return Piece(f"{field} twice", _with({**valid, field: CANARY}, field, value)[:-1] + b", " + _pair(field, value))


def _pair(field: str, value: str) -> bytes:
    return f"{json.dumps(field)}: {value}}}".encode("utf-8", "surrogatepass")


def _nested(fields: list[str], valid: dict[str, Any], _: bytes, rng: np.random.Generator) -> Piece:
    depth = int(rng.integers(2, 2_000))
    field = fields[int(rng.integers(len(fields)))]
    opening, closing = [("[", "]"), ('{"a":', "}"), ('[{"geometries":', "}]")][int(rng.integers(3))]
    return Piece(f"{field} nested {depth} deep", _with(valid, field, opening * depth + "1" + closing * depth))


def mutate(valid: bytes, rng: np.random.Generator, *, times: int = 4) -> bytes:
    """Copy bytes with a few changed, cut out or put in."""
    body = bytearray(valid)
    for _ in range(int(rng.integers(1, times + 1))):
        place = int(rng.integers(0, len(body)))
        match int(rng.integers(0, 3)):
            case 0:
                body[place] = int(rng.integers(0, 256))
            case 1:
                del body[place : place + int(rng.integers(1, 8))]
            case _:
                body[place:place] = rng.bytes(int(rng.integers(1, 8)))
        body = body or bytearray(b"0")
    return bytes(body)


# ── raw requests ─────────────────────────────────────────────────────────────────────────────────────────────────────

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


def raw_requests(count: int, seed: int) -> Iterator[Piece]:
    """Yield ``count`` requests that no client would send, as they go over the wire."""
    rng = np.random.default_rng(seed)
    known = list(_known_requests())
    yield from known[:count]
    for _ in range(count - len(known)):
        piece = known[int(rng.integers(len(known)))]
        yield Piece(f"mutated: {piece.label}", mutate(piece.content[:4_000], rng))


def _known_requests() -> Iterator[Piece]:
    body = b'{"scope": "440304099"}'
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    yield Piece("no host", b"GET /health HTTP/1.1\r\n\r\n")
    yield Piece("two hosts", b"GET /health HTTP/1.1\r\n" + HOST + b"Host: evil\r\n\r\n")
    yield Piece("HTTP/0.9", b"GET /\r\n")
    yield Piece("HTTP/1.0", b"GET /buildings HTTP/1.0\r\n\r\n")
    yield Piece("HTTP/9.9", b"GET / HTTP/9.9\r\n" + HOST + b"\r\n")
    yield Piece("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0")
    yield Piece("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 200)
    yield Piece("nothing but NUL", b"\0" * 500)
    yield Piece("blank lines", b"\r\n" * 200)
    yield Piece("a whole address", b"GET http://evil.example/streets HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Piece("CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Piece("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Piece("TRACE", b"TRACE / HTTP/1.1\r\n" + HOST + b"X-Secret: " + CANARY.encode() + b"\r\n\r\n")
    yield Piece("a method of its own", CANARY.upper().encode() + b" / HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Piece("a long address", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Piece("a long header", b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n")
    yield Piece(
        "many headers", b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: 1\r\n" % n for n in range(5_000)) + b"\r\n"
    )
    yield Piece("a header without a colon", b"GET / HTTP/1.1\r\n" + HOST + b"nonsense\r\n\r\n")
    yield Piece("a header that goes on", b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n")
    yield Piece("a header with NUL", b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n")
    yield Piece("bytes above ASCII in a header", b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: wangge=\xff\xfe\x80\r\n\r\n")
    yield Piece("bytes above ASCII in the address", b"GET /\xff\xfe\x80?limit=\xe7\xbd HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Piece("a split answer", b"GET /streets?limit=1%0d%0aSet-Cookie:a=b HTTP/1.1\r\n" + HOST + b"\r\n")
    for bearer in (b"Bearer", b"Bearer " + b"a" * 60_000, b"Bearer \xff\xff", b"Basic " + b"=" * 50, b"Bearer a b c"):
        yield Piece("a strange bearer", b"GET /plans HTTP/1.1\r\n" + HOST + b"Authorization: " + bearer + b"\r\n\r\n")
    for cookie in (b"wangge=", b"wangge=;wangge=;=", b"wangge=" + b"%00" * 300, b'wangge="\\000"', b";" * 3_000):
        yield Piece("a strange cookie", b"GET /plans HTTP/1.1\r\n" + HOST + b"Cookie: " + cookie + b"\r\n\r\n")
    post = b"POST /plans HTTP/1.1\r\n" + HOST + JSON
    yield Piece("a negative length", post + b"Content-Length: -5\r\n\r\n" + body)
    yield Piece("a length in words", post + b"Content-Length: five\r\n\r\n" + body)
    yield Piece("a length beyond all", post + b"Content-Length: 99999999999999999999\r\n\r\n" + body)
    yield Piece("two lengths", post + b"Content-Length: 5\r\n" + length + body)
    yield Piece("less than promised", post + b"Content-Length: 5000\r\n\r\n" + body)
    yield Piece("more than promised", post + b"Content-Length: 3\r\n\r\n" + body)
    yield Piece("length and chunks", post + b"Transfer-Encoding: chunked\r\n" + length + b"0\r\n\r\n" + body)
    yield Piece("chunks of nonsense", post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body)
    yield Piece("a chunk beyond all", post + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n" + body)
    yield Piece("an unknown coding", post + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")
    yield Piece("compressed", post + b"Content-Encoding: gzip\r\n" + length + body)
    yield Piece("another charset", post.replace(b"json", b"json; charset=utf-16") + length + body)
    yield Piece("a form", b"POST /plans HTTP/1.1\r\n" + HOST + b"Content-Type: multipart/form-data\r\n" + length + body)
    yield Piece("no type", b"POST /plans HTTP/1.1\r\n" + HOST + length + body)
    yield Piece("upgrade", b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    yield Piece("expect", post + b"Expect: 100-continue\r\n" + length + body)
    yield Piece(
        "ranges", b"GET /static/home.css HTTP/1.1\r\n" + HOST + b"Range: bytes=" + b"0-1," * 3_000 + b"\r\n\r\n"
    )


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def files(folder: Path, count: int, seed: int) -> Iterator[Piece]:
    """Yield ``count`` malformed files; ``folder`` is for those that have to be made by way of the disk.

    A file :data:`SECRET` lies in the folder for whatever would read it.
    """
    rng = np.random.default_rng(seed)
    secret = folder / "secret.csv"
    secret.write_text(f"a,b\n1,{SECRET}\n")
    valid = _valid_files(folder)
    known = [*_disguises(secret), *_shapes(), *_tables(), *_zips(valid, secret), *_cut_short(valid)]
    order = rng.permutation(len(known))
    yield from (known[place] for place in order[:count])
    whole = sorted(valid)
    for _ in range(count - len(known)):
        suffix = whole[int(rng.integers(len(whole)))]
        content = valid[suffix]
        if rng.integers(3) == 0:
            yield Piece(f"truncated {suffix}", content[: int(rng.integers(1, len(content)))], suffix)
        else:
            yield Piece(f"mutated {suffix}", mutate(content, rng, times=40), suffix)


def _valid_files(folder: Path) -> dict[str, bytes]:
    """One good file of each format, to be spoilt."""
    shapes = [box(114.05 + i / 1e3, 22.53, 114.0505 + i / 1e3, 22.5305) for i in range(6)]
    frame = gpd.GeoDataFrame({"名称": [f"楼{i}" for i in range(6)], "households": range(6)}, geometry=shapes, crs=4326)
    found = {}
    for suffix in (".gpkg", ".zip", ".geojson", ".parquet", ".csv", ".xlsx"):
        path = folder / f"valid{suffix}"
        write_frame(frame, path)
        found[suffix] = path.read_bytes()
        path.unlink()
    return found


def _disguises(secret: Path) -> Iterator[Piece]:
    vrt = (
        f'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>"
    )
    suffixes = (".gpkg", ".geojson", ".json", ".csv", ".txt", ".xlsx", ".xls", ".parquet", ".shp", ".zip")
    for suffix in suffixes:
        yield Piece(f"VRT as {suffix}", vrt.encode(), suffix)
        yield Piece(f"VRT with a BOM as {suffix}", b"\xef\xbb\xbf  " + vrt.encode(), suffix)
        yield Piece(f"web VRT as {suffix}", vrt.replace(str(secret), "/vsicurl/http://127.0.0.1:9/a").encode(), suffix)
        yield Piece(f"KML as {suffix}", b"<?xml version='1.0'?><kml><Placemark/></kml>", suffix)
        yield Piece(f"XML bomb as {suffix}", _xml_bomb(), suffix)
        yield Piece(f"NUL as {suffix}", b"\0" * 4_096, suffix)
        yield Piece(f"one byte as {suffix}", b"P", suffix)
    for magic, suffix in ((b"SQLite format 3\0", ".gpkg"), (b"PAR1", ".parquet"), (b"PK\x03\x04", ".xlsx")):
        yield Piece(f"{suffix} magic, then a VRT", magic + vrt.encode(), suffix)
    yield Piece(".zip magic, then a VRT", b"PK\x03\x04" + vrt.encode(), ".zip")
    yield Piece(".xls magic, then a VRT", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + vrt.encode(), ".xls")
    yield Piece(".shp magic, then a VRT", b"\0\0\x27\x0a" + vrt.encode(), ".shp")
    yield Piece("GeoJSON with a VRT inside", b'{"type":"FeatureCollection","x":"' + vrt.encode() + b'"}', ".geojson")
    yield Piece("TopoJSON", b'{"type":"Topology","objects":{},"arcs":[]}', ".geojson")
    yield Piece("ESRI JSON", b'{"geometryType":"esriGeometryPoint","features":[]}', ".json")


def _xml_bomb() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a0 "x">{entities}]><b>&a9;</b>'.encode()


def _shapes() -> Iterator[Piece]:
    """Yield GeoJSON whose geometries are no geometries."""
    ring = [[114.0, 22.0], [114.1, 22.0], [114.1, 22.1], [114.0, 22.0]]
    geometries: dict[str, Any] = {
        "unclosed ring": {"type": "Polygon", "coordinates": [ring[:3]]},
        "a ring of two": {"type": "Polygon", "coordinates": [ring[:2]]},
        "no ring": {"type": "Polygon", "coordinates": []},
        "an empty ring": {"type": "Polygon", "coordinates": [[]]},
        "words for numbers": {"type": "Point", "coordinates": ["114", "22"]},
        "one number": {"type": "Point", "coordinates": [114]},
        "ten numbers": {"type": "Point", "coordinates": list(range(10))},
        "a number beyond all": {"type": "Point", "coordinates": [1e308, -1e308]},
        "nested arrays": {"type": "Point", "coordinates": [[[[[[114]]]]]]},
        "no coordinates": {"type": "Point"},
        "an unknown type": {"type": CANARY, "coordinates": [1, 2]},
        "a null": None,
        "a number": 5,
        "a bow tie": {"type": "Polygon", "coordinates": [[[114, 22], [115, 23], [115, 22], [114, 23], [114, 22]]]},
        "a spike": {"type": "Polygon", "coordinates": [[[114, 22], [115, 22], [114, 22], [114, 22]]]},
        "an empty collection": {"type": "GeometryCollection", "geometries": []},
    }
    for depth in (5, 40, 400, 3_000):
        inner: Any = '{"type":"GeometryCollection","geometries":[' * depth + "]}" * depth
        yield Piece(f"collections {depth} deep", _feature_text(inner), ".geojson")
    for label, geometry in geometries.items():
        yield Piece(label, _feature_text(json.dumps(geometry)), ".geojson")
    for number in ("NaN", "Infinity", "1e999", "-"):
        yield Piece(
            f"coordinate {number}", _feature_text(f'{{"type":"Point","coordinates":[{number},22]}}'), ".geojson"
        )
    angles = np.linspace(0, 2 * np.pi, 200_000)
    many = np.column_stack([114 + np.cos(angles) / 100, 22.5 + np.sin(angles) / 100])
    text = json.dumps({"type": "Polygon", "coordinates": [many.tolist()]})
    yield Piece("a polygon of 200,000 vertices", _feature_text(text), ".geojson")
    yield Piece(
        "properties deep",
        b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":'
        + b"[" * 5_000
        + b"]" * 5_000
        + b'},"geometry":null}]}',
        ".geojson",
    )
    yield Piece(
        "a CRS from the web",
        b'{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":'
        b'"http://127.0.0.1:9/crs"}},"features":[]}',
        ".geojson",
    )
    yield Piece(
        "a CRS from a file",
        b'{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"/etc/passwd"}},"features":[]}',
        ".geojson",
    )


def _feature_text(geometry: str) -> bytes:
    return (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"a"},"geometry":'
        + geometry
        + "}]}"
    ).encode()


def _tables() -> Iterator[Piece]:
    yield Piece(
        "formulas", '名称,households,lon,lat\n"=HYPERLINK(""http://a"")",+1+cmd|x!A,114.05,22.53\n'.encode(), ".csv"
    )
    yield Piece("a quote never closed", b'name,lon,lat\n"' + b"a,114,22\n" * 2_000, ".csv")
    yield Piece("columns beyond reason", b",".join(b"c%d" % n for n in range(5_000)) + b"\n1\n", ".csv")
    yield Piece("a cell of 5 MB", b"name,lon,lat\n" + b"x" * 5_000_000 + b",114,22\n", ".csv")
    yield Piece("nothing but commas", b"," * 10_000 + b"\n" * 1_000, ".csv")
    yield Piece("nothing but newlines", b"\n" * 10_000, ".csv")
    yield Piece("NUL between", b"name,lon,lat\na\0b,114,22\n", ".csv")
    yield Piece("GBK cut in a character", "名称,lon,lat\n楼栋,114,22\n网".encode("gbk")[:-1], ".csv")
    yield Piece("GBK and UTF-8", "名称,lon,lat\n".encode() + "楼栋一号,114,22\n".encode("gbk") * 3, ".csv")
    yield Piece("UTF-16", "名称,lon,lat\n楼,114,22\n".encode("utf-16"), ".csv")
    yield Piece("UTF-16 cut", "名称,lon,lat\n楼,114,22\n".encode("utf-16")[:-1], ".csv")
    yield Piece("lone surrogates", b"name,lon,lat\n\xed\xa0\x80,114,22\n", ".csv")
    yield Piece("BOM twice", b"\xef\xbb\xbf\xef\xbb\xbfname,lon,lat\na,114,22\n", ".csv")
    deep = "GEOMETRYCOLLECTION(" * 6_000 + "POINT(1 1)" + ")" * 6_000
    yield Piece("WKT 6,000 deep", f'name,wkt\na,"{deep}"\nb,"{deep}"\n'.encode(), ".csv")
    yield Piece("WKT cut short", b'name,wkt\na,"POLYGON((114 22,"\n', ".csv")
    yield Piece("WKT of NaN", b'name,wkt\na,"POINT(nan nan)"\nb,"POINT(inf 22)"\n', ".csv")
    yield Piece("WKT unclosed", b'name,wkt\na,"POLYGON((0 0,1 0,1 1))"\n', ".csv")
    yield Piece("coordinates beyond all", b"name,lon,lat\na,1e308,-1e308\nb,9e999,1\n", ".csv")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["name", "lon", "lat"])
    sheet.append(["=1+1", "=cmd|' /C calc'!A0", '=WEBSERVICE("http://127.0.0.1:9")'])
    stream = io.BytesIO()
    book.save(stream)
    yield Piece("dead formulas", stream.getvalue(), ".xlsx")
    yield Piece("xlsx named xls", stream.getvalue(), ".xls")
    yield Piece("xlsx named csv", stream.getvalue(), ".csv")
    yield Piece("an old workbook of nothing", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 3_000, ".xls")
    yield Piece("a sheet far away", _sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), ".xlsx")
    yield Piece("a reference of nonsense", _sheet('<row r="-5"><c r="ZZZZ99999999"><v>1</v></c></row>'), ".xlsx")
    yield Piece(
        "a shared string that is not there", _sheet('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>'), ".xlsx"
    )
    yield Piece(
        "an external entity", _sheet("", head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), ".xlsx"
    )


def _sheet(rows: str, head: str = "") -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{head}<worksheet xmlns="{main}"><sheetData>{rows}'
        "</sheetData></worksheet>",
    }
    return _zip({name: text.encode() for name, text in parts.items()})


def _zip(members: dict[str, bytes], *, change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            archive.writestr(info, content)
    return stream.getvalue()


def _zips(valid: dict[str, bytes], secret: Path) -> Iterator[Piece]:
    with zipfile.ZipFile(io.BytesIO(valid[".zip"])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    yield Piece("zip bomb", _zip({"a.shp": b"\0" * (40 * 2**20)}), ".zip")
    yield Piece("xlsx bomb", _zip({"xl/worksheets/sheet1.xml": b" " * (40 * 2**20)}), ".xlsx")
    yield Piece("zip in zip in zip", _zip({"a.zip": _zip({"b.zip": _zip(parts)})}), ".zip")
    for prefix in ("../../../../tmp/zq9slip/", "/tmp/zq9slip/", "..\\..\\tmp\\zq9slip\\", "C:\\zq9slip\\"):
        yield Piece(f"slip to {prefix}", _zip({f"{prefix}{name}": content for name, content in parts.items()}), ".zip")

    def as_link(info: zipfile.ZipInfo) -> None:
        info.create_system, info.external_attr = 3, 0o120777 << 16

    links = {f"a{suffix}": str(secret).encode() for suffix in (".shp", ".shx", ".dbf", ".prj")}
    yield Piece("links to a file", _zip(links, change=as_link), ".zip")
    yield Piece("a link beside good parts", _zip({**parts, "b.shp": b"/etc/passwd"}, change=as_link), ".zip")

    def locked(info: zipfile.ZipInfo) -> None:
        info.flag_bits |= 1

    yield Piece("a password", _zip(parts, change=locked), ".zip")
    yield Piece("2,500 members", _zip({f"{n}.shp": b"" for n in range(2_500)}), ".zip")
    yield Piece("a name of NUL and colons", _zip({"a\x01:|?*.shp": b"x", "a.dbf": b"x", "a.shx": b"x"}), ".zip")
    yield Piece("the same name twice", _zip({"a/x.shp": parts_of(parts, ".shp"), "b/x.shp": b"x"}), ".zip")
    for name, content in parts.items():
        for other in (b"", b"\xff" * 200, content[: len(content) // 2]):
            yield Piece(f"{name} spoilt", _zip({**parts, name: other}), ".zip")
    shp, dbf = (next(name for name in parts if name.endswith(suffix)) for suffix in (".shp", ".dbf"))
    lying = bytearray(parts[shp])
    lying[108:112] = struct.pack("<i", 2**31 - 1)
    yield Piece("a shape of 2^31 parts", _zip({**parts, shp: bytes(lying)}), ".zip")
    many = bytearray(parts[dbf])
    many[4:8] = struct.pack("<I", 2**32 - 1)
    yield Piece("a table of 2^32 rows", _zip({**parts, dbf: bytes(many)}), ".zip")


def parts_of(parts: dict[str, bytes], suffix: str) -> bytes:
    """Return the part of a zipped shapefile with this suffix."""
    return next(content for name, content in parts.items() if name.endswith(suffix))


def _cut_short(valid: dict[str, bytes]) -> Iterator[Piece]:
    for suffix, content in valid.items():
        for share in (0.02, 0.3, 0.7, 0.97):
            yield Piece(f"{suffix} cut at {share:.0%}", content[: max(1, int(len(content) * share))], suffix)
        yield Piece(f"{suffix} with a tail", content + b"\xff" * 1_000, suffix)
        yield Piece(f"{suffix} twice", content + content, suffix)
    yield Piece("GeoParquet of nested collections", _nested_parquet(), ".parquet")


def _nested_parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    deep = struct.pack("<BII", 1, 7, 1) * 12_000 + shapely.to_wkb(Point(114, 22), byte_order=1)
    geo = b'{"version":"1.0.0","primary_column":"g","columns":{"g":{"encoding":"WKB","geometry_types":[]}}}'
    table = pa.table({"name": ["a", "b"], "g": [deep, deep[:-5]]}).replace_schema_metadata({"geo": geo})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()
