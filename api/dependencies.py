"""What routes ask for: who acts, a session, a page, a box, a code; and the check that no query parameter is unknown.

What waits for nothing is ``async``, which here means: at once, and not by way of a thread, which takes longer than it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, RouteContext
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api import open311
from api.access import UNSAFE, Access, access_of, holds, reaches
from api.errors import RequestError, SignInRequired
from api.forms import FORM_PATHS
from api.metering import count_account
from api.settings import AppSettings
from api.uploads import takes_files
from api.visitor import COOKIE, address_of, bearer_of, refuse_other_sites, token_of
from geo.access.actor import PUBLIC, Actor
from geo.errors import NotFoundError
from geo.services.address_books import AddressBooks
from geo.services.reading import read_plan
from geo.services.signing_in import Visitor
from geo.services.visitors import Visitors
from geo.storage.database import session_scope
from geo.territory.codes import DIGITS, LETTERS
from geo.territory.dictionaries import dictionary

MAX_PAGE = 1_000
DEFAULT_PAGE = 100
MAX_ID = 2**31 - 1

_NUMBER = r"-?[0-9]{1,3}(\.[0-9]{1,15})?"
BBOX_PATTERN = rf"^{_NUMBER}(,{_NUMBER}){{3}}$"
CURSOR_PATTERN = "^[0-9A-Z]{1,40}$"
SCOPE_PATTERN = "^([0-9]{9}|[0-9]{12})$"

#: What cannot be a code is left to the route, which says what is wrong with it.
LOOKS_LIKE_CODE = re.compile("[0-9]{9}[0-9A-Z]{0,31}")

#: Query parameters that name a part of the territory.
CODE_PARAMETERS = ("street", "community", "scope", "grid", "building", "about")

Box = tuple[float, float, float, float]

#: A page of a list: how many items at most, and after which one it begins.
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="每页最多条数。Items on a page, at most.")]
AfterId = Annotated[int | None, Query(ge=1, le=MAX_ID, description="上一页最后一个 Last id of the page before")]
AfterCode = Annotated[
    str | None,
    Query(pattern=CURSOR_PATTERN, description="上一页最后一项的编码。Code of the last item of the page before."),
]


def code_pattern(noun: str) -> str:
    """Return the regular expression that a noun's codes match."""
    if noun in DIGITS:
        return f"^[0-9]{{{DIGITS[noun]}}}$"
    letter, stem, sequence = LETTERS[noun]
    return f"^[0-9]{{{stem}}}{letter}[0-9]{{{sequence}}}$"


async def current_engine(request: Request) -> Engine:
    """Return the engine opened when the application started."""
    engine: Engine = request.app.state.engine
    return engine


async def current_settings(request: Request) -> AppSettings:
    """Return the application's settings."""
    settings: AppSettings = request.app.state.settings
    return settings


async def current_books(request: Request) -> AddressBooks:
    """Return the address books of this process."""
    books: AddressBooks = request.app.state.books
    return books


async def admitted(request: Request) -> Actor:
    """Find out who asks and let them in, by the table of ``api/access.py``; the first thing done for every route.

    Raises
    ------
    RequestError
        Nobody is signed in where somebody has to be (401), the role is not one of those that may (403), or a page
        elsewhere sent the request (403).
    NotFoundError
        What is asked for lies outside of the actor's scope: the same as if it did not exist.
    """
    access = access_of(request.method, request.scope["route"].path_format)
    brought = bearer_of(request) is not None or COOKIE in request.cookies
    if request.method in UNSAFE and brought:
        refuse_other_sites(request)
    actor = await _actor(request, access)
    if not access.is_public and access.scope != "own" and not actor.may(access.roles):
        raise RequestError(
            "not-allowed",
            "您的角色无权进行此操作;可用的角色见接口文档,如需权限请联系安全管理员",
            "your role may not do this; the documentation says which may, and the security officer gives roles",
        )
    await _within_scope(request, actor, access)
    return actor


async def _actor(request: Request, access: Access) -> Actor:
    token = (token_of(request) or await open311.key_of(request)) if access.asks_who else None
    visitor = None
    if token is not None:
        visitor = await run_in_threadpool(_visitor, request, token)
    actor = visitor.actor if visitor else PUBLIC
    request.state.actor = actor
    if visitor is None:
        if not access.is_public:
            raise SignInRequired
        return actor
    count_account(request, actor.name)
    if visitor.needs_second_factor and not access.is_public and access.scope != "own":
        raise RequestError(
            "second-factor-required",
            "此账户须先启用动态码,请打开 /second-factor",
            "this account has to enrol a second factor first, at /second-factor",
        )
    return actor


def _visitor(request: Request, token: str) -> Visitor | None:
    visitors: Visitors = request.app.state.visitors
    origin = {"address": address_of(request), "request_id": request.state.request_id}
    return visitors.find(request.app.state.engine, token, **origin)


async def _within_scope(request: Request, actor: Actor, access: Access) -> None:
    """Refuse codes outside of the actor's scope, wherever a request names them."""
    if access.scope not in ("community", "street", "plan"):
        return
    named = [request.path_params.get("code"), *(request.query_params.get(name) for name in CODE_PARAMETERS)]
    for code in named:
        if code and LOOKS_LIKE_CODE.fullmatch(code) and not reaches(actor, code):
            raise _not_there(code)
    if request.method not in UNSAFE:
        return
    whole = await _changes(request, actor)
    if whole is None or holds(actor, whole):
        return
    if not reaches(actor, whole):
        raise _not_there(whole)
    raise RequestError(
        "not-allowed",
        f"{whole} 超出您的范围,您只负责其中一部分;请选择自己范围之内的社区",
        f"{whole} is more than your scope, which has a part of it; choose a community of your own",
    )


async def _changes(request: Request, actor: Actor) -> str | None:
    """Return the street or community that a request is about to change, when it names one."""
    plan_id = request.path_params.get("plan_id", "")
    if plan_id:
        if not re.fullmatch("[1-9][0-9]{0,9}", plan_id) or int(plan_id) > MAX_ID:
            return None  # refused by the route, in words of its own
        return await run_in_threadpool(_scope_of_plan, request.app.state.engine, actor, int(plan_id))
    if takes_files(request.scope["path"]) or request.scope["path"] in FORM_PATHS:
        return None
    body = await request.json() if await request.body() else None
    scope = body.get("scope") if isinstance(body, dict) else None
    return scope if isinstance(scope, str) and re.fullmatch(SCOPE_PATTERN, scope) else None


def _scope_of_plan(engine: Engine, actor: Actor, plan_id: int) -> str:
    with session_scope(engine, actor) as session:
        return read_plan(session, plan_id).scope_code


def _not_there(code: str) -> NotFoundError:
    return NotFoundError(f"没有编码为 {code} 的对象", f"there is nothing with the code {code}")


Acting = Annotated[Actor, Depends(admitted)]


def open_session(engine: Annotated[Engine, Depends(current_engine)], actor: Acting) -> Iterator[Session]:
    """Open one transaction for one request, as who asks; committed before the answer is sent, undone on error."""
    with session_scope(engine, actor) as session:
        yield session


# Closed when the route's function returns: a commit that fails must not follow an answer that said "done".
Store = Annotated[Session, Depends(open_session, scope="function")]
Settings = Annotated[AppSettings, Depends(current_settings)]
Books = Annotated[AddressBooks, Depends(current_books)]
Database = Annotated[Engine, Depends(current_engine)]


def query_names(route: APIRoute | RouteContext) -> list[str]:
    """Return the query parameters of a route as its description lists them, which takes far longer to make."""
    if not route.include_in_schema:
        return []
    told = [(field.alias, field.field_info) for field in get_flat_params(route.dependant)]
    return [name for name, info in told if isinstance(info, params.Query) and info.include_in_schema]


async def known_query(request: Request) -> None:
    """Refuse query parameters that the route does not have, or that come twice.

    A misspelt filter would otherwise answer with everything, which looks like success.
    """
    if not request.query_params:
        return
    allowed = query_names(request.scope["route"])
    names = [name for name, _ in request.query_params.multi_items()]
    if not set(names) <= set(allowed):
        raise RequestError(
            "unknown-parameter",
            f"有不认识的查询参数;可用:{'、'.join(allowed) or '无'}",
            f"a query parameter is unknown; allowed: {', '.join(allowed) or 'none'}",
            allowed=allowed,
        )
    if len(set(names)) < len(names):
        raise RequestError(
            "unknown-parameter", "每个查询参数只能出现一次", "a query parameter comes twice", allowed=allowed
        )


async def box(
    bbox: Annotated[
        str | None,
        Query(
            pattern=BBOX_PATTERN,
            description="范围:西,南,东,北(WGS84 度)。West,south,east,north in degrees.",
            examples=["114.05,22.53,114.07,22.55"],
        ),
    ] = None,
) -> Box | None:
    """Read ``bbox=west,south,east,north`` in degrees.

    Raises
    ------
    RequestError
        The corners are swapped or outside the world. A box over the 180th meridian is not taken.
    """
    if bbox is None:
        return None
    west, south, east, north = (float(part) for part in bbox.split(","))
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise RequestError(
            "invalid-request",
            "bbox 应为 西,南,东,北,西 ≤ 东、南 ≤ 北,经度 ±180、纬度 ±90 之内",
            "bbox is west,south,east,north with west ≤ east and south ≤ north, within ±180 and ±90 degrees",
            errors=[{"location": "query.bbox", "zh": "顺序或范围有误", "en": "wrong order or range"}],
        )
    return west, south, east, north


@dataclass(frozen=True)
class Page:
    """One page of a list ordered by code: at most ``limit`` items with codes above ``after``."""

    limit: int
    after: str | None


async def page(limit: Limit = DEFAULT_PAGE, after: AfterCode = None) -> Page:
    """Read ``limit`` and ``after``."""
    return Page(limit, after)


PageOf = Annotated[Page, Depends(page)]
BoxOf = Annotated[Box | None, Depends(box)]
PlanId = Annotated[int, Path(ge=1, le=MAX_ID, description="方案编号。The plan's number.")]
StreetFilter = Annotated[
    str | None, Query(pattern=code_pattern("street"), description="只要此街道的。Of this street only.")
]
CommunityFilter = Annotated[
    str | None,
    Query(pattern=code_pattern("community"), description="只要此社区的。Of this community only."),
]


def kind_filter(name: str) -> Any:
    """Return the query parameter ``kind`` with the codes of a dictionary."""
    entries = dictionary(name).entries.values()
    listed = "、".join(f"{entry.code} {entry.zh}" for entry in entries)
    pattern = f"^({'|'.join(re.escape(entry.code) for entry in entries)})$"
    return Query(pattern=pattern, description=f"类型 Kind: {listed}")


#: If-Match as this API writes its ETags: the version a client saw, in quotes.
ETAG_PATTERN = re.compile(r'"([1-9][0-9]{0,8})"')
