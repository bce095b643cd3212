"""Open311 GeoReport v2: requests for other systems, in the forms that they know.

A key is the token of a sign-in (``POST /sign-ins``), as ``api_key`` or ``Authorization: Bearer``; what is shown and
taken is bounded by its account's scope. https://wiki.open311.org/GeoReport_v2
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api import open311
from api.access import reaches
from api.dependencies import SCOPE_PATTERN, Acting, Books, Store
from api.errors import RequestError
from api.idempotency import Creating
from api.open311 import Form
from api.urlencoded import FORM
from geo.access.actor import Actor
from geo.errors import InputError, NotFoundError
from geo.services import open311 as service
from geo.services.auditing import moment
from geo.services.open311 import Attribute, Incoming, Service, Shown, Status
from geo.services.requesting import Reporter

router = APIRouter(tags=["open311"], route_class=Creating, prefix="/open311")

#: Fields of a form that have a meaning here; attributes come beside.
FIELDS = frozenset(
    {
        *("api_key", "jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email"),
        *("device_id", "account_id", "first_name", "last_name", "phone", "description", "media_url"),
    }
)
_ATTRIBUTE = re.compile(r"attribute\[([A-Za-z0-9_.-]{1,60})\](\[\])?")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,15})?")

_XML = {"text/xml": {"schema": {"type": "string"}}}
_ANSWERS = {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}, **_XML}
_LIST: dict[int | str, dict[str, Any]] = {200: {"content": _ANSWERS}}
_ONE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": {"type": "object"}}, **_XML}}}
_ERROR_LIST = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "description": {"type": "string"}},
        "required": ["code", "description"],
    },
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {
            "application/json": {"schema": _ERROR_LIST},
            **_XML,
        },
    }
    for status, text in {
        400: "请求有误 Something is wrong with the request",
        401: "不使用 Not used",
        403: "缺少 api_key 或无权 The api_key is missing, or may not",
        404: "没有找到 Not found",
        422: "不使用 Not used",
        429: "请求过于频繁 Too many requests",
        500: "服务器内部错误 Internal error",
        503: "暂不可用 Unavailable",
    }.items()
}

_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in sorted(FIELDS)},
    "required": ["service_code", "description"],
    "additionalProperties": {"type": "string"},
}

FormOf = Annotated[Form, Path(description="json 或 xml json or xml")]
Key = Annotated[
    str | None,
    Query(max_length=200, description="令牌,同 Authorization: Bearer The token, as with Authorization: Bearer"),
]
Jurisdiction = Annotated[
    str | None,
    Query(max_length=40, description="辖区:街道或社区编码,可不写 Code of a street or community; may be left out"),
]
ServiceCode = Annotated[str, Path(max_length=60, description="服务代码 service_code")]
Number = Annotated[str, Path(max_length=60, description="诉求编号 service_request_id")]


async def sent_form(request: Request) -> list[tuple[str, str]]:
    """Read the form of a request, each field once, none unknown.

    Raises
    ------
    RequestError
        It is none.
    """
    pairs = open311.read_pairs(await request.body())
    if pairs is None or len({name for name, _ in pairs}) < len(pairs):
        raise RequestError(
            "invalid-request",
            "请求正文应为表单(application/x-www-form-urlencoded,UTF-8),每个字段一次",
            "the body is to be a form (application/x-www-form-urlencoded, UTF-8), each field once",
        )
    return pairs


SentForm = Annotated[list[tuple[str, str]], Depends(sent_form)]


@router.get(
    "/discovery.{form}", summary="服务发现 Service discovery", response_class=Response, responses=_ONE | _ERRORS
)
def discover(request: Request, form: FormOf) -> Response:
    """Say which interface there is, where, and how to get a key."""
    at = str(request.base_url).rstrip("/")
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{at}/open311/v2",
        "changeset": "2026-11-22T00:00:00+08:00",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    told = {
        "changeset": "2026-11-22T00:00:00+08:00",
        "contact": "请联系街道系统管理员 Ask the administrator of the street office",
        "key_service": f"POST {at}/sign-ins",
        "endpoints": [endpoint],
    }
    return open311.single(form, "discovery", told)


@router.get("/v2/services.{form}", summary="服务清单 Service list", response_class=Response, responses=_LIST | _ERRORS)
def list_services(form: FormOf, api_key: Key = None, jurisdiction_id: Jurisdiction = None) -> Response:
    """List the kinds of requests that can be made; the same in every jurisdiction."""
    return open311.answer(form, "services", "service", [_service(one) for one in service.services()])


@router.get(
    "/v2/services/{service_code}.{form}",
    summary="服务定义 Service definition",
    response_class=Response,
    responses=_ONE | _ERRORS,
)
def read_service(
    service_code: ServiceCode, form: FormOf, api_key: Key = None, jurisdiction_id: Jurisdiction = None
) -> Response:
    """Say what is asked beside, of a kind of request."""
    attributes = service.attributes_of(service_code)
    told = [_attribute(number, one) for number, one in enumerate(attributes, start=1)]
    return open311.single(form, "service_definition", {"service_code": service_code, "attributes": told})


@router.post(
    "/v2/requests.{form}",
    status_code=201,
    summary="提出诉求 Make a request",
    response_class=Response,
    openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": _FORM}}}},
    responses={201: {"content": _ANSWERS}, **_ERRORS},
)
def make_request(
    store: Store,
    books: Books,
    actor: Acting,
    form: FormOf,
    sent: SentForm,
    api_key: Key = None,
    jurisdiction_id: Jurisdiction = None,
) -> Response:
    """Take a request of another system in. Where both a point and an address are given, the point counts."""
    fields, attributes = _sorted(sent)
    _scope(actor, fields.get("jurisdiction_id") or jurisdiction_id)
    record, notice = service.post(store, books, _incoming(fields, attributes), actor=actor)
    told = {"service_request_id": record.number, "service_notice": notice, "account_id": None}
    return open311.answer(form, "service_requests", "request", [told], status=201)


@router.get("/v2/requests.{form}", summary="诉求列表 Requests", response_class=Response, responses=_LIST | _ERRORS)
def list_requests(
    store: Store,
    actor: Acting,
    form: FormOf,
    service_request_id: Annotated[
        str | None, Query(max_length=2_000, description="编号,可用逗号分开几个 Numbers, separated by commas")
    ] = None,
    service_code: Annotated[
        str | None, Query(max_length=1_000, description="服务代码,可用逗号分开几个 Codes, separated by commas")
    ] = None,
    start_date: Annotated[
        str | None, Query(max_length=40, description="登记自,如 2026-11-01T00:00:00+08:00 Made from then on")
    ] = None,
    end_date: Annotated[str | None, Query(max_length=40, description="登记至 Made until then")] = None,
    status: Annotated[str | None, Query(max_length=20, description="open、closed,可用逗号分开 By commas")] = None,
    api_key: Key = None,
    jurisdiction_id: Jurisdiction = None,
) -> Response:
    """List requests, the newest first: up to 1,000 of up to 90 days. Nothing personal is in them."""
    found = service.read(
        store,
        numbers=_several(service_request_id),
        kinds=_several(service_code),
        statuses=_statuses(status),
        since=_moment(start_date),
        until=_moment(end_date),
        scope=_scope(actor, jurisdiction_id),
        actor=actor,
    )
    return open311.answer(form, "service_requests", "request", [_shown(one) for one in found])


@router.get(
    "/v2/requests/{service_request_id}.{form}",
    summary="一件诉求 One request",
    response_class=Response,
    responses=_LIST | _ERRORS,
)
def read_request(
    store: Store,
    actor: Acting,
    service_request_id: Number,
    form: FormOf,
    api_key: Key = None,
    jurisdiction_id: Jurisdiction = None,
) -> Response:
    """Show one request, and whether it is open or closed."""
    _scope(actor, jurisdiction_id)
    found = service.read_one(store, service_request_id, actor=actor)
    return open311.answer(form, "service_requests", "request", [_shown(found)])


@router.get(
    "/v2/tokens/{token}.{form}",
    summary="按令牌查编号 The number of a token",
    response_class=Response,
    responses=_LIST | _ERRORS,
)
def read_token(
    store: Store,
    actor: Acting,
    token: Annotated[str, Path(max_length=60, description="即诉求编号 It is the request's number")],
    form: FormOf,
    api_key: Key = None,
    jurisdiction_id: Jurisdiction = None,
) -> Response:
    """Return the number of a request by its token: numbers are given at once here, and are their own tokens."""
    _scope(actor, jurisdiction_id)
    found = service.read_one(store, token, actor=actor)
    told = {"service_request_id": found.service_request_id, "token": token}
    return open311.answer(form, "service_requests", "request", [told])


# ── what is taken ────────────────────────────────────────────────────────────────────────────────────────────────────


def _sorted(sent: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields of a form, and its attributes."""
    fields, attributes = {}, {}
    for name, text in sent:
        attribute = _ATTRIBUTE.fullmatch(name)
        if attribute:
            attributes[attribute[1]] = text
        elif name in FIELDS:
            fields[name] = text.strip()
        else:
            raise InputError(
                f"有不认识的字段;可用:{', '.join(sorted(FIELDS))}、attribute[…]",
                f"a field is unknown; allowed: {', '.join(sorted(FIELDS))}, attribute[…]",
            )
    return fields, attributes


def _incoming(fields: Mapping[str, str], attributes: Mapping[str, str]) -> Incoming:
    if not fields.get("service_code"):
        raise InputError("缺少 service_code", "service_code is missing")
    name = " ".join(part for part in (fields.get("last_name"), fields.get("first_name")) if part)
    contact = {part: fields[part] for part in ("email", "device_id", "account_id") if fields.get(part)}
    return Incoming(
        service=fields["service_code"],
        description=fields.get("description", ""),
        lon=_degrees("long", fields.get("long")),
        lat=_degrees("lat", fields.get("lat")),
        address=fields.get("address_string") or None,
        address_id=fields.get("address_id") or None,
        reporter=Reporter(name or None, fields.get("phone") or None, contact),
        attributes=attributes,
        media_url=fields.get("media_url") or None,
    )


def _degrees(name: str, text: str | None) -> float | None:
    if not text:
        return None
    if not _DEGREES.fullmatch(text):
        raise InputError(f"{name} 应为 WGS84 度数", f"{name} is to be degrees, WGS84")
    return float(text)


def _several(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _statuses(text: str | None) -> list[Status] | None:
    named = _several(text)
    if named is None:
        return None
    if not named or not set(named) <= set(get_args(Status)):
        raise InputError("status 应为 open、closed", "status is open, closed or both")
    return [status for status in get_args(Status) if status in named]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    # In an address a plus sign not written as %2B has become a blank.
    return moment(re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text))


def _scope(actor: Actor, code: str | None) -> str | None:
    if not code:
        return None
    if not re.fullmatch(SCOPE_PATTERN, code) or not reaches(actor, code):
        raise NotFoundError(f"没有辖区 {code[:40]}(jurisdiction_id)", f"there is no jurisdiction_id {code[:40]!r}")
    return code


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────────


def _service(one: Service) -> dict[str, Any]:
    return {
        "service_code": one.code,
        "service_name": one.name,
        "description": one.description,
        "metadata": one.has_definition,
        "type": "realtime",
        "keywords": ",".join(one.keywords),
        "group": one.group,
    }


def _attribute(number: int, one: Attribute) -> dict[str, Any]:
    return {
        "variable": True,
        "code": one.code,
        "datatype": one.datatype,
        "required": one.required,
        "datatype_description": "",
        "order": number,
        "description": one.description,
        "values": [{"key": key, "name": name} for key, name in one.values],
    }


def _shown(one: Shown) -> dict[str, Any]:
    return {**vars(one), "address_id": None, "zipcode": None, "media_url": None}
