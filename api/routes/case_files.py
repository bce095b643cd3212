"""Requests and hazards in and out as sheets."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Acting, Books, Store, code_pattern
from api.openapi import problems
from api.routes.cases import Wanted
from api.table_files import SHEET, SHEETS, FormOfSheet, file_of, sheet_of
from api.uploads import SHEET_BODY, XLSX, SentFile, on_disk
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.services.case_files import export_cases, import_cases
from geo.services.sheet_rows import write_read

router = APIRouter(tags=["cases"])


@router.get(
    "/cases/export",
    summary="导出事项表格 Cases as a sheet",
    response_class=Response,
    responses={200: SHEETS | {"description": "表格,不含诉求人 A sheet, without who asked"}, **problems(404, 422, 503)},
)
def export(
    request: Request,
    store: Store,
    actor: Acting,
    wanted: Wanted,
    as_: FormOfSheet = "xlsx",
) -> Response:
    """Give the cases that a list would show as a sheet; what a spreadsheet would run is given as text."""
    table = partial(export_cases, store, wanted, actor=actor)
    return sheet_of(request, table, "cases", as_, layer="事项", stamp=stamp_now(actor.name))


@router.post(
    "/requests/batch",
    summary="表格登记 Requests or hazards from a sheet",
    response_class=Response,
    openapi_extra=SHEET_BODY,
    responses={
        200: {
            "description": "原表加上登记结果,另有一张“未登记”表 The sheet with what became of each row",
            "content": {XLSX: SHEET},
        },
        **problems(403, 404, 413, 422, 503),
    },
)
def take_sheet(
    request: Request,
    store: Store,
    books: Books,
    actor: Acting,
    sent: SentFile,
    workflow: Annotated[Literal["request", "hazard"], Query(description="诉求或隐患 Requests or hazards")] = "request",
    source: Annotated[
        str, Query(min_length=1, max_length=100, description="表格名称:同一表格再发,各行只登记一次 Name of the sheet")
    ] = "sheet",
    community: Annotated[
        str | None,
        Query(
            pattern=code_pattern("community"),
            description="地址不明的行登记到此社区 Where rows go that are no one place",
        ),
    ] = None,
) -> Response:
    """Open a case for each row that can be taken; the rows come back in their order with number, or why not.

    Rows that are sent again under the same name of the sheet are known by their number, or by all that they say.
    """
    with on_disk(sent) as path, request.app.state.maps.work_on(f"sheet {request.state.request_id}"):
        given = {"code": workflow, "source": source, "community": community}
        read = import_cases(store, books, read_table(path), **given, actor=actor)  # type: ignore[arg-type]
        written = write_read(read, path.with_name("taken.xlsx"), stamp=stamp_now(actor.name))
        content = written[0].read_bytes()
    return file_of(content, XLSX, "taken.xlsx")
