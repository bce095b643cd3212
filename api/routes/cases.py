"""Cases (事项): hazards, requests and whatever else runs through a workflow; opened, acted on, looked at."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.answering import JSON, JSON_OR_PAGE, PageForm, form_of
from api.case_pages import case_page, cases_page
from api.dependencies import DEFAULT_PAGE, MAX_ID, Acting, AfterId, BoxOf, Limit, Store
from api.idempotency import Creating
from api.links import announce, page_links
from api.openapi import problems
from api.routes.plans import IfMatch, seen_version
from api.schemas.cases import (
    WORD_PATTERN,
    CaseDetail,
    CaseItem,
    CasePage,
    EvidenceItem,
    EvidenceList,
    Light,
    MoveItem,
    MoveList,
    NewCaseGiven,
    NewMoveGiven,
    OpenedCase,
    ReporterItem,
)
from api.schemas.geojson import DECIMALS
from api.uploads import PHOTO_BODY, SentPhoto
from geo.access.actor import Actor
from geo.access.roles import sees_phones
from geo.errors import InputError, NotFoundError
from geo.ledger.duties import LISTS
from geo.services import cases, requesting
from geo.services.auditing import MOMENT_PATTERN, moment
from geo.services.cases import CaseFilter, CaseRecord, Deed, EvidenceRecord, NewCase, Reporter
from geo.services.describing_cases import Described, action_words, actions_in_order, describe, of_dictionary
from geo.services.naming import names_of
from geo.territory.dictionaries import dictionary

router = APIRouter(tags=["cases"], route_class=Creating)

#: Codes of streets, communities and grids.
SCOPE = "^([0-9]{9}|[0-9]{12}|[0-9]{15})$"
#: Of buildings and doors; of places, responsible bodies, compounds and elements.
ABOUT = "^([0-9]{19}|[0-9]{25}|[0-9]{9}(P[0-9]{6}|R[0-9]{4})|[0-9]{12}(X[0-9]{3}|E[0-9]{4}))$"
WORD = r"^[^\x00-\x1f\x7f]{1,200}$"

CaseId = Annotated[int, Path(ge=1, le=MAX_ID, description="事项编号(id)。The case's id.")]


def _word(zh: str, en: str) -> Any:
    return Query(pattern=WORD_PATTERN, description=f"{zh} {en}")


async def case_filter(
    actor: Acting,
    box: BoxOf,
    workflow: Annotated[str | None, _word("办理流程,如 hazard", "Workflow")] = None,
    kind: Annotated[str | None, _word("类型", "Kind")] = None,
    nature: Annotated[str | None, _word("性质", "Nature")] = None,
    step: Annotated[str | None, _word("环节", "Step")] = None,
    state: Annotated[
        str | None,
        Query(
            pattern="^(open|paused|closed|void)(,(open|paused|closed|void)){0,3}$",
            description="状态,可用逗号分开几个 States, several by commas",
            examples=["open,paused"],
        ),
    ] = None,
    light: Annotated[Light | None, Query(description="灯 Light: green, yellow, red")] = None,
    scope: Annotated[
        str | None,
        Query(pattern=SCOPE, description="街道、社区或网格(登记时) Street, community or grid of its opening"),
    ] = None,
    about: Annotated[
        str | None,
        Query(
            pattern=ABOUT,
            description="楼栋、户、场所、要素、小区或责任主体的编码 Building, door, place, element, compound or body",
        ),
    ] = None,
    mine: Annotated[bool, Query(description="只要交办给我的 Only those that are assigned to me")] = False,
    assignee: Annotated[str | None, Query(pattern=WORD, description="承办人 Assignee")] = None,
    text: Annotated[str | None, Query(pattern=WORD, description="编号或内容中的文字 In number or summary")] = None,
    since: Annotated[
        str | None, Query(pattern=MOMENT_PATTERN, description="登记自(含) Opened from this day on")
    ] = None,
    until: Annotated[
        str | None, Query(pattern=MOMENT_PATTERN, description="登记至(含当日) Opened up to the end of this day")
    ] = None,
) -> CaseFilter:
    """Say which cases are wanted."""
    return CaseFilter(
        workflow=workflow,
        kind=kind,
        nature=nature,
        step=step,
        states=tuple(state.split(",")) if state else None,
        light=light,
        scope=scope,
        about=about,
        assignee=actor.name if mine else assignee,
        text=text,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
        box=box,
    )


Wanted = Annotated[CaseFilter, Depends(case_filter)]


@router.get(
    "/cases", summary="事项列表 List cases", response_model=CasePage, responses=JSON_OR_PAGE | problems(404, 422, 503)
)
def list_cases(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    wanted: Wanted,
    as_: PageForm = None,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> Any:
    """List cases of one's scope, the newest first. A look at cases about doors and places is an event.

    Browsers get a page.
    """
    found = cases.look_at_cases(store, wanted, limit=limit + 1, after=after, actor=actor)
    more = found[limit - 1].id if len(found) > limit else None
    shown = describe(store, found[:limit], now=datetime.now(UTC))
    if form_of(request, as_, ("json", "html")) == "html":
        return cases_page(request, actor, shown, more=more)
    links = page_links(request, JSON, more)
    announce(response, links)
    response.headers["Vary"] = "Accept"
    items = [item_of(one) for one in shown]
    return {"items": items, "numberReturned": len(items), "links": links}


@router.post(
    "/cases",
    status_code=201,
    summary="登记事项 Open a case",
    response_model=OpenedCase,
    responses={
        200: {"model": OpenedCase, "description": "已有在办或已发送过 It is open, or was sent, already"},
        201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "事项的地址 The case"}}},
        **problems(404, 409, 413, 415, 422, 503),
    },
)
def open_case(response: Response, store: Store, actor: Acting, body: NewCaseGiven) -> Any:
    """Register a hazard, a request or the like where it lies; what is open about the same thing already is joined.

    Where: by the code of a door, place, building or element, or by a point. The answer says what came of it.
    """
    given = body.model_dump(exclude={"reporter", "address"})
    contact = {"address": body.address} if body.address and sees_phones(actor.roles) else {}
    who_asks = body.reporter.model_dump() if body.reporter else {}
    reporter = Reporter(**who_asks, contact=contact) if who_asks or contact else None
    opening = cases.open_or_join(store, NewCase(**given, reporter=reporter), actor=actor)
    if opening.outcome != "opened":
        response.status_code = 200
    response.headers["Location"] = f"/cases/{opening.case.id}"
    return {**detail_of(response, store, actor, opening.case), "outcome": opening.outcome}


@router.get(
    "/cases/{case_id}",
    summary="一个事项 One case",
    response_model=CaseDetail,
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def read_case(
    request: Request, response: Response, store: Store, actor: Acting, case_id: CaseId, as_: PageForm = None
) -> Any:
    """Show a case with what you may do to it now; its ETag is the version to act on. Browsers get a page."""
    record = cases.look_at_case(store, case_id, actor=actor)
    if form_of(request, as_, ("json", "html")) == "html":
        return _page(store, actor, record)
    response.headers["Vary"] = "Accept"
    return detail_of(response, store, actor, record)


@router.get("/cases/{case_id}/moves", summary="办理记录 What was done to a case", responses=problems(404, 422, 503))
def read_moves(store: Store, actor: Acting, case_id: CaseId) -> MoveList:
    """List what was done to a case, by whom, in the order in which it was, each with the grid in force on that day."""
    record = cases.look_at_case(store, case_id, actor=actor)
    process = cases.workflow_of(store, record)
    items = []
    for move in cases.read_moves(store, case_id):
        step = process.steps.get(move.to_step)
        told = {name: value for name, value in asdict(move).items() if name not in ("case_id", "client_key")}
        labels = {"action_label": action_words(process, move).label, "to_step_label": step.label if step else ""}
        items.append(MoveItem.model_validate(told | labels))
    return MoveList(items=items)


@router.post(
    "/cases/{case_id}/moves",
    status_code=201,
    summary="办理 Act on a case",
    response_model=CaseDetail,
    responses=problems(403, 404, 409, 412, 413, 415, 422, 428, 503),
)
def act(
    response: Response, store: Store, actor: Acting, case_id: CaseId, body: NewMoveGiven, if_match: IfMatch = None
) -> Any:
    """Do one of the things that are possible; the version you saw must be the case's newest.

    409 says what is possible instead, 403 whose turn it is, 422 what is missing. Photos are sent before.
    """
    version = seen_version(if_match)
    unknown = sorted(set(body.fields) - set(dictionary("case_fields").entries))
    if unknown:
        allowed = "、".join(dictionary("case_fields").entries)
        raise InputError(
            f"没有字段“{unknown[0][:40]}”;可用:{allowed}", f"there is no field {unknown[0][:40]!r}; allowed: {allowed}"
        )
    deed = Deed(body.action, body.at or datetime.now(UTC), note=body.note, fields=body.fields)
    record = cases.act_on_case(store, case_id, deed, version=version, client_key=body.client_key, actor=actor)
    response.headers["Location"] = f"/cases/{case_id}"
    return detail_of(response, store, actor, record)


@router.get("/cases/{case_id}/evidence", summary="照片 Photos of a case", responses=problems(404, 422, 503))
def list_evidence(store: Store, actor: Acting, case_id: CaseId) -> EvidenceList:
    """List the photos of a case, in the order in which they came."""
    cases.look_at_case(store, case_id, actor=actor)
    return EvidenceList(
        items=[EvidenceItem.model_validate(_evidence(photo)) for photo in cases.read_evidence(store, case_id)]
    )


@router.post(
    "/cases/{case_id}/evidence",
    status_code=201,
    summary="附上照片 Attach a photo",
    response_model=EvidenceItem,
    openapi_extra=PHOTO_BODY,
    responses=problems(404, 413, 422, 503),
)
def attach(
    store: Store,
    actor: Acting,
    case_id: CaseId,
    sent: SentPhoto,
    phase: Annotated[str, Query(pattern=WORD_PATTERN, description="见 evidence_phases 字典 What it shows")],
    taken_at: Annotated[str | None, Query(pattern=MOMENT_PATTERN, description="拍摄时间 When it was taken")] = None,
    lon: Annotated[
        float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="经度(WGS84) Longitude")
    ] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False, description="纬度(WGS84) Latitude")] = None,
) -> Any:
    """Attach a photo (JPEG, PNG or WebP, 8 MB at most). What the camera wrote into it is taken out.

    The same photo sent twice is one.
    """
    taken = moment(taken_at) if taken_at else None
    kept = cases.attach(store, case_id, sent, phase, taken_at=taken, lon=lon, lat=lat, actor=actor)
    return _evidence(kept)


@router.get(
    "/evidence/{evidence_id}",
    summary="一张照片 One photo",
    response_class=Response,
    responses={
        200: {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
        **problems(404, 422, 503),
    },
)
def read_photo(
    store: Store,
    evidence_id: Annotated[int, Path(ge=1, le=MAX_ID, description="照片编号 The photo's number")],
) -> Response:
    """Give a photo to whoever sees what it is of."""
    media_type, content = cases.read_photo_content(store, evidence_id)
    name = f"evidence-{evidence_id}.{media_type.partition('/')[2]}"
    kept = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media_type, headers=kept)


@router.get("/cases/{case_id}/reporter", summary="诉求人 Who asked", responses=problems(404, 422, 503))
def read_reporter(store: Store, actor: Acting, case_id: CaseId) -> ReporterItem:
    """Show who asked, to roles that see telephone numbers. Every look is an event."""
    found = cases.look_at_reporter(store, case_id, actor=actor)
    if found is None:
        raise NotFoundError(f"事项 {case_id} 没有您可查看的诉求人", f"case {case_id} has no reporter that you may see")
    return ReporterItem.model_validate(asdict(found))


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────────


def item_of(one: Described) -> dict[str, Any]:
    """Return a case as the interface shows it."""
    record = {name: value for name, value in asdict(one.case).items() if name in CaseItem.model_fields}
    labels = {
        f"{name}_label": words.label if words else None
        for name, words in {
            "workflow": one.workflow,
            "kind": one.kind,
            "nature": one.nature,
            "step": one.step,
            "state": one.state,
            "rung": one.rung,
            "light": one.light_words,
            "turn": one.turn,
        }.items()
    }
    point = [round(one.case.lon, DECIMALS), round(one.case.lat, DECIMALS)]
    return {
        **record,
        **labels,
        "light": one.light,
        "age_days": one.age_days,
        "geometry": {"type": "Point", "coordinates": point},
    }


def detail_of(response: Response, store: Session, actor: Actor, record: CaseRecord) -> dict[str, Any]:
    """Return a case with what the one who asks may do to it; its version goes into the answer's ETag."""
    response.headers["ETag"] = f'"{record.version}"'
    [one] = describe(store, [record], now=datetime.now(UTC))
    return {**item_of(one), "details": record.details, "possible": _possible(store, actor, record)}


def _possible(store: Session, actor: Actor, record: CaseRecord) -> list[dict[str, Any]]:
    process = cases.workflow_of(store, record)
    allowed = cases.possible_actions(store, record, actor=actor)
    return [
        {
            "code": action.code,
            "label": action.label,
            "requires": list(action.requires),
            "evidence": list(action.evidence),
            "natures": sorted(action.natures),
            "ratings": sorted(action.ratings),
            "leads_to": action.target,
        }
        for action in actions_in_order(process, allowed)
    ]


def _evidence(photo: EvidenceRecord) -> dict[str, Any]:
    told = {name: getattr(photo, name) for name in ("id", "phase", "taken_at", "lon", "lat", "who", "recorded_at")}
    label = of_dictionary("evidence_phases", photo.phase).label
    return {**told, "phase_label": label, "href": f"/evidence/{photo.id}"}


def _page(store: Session, actor: Actor, record: CaseRecord) -> HTMLResponse:
    [one] = describe(store, [record], now=datetime.now(UTC))
    process = cases.workflow_of(store, record)
    return case_page(
        actor,
        one,
        process,
        names=_names(store, record),
        moves=[(move, action_words(process, move)) for move in cases.read_moves(store, record.id)],
        photos=[_evidence(photo) for photo in cases.read_evidence(store, record.id)],
        possible=_possible(store, actor, record),
        in_charge=requesting.duty_of(store, record)[1] if record.workflow in LISTS else None,
    )


def _names(store: Session, record: CaseRecord) -> dict[str, str]:
    """Return what the things are called that a case is about and lies in, by code."""
    codes = {
        "place": record.place_code,
        "household_unit": record.household_unit_code,
        "building": record.building_code,
        "city_element": record.city_element_code,
        "community": record.community_code,
        "responsible_body": record.responsible_body_code,
    }
    found = {code: names_of(store, noun, [code])[code] for noun, code in codes.items() if code}
    return {code: name for code, name in found.items() if name != code}
