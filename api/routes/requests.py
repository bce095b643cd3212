"""Requests (诉求): one intake for every channel; placed, compared with what is known, routed by duty lists."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api.answering import JSON, JSON_OR_PAGE, PageForm, form_of
from api.dependencies import DEFAULT_PAGE, Acting, AfterId, Books, Limit, Store
from api.errors import RequestError
from api.idempotency import Creating
from api.links import announce, page_links
from api.openapi import problems
from api.request_pages import requests_page
from api.routes.cases import SCOPE, WORD, CaseId, item_of
from api.routes.plans import IfMatch, seen_version
from api.schemas.cases import WORD_PATTERN, Light
from api.schemas.geojson import DECIMALS
from api.schemas.requests import (
    DutyItem,
    DutyList,
    HintItem,
    JoinedRequests,
    PartyItem,
    RequestGiven,
    RequestHints,
    RequestHintsGiven,
    RequestPage,
    RoutedRequest,
    RouteItem,
    RoutingGiven,
    TakenRequest,
    WhereGiven,
)
from geo.ledger import duties
from geo.ledger.duties import Duty, Party
from geo.ledger.routing import Route, judge
from geo.services import requesting
from geo.services.auditing import moment
from geo.services.cases import CaseFilter, CaseRecord, Reporter, look_at_cases
from geo.services.describing_cases import describe
from geo.services.locating import Found, Place
from geo.services.placing_requests import WhereError, find_where
from geo.services.requesting import Hint, KnownAlreadyError, NewRequest, Taken
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["requests"], route_class=Creating)


@router.post(
    "/requests",
    status_code=201,
    summary="登记诉求 Take a request in",
    response_model=TakenRequest,
    responses=problems(403, 404, 409, 413, 415, 422, 503),
)
def take_request(response: Response, store: Store, books: Books, actor: Acting, body: RequestGiven) -> Any:
    """Take a request in, however it came: judged by its words, placed, compared with what is known, routed.

    422 with `candidates` where the address is several places or none: choose one (`place`), or give the community and
    it is kept there. 409 with `hints` where something that may be the same is known: join it (`joins`), or say that
    it is new (`is_new`). Who asks is kept apart from what is asked.
    """
    try:
        taken = requesting.take(store, books, _new(body), actor=actor)
    except WhereError as error:
        raise RequestError("no-one-place", error.zh, error.en, candidates=_candidates(error.found)) from None
    except KnownAlreadyError as error:
        hints = [_hint(hint).model_dump(mode="json") for hint in error.hints]
        raise RequestError("known-already", error.zh, error.en, hints=hints) from None
    response.headers["Location"] = f"/cases/{taken.case.id}"
    response.headers["ETag"] = f'"{taken.case.version}"'
    return _taken(store, taken)


@router.post("/requests/hints", summary="登记前的提示 Before a request is taken in", responses=problems(404, 422, 503))
def hint(store: Store, books: Books, actor: Acting, body: RequestHintsGiven) -> RequestHints:
    """Say of what kind a request or hazard is by its words, where it is, who answers for it and by when.

    And what may be known of it. Nothing is saved.

    422 with `candidates` where the address is several places or none.
    """
    given = {name: getattr(body, name) for name in ("address", "place")}
    try:
        where = find_where(store, books, **given, point=_point(body), community=body.community_code, actor=actor)
    except WhereError as error:
        raise RequestError("no-one-place", error.zh, error.en, candidates=_candidates(error.found)) from None
    judgement = judge(body.text, body.workflow)
    kind = body.kind or judgement.kind
    label = dictionary(f"{body.workflow}_kinds")[kind].label
    known = requesting.find_known(store, where, kind, body.text, workflow=body.workflow) if where.is_known else []
    duty, found = requesting.foresee(store, where, kind, workflow=body.workflow)
    within = requesting.limit_foreseen(duty)
    return RequestHints(
        kind=kind,
        kind_label=label,
        words=list(judgement.words),
        other_kinds=list(judgement.others),
        is_placed=where.is_known,
        lon=round(where.lon, DECIMALS),
        lat=round(where.lat, DECIMALS),
        building_code=where.building_code,
        party=_party(duty.party),
        in_charge=_route(found),
        standard_zh=duty.standard_zh,
        standard_en=duty.standard_en,
        limit_zh=duty.limit.zh,
        limit_en=duty.limit.en,
        due_within_zh=within.zh if within else None,
        due_within_en=within.en if within else None,
        hints=[_hint(one) for one in known],
    )


@router.get(
    "/requests",
    summary="诉求列表 List requests",
    response_model=RequestPage,
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def list_requests(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    as_: PageForm = None,
    scope: Annotated[str | None, Query(pattern=SCOPE, description="街道、社区或网格 Street, community or grid")] = None,
    kind: Annotated[str | None, Query(pattern=WORD_PATTERN, description="类型 Kind")] = None,
    text: Annotated[str | None, Query(pattern=WORD, description="编号或内容中的文字 In number or summary")] = None,
    light: Annotated[Light | None, Query(description="灯,red 为超期 Light; red: overdue")] = None,
    today: Annotated[bool, Query(description="只要今日登记的 Only those taken in today")] = False,
    mine: Annotated[
        bool, Query(description="只要交办给我或我范围的 Only those assigned to me or to what I answer for")
    ] = False,
    taken: Annotated[bool, Query(description="只要我登记的 Only those that I took in")] = False,
    live: Annotated[bool, Query(description="只要在办的 Only those not at their end")] = False,
    unplaced: Annotated[bool, Query(description="只要地点不明的 Only those of which nobody knows where")] = False,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> Any:
    """List requests of one's scope, the newest first; `/cases?workflow=request` has more ways to choose.

    Browsers get a page: the work-list of the desk.
    """
    if unplaced:
        found = requesting.look_at_unplaced(store, limit=limit + 1, after=after)
    else:
        wanted = CaseFilter(
            workflow=requesting.REQUEST,
            scope=scope,
            kind=kind,
            text=text,
            light=light,
            states=("open", "paused") if live else None,
            assignees=(actor.name, *actor.scopes) if mine else None,
            found_by=actor.name if taken else None,
            since=moment(f"{datetime.now(CHINA_TIME):%Y-%m-%d}") if today else None,
        )
        found = look_at_cases(store, wanted, limit=limit + 1, after=after, actor=actor)
    more = found[limit - 1].id if len(found) > limit else None
    shown = describe(store, found[:limit], now=datetime.now(UTC))
    if form_of(request, as_, ("json", "html")) == "html":
        return requests_page(request, actor, shown, more=more)
    links = page_links(request, JSON, more)
    announce(response, links)
    response.headers["Vary"] = "Accept"
    items = [item_of(one) for one in shown]
    return {"items": items, "numberReturned": len(items), "links": links}


@router.post(
    "/requests/{case_id}/routing",
    summary="研判分派 Judge a request and hand it on",
    response_model=RoutedRequest,
    responses=problems(403, 404, 409, 412, 413, 415, 422, 428, 503),
)
def hand_on(
    response: Response, store: Store, actor: Acting, case_id: CaseId, body: RoutingGiven, if_match: IfMatch = None
) -> Any:
    """Accept a request, judge it, and hand it to whom the duty list names, within the list's limit."""
    version = seen_version(if_match)
    record, _, route = requesting.hand_on(store, case_id, **body.model_dump(), version=version, actor=actor)
    response.headers["ETag"] = f'"{record.version}"'
    return {**_items(store, [record])[0], "in_charge": _route(route)}


@router.post(
    "/requests/{case_id}/place",
    summary="补定诉求地点 Say where a request is",
    response_model=RoutedRequest,
    responses=problems(403, 404, 409, 412, 413, 415, 422, 428, 503),
)
def place_request(
    response: Response,
    store: Store,
    books: Books,
    actor: Acting,
    case_id: CaseId,
    body: WhereGiven,
    if_match: IfMatch = None,
) -> Any:
    """Put a request where it is, of which the community alone was known."""
    version = seen_version(if_match)
    record = requesting.place_request(
        store, books, case_id, place=body.place, point=_point(body), version=version, actor=actor
    )
    response.headers["ETag"] = f'"{record.version}"'
    _, route = requesting.duty_of(store, record)
    return {**_items(store, [record])[0], "in_charge": _route(route)}


@router.get(
    "/requests/{case_id}/joined",
    summary="并入的诉求 Requests joined into one",
    response_model=JoinedRequests,
    responses=problems(404, 422, 503),
)
def list_joined(store: Store, actor: Acting, case_id: CaseId) -> Any:
    """List what was joined into a request: each with a number and a resident of its own, who is told with it."""
    return {"items": _items(store, requesting.look_at_joined(store, case_id, actor=actor))}


@router.get("/duties", summary="职责清单 Duty list", responses=problems(422, 503))
def list_duties(
    workflow: Annotated[
        Literal["request", "hazard"], Query(description="诉求或隐患 Of requests or hazards")
    ] = "request",
) -> DutyList:
    """List who answers for each kind of request or hazard, who helps, how well, and by when."""
    return DutyList(items=[_duty(duty) for duty in duties.duties(workflow).values()])


# ── what is taken and shown ──────────────────────────────────────────────────────────────────────────────────────────


def _new(body: RequestGiven) -> NewRequest:
    given = body.model_dump(exclude={"reporter", "lon", "lat"})
    reporter = Reporter(**body.reporter.model_dump()) if body.reporter else None
    return NewRequest(**given, point=_point(body), reporter=reporter)


def _point(body: WhereGiven) -> tuple[float, float] | None:
    if (body.lon is None) != (body.lat is None):
        raise RequestError(
            "invalid-request",
            "经度和纬度须同时填写",
            "longitude and latitude go together",
            errors=[{"location": "body.lon", "zh": "缺经度或纬度", "en": "one of the two is missing"}],
        )
    return None if body.lon is None or body.lat is None else (body.lon, body.lat)


def _items(store: Store, found: list[CaseRecord]) -> list[dict[str, Any]]:
    return [item_of(one) for one in describe(store, found, now=datetime.now(UTC))]


def _taken(store: Store, taken: Taken) -> dict[str, Any]:
    return {
        **_items(store, [taken.case])[0],
        "outcome": taken.outcome,
        "joined_into": taken.into.number if taken.into else None,
        "is_placed": taken.is_placed,
        "in_charge": _route(taken.route),
        "standard_zh": taken.duty.standard_zh,
        "standard_en": taken.duty.standard_en,
        "people": [{name: getattr(person, name) for name in ("name", "role", "phone")} for person in taken.people],
    }


def _candidates(found: Found) -> list[dict[str, Any]]:
    return [_candidate(place) for place in (*found.candidates, *found.nearest)]


def _candidate(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in ("id", "level", "address", "apart")}


def _hint(hint: Hint) -> HintItem:
    return HintItem.model_validate(
        {**vars(hint), "distance_m": round(hint.distance_m, 1), "share": round(hint.share, 2)}
    )


def _route(route: Route) -> RouteItem:
    return RouteItem(
        party=_party(route.party),
        code=route.code,
        helps=[_party(party) for party in route.helps],
        reasons=[" ".join(reason) for reason in route.reasons],
    )


def _party(party: Party) -> PartyItem:
    return PartyItem(code=party.code, label=party.label, rung=party.rung)


def _duty(duty: Duty) -> DutyItem:
    told = {name: getattr(duty, name) for name in ("kind", "standard_zh", "standard_en", "source")}
    return DutyItem.model_validate(
        {
            **told,
            "label": f"{duty.zh} {duty.en}",
            "party": _party(duty.party),
            "helps": [_party(party) for party in duty.helps],
            "limit_zh": duty.limit.zh,
            "limit_en": duty.limit.en,
        }
    )
