"""What routes ask for: a session, a page, a box, a code; and the check that no query parameter is unknown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.errors import RequestError
from api.settings import AppSettings
from geo.storage.database import session_scope
from geo.territory.codes import DIGITS, LETTERS
from geo.territory.dictionaries import dictionary

MAX_PAGE = 1_000
DEFAULT_PAGE = 100
MAX_ID = 2**31 - 1

_NUMBER = r"-?[0-9]{1,3}(\.[0-9]{1,15})?"
BBOX_PATTERN = rf"^{_NUMBER}(,{_NUMBER}){{3}}$"
CURSOR_PATTERN = "^[0-9A-Z]{1,40}$"

Box = tuple[float, float, float, float]


def code_pattern(noun: str) -> str:
    """Return the regular expression that a noun's codes match."""
    if noun in DIGITS:
        return f"^[0-9]{{{DIGITS[noun]}}}$"
    letter, stem, sequence = LETTERS[noun]
    return f"^[0-9]{{{stem}}}{letter}[0-9]{{{sequence}}}$"


def current_engine(request: Request) -> Engine:
    """Return the engine opened when the application started."""
    engine: Engine = request.app.state.engine
    return engine


def current_settings(request: Request) -> AppSettings:
    """Return the application's settings."""
    settings: AppSettings = request.app.state.settings
    return settings


def open_session(engine: Annotated[Engine, Depends(current_engine)]) -> Iterator[Session]:
    """Open one transaction for one request; committed before the answer is sent, rolled back on error."""
    with session_scope(engine) as session:
        yield session


# Closed when the route's function returns: a commit that fails must not follow an answer that said "done".
Store = Annotated[Session, Depends(open_session, scope="function")]
Settings = Annotated[AppSettings, Depends(current_settings)]
Database = Annotated[Engine, Depends(current_engine)]


def known_query(request: Request) -> None:
    """Refuse query parameters that the route does not have, or that come twice.

    A misspelt filter would otherwise answer with everything, which looks like success.
    """
    operation = request.app.openapi()["paths"].get(request.scope["route"].path_format, {})
    parameters = operation.get(request.method.lower(), {}).get("parameters", [])
    allowed = [parameter["name"] for parameter in parameters if parameter["in"] == "query"]
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


def box(
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


def page(
    limit: Annotated[
        int, Query(ge=1, le=MAX_PAGE, description="每页最多条数。Items on a page, at most.")
    ] = DEFAULT_PAGE,
    after: Annotated[
        str | None,
        Query(pattern=CURSOR_PATTERN, description="上一页最后一项的编码。Code of the last item of the page before."),
    ] = None,
) -> Page:
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
