"""The audit trail, for the auditor alone."""

import shutil
import tempfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answering import JSON, JSON_OR_PAGE, PageForm, form_of
from api.audit_pages import trail_page, verification_page
from api.dependencies import DEFAULT_PAGE, Acting, Limit, Store
from api.links import announce, page_links
from api.openapi import problems
from api.schemas.audit import EventItem, EventPage, TrailFinding, TrailState
from geo.services.auditing import MOMENT_PATTERN, EventFilter, export_trail, moment, search_trail, verify_trail
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["audit"])

#: No control characters: PostgreSQL has no NUL, and nothing that is recorded holds the others.
WORD = r"^[^\x00-\x1f\x7f]{1,200}$"
MAX_EVENT = 2**53
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def event_filter(
    who: Annotated[str | None, Query(pattern=WORD, description="谁:账户名 Login of who did it")] = None,
    what: Annotated[str | None, Query(pattern=WORD, description="做了什么 What was done", examples=["adopted"])] = None,
    noun: Annotated[str | None, Query(pattern=WORD, description="对象种类 Kind of thing", examples=["plan"])] = None,
    code: Annotated[str | None, Query(pattern=WORD, description="对象编码 Code of the thing")] = None,
    address: Annotated[str | None, Query(pattern=WORD, description="网络地址 Network address")] = None,
    since: Annotated[str | None, Query(pattern=MOMENT_PATTERN, description="自(含) From this day or moment on")] = None,
    until: Annotated[
        str | None, Query(pattern=MOMENT_PATTERN, description="至(含当日) Up to the end of this day, or this moment")
    ] = None,
) -> EventFilter:
    """Say which events are wanted.

    Raises
    ------
    InputError
        A time that there is not.
    """
    return EventFilter(
        who=who,
        what=what,
        noun=noun,
        code=code,
        address=address,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
    )


Wanted = Annotated[EventFilter, Depends(event_filter)]


@router.get(
    "/audit",
    summary="审计记录 The audit trail",
    response_model=EventPage,
    responses=JSON_OR_PAGE | problems(401, 403, 422, 503),
)
def trail(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    wanted: Wanted,
    as_: PageForm = None,
    limit: Limit = DEFAULT_PAGE,
    after: Annotated[
        int | None, Query(ge=1, le=MAX_EVENT, description="上一页最后一条 Last id of the page before")
    ] = None,
) -> Any:
    """List events, the newest first. Of rows that say who lives where, only the names of the fields are shown.

    Browsers get a page.
    """
    found = search_trail(store, wanted, limit=limit + 1, after=after)
    shown = found[:limit]
    more = shown[-1].id if len(found) > limit else None
    if form_of(request, as_, ("json", "html")) == "html":
        return trail_page(request, actor, shown, more=more)
    links = page_links(request, JSON, more)
    announce(response, links)
    response.headers["Vary"] = "Accept"
    items = [EventItem.model_validate(asdict(record)) for record in shown]
    return EventPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.get(
    "/audit/export",
    summary="导出审计记录 Export the audit trail",
    response_class=FileResponse,
    responses={
        200: {
            "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in MEDIA_TYPES.values()},
            "description": "表格;公式不会执行 A table; nothing in it runs as a formula",
        },
        **problems(401, 403, 422, 503),
    },
)
def export(
    store: Store,
    actor: Acting,
    wanted: Wanted,
    as_format: Annotated[Literal["csv", "xlsx"], Query(alias="format", description="文件格式 Kind of file")] = "xlsx",
) -> FileResponse:
    """Write the events wanted into a file; that they were exported is an event as well."""
    folder = tempfile.mkdtemp(prefix="wangge-audit-")
    path = FilePath(folder) / f"audit.{as_format}"
    try:
        export_trail(store, wanted, path, who=actor.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    name = f"audit-{datetime.now(CHINA_TIME):%Y%m%d-%H%M}.{as_format}"
    # Sent after the transaction is committed, then removed.
    return FileResponse(
        path, filename=name, media_type=MEDIA_TYPES[as_format], background=BackgroundTask(shutil.rmtree, folder, True)
    )


@router.get(
    "/audit/verification",
    summary="核验审计记录 Verify the audit trail",
    response_model=TrailState,
    responses=JSON_OR_PAGE | problems(401, 403, 422, 503),
)
def verification(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    head: Annotated[
        str | None,
        Query(
            pattern=r"^[0-9]{1,18}:[0-9a-f]{64}$",
            description="此前记下的校验值 A head noted before, to hold the trail against",
        ),
    ] = None,
    as_: PageForm = None,
) -> Any:
    """Compute the chain of all events anew and say whether any was changed, removed, added or moved.

    Browsers get a page.
    """
    verified = verify_trail(store, [head] if head else [], who=actor.name)
    if form_of(request, as_, ("json", "html")) == "html":
        return verification_page(actor, verified, held_against=head)
    response.headers["Vary"] = "Accept"
    findings = [
        TrailFinding(problem=found.problem, seq=found.seq, event_id=found.event_id, zh=found.zh, en=found.en)
        for found in verified.findings
    ]
    return TrailState(
        state="tampered" if findings else "whole",
        head=str(verified.head) if verified.head else None,
        findings=findings,
    )
