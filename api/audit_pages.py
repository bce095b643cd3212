"""The audit trail as pages for the auditor: who did what, when, to what; and whether the trail is whole."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.case_pages import ledger_page
from api.links import following
from geo.access.actor import Actor
from geo.ledger.workflows import workflow, workflow_codes
from geo.services.auditing import Verified
from geo.services.describing_cases import Words
from geo.territory.dictionaries import dictionary

if TYPE_CHECKING:
    from geo.storage.events import EventRecord

DEEDS, THINGS = "event_deeds", "event_things"
_ASKED = ("who", "what", "noun", "code", "address", "since", "until")
#: Characters of a value that are shown; the export has all of them.
MOST_SHOWN = 200


def trail_page(request: Request, actor: Actor, shown: Sequence["EventRecord"], *, more: int | None) -> HTMLResponse:
    """Render one page of the trail; ``more`` is the last id where further ones follow."""
    asked = {name: request.query_params.get(name, "") for name in _ASKED}
    exported = urlencode({name: said for name, said in asked.items() if said})
    return ledger_page(
        "audit.html",
        actor,
        shown=shown,
        following=following(request, more),
        asked=asked,
        deeds=dictionary(DEEDS).entries.values(),
        things=dictionary(THINGS).entries.values(),
        deed=deed_words,
        thing=lambda noun: _of_dictionary(THINGS, noun),
        told=_told,
        exported=exported,
    )


def verification_page(actor: Actor, verified: Verified, *, held_against: str | None) -> HTMLResponse:
    """Render how the trail was found."""
    return ledger_page("audit_verification.html", actor, verified=verified, held_against=held_against)


def deed_words(what: str) -> Words:
    """Return what something that was done is called; what was done to cases, as their workflows call it."""
    if what in dictionary(DEEDS):
        return _of_dictionary(DEEDS, what)
    actions = (workflow(code).actions.get(what) for code in workflow_codes())
    found = next((action for action in actions if action is not None), None)
    return Words(found.zh, found.en) if found else Words(what, "")


def _of_dictionary(name: str, code: str) -> Words:
    entry = dictionary(name).entries.get(code)
    return Words(entry.zh, entry.en) if entry else Words(code, "")


def _told(value: Any) -> str:
    """Return a value in one line, cut where it is long."""
    text = "—" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
