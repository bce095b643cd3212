"""A sheet of addresses in, the same sheet with what was found out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Acting, Books, Store
from api.openapi import problems
from api.uploads import SHEET_BODY, XLSX, SentFile, on_disk
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.services.locating_files import locate_sheet, refuse_long, write_located
from geo.services.store_book import StoreBook

router = APIRouter(tags=["addresses"])


@router.post(
    "/locate/batch",
    summary="批量定位表格 Locate a sheet of addresses",
    response_class=Response,
    openapi_extra=SHEET_BODY,
    responses={
        200: {
            "description": "原表加上定位结果,另有一张“未匹配”表 The sheet with what was found, and one of what was not",
            "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(404, 413, 422, 503),
    },
)
def locate_batch(
    request: Request,
    store: Store,
    books: Books,
    actor: Acting,
    sent: SentFile,
    column: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="地址列的标题,不写则自动识别 Heading of the addresses"),
    ] = None,
    sheet: Annotated[
        str | None, Query(min_length=1, max_length=31, description="工作表名,多张表时须写明 Name of the sheet")
    ] = None,
) -> Response:
    """Look every row's address up; the rows come back in their order with columns added, and none is left out.

    Rows that are several places or none are listed once more on a second sheet, with the reason and what they could
    be. A formula in a cell is given back as text. Only places of one's own scope are known.
    """
    book = StoreBook(store, books, actor=actor)
    with on_disk(sent) as path, request.app.state.maps.work_on(f"locate {request.state.request_id}"):
        table = read_table(path, sheet=sheet)
        refuse_long(table)
        located = locate_sheet(book.ask, book.grid_of, table, column=column)
        book.record_look()
        written = write_located(located, path.with_name("located.xlsx"), stamp=stamp_now(actor.name))
        content = written[0].read_bytes()
    headers = {"Content-Disposition": 'attachment; filename="located.xlsx"', "Cache-Control": "no-store"}
    return Response(content, media_type=XLSX, headers=headers)
