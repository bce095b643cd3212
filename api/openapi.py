"""The interface's own description: complete, and the same for every route."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import PROBLEM_TYPE, PROBLEMS
from api.schemas.problem import ProblemDetails

TAGS = [
    {"name": "pages", "description": "网页 Pages for people"},
    {"name": "health", "description": "运行状态 For monitoring"},
    {"name": "divisions", "description": "街道与社区 Streets and communities"},
    {"name": "plans", "description": "网格划分方案 Plans: every building in one grid"},
    {"name": "layers", "description": "楼栋、要素、小区、屏障 Buildings, city elements, compounds, barriers"},
]
DESCRIPTION = """
网格划分与管理的接口。坐标一律为 WGS84 经纬度(EPSG:4326,先经后纬),最多 7 位小数。
列表按编码排序、按页取用:`Link: rel="next"` 与 `links` 给出下一页。接口中不含住户与个人信息。

The interface of wangge. Coordinates are WGS84 longitude, latitude with at most 7 decimals. Lists are ordered by
code and come in pages; `Link: rel="next"` and `links` name the next one. No household or personal data is served.

错误一律为 problem details (RFC 9457),种类见 ProblemDetails。Errors are problem details of the kinds listed there.
"""

#: Per status: the problems that any route may answer with it; the first is shown as the example.
_EXAMPLES = {
    400: "malformed-json",
    403: "not-allowed",
    404: "not-found",
    409: "conflict",
    412: "stale-version",
    413: "body-too-large",
    415: "not-json",
    422: "invalid-request",
    428: "version-required",
    429: "too-many-requests",
    500: "internal",
    503: "database-away",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems a route may answer with; 400 (host name), 429 and 500 always among them."""
    return {status: _response(status) for status in sorted({400, 429, 500, *statuses})}


def _response(status: int) -> dict[str, Any]:
    names = [problem for problem in PROBLEMS.values() if problem.status == status]
    shown = PROBLEMS[_EXAMPLES[status]]
    example = {
        "type": shown.type,
        "title": shown.title,
        "status": status,
        "detail": shown.zh,
        "detail_en": shown.en,
        "instance": "urn:uuid:5d3c8a52-4a6f-4a5e-9a59-0d6b9c1f7f10",
    }
    return {
        "description": " / ".join(problem.title for problem in names),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}, "example": example}},
    }


def install_openapi(app: FastAPI) -> None:
    """Give ``app`` its description, made once when first asked for."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]


def _problem_table() -> str:
    rows = [f"| `{problem.type}` | {problem.status} | {problem.title} |" for problem in PROBLEMS.values()]
    return "\n".join(["一个错误 One error (RFC 9457).", "", "| type | status | |", "|---|---|---|", *rows])


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary="网格划分与管理 Spatial grid management for sub-districts",
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
    )
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components["ProblemDetails"] = {
        **ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}"),
        "description": _problem_table(),
    }
    return schema
