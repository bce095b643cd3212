"""Use case: taking over the requests of another Open311 server, each of them once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geo.errors import WanggeError
from geo.exchange.open311 import TheirRequest, fetch_requests, server_of
from geo.services.address_books import AddressBooks
from geo.services.open311 import CHANNEL
from geo.services.requesting import NewRequest, take
from geo.storage import requests
from geo.territory.dictionaries import dictionary


@dataclass(frozen=True)
class Pulled:
    """What became of another server's requests.

    Attributes
    ----------
    taken
        Numbers that they have here.
    known
        How many had been taken over before.
    refused
        Their ids with why: of another place, without one.
    unreadable
        Items that are no requests.
    """

    taken: tuple[str, ...]
    known: int
    refused: tuple[tuple[str, str], ...]
    unreadable: int


def pull(
    session: Session,
    books: AddressBooks,
    url: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    jurisdiction: str | None = None,
    key: str | None = None,
    who: str,
) -> Pulled:
    """Take over the open requests of another server, within the session's transaction.

    One that lies in no community here, or says not where, is refused by itself. Pulling again adds what is new.

    Parameters
    ----------
    url
        The address of its interface: what comes before ``/requests.json``.

    Raises
    ------
    InputError, FileFormatError
        See :func:`geo.exchange.open311.fetch_requests`.
    """
    server = server_of(url)
    found, unreadable = fetch_requests(url, since=since, until=until, jurisdiction=jurisdiction, key=key)
    taken, known, refused = [], 0, []
    for theirs in reversed(found):
        if requests.read_external(session, server, theirs.id) is not None:
            known += 1
            continue
        try:
            with session.begin_nested():
                taken.append(take(session, books, _request(server, theirs), who=who).case.number)
        except WanggeError as error:
            refused.append((theirs.id, f"{error.zh} {error.en}"))
    return Pulled(tuple(taken), known, tuple(refused), unreadable)


def _request(server: str, theirs: TheirRequest) -> NewRequest:
    point = None if theirs.lon is None or theirs.lat is None else (theirs.lon, theirs.lat)
    marked = f"{server} {theirs.id}".encode()
    return NewRequest(
        theirs.description or theirs.service_name or theirs.service_code,
        channel=CHANNEL,
        # What they call alike is alike; else the text tells.
        kind=theirs.service_code if theirs.service_code in dictionary("request_kinds").entries else None,
        address=theirs.address,
        point=point,
        is_new=True,
        found_at=theirs.requested_at,
        client_key=f"open311-{hashlib.sha256(marked).hexdigest()[:40]}",
        details={"external": {"server": server, "id": theirs.id, "service": theirs.service_name}},
    )
