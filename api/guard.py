"""What every request passes, in and out: its id, the host's name, the body, and the headers that protect a browser."""

import logging
import uuid
from collections.abc import Sequence

from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import internal_answer, problem_answer
from api.forms import FORM_PATHS
from api.settings import ANY_HOST
from api.strict_json import JSONBodyError, decode
from api.uploads import most_bytes, takes_files
from api.urlencoded import FORM

log = logging.getLogger("wangge.api")

METHODS_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
NOTHING_ALLOWED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_RAW_HEADERS = [
    (name.lower().encode(), value.encode())
    for name, value in {
        **HEADERS,
        "Content-Security-Policy": NOTHING_ALLOWED,
        "Cache-Control": "no-cache",
    }.items()
]


class Guard:
    """The outermost part: gives each request an id, adds headers, and lets no exception out.

    Parameters
    ----------
    allowed_hosts
        Host names under which the server answers. Another name means that a page elsewhere points its own
        name at this machine (DNS rebinding), and would read what needs no sign-in.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Sequence[str]) -> None:
        self.app = app
        self.allowed_hosts = frozenset(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.request_id = str(uuid.uuid4())
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, request.state.request_id)
            await send(message)

        if not self._knows(request.headers.get("host", "")):
            await _unknown_host(request)(scope, receive, send_with_headers)
            return
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            if started:
                raise
            await internal_answer(request, error)(scope, receive, send_with_headers)

    def _knows(self, host: str) -> bool:
        if ANY_HOST in self.allowed_hosts:
            return True
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return name.lower() in self.allowed_hosts


class StrictBody:
    """Reads a body up to a size, refuses what is not strict JSON, and hands the same bytes on."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] not in METHODS_WITH_BODY:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        most = most_bytes(request.scope["path"], self.max_bytes)
        body = await self._read(receive, most)
        refusal = _too_large(request, most) if body is None else _refusal(request, body)
        if refusal:
            await refusal(scope, receive, send)
            return
        await self.app(scope, _replay(body or b"", receive), send)

    async def _read(self, receive: Receive, most: int) -> bytes | None:
        """Return the whole body, or None as soon as it is too large."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            size += len(message.get("body", b""))
            if size > most:
                return None
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)


def _add_headers(message: Message, request_id: str) -> None:
    given = message.get("headers", ())
    names = {name.lower() for name, _ in given}
    added = [header for header in _RAW_HEADERS if header[0] not in names]
    message["headers"] = [*given, *added, (b"x-request-id", request_id.encode())]


def _unknown_host(request: Request) -> Response:
    return problem_answer(
        request,
        "unknown-host",
        "此服务不以这个主机名应答;如需使用,请在 WANGGE_ALLOWED_HOSTS 中列出",
        "the server does not answer under this host name; list it in WANGGE_ALLOWED_HOSTS to use it",
    )


def _too_large(request: Request, max_bytes: int) -> Response:
    # The rest of the body stays unread, so the connection cannot be used again.
    return problem_answer(
        request,
        "body-too-large",
        f"请求正文最多 {max_bytes} 字节",
        f"a body has at most {max_bytes} bytes",
        headers={"Connection": "close"},
        allowed=max_bytes,
    )


def _refusal(request: Request, body: bytes) -> Response | None:
    if not body:
        return None
    media_type = Headers(scope=request.scope).get("content-type", "").partition(";")[0].strip().lower()
    if media_type == FORM and request.scope["path"] in FORM_PATHS:
        return None
    if takes_files(request.scope["path"]):
        return None  # the route itself tells which kinds of files it takes
    if media_type != "application/json":
        return problem_answer(
            request, "not-json", "Content-Type 须为 application/json", "Content-Type must be application/json"
        )
    try:
        decode(body)
    except JSONBodyError as error:
        return problem_answer(request, "malformed-json", error.zh, error.en)
    return None


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
