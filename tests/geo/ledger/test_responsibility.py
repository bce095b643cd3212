"""Who answers for a place on a day: small histories whose answer anybody can give, and redrawn grids."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.ledger.cases import Deed, Doer, StepError, act, open_case
from geo.ledger.history import Charge, Event, Look, PlaceHistory, Story, Turn, story
from geo.ledger.replaying import Done, opening_details, replay
from geo.ledger.responsibility import answer
from geo.ledger.workflows import workflow
from geo.ledger.working_time import Limit, calendar
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME
from tests.examples import examples
from tests.geo.ledger import machine

HAZARD = workflow("hazard")
PERSON = Doer("丙", frozenset({"inspector", "staff", "leader"}))
DAY = date(2026, 11, 20)
#: Grids were redrawn on the 10th: 甲 had the old one, 乙 has the new one.
CHARGES = (Charge(date(2026, 1, 1), date(2026, 11, 10), "440303002003001", "甲"),)
CHARGES += (Charge(date(2026, 11, 10), None, "440303002003002", "乙"),)


def at(day: int, hour: int = 10, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=CHINA_TIME)


def looked(day: int, who: str = "甲", *, passed: tuple[str, ...] = (), found: tuple[str, ...] = ()) -> Look:
    return Look(Event("inspection", f"i{day}", at(day), who), frozenset(passed), frozenset(found))


def turn(day: int, *, by_grid: bool = True, **other: Any) -> Turn:
    return Turn("网格", "grid", date(2026, 11, day), by_grid, **other)


def told(number: str, kind: str, *moves: tuple[str, datetime, str, Mapping[str, Any]], **other: Any) -> Story:
    rows = [
        (Done(action, when, who, "备注", fields), Event("case_move", f"{number}-{place}", when, who))
        for place, (action, when, who, fields) in enumerate(moves)
    ]
    return story(HAZARD, calendar(), number, kind, rows, **other)


FOUND = ("open", at(11), "乙", {})
JUDGED = ("judge", at(11, 14), "丙", {"nature": "general"})
ASSIGNED = ("assign", at(11, 15), "丙", {"assignee": "某店"})
STARTED = ("start", at(11, 16), "乙", {})
RECTIFIED = ("rectified", at(13), "乙", {})
PASSED = ("pass", at(14), "丙", {})
BACK = ("reopen", at(19), "乙", {"reason": "又堵上了"})


class TestVerdicts:
    def test_not_looked_for_names_whose_the_grid_was_on_the_day_it_was_due(self) -> None:
        found = answer(PlaceHistory("某店", CHARGES, (turn(8),)), DAY)
        assert (found.verdict, found.who) == ("not_looked_for", ("甲",))
        missed = next(step for step in found.steps if step.verdict == "not_looked_for")
        assert "逾期 12 天" in missed.zh
        assert "440303002003001" in missed.en
        assert "乙" in found.steps[0].zh  # who is in charge on the day asked about

    def test_not_looked_for_by_another_party_is_that_partys(self) -> None:
        lift = Turn("维保单位", "maintenance firm", date(2026, 11, 8), by_grid=False)
        assert answer(PlaceHistory("电梯", CHARGES, (lift,)), DAY).who == ("维保单位",)

    def test_not_looked_for_tells_of_doors_that_nobody_opened(self) -> None:
        knocked = Event("inspection", "i9", at(9), "甲")
        found = answer(PlaceHistory("某店", CHARGES, (turn(8, no_access=(knocked,)),)), DAY)
        step = next(step for step in found.steps if step.verdict == "not_looked_for")
        assert "1 次无人应门" in step.zh
        assert step.events == (knocked,)

    def test_looked_and_missed_what_takes_longer_to_come_about(self) -> None:
        bars = told("YH1", "window_bars", ("open", at(25), "丁", {}))
        found = answer(
            PlaceHistory("某店", CHARGES, (turn(30),), (looked(12, "乙", passed=("window_bars",)),), (bars,)), DAY
        )
        assert (found.verdict, found.who) == ("looked_and_missed", ("乙",))
        step = next(step for step in found.steps if step.verdict == "looked_and_missed")
        assert [event.code for event in step.events] == ["i12", "YH1-0"]

    def test_looked_and_missed_what_was_found_out_to_have_been_there(self) -> None:
        later = ("open", at(25), "丁", {})
        looks = (looked(12, passed=("fire_exit_blocked",)),)
        unknown = told("YH1", "fire_exit_blocked", later)
        assert answer(PlaceHistory("某店", looks=looks, stories=(unknown,)), DAY).verdict == "in_order"
        known = told("YH1", "fire_exit_blocked", later, there_since=at(12, 8))
        assert answer(PlaceHistory("某店", looks=looks, stories=(known,)), DAY).verdict == "looked_and_missed"
        not_yet = told("YH1", "fire_exit_blocked", later, there_since=at(12, 11))
        assert answer(PlaceHistory("某店", looks=looks, stories=(not_yet,)), DAY).verdict == "in_order"

    def test_a_party_that_names_nobody_is_called_by_its_name(self) -> None:
        look = looked(5, "property_company", passed=("ebike_indoor_charging",))
        found = answer(PlaceHistory("某店", CHARGES, looks=(look,)), DAY)
        inspected = next(step for step in found.steps if step.question == "inspected")
        assert inspected.zh == "2026-11-05 物业服务企业检查,查出:无隐患"
        assert inspected.en == "property company looked on 2026-11-05 and found: nothing"

    def test_what_is_known_on_the_day_is_no_longer_missed(self) -> None:
        bars = told("YH1", "window_bars", FOUND)
        history = PlaceHistory("某店", looks=(looked(10, passed=("window_bars",)),), stories=(bars,))
        assert answer(history, date(2026, 11, 10)).verdict == "looked_and_missed"
        assert answer(history, date(2026, 11, 11)).verdict == "in_order"

    @pytest.mark.parametrize(
        ("moves", "verdict", "who"),
        [
            ((FOUND,), "found_not_assigned", "网格(工作人员、领导)"),
            ((FOUND, JUDGED), "found_not_assigned", "网格(工作人员、领导)"),
            ((FOUND, JUDGED, ASSIGNED), "assigned_not_fixed", "某店"),
            ((FOUND, JUDGED, ASSIGNED, STARTED), "assigned_not_fixed", "某店"),
            ((FOUND, JUDGED, ASSIGNED, STARTED, RECTIFIED), "assigned_not_fixed", "网格(网格员、工作人员、领导)"),
            ((FOUND, JUDGED, ASSIGNED, STARTED, RECTIFIED, PASSED), "in_order", None),
            ((FOUND, JUDGED, ASSIGNED, STARTED, RECTIFIED, PASSED, BACK), "came_back", "某店"),
        ],
    )
    def test_of_one_hazard_as_it_goes_on(self, moves: tuple[Any, ...], verdict: str, who: str | None) -> None:
        found = answer(PlaceHistory("某店", CHARGES, stories=(told("YH1", "fire_exit_blocked", *moves),)), DAY)
        assert found.verdict == verdict
        assert set(found.who) == ({who} if who else set())
        step = next(step for step in found.steps if step.question == "dealt_with")
        assert len(step.events) == len(moves)

    def test_is_in_order_while_there_is_time(self) -> None:
        history = PlaceHistory("某店", CHARGES, (turn(25),), stories=(told("YH1", "wiring", FOUND, JUDGED, ASSIGNED),))
        assert answer(history, date(2026, 11, 11)).verdict == "in_order"
        assert answer(history, date(2026, 11, 10)).verdict == "in_order"  # not found yet

    def test_the_same_kind_found_again_has_come_back(self) -> None:
        first = told("YH1", "wiring", FOUND, JUDGED, ASSIGNED, STARTED, RECTIFIED, PASSED)
        again = told("YH2", "wiring", ("open", at(20), "丁", {}))
        other = told("YH3", "gas", ("open", at(20), "丁", {}))
        found = answer(PlaceHistory("某店", stories=(first, again)), DAY)
        assert (found.verdict, found.who) == ("came_back", ("某店",))
        assert [event.code for event in found.steps[-1].events][-2:] == ["YH1-5", "YH2-0"]
        assert answer(PlaceHistory("某店", stories=(first, other)), DAY).verdict == "in_order"

    def test_void_hazards_say_nothing(self) -> None:
        entered_twice = told("YH1", "wiring", FOUND, ("void", at(12), "丙", {"reason": "重复登记"}))
        assert answer(PlaceHistory("某店", (), (turn(30),), stories=(entered_twice,)), DAY).verdict == "in_order"

    def test_what_is_paused_is_not_late(self) -> None:
        leader = "丁"
        moves = [("open", "甲", {}), ("call", "甲", {"reason": "网格解决不了"})]
        moves += [("respond", leader, {"nature": "street_level", "assignee": "某科"})]
        moves += [("dispose", leader, {"assignee": "某科", "measures": "联合处置"})]
        moves += [("suspend", leader, {"reason": "等资金"})]
        rows = [
            (Done(action, at(2, 9 + hour), who, "备注", fields), Event("case_move", str(hour), at(2, 9 + hour), who))
            for hour, (action, who, fields) in enumerate(moves)
        ]
        paused = story(workflow("escalation"), calendar(), "XT1", "other", rows)
        going_on = story(workflow("escalation"), calendar(), "XT1", "other", rows[:-1])
        assert answer(PlaceHistory("某处", stories=(going_on,)), DAY).verdict == "assigned_not_fixed"
        assert answer(PlaceHistory("某处", stories=(paused,)), DAY).verdict == "in_order"

    def test_what_is_due_on_the_day_is_not_late_yet(self) -> None:
        assert answer(PlaceHistory("某店", CHARGES, (turn(20),)), DAY).verdict == "in_order"
        assert answer(PlaceHistory("某店", CHARGES, (turn(19),)), DAY).verdict == "not_looked_for"

    def test_nothing_was_due(self) -> None:
        assert answer(PlaceHistory("某处"), DAY).verdict == "nothing_due"

    def test_the_gravest_comes_first_and_the_rest_beside_it(self) -> None:
        late = told("YH1", "wiring", FOUND, JUDGED, ASSIGNED)
        found = answer(PlaceHistory("某店", CHARGES, (turn(8),), stories=(late,)), DAY)
        assert (found.verdict, found.also) == ("assigned_not_fixed", ("not_looked_for",))


def lived_through(seed: int) -> tuple[PlaceHistory, datetime]:
    """Return a place with the hazards that people brought about at random, and when it ended."""
    ledger = machine.of("hazard")()
    ledger.begin()
    for number, by in enumerate(("甲", "丙", "丁", "戊")):
        ledger.open(by, nature=False, data=None)
        ledger.wait(7 * (seed % 50))
        ledger.go_on(seed + number)
        ledger.go_on(seed + number + 1)
    kinds = ("wiring", "wiring", "window_bars", "fire_exit_blocked")
    stories = []
    for number, (kind, done) in enumerate(zip(kinds, ledger.done, strict=True)):
        rows = [(each, Event("case_move", f"{number}-{place}", each.at, each.by)) for place, each in enumerate(done)]
        stories.append(story(HAZARD, calendar(), f"YH{number}", kind, rows))
    looks = (Look(Event("inspection", "i", machine.BEGIN - timedelta(days=1), "甲"), frozenset(kinds)),)
    return PlaceHistory("某店", CHARGES, looks=looks, stories=tuple(stories)), ledger.now


@given(seed=st.integers(0, 2**32), after=st.integers(0, 100))
@examples(40)
def test_an_answer_rests_on_what_was_on_record_by_then(seed: int, after: int) -> None:
    """What is done later changes no answer, but for hazards that turn out to have been there and been missed."""
    history, ended = lived_through(seed)
    day = (machine.BEGIN + (ended - machine.BEGIN) * after / 100).date()
    night = datetime(day.year, day.month, day.day, tzinfo=CHINA_TIME) + timedelta(days=1)
    found = answer(history, day)
    known = [replace(one, stands=one.until(night)) for one in history.stories]
    redrawn = (*CHARGES, Charge(day + timedelta(days=1), None, "440303002003009", "后来人"))
    then = answer(replace(history, charges=redrawn, stories=tuple(one for one in known if one.stands)), day)
    assert [step for step in found.steps if step.verdict != "looked_and_missed"] == list(then.steps)
    failing = [step for step in found.steps if step.verdict is not None]
    assert {step.verdict for step in failing} == {found.verdict, *found.also} - {"in_order"}
    assert all(step.events and step.who for step in failing)
    assert all(event.at < night for step in then.steps for event in step.events)


def test_the_dictionary_names_every_verdict_in_both_languages() -> None:
    for entry in dictionary("verdicts").entries.values():
        assert entry.extra["question"] in {"looked_for", "inspected", "dealt_with"}
    failing = [code for code, entry in dictionary("verdicts").entries.items() if entry.extra["fails"]]
    assert failing == ["came_back", "assigned_not_fixed", "found_not_assigned", "looked_and_missed", "not_looked_for"]


class TestReplaying:
    def test_tells_how_a_case_stood_after_each_move(self) -> None:
        done = [Done(action, when, who, "备注", fields) for action, when, who, fields in (FOUND, JUDGED, ASSIGNED)]
        assert [case.step for case in replay(HAZARD, calendar(), done)] == ["found", "judged", "assigned"]

    def test_reads_back_what_was_kept_of_moves(self) -> None:
        limit = Limit(2, "working_days")
        case = open_case(HAZARD, calendar(), by=PERSON, at=at(11), nature="general", limit=limit)
        rows = [("open", at(11), json.dumps(opening_details("general", limit)))]
        judged_again = {"nature": "major", "limit": {"amount": 9, "unit": "days"}}  # nobody sets limits by filling in
        for deed in (
            Deed("judge", at(12), fields=judged_again, limit=Limit(3.5, "hours")),
            Deed("stop_work", at(12, 11), "停用"),
            Deed("assign_supervised", at(13), fields={"assignee": "某厂", "until": at(25), "measures": "停产"}),
        ):
            move = act(HAZARD, calendar(), case, PERSON, deed)
            case = move.case
            rows.append((deed.action, deed.at, json.dumps(dict(move.fields))))
        read = [Done.read(action, when, PERSON.name, "停用", json.loads(details)) for action, when, details in rows]
        assert replay(HAZARD, calendar(), read)[-1] == case
        assert read[1].limit == Limit(3.5, "hours")

    def test_leaves_a_case_as_it_was_by_what_is_no_action(self) -> None:
        done = [Done("open", at(11), "乙"), Done("seen_again", at(12), "丁")]
        before, after = replay(HAZARD, calendar(), done)
        assert before == after

    def test_refuses_what_cannot_have_been(self) -> None:
        with pytest.raises(StepError):
            replay(HAZARD, calendar(), [Done("open", at(11), "乙"), Done("pass", at(12), "丙")])
        with pytest.raises(InputError, match="no moves"):
            replay(HAZARD, calendar(), [])
