"""Responsibility (责任倒查): for a thing and a day, was it looked for, was the looking good, was it dealt with."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.answering import JSON_OR_PAGE, PageForm, form_of
from api.case_pages import ledger_page
from api.dependencies import Acting, Store
from api.openapi import problems
from api.schemas.responsibility import ResponsibilityAnswer
from geo.exchange.stamps import stamp_now
from geo.ledger.history import doer_names
from geo.services.answering import AnswerSheet, Noun, answer_for
from geo.services.inspectors import today

router = APIRouter(tags=["cases"])

Code = Annotated[
    str,
    Path(pattern="^([0-9]{9}P[0-9]{6}|[0-9]{19}|[0-9]{25})$", description="场所、楼栋或户的编码 Place, building, door"),
]
#: The questions that the steps answer, in their order.
QUESTIONS = {
    "in_charge": ("谁负责", "who was in charge"),
    "looked_for": ("查找到了没有", "was it looked for"),
    "inspected": ("排查得怎么样", "was the looking good"),
    "dealt_with": ("解决得怎么样", "was it dealt with"),
}


@router.get(
    "/responsibility/{noun}/{code}",
    summary="责任倒查 Who answers for a thing",
    response_model=ResponsibilityAnswer,
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def responsibility(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    noun: Annotated[Noun, Path(description="对象种类 Kind of thing")],
    code: Code,
    on: Annotated[date | None, Query(description="哪一天,缺省为今天 Which day; today by default")] = None,
    as_: PageForm = None,
) -> Any:
    """Tell failure to look from failure to see, to assign and to rectify, step by step, with what each step rests on.

    The grid and the person in charge are those of the day, however grids were redrawn since. A look is an event.
    """
    sheet = answer_for(store, noun, code, on, actor=actor)
    if form_of(request, as_, ("json", "html")) == "html":
        stamp = stamp_now(actor.name, scope=f"{sheet.of.title} {code}").line
        told = {"sheet": sheet, "questions": QUESTIONS, "today": today(), "stamp": stamp, "doer_names": doer_names}
        return ledger_page("responsibility.html", actor, **told)
    response.headers["Vary"] = "Accept"
    return _told(sheet)


def _told(sheet: AnswerSheet) -> dict[str, Any]:
    found = sheet.answer
    return {
        "noun": sheet.of.noun,
        "code": sheet.of.code,
        "name": sheet.of.name,
        "day": found.day,
        "verdict": found.verdict,
        "verdict_label": found.entry.label,
        "failed": sheet.failed,
        "who": list(found.who),
        "also": list(found.also),
        "steps": [asdict(step) for step in found.steps],
    }
