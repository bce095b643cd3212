"""Tiles, answered before routing: what a map that is panned asks for most.

The answer is the route's own (``routes/tiles.py``), and everything that a request passes on its way there is asked here
too: the host's name, the limits, who asks and what they may see, whether anything has changed. Only the reading of
parameters is left out, and for a tile that is kept every thread but that of the look. Whatever is not as plain as that,
such as somebody who is not remembered or a tile that is refused, goes on to the route.
"""

import asyncio
import re
from functools import partial
from types import SimpleNamespace

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import access_of
from api.errors import RequestError, problem_answer
from api.metering import count_account
from api.routes.tiles import MOST_HEADER, answer
from api.visitor import address_of, token_of
from geo.errors import WanggeError
from geo.services.changes import Changes
from geo.services.tiling import LAYERS, Tile, find_tile, kept_tile

_TEMPLATE = "/tiles/{layers}/{z}/{x}/{y}"
_PATH = re.compile(r"/tiles/([a-z_]+(?:,[a-z_]+)*)/(0|[1-9][0-9]?)/(0|[1-9][0-9]{0,6})/(0|[1-9][0-9]{0,6})")
#: What the log and the figures call these requests: the same as the route's.
_ROUTE = SimpleNamespace(path_format=_TEMPLATE)


class Looks:
    """Looks at what changed, one for all who wait for it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def look(self, engine: Engine) -> None:
        """Wait for a look that begins now or later."""
        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._look(engine, self._running))
        await asyncio.shield(self._next)

    async def _look(self, engine: Engine, before: "asyncio.Task[None] | None") -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._running, self._next = self._next, None  # who comes from here on waits for another one
        await run_in_threadpool(self._changes.look, engine)


class EarlyTiles:
    """Answers for tiles, and hands everything else on."""

    def __init__(self, app: ASGIApp, *, changes: Changes) -> None:
        self.app = app
        self._looks = Looks(changes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        asked = None
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            asked = _PATH.fullmatch(scope["path"])
        response = await self._answer(Request(scope), asked) if asked else None
        await (response or self.app)(scope, receive, send)

    async def _answer(self, request: Request, asked: re.Match[str]) -> Response | None:
        state, token = request.app.state, token_of(request)
        known, coding = request.headers.get("if-none-match"), request.headers.get("accept-encoding", "")
        layers = asked[1].split(",")
        is_plain = len(layers) <= len(LAYERS) and set(layers) <= LAYERS.keys()
        is_short = len(known or "") <= MOST_HEADER and len(coding) <= MOST_HEADER
        if token is None or state.engine is None or not is_plain or not is_short:
            return None
        try:
            await self._looks.look(state.engine)
            origin = {"address": address_of(request), "request_id": request.state.request_id}
            visitor = state.visitors.remembered(token, **origin)
            if visitor is None or not visitor.actor.may(access_of("GET", _TEMPLATE).roles):
                return None
            wanted = state.tiles, state.engine, visitor.actor, layers, Tile(*map(int, asked.groups()[1:]))
            made = find_tile(*wanted)
        except (SQLAlchemyError, WanggeError):
            return None  # the route says what is the matter
        request.state.actor, request.scope["route"] = visitor.actor, _ROUTE
        try:
            count_account(request, visitor.actor.name)
            if made is None:
                made = await run_in_threadpool(partial(kept_tile, *wanted, has_looked=True))
        except RequestError as error:
            return problem_answer(request, error.problem.name, error.zh, error.en, headers=error.headers)
        except (SQLAlchemyError, WanggeError):
            return None
        return answer(state.tiles, made, known, coding)
