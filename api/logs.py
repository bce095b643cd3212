"""What the server says of its work: one JSON line per request, and every other line of the log in the same form.

A line tells who asked for which kind of thing and how it went, never what was in it: no body, no query, no address
of the thing itself (a route's template stands for it), no password, no token.
"""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TextIO

import structlog
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import Processor

REQUESTS = "wangge.requests"
#: Stands for the template of what no route takes, so that what a stranger tries never gets into the log.
NO_ROUTE = "-"
#: Any other word is the client's own.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Served(NamedTuple):
    """One request, done.

    Attributes
    ----------
    account
        Login of who asked; None for somebody who is not signed in.
    route
        Template of the address, such as ``/plans/{plan_id}``.
    status
        Of the answer; 0 when the client left before there was one.
    milliseconds
        From the first byte of the request to the last of the answer.
    bytes_in, bytes_out
        Of the bodies alone.
    """

    request_id: str | None
    account: str | None
    method: str
    route: str
    status: int
    milliseconds: float
    bytes_in: int
    bytes_out: int


Observer = Callable[[Served], None]


class Observed:
    """Tells observers of each request when it is done, however it ended."""

    def __init__(self, app: ASGIApp, *, observers: Sequence[Observer]) -> None:
        self.app = app
        self.observers = tuple(observers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = bytes_in = bytes_out = 0

        async def counted_receive() -> Message:
            nonlocal bytes_in
            message = await receive()
            bytes_in += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            nonlocal status, bytes_out
            if message["type"] == "http.response.start":
                status = message["status"]
            bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, counted_receive, counted_send)
        finally:
            served = _served(scope, status, time.perf_counter() - started, bytes_in, bytes_out)
            for observer in self.observers:
                observer(served)


def log_request(served: Served) -> None:
    """Write the line of one request; every request writes one, so it takes the shortest way to the log's handlers."""
    log = logging.getLogger(REQUESTS)
    if not log.isEnabledFor(logging.INFO):
        return
    line = {
        "id": served.request_id,
        "account": served.account,
        "method": served.method,
        "route": served.route,
        "status": served.status,
        "ms": round(served.milliseconds, 1),
        "bytes_in": served.bytes_in,
        "bytes_out": served.bytes_out,
        "event": "request",
        "logger": REQUESTS,
        "level": "info",
        "at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    log.handle(log.makeRecord(REQUESTS, logging.INFO, "", 0, line, (), None))


def install_logs(stream: TextIO | None = None) -> None:
    """Send every log record of this process to ``stream`` (the error stream) as one line of JSON.

    For the process that serves; nothing here happens on import.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _Lines(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    # No line says which thread or process wrote it, so it need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # uvicorn's line per request names addresses with their queries; ours takes its place.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"


class _Lines(structlog.stdlib.ProcessorFormatter):
    """Writes records as lines; those of requests are lines already, but for their form."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's line."""
        return to_json(record.msg).decode() if record.name == REQUESTS else super().format(record)


_SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]


def _served(scope: Scope, status: int, seconds: float, bytes_in: int, bytes_out: int) -> Served:
    state = scope.get("state", {})
    actor = state.get("actor")
    return Served(
        request_id=state.get("request_id"),
        account=getattr(actor, "name", None) if getattr(actor, "account_id", None) is not None else None,
        method=scope["method"] if scope["method"] in METHODS else "-",
        route=getattr(scope.get("route"), "path_format", NO_ROUTE),
        status=status,
        milliseconds=seconds * 1_000,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
    )
