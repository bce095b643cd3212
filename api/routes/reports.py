"""Reports for the meetings that come round (综合分析会), as page and PDF; what is resolved becomes a case."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from api.access import access_of, holds
from api.answering import FORMS, form_of
from api.case_pages import ledger_page
from api.dependencies import Acting, Store
from api.idempotency import Creating
from api.openapi import problems
from api.report_sheets import report_pdf
from api.routes.cases import detail_of
from api.routes.figures import cases_around, opens_to
from api.schemas.cases import WORD_PATTERN
from api.schemas.geojson import DECIMALS
from api.schemas.reports import MeetingItem, MeetingList, ReportAnswer, ResolutionGiven, ResolvedCase
from geo.errors import InputError
from geo.exchange.stamps import stamp_now
from geo.ledger.figures import Period
from geo.ledger.meetings import meetings
from geo.services import reporting
from geo.services.describing_cases import Described
from geo.services.reporting import Compared, Report, Resolution
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["reports"], route_class=Creating)

OFFERED = ("json", "html", "pdf")
#: Months back that a report may be chosen of; others have an address of their own.
MOST_PERIODS = 36
Kind = Annotated[str, Path(pattern=WORD_PATTERN, description="哪种会议,见 /reports Which meeting")]
AnyForm = Annotated[
    Literal["json", "html", "pdf"] | None, Query(alias="as", description="形式,缺省按 Accept Form of the answer")
]
IN_ALL_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            FORMS["html"]: {"schema": {"type": "string"}},
            FORMS["pdf"]: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


@router.get("/reports", summary="会议报告的种类 Kinds of reports", responses=problems(422, 503))
def list_meetings() -> MeetingList:
    """List the meetings that reports are made for, with what is on their agenda."""
    return MeetingList(
        items=[
            MeetingItem.model_validate({**_of(one), "tier": one.tier, "every_months": one.every_months, **_agenda(one)})
            for one in meetings().values()
        ]
    )


@router.get(
    "/reports/{kind}",
    summary="会议报告 Report for a meeting",
    response_model=ReportAnswer,
    responses=IN_ALL_FORMS | problems(404, 422, 503),
)
def read_report(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    kind: Kind,
    scope: Annotated[str, Query(pattern="^([0-9]{9}|[0-9]{12})$", description="街道或社区 Street or community")],
    period: Annotated[
        str | None,
        Query(
            pattern="^[0-9]{4}-([0-9]{2}|H[12])$",
            description="时段,缺省为刚结束的 The period; the last that has ended",
            examples=["2026-10", "2026-H1"],
        ),
    ] = None,
    as_: AnyForm = None,
) -> Any:
    """Draw up the report for a meeting: goals, overdue cases, hot spots, ranking, what was resolved before.

    Every count leads to its cases. Also as page and PDF.
    """
    form = form_of(request, as_, OFFERED)
    report = reporting.draw_up_report(store, kind, scope, period, actor=actor)
    whole = holds(actor, scope)
    stamp = stamp_now(actor.name, scope=f"{report.of.title} {scope}")
    if form == "pdf":
        with request.app.state.maps.work_on(f"report {request.state.request_id}"):
            content = report_pdf(report, stamp, is_whole=whole)
        name = quote(f"{report.of.title} {report.name} {report.meeting.zh}.pdf", safe="")
        disposition = f"attachment; filename=\"{kind}-{scope}-{report.name}.pdf\"; filename*=UTF-8''{name}"
        kept = {"Content-Disposition": disposition, "Cache-Control": "no-store", "Vary": "Accept"}
        return Response(content, media_type=FORMS["pdf"], headers=kept)
    if form == "html":
        may = actor.may(access_of("POST", "/reports/{kind}/resolutions").roles)
        return ledger_page(
            "report.html",
            actor,
            report=report,
            periods=_periods(report),
            is_whole=whole,
            stamp=stamp.line,
            opens=lambda code: opens_to(code, scope, report.period, workflow=None),
            around=lambda spot: cases_around(spot, scope),
            may_resolve=may and whole,
            kinds={name: dictionary(f"{name}_kinds").entries.values() for name in ("request", "hazard")},
        )
    response.headers["Vary"] = "Accept"
    return _answer(report, whole)


@router.post(
    "/reports/{kind}/resolutions",
    status_code=201,
    summary="登记会议决议 Enter a resolution",
    response_model=ResolvedCase,
    responses={
        200: {"model": ResolvedCase, "description": "已有在办或已发送过 It is open, or was sent, already"},
        201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "事项的地址 The case"}}},
        **problems(403, 404, 409, 413, 415, 422, 503),
    },
)
def enter_resolution(response: Response, store: Store, actor: Acting, kind: Kind, body: ResolutionGiven) -> Any:
    """Make a case of what a meeting resolved, with who is in charge; it stays linked to the report.

    What is open about the very same thing already is linked, and not opened twice.
    """
    given = body.model_dump(exclude={"scope", "period", "lon", "lat"})
    if (body.lon is None) != (body.lat is None):
        raise InputError("经度和纬度须同时填写", "longitude and latitude go together")
    point = None if body.lon is None or body.lat is None else (body.lon, body.lat)
    resolution = Resolution(**given, point=point)
    opening = reporting.resolve(store, kind, body.scope, body.period, resolution, actor=actor)
    if opening.outcome != "opened":
        response.status_code = 200
    response.headers["Location"] = f"/cases/{opening.case.id}"
    report = f"/reports/{kind}?scope={body.scope}&period={body.period}"
    return {**detail_of(response, store, actor, opening.case), "outcome": opening.outcome, "report": report}


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────────


def _periods(report: Report) -> list[str]:
    """Name the periods to choose from, this one first, and the one that is shown, however long ago."""
    which = report.meeting
    period = which.period(which.name_of(datetime.now(CHINA_TIME).date()))
    names = []
    for _ in range(MOST_PERIODS // which.every_months):
        names.append(which.name_of(period.first))
        period = which.before(period)
    return names if report.name in names else [*names, report.name]


def _of(named: Any) -> dict[str, str]:
    return {name: getattr(named, name) for name in ("code", "zh", "en")}


def _agenda(which: Any) -> dict[str, Any]:
    return {"agenda": [_of(item) for item in which.agenda]}


def _answer(report: Report, whole: bool) -> dict[str, Any]:
    return {
        "kind": report.meeting.code,
        "scope": report.of.code,
        "name": report.of.title,
        "period": report.name,
        "since": report.period.first,
        "until": report.period.last,
        "has_ended": report.has_ended,
        "is_whole": whole,
        **_agenda(report.meeting),
        "goals": [_compared(one, report.of.code, report.period) for one in report.goals],
        "figures": [_compared(one, report.of.code, report.period) for one in report.figures],
        "overdue_count": report.n_overdue,
        "overdue": [
            {**vars(one.named.case), "href": f"/cases/{one.named.case.id}", "days": one.days} for one in report.overdue
        ],
        "hot_spots": None if report.spots is None else [_spot(one) for one in report.spots],
        "ranking": [asdict(one) for one in report.ranking],
        "follow_up": [_resolved(one) for one in report.follow_up],
        "resolutions": [_resolved(one) for one in report.resolutions],
    }


def _compared(one: Compared, scope: str, period: Period) -> dict[str, Any]:
    told = {name: getattr(one.figure, name) for name in ("zh", "en", "unit_zh", "unit_en")}
    href = opens_to(one.figure.code, scope, period, workflow=None)
    held = {name: getattr(one, name) for name in ("value", "before", "is_met", "is_better")}
    return {"figure": one.figure.code, **told, **held, "href": href}


def _spot(one: reporting.PlacedSpot) -> dict[str, Any]:
    told = asdict(one.spot)
    place = {name: round(told.pop(name), DECIMALS) for name in ("lon", "lat")}
    where = {name: getattr(one, name) for name in ("community", "grid_code", "grid", "near")}
    return {**told, **place, **where, "near_m": None if one.near_m is None else round(one.near_m, 1)}


def _resolved(one: Described) -> dict[str, Any]:
    told = {name: getattr(one.case, name) for name in ("id", "number", "summary", "state", "assignee")}
    return {**told, "step_label": one.step.label, "href": f"/cases/{one.case.id}"}
