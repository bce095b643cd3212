"""Who answers for a place on a day: gathered from the store as it was, whatever was redrawn since."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import CodeError, InputError, NotFoundError
from geo.ledger.working_time import Limit
from geo.services.answering import AnswerSheet, answer_for
from geo.services.cases import CaseRecord, Deed, NewCase, act_on_case, open_case
from geo.services.inspectors import today
from geo.storage import events, inspection_plans, inspections
from geo.storage.inspection_plans import NewPlan
from geo.storage.inspections import NewInspection
from geo.territory import codes
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.ledgered import ANNA, BEN, LEADER, STAFF, Ground, adopt, ground

REDRAWN = date(2026, 6, 1)
BOTH = frozenset({"before", "after"})


def lay(session: Session) -> Ground:
    """Ground on which shops are looked at every 30 days, with somebody in charge of each grid since 2025."""
    found = ground(session)
    for number, (name, grid) in enumerate(zip(("安娜", "卡尔"), found.grids, strict=True), start=1):
        make.make_grid_staff(
            session, number, code=codes.make("grid_staff", make.STREET, number), name=name, role="grid_worker",
            grid_code=grid, since=date(2025, 1, 1),
        )  # fmt: skip
    plan = NewPlan("小店", make.COMMUNITY, "small_shop", None, "grid_worker", 30, "small_shop", date(2026, 1, 1))
    inspection_plans.insert_plan(session, plan, who=make.WHO)
    session.execute(text("UPDATE place SET created_at = '2025-06-01T00:00:00Z'"))
    return found


@pytest.fixture
def session(on_laid: Session) -> Session:
    return on_laid


@pytest.fixture
def place(laid: tuple[Engine, Ground]) -> Ground:
    return laid[1]


def at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 10, tzinfo=CHINA_TIME)


def look(session: Session, place: Ground, moment: datetime, result: str = "clear", **items: str) -> None:
    """An inspection of the shop; ``items`` are results by item."""
    inspections.keep(
        session,
        NewInspection(
            plan_id=None, street_code=make.STREET, community_code=make.COMMUNITY, grid_code=place.grids[0],
            building_code=place.building, household_unit_code=place.unit, place_code=place.place,
            city_element_code=None, lon=place.point[0], lat=place.point[1], party="grid_worker",
            checklist="small_shop", result=result, note=None, inspected_at=moment, inspector="安娜", client_key=None,
            items=[{"code": code, "result": said, "note": None, "case_id": None} for code, said in items.items()],
        ),
    )  # fmt: skip


def hazard(session: Session, place: Ground, moment: datetime, kind: str = "wiring") -> CaseRecord:
    return open_case(session, NewCase("hazard", kind, "插座", place_code=place.place), actor=ANNA, at=moment)


def act(session: Session, case: CaseRecord, by: Any, action: str, moment: datetime, **fields: Any) -> CaseRecord:
    deed = Deed(action, moment, note=fields.pop("note", None), fields=fields, evidence=BOTH)
    return act_on_case(session, case.id, deed, actor=by)


def asked(session: Session, place: Ground, on: date) -> AnswerSheet:
    return answer_for(session, "place", place.place, on, actor=LEADER)


def said(sheet: AnswerSheet, question: str) -> str:
    return "\n".join(step.zh for step in sheet.answer.steps if step.question == question)


def test_nobody_looked(session: Session, place: Ground) -> None:
    sheet = asked(session, place, date(2026, 3, 1))
    assert (sheet.answer.verdict, sheet.failed, sheet.answer.who) == ("not_looked_for", True, ("安娜",))
    assert "从未查过" in said(sheet, "looked_for")


def test_the_grid_and_the_person_are_those_of_the_day(session: Session, place: Ground) -> None:
    """Redrawn in June: what was missed before stays with who was in charge then, whoever asks later."""
    look(session, place, at(5, 20))
    spring = asked(session, place, date(2026, 4, 1))
    adopt(session, {place.building: 2, place.other_building: 1}, at=datetime(2026, 6, 1))
    assert asked(session, place, date(2026, 4, 1)).answer == spring.answer
    assert spring.answer.who == ("安娜",)
    assert place.grids[0] in said(spring, "in_charge")
    autumn = asked(session, place, date(2026, 10, 1))
    assert place.grids[1] in said(autumn, "in_charge")
    assert (autumn.answer.verdict, autumn.answer.who) == ("not_looked_for", ("卡尔",))


def test_who_left_answers_for_their_own_days(session: Session, place: Ground) -> None:
    make.make_grid_staff(
        session, 1, code=codes.make("grid_staff", make.STREET, 1), name="安娜", role="grid_worker",
        grid_code=place.grids[0], since=date(2025, 1, 1), until=date(2026, 2, 15),
    )  # fmt: skip
    make.make_grid_staff(
        session, 3, code=codes.make("grid_staff", make.STREET, 3), name="丁", role="grid_worker",
        grid_code=place.grids[0], since=date(2026, 2, 15),
    )  # fmt: skip
    look(session, place, at(1, 3))
    for day in (date(2026, 2, 14), date(2026, 3, 1)):
        sheet = asked(session, place, day)
        assert sheet.answer.who == ("安娜",), "the look was due in her days"
    assert "丁" in said(asked(session, place, date(2026, 3, 1)), "in_charge")


def test_a_door_that_nobody_opened_was_not_looked_at(session: Session, place: Ground) -> None:
    look(session, place, at(1, 3))
    look(session, place, at(2, 1), "no_access")
    sheet = asked(session, place, date(2026, 3, 1))
    assert sheet.answer.verdict == "not_looked_for"
    assert "1 次无人应门" in said(sheet, "looked_for")


def test_looked_and_missed(session: Session, place: Ground) -> None:
    look(session, place, at(3, 1), wiring="ok")
    hazard(session, place, at(3, 6))
    sheet = asked(session, place, date(2026, 3, 2))
    assert (sheet.answer.verdict, sheet.answer.who) == ("looked_and_missed", ("安娜",))
    nouns = {event.noun for step in sheet.answer.steps for event in step.events if step.verdict}
    assert nouns == {"inspection", "case"}


def test_found_and_what_became_of_it(session: Session, place: Ground) -> None:
    look(session, place, at(3, 1))
    case = hazard(session, place, at(3, 2))
    assert asked(session, place, date(2026, 3, 2)).answer.verdict == "in_order"
    assert asked(session, place, date(2026, 3, 9)).answer.verdict == "found_not_assigned"
    case = act(session, case, LEADER, "judge", at(3, 10), nature="general")
    case = act(session, case, STAFF, "assign", at(3, 10), assignee="王记五金")
    case = act(session, case, ANNA, "start", at(3, 10))
    late = asked(session, place, date(2026, 3, 25))
    assert (late.answer.verdict, late.answer.who) == ("assigned_not_fixed", ("王记五金",))
    case = act(session, case, ANNA, "rectified", at(3, 26), note="好了")
    act(session, case, BEN, "pass", at(3, 26))
    assert asked(session, place, date(2026, 3, 27)).answer.verdict == "in_order"
    # What was so stays so, whatever came later.
    assert asked(session, place, date(2026, 3, 9)).answer.verdict == "found_not_assigned"
    assert asked(session, place, date(2026, 3, 25)).answer == late.answer


def test_fixed_and_came_back(session: Session, place: Ground) -> None:
    look(session, place, at(3, 1))
    case = hazard(session, place, at(3, 2))
    case = act(session, case, ANNA, "fix_at_once", at(3, 2), nature="general", assignee="anna", note="好了")
    case = act(session, case, BEN, "pass", at(3, 3))
    act(session, case, BEN, "reopen", at(3, 20), reason="又犯")
    assert asked(session, place, date(2026, 3, 10)).answer.verdict == "in_order"
    assert asked(session, place, date(2026, 3, 21)).answer.verdict == "came_back"


def test_a_case_with_a_limit_of_its_own_is_told_as_it_was(session: Session, place: Ground) -> None:
    new = NewCase("hazard", "wiring", "插座", place_code=place.place, nature="general", limit=Limit(1, "hours"))
    open_case(session, new, actor=ANNA, at=at(3, 2))
    look(session, place, at(3, 1))
    assert asked(session, place, date(2026, 3, 2)).answer.verdict == "found_not_assigned"


@pytest.mark.parametrize("noun", ["household_unit", "building"])
def test_doors_and_buildings_have_answers_too(session: Session, place: Ground, noun: str) -> None:
    hazard(session, place, at(3, 2))
    code = {"household_unit": place.unit, "building": place.building}[noun]
    sheet = answer_for(session, noun, code, date(2026, 4, 1), actor=LEADER)
    assert sheet.answer.verdict == "found_not_assigned"


def test_every_question_is_an_event(session: Session, place: Ground) -> None:
    asked(session, place, date(2026, 3, 1))
    found = events.read(session, noun="place", code=place.place)[0]
    assert (found.who, found.what, found.after) == (LEADER.name, "looked", {"grid_staff": 1})


def test_what_cannot_be_asked(session: Session, place: Ground) -> None:
    with pytest.raises(InputError, match="还没有到"):
        asked(session, place, today() + timedelta(days=1))
    with pytest.raises(CodeError, match="grid"):
        answer_for(session, "grid", place.grids[0], actor=LEADER)
    with pytest.raises(NotFoundError):
        answer_for(session, "place", f"{make.STREET}P999999", actor=LEADER)
