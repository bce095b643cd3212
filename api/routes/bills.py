"""Bills (账单) and statements (月结单): all hazards of a thing, and what changed in a month."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from api.access import holds
from api.answering import FORMS, form_of
from api.bill_sheets import BY, FIGURES, Table, as_pdf, as_xlsx, bill_table, counted_so, statement_table
from api.case_pages import ledger_page
from api.dependencies import Acting, Store
from api.openapi import problems
from api.routes.cases import item_of
from api.schemas.bills import BillAnswer, StatementAnswer
from api.schemas.cases import WORD_PATTERN
from geo.access.actor import Actor
from geo.exchange.stamps import Stamp, stamp_now
from geo.ledger.bills import Statement
from geo.services.billing import (
    MOST_ITEMS,
    MOST_ITEMS_IN_FILES,
    BillSheet,
    By,
    Noun,
    draw_up_bill,
    draw_up_statement,
)
from geo.services.describing_cases import Words
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["cases"])

OFFERED = ("json", "html", "pdf", "xlsx")
AnyForm = Annotated[
    Literal["json", "html", "pdf", "xlsx"] | None,
    Query(alias="as", description="形式,缺省按 Accept Form of the answer"),
]
Code = Annotated[str, Path(pattern="^[0-9]{9}[0-9PRX]{0,16}$", description="编码 Code of the thing")]
ScopeCode = Annotated[
    str, Path(pattern="^([0-9]{9}|[0-9]{12}|[0-9]{15})$", description="街道、社区或网格编码 Street, community or grid")
]
Workflow = Annotated[
    str, Query(pattern=WORD_PATTERN, description="办理流程,缺省为安全隐患 Workflow; hazards by default")
]

_FILE = {"schema": {"type": "string", "format": "binary"}}
IN_ALL_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            FORMS["html"]: {"schema": {"type": "string"}},
            FORMS["pdf"]: _FILE,
            FORMS["xlsx"]: _FILE,
        }
    }
}


@router.get(
    "/bills/{noun}/{code}",
    summary="账单 Bill of a thing",
    response_model=BillAnswer,
    responses=IN_ALL_FORMS | problems(404, 422, 503),
)
def bill(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    noun: Annotated[Noun, Path(description="对象种类 Kind of thing")],
    code: Code,
    workflow: Workflow = "hazard",
    as_: AnyForm = None,
) -> Any:
    """Draw up the bill of a place, door, building, compound, grid, community, street or responsible body.

    What is not done with comes first, the gravest on top; the counts are of all. Also as page, PDF and workbook. A look
    at the bill of somebody's door or place is an event.
    """
    form, now = form_of(request, as_, OFFERED), datetime.now(UTC)
    most = MOST_ITEMS if form in ("json", "html") else MOST_ITEMS_IN_FILES
    sheet = draw_up_bill(store, noun, code, now=now, workflow_code=workflow, most=most, actor=actor)
    if form == "html":
        shown = {"sheet": sheet, "bill": sheet.bill, "kinds": _kinds(sheet), "on": sheet.bill.on}
        return ledger_page("bill.html", actor, **shown, stamp=_stamp(actor, sheet.of.title, code).line)
    if form != "json":
        return _file(request, form, bill_table(sheet), actor, sheet.of.title, code)
    response.headers["Vary"] = "Accept"
    told = {name: getattr(sheet.bill, name) for name in ("on", "number", "live", "overdue", "oldest_days")}
    items = [item_of(one) for one in sheet.items]
    of = {"noun": noun, "code": code, "name": sheet.of.name}
    return {**of, **told, "kinds": _kinds(sheet), "is_whole": sheet.is_whole, "items": items}


@router.get(
    "/statements/{code}",
    summary="月结单 Month's statement",
    response_model=StatementAnswer,
    responses=IN_ALL_FORMS | problems(404, 422, 503),
)
def statement(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    code: ScopeCode,
    month: Annotated[
        str | None,
        Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="月份,缺省为本月 Month", examples=["2026-11"]),
    ] = None,
    by: Annotated[By, Query(description="分行:按社区、网格或类型 What the lines are of")] = "kind",
    workflow: Workflow = "hazard",
    as_: AnyForm = None,
) -> Any:
    """Draw up the statement of a month: opening + found + came back - closed - void = closing, line by line.

    Cases belong to the community and grid where they were opened. Also as page, PDF and workbook.
    """
    form = form_of(request, as_, OFFERED)
    month = month or f"{datetime.now(CHINA_TIME):%Y-%m}"
    sheet = draw_up_statement(store, code, month, by=by, workflow_code=workflow)
    whole = holds(actor, code)
    if form == "html":
        stamp = _stamp(actor, sheet.of.title, code).line
        return ledger_page(
            "statement.html",
            actor,
            sheet=sheet,
            figures=FIGURES,
            counted_so=counted_so(),
            ways=BY,
            is_whole=whole,
            workflow=workflow,
            stamp=stamp,
        )
    if form != "json":
        return _file(request, form, statement_table(sheet), actor, sheet.of.title, code)
    response.headers["Vary"] = "Accept"
    rows = [{"code": row.code, "label": row.name.label, **_figures(row.statement)} for row in sheet.rows]
    of = {"code": code, "name": sheet.of.name, "month": month, "by": by, "workflow": workflow, "is_whole": whole}
    return {**of, "total": _figures(sheet.total), "rows": rows}


def _figures(counted: Statement) -> dict[str, int]:
    return {name: getattr(counted, name) for name in FIGURES}


def _kinds(sheet: BillSheet) -> list[dict[str, Any]]:
    return [
        {
            **{name: value for name, value in asdict(each).items() if name != "oldest_at"},
            "kind_label": _label(sheet.kinds, each.kind),
            "nature_label": None if each.nature is None else _label(sheet.natures, each.nature),
        }
        for each in sheet.bill.kinds
    ]


def _label(words: Mapping[str, Words], code: str) -> str:
    return words[code].label if code in words else code


def _stamp(actor: Actor, title: str, code: str) -> Stamp:
    return stamp_now(actor.name, scope=f"{title} {code}")


def _file(request: Request, form: str, table: Table, actor: Actor, title: str, code: str) -> Response:
    stamp = _stamp(actor, title, code)
    with request.app.state.maps.work_on(f"sheet {request.state.request_id}"):
        content = as_pdf(table, stamp) if form == "pdf" else as_xlsx(table, stamp)
    name = quote(f"{table.title}.{form}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{code}.{form}\"; filename*=UTF-8''{name}",
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }
    return Response(content, media_type=FORMS[form], headers=headers)
