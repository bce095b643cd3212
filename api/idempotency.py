"""``Idempotency-Key``: a create that is sent twice makes one thing and gives one answer.

A router of creates has ``route_class=Creating``; what answers 201 to a POST then takes the header. The answer is kept
in the transaction that makes the thing, after it was put together and before it is sent: FastAPI ends the ``Store`` of
a request in between. Creates whose answer is a secret (a token, a one-time link) are none of these: nobody keeps it.
"""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.dependencies import Acting, Store
from geo.storage import idempotency
from geo.storage.idempotency import Answer

#: What a key may look like: visible ASCII, as clients make them (a UUID, say).
KEY_PATTERN = r"^[\x21-\x7e]{8,200}$"


@dataclass(frozen=True)
class _First:
    """A create that is under way for the first time."""

    session: Session
    account_id: int
    key: str


class _AnsweredBeforeError(Exception):
    """The create was done before; carries its answer to the route."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="自选的唯一键(如 UUID):24 小时内以同一键重发同一请求,只做一次,答复相同。"
        "A unique key of your own: the same request sent again within 24 hours is done once and answered alike.",
        examples=["6f1c2a52-4a6f-4a5e-9a59-0d6b9c1f7f10"],
    ),
]


def once(request: Request, store: Store, actor: Acting, idempotency_key: IdempotencyKey = None) -> None:
    """Answer a repeated create as the first time, and hold the key of a first one.

    Raises
    ------
    ConflictError
        The first one is under way (409).
    InputError
        The key was used for another request (422).
    """
    if idempotency_key is None or actor.account_id is None:
        return
    answer = idempotency.claim(store, actor.account_id, idempotency_key, request.state.fingerprint)
    if answer is not None:
        raise _AnsweredBeforeError(answer)
    request.state.first = _First(store, actor.account_id, idempotency_key)


class Creating(APIRoute):
    """A route that, where it makes something, makes it once per key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        if given.get("status_code") == 201 and given.get("methods") == ["POST"]:
            others = [one for one in given.get("dependencies") or () if one.dependency is not once]
            given["dependencies"] = [*others, Depends(once)]
        super().__init__(path, endpoint, **given)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of one request."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            if "idempotency-key" in request.headers:
                request.state.fingerprint = await _fingerprint(request)
            try:
                response = await handle(request)
            except _AnsweredBeforeError as before:
                return Response(before.answer.body, before.answer.status, before.answer.headers)
            first: _First | None = getattr(request.state, "first", None)
            if first is not None:
                answer = Answer(response.status_code, dict(response.headers), bytes(response.body))
                await run_in_threadpool(idempotency.keep, first.session, first.account_id, first.key, answer)
            return response

        return handle_once


async def _fingerprint(request: Request) -> bytes:
    """Hash what says what is asked for: method, address, query, the version seen, and the body."""
    parts = (
        request.method.encode(),
        request.url.path.encode(),
        request.url.query.encode(),
        request.headers.get("if-match", "").encode(),
        await request.body(),
    )
    # Each part with its length: two requests never hash alike because their parts join alike.
    told = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.sha256(told).digest()
