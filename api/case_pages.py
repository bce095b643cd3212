"""Cases as pages for people: the list, and one case with all that was done to it and what may be done next."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.access import access_of
from api.first_page import lists_of
from api.links import following, here_with
from api.page_assets import policy
from api.rendering import page
from geo.access.actor import Actor
from geo.access.roles import roles
from geo.ledger.figures import Figure, Period
from geo.ledger.history import doer_names
from geo.ledger.routing import Route
from geo.ledger.workflows import Workflow, workflow, workflow_codes
from geo.services.cases import MoveRecord
from geo.services.describing_cases import Described, NamedCase, Words
from geo.services.naming import Named
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

HEADERS = {"Content-Security-Policy": policy(form_action="'self'"), "Vary": "Accept"}


def ledger_page(template: str, actor: Actor, **values: Any) -> HTMLResponse:
    """Render a page of the ledger, with who looks at it and the lists that they may open."""
    return page(
        template,
        headers=HEADERS,
        login=actor.name,
        lists=lists_of(actor),
        role_labels=[role.zh for code, role in roles().items() if code in actor.roles],
        local=local,
        day=day,
        **values,
    )


def cases_page(request: Request, actor: Actor, shown: Sequence[Described], *, more: int | None) -> HTMLResponse:
    """Render one page of the list of cases; ``more`` is the last id where further ones follow."""
    asked = dict(request.query_params)
    return ledger_page(
        "cases.html",
        actor,
        shown=shown,
        following=following(request, more),
        asked={name: asked.get(name, "") for name in ("workflow", "state", "light", "text", "scope", "about", "mine")},
        workflows=[workflow(code) for code in workflow_codes()],
        states=dictionary("case_states").entries.values(),
        lights=dictionary("lights").entries.values(),
    )


def counted_page(
    request: Request,
    actor: Actor,
    shown: Sequence[NamedCase],
    *,
    more: int | None,
    figure: Figure,
    of: Named,
    period: Period,
    process: str,
    row: str | None,
) -> HTMLResponse:
    """Render the list of cases that a figure counts.

    Parameters
    ----------
    process
        What the cases' workflow is called; blank where it is of all.
    row
        What the row of the table is called that was opened, if one was.
    """
    told: dict[str, Any] = {"figure": figure, "of": of, "period": period, "process": process, "row": row}
    return figure_page(request, actor, "counted_cases.html", shown, more=more, **told)


def figure_page(
    request: Request,
    actor: Actor,
    template: str,
    shown: Sequence[Any],
    *,
    more: int | str | None,
    figure: Figure,
    of: Named,
    period: Period,
    **values: Any,
) -> HTMLResponse:
    """Render one page of what a figure opens to; ``more`` is the last one where further ones follow."""
    told = {"process": "", "row": None, "figure": figure, "of": of, "period": period, **values}
    sheets = {form: here_with(request, **{"as": form}) for form in ("xlsx", "csv")}
    return ledger_page(template, actor, shown=shown, following=following(request, more), sheets=sheets, **told)


def case_page(
    actor: Actor,
    one: Described,
    process: Workflow,
    *,
    names: Mapping[str, str],
    moves: Sequence[tuple[MoveRecord, Words]],
    photos: Sequence[dict[str, Any]],
    possible: Sequence[dict[str, Any]],
    in_charge: Route | None,
) -> HTMLResponse:
    """Render one case: how it stands, what was done, its photos, and what the one who looks may do now.

    Parameters
    ----------
    in_charge
        To whom it goes by the duty list, which is filled in where it is handed on; None where there is no list.
    """
    fields, phases = dictionary("case_fields").entries, dictionary("evidence_phases").entries
    return ledger_page(
        "case.html",
        actor,
        one=one,
        case=one.case,
        process=process,
        names=names,
        in_charge=in_charge,
        moves=moves,
        photos=photos,
        possible=possible if actor.may(access_of("POST", "/cases/{case_id}/moves").roles) else [],
        fields=fields,
        phases=phases,
        ratings=dictionary("case_ratings").entries,
        told=lambda move: _told(process, move),
        doer_names=doer_names,
        way=_way(process, one),
    )


def local(moment: datetime) -> datetime:
    """Return a moment in China's time."""
    return moment.astimezone(CHINA_TIME)


def day(moment: datetime) -> date:
    """Return the day of a moment in China."""
    return moment.astimezone(CHINA_TIME).date()


def _told(process: Workflow, move: MoveRecord) -> list[tuple[str, str]]:
    """Return what was filled in with a move: names of fields and what they say."""
    fields = dictionary("case_fields").entries
    said = []
    for code, value in move.details.items():
        if code not in fields:
            continue
        nature = process.nature(value) if code == "nature" and isinstance(value, str) else None
        text = nature.zh if nature else str(value)
        if fields[code].extra["form"] == "moment":
            text = f"{local(datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"
        said.append((fields[code].zh, text))
    return said


def _way(process: Workflow, one: Described) -> list[tuple[str, str, bool]]:
    """Return the steps of the way to the end: code, name and whether the case stands there."""
    steps = [step for step in process.steps.values() if not step.interlude and step.state != "void"]
    here = one.case.step if process.steps.get(one.case.step) in steps else one.case.resume_step
    return [(step.code, step.zh, step.code == here) for step in steps]
