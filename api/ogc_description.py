"""OpenAPI 3.0 of OGC's interfaces for one visitor: the collections that they may see, each with its own parameters.

The interface's whole description (``openapi.py``) is OpenAPI 3.1, which the tools of these standards do not read yet.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from api.answering import HTML, JSON
from api.errors import PROBLEM_TYPE
from api.ogc_asking import KEY_PATTERN, MOST, USUAL
from api.ogc_features import has_tiles, schema_of
from api.ogc_links import GEOJSON, MVT, OPENAPI, SCHEMA, Addresses
from geo.services.featuring import Collection
from geo.services.reference_systems import CRS84, ReferenceSystem

Described = dict[str, Any]

_OBJECT: Described = {"type": "object"}
_FORM = {"$ref": "#/components/parameters/f"}


def describe(at: Addresses, told: Sequence[Collection], systems: Sequence[ReferenceSystem]) -> Described:
    """Return the description."""
    paths = {
        "/": _look("landing", "OGC 接口首页 Landing page", JSON),
        "/conformance": _look("conformance", "符合的标准 Conformance", JSON),
        "/api": _look("api", "接口描述 This description", OPENAPI, has_forms=False),
        "/collections": _look("collections", "数据集列表 Collections", JSON),
        "/tileMatrixSets": _look("tileMatrixSets", "瓦片网格 Tile matrix sets", JSON, has_forms=False),
        "/tileMatrixSets/WebMercatorQuad": _look(
            "WebMercatorQuad", "Web 墨卡托网格 The web's grid", JSON, has_forms=False
        ),
    }
    for of in told:
        paths |= _paths_of(of)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "网格 wangge: OGC API – Features, Tiles",
            "version": version("wangge"),
            "description": "只含您范围之内的数据。 Of your own scope alone.",
        },
        "servers": [{"url": at.root}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "POST /sign-ins 的令牌 A sign-in's token",
                },
                "basic": {"type": "http", "scheme": "basic", "description": "密码为令牌 The token as password"},
            },
            "parameters": _parameters(systems),
            "schemas": {"problem": _PROBLEM},
            "responses": {
                name: {"description": words, "content": {PROBLEM_TYPE: {"schema": {"$ref": _PROBLEM_AT}}}}
                for name, words in _FAULTS.items()
            },
        },
    }


_PROBLEM_AT = "#/components/schemas/problem"
_PROBLEM: Described = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "detail_en": {"type": "string"},
    },
}
_FAULTS = {
    "wrong": "请求有误 Something is wrong with the request",
    "stranger": "须先登录 Sign in first",
    "missing": "没有找到 Not found",
    "failed": "服务器出错 The server failed",
}
_FAULTS_BY_STATUS = {
    "400": {"$ref": "#/components/responses/wrong"},
    "401": {"$ref": "#/components/responses/stranger"},
    "404": {"$ref": "#/components/responses/missing"},
    "500": {"$ref": "#/components/responses/failed"},
}


def _parameters(systems: Sequence[ReferenceSystem]) -> Described:
    uris = {"type": "string", "format": "uri", "enum": [system.uri for system in systems], "default": CRS84}
    four_or_six = {
        "type": "array",
        "items": {"type": "number"},
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    }
    queries = {
        "f": ({"type": "string", "enum": ["json", "html"]}, "形式 Form of the answer"),
        "limit": ({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "每页条数 Features on a page"),
        "bbox": (four_or_six, "范围 Box that features touch"),
        "bbox-crs": (uris, "bbox 的坐标系 System of the bbox"),
        "crs": (uris, "所求坐标系 System of the answer"),
        "datetime": ({"type": "string"}, "时刻或区间 Moment or interval (RFC 3339)"),
        "after": ({"type": "string", "pattern": KEY_PATTERN}, "上一页最后一项 Last feature of the page before"),
    }
    return {
        name: {
            "name": name,
            "in": "query",
            "description": words,
            "required": False,
            "schema": schema,
            "style": "form",
            "explode": False,
        }
        for name, (schema, words) in queries.items()
    }


def _paths_of(of: Collection) -> Described:
    there, title = f"/collections/{of.id}", f"{of.zh} {of.en}"
    known = [{"$ref": f"#/components/parameters/{name}"} for name in _KNOWN]
    own = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": f"{told.zh} {told.en}",
            "schema": schema_of(told),
        }
        for name, told in of.asked.items()
    ]
    key: Described = {
        "name": "featureId",
        "in": "path",
        "required": True,
        "description": "要素编码 Code of the feature",
        "schema": {"type": "string", "pattern": KEY_PATTERN},
    }
    crs = {"$ref": "#/components/parameters/crs"}
    paths = {
        there: _look(of.id, title, JSON),
        f"{there}/queryables": _look(f"{of.id}-queryables", f"{title}: 可查询的属性 queryables", SCHEMA),
        f"{there}/items": _look(f"{of.id}-items", f"{title}: 要素 features", GEOJSON, [*known, *own]),
        f"{there}/items/{{featureId}}": _look(f"{of.id}-item", f"{title}: 一个要素 one feature", GEOJSON, [key, crs]),
    }
    if not has_tiles(of):
        return paths
    tiles = f"{there}/tiles"
    place = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
        for name in ("tileMatrix", "tileRow", "tileCol")
    ]
    at_place = f"{tiles}/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    return {
        **paths,
        tiles: _look(f"{of.id}-tilesets", f"{title}: 瓦片集 tile sets", JSON, has_forms=False),
        f"{tiles}/WebMercatorQuad": _look(f"{of.id}-tileset", f"{title}: 瓦片集 tile set", JSON, has_forms=False),
        at_place: _look(f"{of.id}-tile", f"{title}: 瓦片 tile", MVT, place, has_forms=False),
    }


_KNOWN = ("limit", "bbox", "bbox-crs", "crs", "datetime", "after")


def _look(
    name: str, summary: str, media: str, parameters: Sequence[Described] = (), *, has_forms: bool = True
) -> Described:
    page = {HTML: {"schema": {"type": "string"}}} if has_forms else {}
    data: Described = {"type": "string", "format": "binary"} if media == MVT else _OBJECT
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": [*parameters, *([_FORM] if has_forms else [])],
            "responses": {
                "200": {"description": summary, "content": {media: {"schema": data}, **page}},
                **_FAULTS_BY_STATUS,
            },
        }
    }
