"""The report that a plan is adopted with: page, PDF for the files, and plain values; and the plan itself as a file."""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from api.access import access_of, holds
from api.answering import FORMS, form_of
from api.dependencies import Acting, PlanId, Store
from api.openapi import problems
from api.page_assets import policy
from api.plan_sheets import report_page, report_pdf
from api.schemas.plan_report import PlanReportAnswer
from api.table_files import file_of
from api.uploads import XLSX
from geo.access.actor import Actor
from geo.exchange.stamps import stamp_now
from geo.services import reading
from geo.services.exporting_plans import export_plan
from geo.services.plan_reports import PlanReport, draw_up_report, map_of_report

router = APIRouter(tags=["plans"])

OFFERED = ("json", "html", "pdf")
AnyForm = Annotated[
    Literal["json", "html", "pdf"] | None, Query(alias="as", description="形式,缺省按 Accept Form of the answer")
]
_FILE = {"schema": {"type": "string", "format": "binary"}}
#: Kinds of files that a plan is given in.
FILES = {"gpkg": "application/geopackage+sqlite3", "geojson": "application/geo+json", "xlsx": XLSX}
FormOfPlan = Annotated[
    Literal["gpkg", "geojson", "xlsx"],
    Query(
        alias="as",
        description="gpkg 网格、归格、联户网格;geojson 只有网格;xlsx 表格 Grids, assignment, cells; only grids; sheets",
    ),
]
IN_ALL_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {FORMS["html"]: {"schema": {"type": "string"}}, FORMS["pdf"]: _FILE}}
}


@router.get(
    "/plans/{plan_id}/report",
    summary="方案报告 Report of a plan",
    response_model=PlanReportAnswer,
    responses=IN_ALL_FORMS | problems(404, 409, 422, 503),
)
def report(
    request: Request, response: Response, store: Store, actor: Acting, plan_id: PlanId, as_: AnyForm = None
) -> Any:
    """Draw up the report of a plan: map, grids with their reasons, who changes the grid worker, who adopted it when.

    Signed with a hash of what the plan says, which adoption keeps in the audit trail. Of a plan that one sees in part
    the report has that part. Also as page and PDF.
    """
    form = form_of(request, as_, OFFERED)
    found = _drawn_up(store, actor, plan_id)
    if form == "pdf":
        return _pdf(request, store, actor, found)
    headers = {"Vary": "Accept", "Cache-Control": "no-store"}
    if form == "html":
        is_open = found.plan.state == "draft" and found.is_whole
        may_adopt = is_open and actor.may(access_of("POST", "/plans/{plan_id}/adopt").roles)
        may_rename = is_open and actor.may(access_of("PATCH", "/plans/{plan_id}").roles)
        page = report_page(
            found, map_of_report(store, found), login=actor.name, may_adopt=may_adopt, may_rename=may_rename
        )
        return Response(
            page, media_type=f"{FORMS['html']}; charset=utf-8", headers=headers | {"Content-Security-Policy": policy()}
        )
    response.headers.update(headers)
    told = asdict(found)
    del told["scope"]
    return {**told, "is_as_signed": found.is_as_signed}


@router.get(
    "/plans/{plan_id}/report.pdf",
    summary="方案报告(PDF) Report of a plan as PDF",
    response_class=Response,
    responses={200: {"content": {FORMS["pdf"]: _FILE}}, **problems(404, 409, 422, 503)},
)
def report_as_pdf(request: Request, store: Store, actor: Acting, plan_id: PlanId) -> Response:
    """Give the report of a plan for paper and the files, A4."""
    return _pdf(request, store, actor, _drawn_up(store, actor, plan_id))


@router.get(
    "/plans/{plan_id}/export",
    summary="导出方案 Export a plan",
    response_class=Response,
    responses={
        200: {"description": "文件 A file", "content": dict.fromkeys(FILES.values(), _FILE)},
        **problems(404, 422, 503),
    },
)
def export(request: Request, store: Store, actor: Acting, plan_id: PlanId, as_: FormOfPlan = "gpkg") -> Response:
    """Give a plan as a file: its grids, which building is in which, and its cells; WGS84."""
    name = f"plan-{plan_id}.{as_}"
    with request.app.state.maps.work_on(f"export {request.state.request_id}"), TemporaryDirectory() as folder:
        [path] = export_plan(store, plan_id, Path(folder) / name, who=actor.name)
        return file_of(path.read_bytes(), FILES[as_], name)


def _drawn_up(store: Session, actor: Actor, plan_id: int) -> PlanReport:
    whole = holds(actor, reading.read_plan(store, plan_id).scope_code)
    return draw_up_report(store, plan_id, is_whole=whole)


def _pdf(request: Request, store: Session, actor: Actor, found: PlanReport) -> Response:
    plan = found.plan
    stamp = stamp_now(actor.name, scope=f"{found.scope.name} {found.scope.code}", plan=f"{plan.id} {plan.name}")
    with request.app.state.maps.work_on(f"report {request.state.request_id}"):
        content = report_pdf(found, map_of_report(store, found), stamp)
    headers = {
        "Content-Disposition": f'attachment; filename="plan-{plan.id}-report.pdf"',
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }
    return Response(content, media_type=FORMS["pdf"], headers=headers)
