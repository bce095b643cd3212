"""Inspections (检查): sent by devices one by one or a shift at once, and looked at."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.answering import CSV, FORMS, form_of
from api.dependencies import DEFAULT_PAGE, MAX_ID, Acting, AfterId, Limit, Store
from api.idempotency import Creating
from api.links import announce, page_links
from api.openapi import problems
from api.routes.plans import JSON
from api.schemas.inspections import (
    WORD_PATTERN,
    ChecklistList,
    InspectionDetail,
    InspectionItem,
    InspectionPage,
    PhotoItem,
    Result,
    SentInspections,
    TakenInspections,
    TakenSheet,
)
from api.table_files import SHEET, SHEETS, FormOfSheet, file_of, sheet_of
from api.uploads import PHOTO_BODY, SHEET_BODY, XLSX, SentFile, SentPhoto, on_disk
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.ledger.checklists import checklists
from geo.services import inspecting
from geo.services.auditing import MOMENT_PATTERN, moment
from geo.services.inspecting import Answered, InspectionFilter, InspectionRecord, Sent, Taken
from geo.services.inspection_sheets import export_inspections
from geo.services.inspections_from_sheets import import_inspections, rows_read
from geo.services.sheet_rows import write_read

router = APIRouter(tags=["inspections"], route_class=Creating)

SCOPE = "^([0-9]{9}|[0-9]{12}|[0-9]{15})$"
#: Of buildings and doors, places and elements.
ABOUT = "^([0-9]{19}|[0-9]{25}|[0-9]{9}P[0-9]{6}|[0-9]{12}E[0-9]{4})$"

InspectionId = Annotated[int, Path(ge=1, le=MAX_ID, description="检查记录编号 Number of the inspection")]


@router.get("/checklists", summary="检查表 Checklists", responses=problems(422, 503))
def list_checklists() -> ChecklistList:
    """List what is looked at in places and at city elements of each kind, item by item."""
    told = ("code", "zh", "en", "place_kinds", "element_kinds", "source")
    items = [
        {**{name: getattr(each, name) for name in told}, "items": points}
        for each in checklists().values()
        for points in [[asdict(item) for item in each.items.values()]]
    ]
    return ChecklistList.model_validate({"items": items})


@router.post("/inspections", summary="发送检查记录 Send inspections", responses=problems(403, 413, 415, 422, 503))
def send(store: Store, actor: Acting, body: SentInspections) -> TakenInspections:
    """Take inspections, one or a shift's worth: "nothing wrong" is one as well, item by item.

    Each is taken or refused by itself; whatever is refused says why. What is sent again under its `client_key` is
    `known` and recorded once. Faults become hazards, or a further sighting of hazards that are open.
    """
    sent = [
        Sent(**{**vars(one), "items": tuple(Answered(**vars(item)) for item in one.items)}) for one in body.inspections
    ]
    taken = inspecting.record_inspections(store, sent, actor=actor)
    return TakenInspections.model_validate({"items": [_taken(each) for each in taken]})


@router.post(
    "/inspections/batch",
    summary="表格补录检查 Inspections from a sheet",
    response_class=Response,
    openapi_extra=SHEET_BODY,
    responses={
        200: {
            "description": "原表加上逐行结果;Excel 另有一张“未登记”表 The sheet with what became of each row",
            "model": TakenSheet,
            "content": {XLSX: SHEET, CSV: SHEET},
        },
        **problems(403, 413, 422, 503),
    },
)
def take_sheet(
    request: Request,
    store: Store,
    actor: Acting,
    sent: SentFile,
    sheet: Annotated[
        str | None, Query(min_length=1, max_length=31, description="工作表名,多张表时须写明 Name of the sheet")
    ] = None,
    as_: Annotated[
        Literal["xlsx", "csv", "json"] | None,
        Query(alias="as", description="答复的形式,缺省按 Accept Form of the answer, by default as Accept has it"),
    ] = None,
) -> Response:
    """Record an inspection for each row that can be taken; headings are those of the exported sheet.

    A row names what was wrong (`问题`); where somebody got in, all else on the checklist counts as in order. Rows come
    back in their order with the number of the record, or why not. What is sent again is `known` and recorded once.
    """
    with on_disk(sent) as path, request.app.state.maps.work_on(f"sheet {request.state.request_id}"):
        table = read_table(path, sheet=sheet)
        taken = import_inspections(store, table, actor=actor)
        form = form_of(request, as_, ("xlsx", "json", "csv"))
        if form == "json":
            items = [{**_taken(row.taken), "row": row.number} for row in taken]
            return Response(TakenSheet.model_validate({"items": items}).model_dump_json(), media_type=JSON)
        [written] = write_read(rows_read(table, taken), path.with_name(f"taken.{form}"), stamp=stamp_now(actor.name))
        content = written.read_bytes()
    return file_of(content, FORMS[form], f"taken.{form}")


def inspection_filter(
    scope: Annotated[str | None, Query(pattern=SCOPE, description="街道、社区或网格 Street, community or grid")] = None,
    about: Annotated[
        str | None, Query(pattern=ABOUT, description="楼栋、户、场所、要素 Building, door, place or element")
    ] = None,
    party: Annotated[str | None, Query(pattern=WORD_PATTERN, description="检查方 Party")] = None,
    result: Annotated[Result | None, Query(description="结果 Result")] = None,
    since: Annotated[str | None, Query(pattern=MOMENT_PATTERN, description="检查自(含) From this day on")] = None,
    until: Annotated[str | None, Query(pattern=MOMENT_PATTERN, description="检查至(含当日) Up to this day")] = None,
) -> InspectionFilter:
    """Return which inspections a request asks for."""
    return InspectionFilter(
        scope=scope,
        subject=about,
        party=party,
        result=result,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
    )


Wanted = Annotated[InspectionFilter, Depends(inspection_filter)]


@router.get("/inspections", summary="检查记录 Inspections", responses=problems(404, 422, 503))
def list_inspections(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    wanted: Wanted,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> InspectionPage:
    """List inspections, the newest first. Every look is an event."""
    found = inspecting.look_at_inspections(store, wanted, limit=limit + 1, after=after, actor=actor)
    shown = found[:limit]
    links = page_links(request, JSON, shown[-1].id if len(found) > limit else None)
    announce(response, links)
    items = [_item(each) for each in shown]
    return InspectionPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.get(
    "/inspections/export",
    summary="导出检查记录表格 Inspections as a sheet",
    response_class=Response,
    responses={200: SHEETS, **problems(404, 422, 503)},
)
def export(
    request: Request,
    store: Store,
    actor: Acting,
    wanted: Wanted,
    as_: FormOfSheet = "xlsx",
) -> Response:
    """Give the inspections that a list would show as a sheet, with what was wrong in words. The look is an event."""
    table = partial(export_inspections, store, wanted, actor=actor)
    return sheet_of(request, table, "inspections", as_, layer="检查", stamp=stamp_now(actor.name))


@router.get("/inspections/{inspection_id}", summary="一次检查 One inspection", responses=problems(404, 422, 503))
def read(store: Store, actor: Acting, inspection_id: InspectionId) -> InspectionDetail:
    """Show one inspection. Every look is an event."""
    found, photos = inspecting.look_at_inspection(store, inspection_id, actor=actor)
    return InspectionDetail.model_validate({**_item(found), "photos": [photo.id for photo in photos]})


@router.post(
    "/inspections/{inspection_id}/evidence",
    status_code=201,
    summary="附上检查照片 Attach a photo to an inspection",
    response_model=PhotoItem,
    openapi_extra=PHOTO_BODY,
    responses=problems(404, 413, 415, 422, 503),
)
def attach(
    store: Store,
    actor: Acting,
    inspection_id: InspectionId,
    sent: SentPhoto,
    item: Annotated[str | None, Query(pattern=WORD_PATTERN, description="检查项目 Item of the checklist")] = None,
    taken_at: Annotated[str | None, Query(pattern=MOMENT_PATTERN, description="拍摄时间 When it was taken")] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="经度(WGS84)")] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False, description="纬度(WGS84)")] = None,
) -> Any:
    """Attach a photo; that of an item that is a hazard goes to the hazard. The same photo sent twice is one."""
    taken = moment(taken_at) if taken_at else None
    kept = inspecting.attach_photo(store, inspection_id, sent, item=item, taken_at=taken, lon=lon, lat=lat, actor=actor)
    return {name: getattr(kept, name) for name in PhotoItem.model_fields}


def _taken(each: Taken) -> dict[str, Any]:
    kept = each.inspection
    return {
        "client_key": each.client_key,
        "outcome": each.outcome,
        "id": kept.id if kept else None,
        "result": kept.result if kept else None,
        "hazards": [asdict(hazard) for hazard in each.hazards],
        "reason_zh": each.reason_zh,
        "reason_en": each.reason_en,
    }


def _item(found: InspectionRecord) -> dict[str, Any]:
    return {name: getattr(found, name) for name in InspectionItem.model_fields}
