"""The interface's own description: complete, and the same for every route."""

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from api.access import Access, access_of, describe_access
from api.errors import PROBLEM_TYPE, PROBLEMS
from api.schemas.problem import ProblemDetails

TAGS = [
    {"name": "pages", "description": "网页 Pages for people"},
    {"name": "sign-in", "description": "登录与退出 Signing in and out"},
    {"name": "accounts", "description": "账户与角色 Accounts and their roles"},
    {"name": "health", "description": "运行状态 For monitoring"},
    {"name": "divisions", "description": "街道与社区 Streets and communities"},
    {"name": "plans", "description": "网格划分方案 Plans: every building in one grid"},
    {"name": "audit", "description": "审计记录 Who did what, when and from where"},
    {"name": "layers", "description": "楼栋、要素、小区、屏障 Buildings, city elements, compounds, barriers"},
    {"name": "households", "description": "各户与网格人员,查看有记录 Doors, and people of grids; looks are on record"},
    {"name": "addresses", "description": "按地址定位、别名 Addresses located; what people call places"},
    {"name": "cases", "description": "事项:隐患、诉求等,按流程办理 Cases: hazards, requests, run through workflows"},
    {"name": "requests", "description": "诉求:登记、查重、分派 Requests: taken in, compared, routed"},
    {"name": "figures", "description": "台账指标与热点 Figures of the ledger, hot spots"},
    {"name": "ogc", "description": "OGC API – Features、Tiles,供 QGIS、GDAL 等 For QGIS, GDAL and the like"},
    {"name": "open311", "description": "Open311 GeoReport v2,供其他系统 For other systems"},
    {"name": "published", "description": "公开数据,无需登录 Published figures, for everybody"},
]
DESCRIPTION = """
网格划分与管理的接口。坐标一律为 WGS84 经纬度(EPSG:4326,先经后纬),最多 7 位小数。
列表按编码排序、按页取用:`Link: rel="next"` 与 `links` 给出下一页。

除标明“无需登录”的以外,各接口须先登录:网页用 Cookie,程序用 `POST /sign-ins` 取得令牌,放入 `Authorization: Bearer`。
每个接口写明可用的角色;所见数据以账户的范围(街道、社区、网格)为限,范围之外一律 404。

The interface of wangge. Coordinates are WGS84 longitude, latitude with at most 7 decimals. Lists are ordered by
code and come in pages; `Link: rel="next"` and `links` name the next one.

All but what is marked as open needs a sign-in: pages use a cookie, programs the token of `POST /sign-ins` as
`Authorization: Bearer`. Every operation says which roles may use it (`x-roles`); what is shown is bounded by the
account's scope (streets, communities, grids), and whatever lies outside of it answers 404.

错误一律为 problem details (RFC 9457),种类见 ProblemDetails。Errors are problem details of the kinds listed there.
"""

SECURITY = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "wangge", "description": "网页登录 Set by the sign-in page"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "令牌 Token of POST /sign-ins"},
}

#: Per status: the problems that any route may answer with it; the first is shown as the example.
_EXAMPLES = {
    400: "malformed-json",
    401: "sign-in-required",
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


def _problem_table() -> str:
    rows = [f"| `{problem.type}` | {problem.status} | {problem.title} |" for problem in PROBLEMS.values()]
    return "\n".join(["一个错误 One error (RFC 9457).", "", "| type | status | |", "|---|---|---|", *rows])


def _say_who_may(operation: dict[str, Any], access: Access) -> None:
    describe_access(operation, access)
    refusals = {401, 403} if not access.is_public else set()
    if access.scope in ("community", "street", "plan") and "parameters" in operation:
        refusals.add(404)
    for status in refusals - {int(known) for known in operation["responses"] if known.isdigit()}:
        operation["responses"][str(status)] = _response(status)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def describe(routes: Sequence[BaseRoute], *, title: str, version: str) -> dict[str, Any]:
    """Return the description of an interface that has these routes; to make it takes seconds."""
    schema = get_openapi(
        title=title,
        version=version,
        summary="网格划分与管理 Spatial grid management for sub-districts",
        description=DESCRIPTION,
        routes=routes,
        tags=TAGS,
    )
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            _say_who_may(operation, access_of(method.upper(), path))
    schema.setdefault("components", {})["securitySchemes"] = SECURITY
    components = schema["components"].setdefault("schemas", {})
    components["ProblemDetails"] = {
        **ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}"),
        "description": _problem_table(),
    }
    return schema
