"""Cases one at a time: what is refused and what is said of it, clocks, pauses, extensions, versions of workflows."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from geo.errors import InputError
from geo.ledger.cases import Case, Deed, Doer, NotAllowedError, StepError, act, open_case, possible
from geo.ledger.workflows import Workflow, parse, workflow
from geo.ledger.working_time import Limit, calendar
from geo.territory.times import CHINA_TIME
from tests.geo.ledger.tables import INTERLUDES, STATES, TABLES, read

EVERYTHING = frozenset({"inspector", "staff", "leader", "planner", "assessor", "public", "clock"})
ALL_PHOTOS = frozenset({"finding", "before", "after", "receipt"})
INSPECTOR = Doer("甲", frozenset({"inspector"}))
OTHER = Doer("乙", frozenset({"inspector"}))
STAFF = Doer("丙", frozenset({"staff"}))
LEADER = Doer("丁", frozenset({"leader"}))


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of November 2026; the 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA_TIME)


class Run:
    """A case that goes on from deed to deed, an hour apart unless said otherwise."""

    def __init__(self, code: str, *, by: Doer = INSPECTOR, moment: datetime | None = None, **other: Any) -> None:
        self.flow: Workflow = workflow(code)
        self.now = moment or at(2)
        self.case: Case = open_case(self.flow, calendar(), by=by, at=self.now, **other)

    def do(self, by: Doer, action: str, *, moment: datetime | None = None, **given: Any) -> "Run":
        self.now = moment or self.now + timedelta(hours=1)
        note, limit = given.pop("note", "备注"), given.pop("limit", None)
        deed = Deed(action, self.now, note, given, ALL_PHOTOS, limit)
        self.case = act(self.flow, calendar(), self.case, by, deed).case
        return self


def judged(nature: str = "general") -> Run:
    return Run("hazard").do(STAFF, "judge", nature=nature)


def rectifying() -> Run:
    return judged().do(STAFF, "assign", assignee="某店").do(INSPECTOR, "start")


def closed() -> Run:
    return rectifying().do(INSPECTOR, "rectified").do(OTHER, "pass")


class TestWays:
    def test_a_general_hazard_is_fixed_on_the_spot_and_looked_at_by_another(self) -> None:
        run = Run("hazard").do(INSPECTOR, "fix_at_once", nature="general", assignee="某店")
        assert (run.case.step, run.case.nature, run.case.fixed_by) == ("reinspecting", "general", "甲")
        with pytest.raises(NotAllowedError, match="整改人本人"):
            run.do(INSPECTOR, "pass")
        assert run.do(OTHER, "pass").case.closed_by == "乙"

    def test_a_major_hazard_is_not_fixed_on_the_spot(self) -> None:
        with pytest.raises(StepError, match="only for cases of nature general; this one is major"):
            Run("hazard").do(INSPECTOR, "fix_at_once", nature="major", assignee="某店")

    def test_a_major_hazard_stops_work_before_anything_else(self) -> None:
        run = judged("major")
        with pytest.raises(StepError, match="只用于性质为一般的事项,此事项为重大"):
            run.do(STAFF, "assign", assignee="某店")
        run.do(STAFF, "stop_work").do(
            LEADER, "assign_supervised", assignee="某厂", until=at(25, 18).isoformat(), measures="停产,换线"
        )
        assert (run.case.step, run.case.due_at, run.case.due_is_own) == ("assigned", at(25, 18), True)

    def test_what_comes_back_is_counted_and_assigned_anew(self) -> None:
        run = closed().do(OTHER, "reopen", reason="又堵上了")
        assert (run.case.step, run.case.reopened, run.case.assignee, run.case.fixed_by) == ("judged", 1, None, None)
        assert run.case.due_counts_from == run.now
        with pytest.raises(StepError, match="cannot be made void"):
            run.do(LEADER, "void", reason="重复登记")
        assert "void" not in [action.code for action in possible(run.flow, run.case, LEADER)]

    def test_an_unhappy_resident_is_not_refused_afterwards(self) -> None:
        run = Run("request", by=INSPECTOR).do(INSPECTOR, "take_call").do(INSPECTOR, "accept")
        run.do(INSPECTOR, "classify", nature="help", assignee="甲").do(INSPECTOR, "solved").do(INSPECTOR, "tell")
        run.do(Doer("居民", frozenset({"public"})), "object", rating=1, reason="没修好")
        assert (run.case.step, run.case.rating) == ("judging", 1)
        with pytest.raises(StepError):
            run.do(LEADER, "refuse", reason="不归我管")


@pytest.mark.parametrize("code", sorted(TABLES))
def test_whoever_is_barred_is_refused_and_anybody_else_is_not(code: str) -> None:
    flow = workflow(code)
    fields = {"finder": "found_by", "fixer": "fixed_by", "last": "last_by"}
    base = open_case(flow, calendar(), by=Doer("某", EVERYTHING), at=at(2))
    for row in read(TABLES[code]).values():
        for source in row.sources:
            for bar in row.bars:
                paused = at(2) if STATES.get(source) == "paused" else None
                case = replace(base, step=source, state=STATES.get(source, "open"), paused_at=paused)
                if source in INTERLUDES:
                    case = replace(case, resume_step="rectifying" if code == "hazard" else "handling")
                if row.natures:
                    case = replace(case, nature=min(row.natures))
                case = replace(case, **{fields[bar]: "本人"})
                assert row.action not in [each.code for each in possible(flow, case, Doer("本人", EVERYTHING))]
                with pytest.raises(NotAllowedError, match=r"\(本人\)"):
                    act(flow, calendar(), case, Doer("本人", EVERYTHING), Deed(row.action, at(3)))
                assert row.action in [each.code for each in possible(flow, case, Doer("别人", EVERYTHING))]


class TestRefusals:
    def test_name_what_can_be_done_instead(self) -> None:
        with pytest.raises(StepError) as refused:
            Run("hazard").do(STAFF, "pass")
        assert "处于“已发现”" in refused.value.zh
        assert "定级" in refused.value.zh
        assert "judge" in refused.value.en

    def test_name_whose_turn_it_is(self) -> None:
        planner = Doer("规", frozenset({"auditor"}))
        with pytest.raises(NotAllowedError) as refused:
            Run("hazard").do(planner, "judge", nature="major")
        assert "须由工作人员、领导办理" in refused.value.zh
        assert "您的角色是审计管理员" in refused.value.zh

    def test_name_all_that_is_missing(self) -> None:
        run = Run("hazard")
        with pytest.raises(InputError) as refused:
            act(run.flow, calendar(), run.case, INSPECTOR, Deed("fix_at_once", at(3), fields={"nature": "general"}))
        missing = ("承办人", "说明", "整改前照片", "整改后照片")
        assert all(f"缺少{word}" in refused.value.zh.replace("“", "").replace("”", "") for word in missing)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"nature": "enormous"}, "nature has to be one of: general, major"),
            ({"nature": 3}, "nature has to be one of"),
            ({"nature": "general", "rating": 5}, "rating is not asked for here"),
            ({"nature": "general", "until": "2027-01-01T00:00:00+08:00"}, "time limit is not asked for here"),
            ({"nature": "  "}, "nature is missing"),
            ({"nature": "general", "note": "长" * 2_001}, "at most 2000 characters"),
            ({"nature": "general", "reason": ["x"]}, "at most 2000 characters of text"),
        ],
    )
    def test_name_what_is_wrong(self, given: dict[str, Any], told: str) -> None:
        with pytest.raises(InputError, match=told):
            Run("hazard").do(STAFF, "judge", **given)

    @pytest.mark.parametrize(
        ("until", "told"),
        [
            ("soon", "a moment with a time zone"),
            ("2026-11-20", "a moment with a time zone"),
            ("2026-11-20T18:00:00", "a moment with a time zone"),
            ("9999-12-31T23:59:59-12:00", "a moment with a time zone"),
            (20261120, "a moment with a time zone"),
            (at(1), "later than now"),
            (at(2) + timedelta(days=4_000), "within 10 years"),
        ],
    )
    def test_name_what_is_wrong_with_a_limit(self, until: Any, told: str) -> None:
        with pytest.raises(InputError, match=told):
            judged().do(STAFF, "assign", assignee="某店", until=until)

    @pytest.mark.parametrize("rating", [0, 1, 2, 6, True, "5", 4.0, 4.5, None])
    def test_only_a_rating_that_accepts_closes(self, rating: Any) -> None:
        run = Run("request").do(INSPECTOR, "take_call").do(INSPECTOR, "accept")
        run.do(INSPECTOR, "classify", nature="help", assignee="甲").do(INSPECTOR, "solved").do(INSPECTOR, "tell")
        with pytest.raises(InputError, match="满意度"):
            run.do(OTHER, "rate", rating=rating)
        assert run.do(OTHER, "rate", rating=4).case.state == "closed"

    def test_time_never_runs_backwards(self) -> None:
        run = judged()
        with pytest.raises(InputError, match="早于此事项上一次办理的时间"):
            run.do(STAFF, "assign", moment=at(2, 10, 59), assignee="某店")
        assert run.do(STAFF, "assign", moment=at(2, 11), assignee="某店").case.moved_at == at(2, 11)

    def test_moments_need_a_zone_and_people_a_name(self) -> None:
        with pytest.raises(InputError, match="time zone"):
            Run("hazard", moment=datetime(2026, 11, 2))
        with pytest.raises(InputError, match="由谁办理"):
            Doer("  ", frozenset({"staff"}))

    def test_opening_is_for_some(self) -> None:
        with pytest.raises(NotAllowedError, match="a hazard is opened by planner, inspector, staff, leader"):
            Run("hazard", by=Doer("庚", frozenset({"public"})))
        assert Run("request", by=Doer("庚", frozenset({"public"}))).case.found_by == "庚"
        with pytest.raises(InputError, match="general, major"):
            Run("hazard", nature="grave")


class TestClocks:
    def test_the_nature_sets_the_limit_of_the_case(self) -> None:
        run = Run("hazard")
        assert run.case.due_at is None
        assert run.do(STAFF, "judge", nature="major").case.due_at == datetime(2026, 12, 2, 18, tzinfo=CHINA_TIME)
        assert run.do(LEADER, "judge_again", nature="general", reason="复核").case.due_at == at(9, 18)

    def test_the_limit_of_a_kind_goes_before_that_of_its_nature(self) -> None:
        run = Run("hazard", limit=Limit(3, "hours"))
        assert (run.case.due_at, run.case.yellow_at) == (at(2, 13), at(2, 12, 24))
        assert run.do(STAFF, "judge", nature="major").case.due_at == at(2, 13)

    def test_a_duty_sets_the_limit_when_it_is_known(self) -> None:
        run = Run("request").do(INSPECTOR, "take_call").do(INSPECTOR, "accept")
        run.do(INSPECTOR, "classify", nature="inquiry", assignee="甲", duty="d1", limit=Limit(2, "working_days"))
        assert (run.case.due_at, run.case.due_is_own) == (at(4, 18), True)

    def test_notes_and_escalations_leave_the_clock_alone(self) -> None:
        run = judged()
        due, since = run.case.step_due_at, run.case.step_since
        run.do(OTHER, "note").do(STAFF, "escalate", reason="急")
        assert (run.case.step_due_at, run.case.step_since, run.case.last_by) == (due, since, "丙")
        assert run.case.rung == "community"

    def test_nothing_goes_above_the_highest_rung(self) -> None:
        run = judged().do(STAFF, "escalate", reason="急").do(STAFF, "escalate", reason="急")
        assert run.case.rung == "street"
        with pytest.raises(StepError, match="highest rung"):
            run.do(STAFF, "escalate", reason="急")

    def test_a_pause_stops_both_clocks_in_their_own_time(self) -> None:
        run = Run("city_case").do(STAFF, "file", nature="part").do(STAFF, "dispatch", assignee="某科")
        run.do(INSPECTOR, "start")  # Monday 13:00
        step_due, due = run.case.step_due_at, run.case.due_at
        assert (step_due, due) == (at(9, 18), at(16, 18))
        run.do(STAFF, "suspend", moment=at(3, 9), reason="等材料")
        assert (run.case.state, run.case.yellow_at, run.case.paused_at) == ("paused", None, at(3, 9))
        assert (run.case.step_due_at, run.case.due_at) == (step_due, due)
        run.do(STAFF, "resume", moment=at(5, 9))  # two working days later
        assert (run.case.step, run.case.paused_at, run.case.resume_step) == ("handling", None, None)
        assert (run.case.step_due_at, run.case.due_at) == (at(11, 18), at(18, 18))

    def test_an_extension_is_asked_by_one_and_granted_by_another_once(self) -> None:
        both = Doer("丙", frozenset({"staff", "leader"}))
        run = rectifying()
        due = run.case.step_due_at
        run.do(STAFF, "ask_extension", reason="等配件", until=at(8, 18))
        assert (run.case.step, run.case.resume_step, run.case.step_due_at) == ("extension_asked", "rectifying", due)
        with pytest.raises(NotAllowedError, match="上一步的办理人本人"):
            run.do(both, "grant_extension", until=at(8, 18))
        with pytest.raises(InputError, match="beyond 2026-11-05 18:00"):
            run.do(LEADER, "grant_extension", until=at(5, 18))
        run.do(LEADER, "grant_extension", until=at(20, 18))
        assert (run.case.step, run.case.step_due_at, run.case.extended) == ("rectifying", at(20, 18), 1)
        assert run.case.due_at == at(20, 18)  # the case as a whole was due earlier
        with pytest.raises(StepError, match="cannot be again"):
            run.do(STAFF, "ask_extension", reason="再等等", until=at(28, 18))

    def test_a_refused_extension_changes_nothing(self) -> None:
        run = rectifying()
        before = (run.case.step, run.case.step_due_at, run.case.due_at, run.case.yellow_at, run.case.extended)
        run.do(STAFF, "ask_extension", reason="等配件", until=at(8, 18)).do(LEADER, "refuse_extension", reason="不行")
        assert (run.case.step, run.case.step_due_at, run.case.due_at, run.case.yellow_at, run.case.extended) == before

    def test_an_ended_case_has_no_limit_to_its_step(self) -> None:
        case = closed().case
        assert (case.step_due_at, case.yellow_at, case.closed_by) == (None, None, "乙")
        assert case.due_at == at(9, 18)  # what it should have kept

    def test_who_closed_a_case_stays_when_it_is_evaluated(self) -> None:
        run = Run("city_case").do(STAFF, "file", nature="event").do(STAFF, "dispatch", assignee="某科")
        run.do(INSPECTOR, "start").do(INSPECTOR, "handled").do(STAFF, "ask_check").do(OTHER, "close")
        ended = run.now
        run.do(LEADER, "evaluate", rating=5)
        assert (run.case.step, run.case.closed_by, run.case.closed_at) == ("evaluated", "乙", ended)


class TestVersions:
    def test_a_case_finishes_under_the_workflow_it_began_with(self) -> None:
        run = judged()
        content = json.loads(json.dumps(dict(run.flow.content)))
        kept = parse(json.loads(json.dumps(content)))
        content["actions"] = [action for action in content["actions"] if action["code"] != "judge_again"]
        content["steps"][1]["limits"]["general"] = {"amount": 1, "unit": "hours"}
        changed = parse(content)
        deed = Deed("judge_again", at(3), fields={"nature": "major", "reason": "复核"})
        assert act(kept, calendar(), run.case, LEADER, deed).case.nature == "major"
        with pytest.raises(InputError, match="the workflow that was kept"):
            act(changed, calendar(), run.case, LEADER, deed)

    def test_a_new_case_begins_under_the_new_one(self) -> None:
        content = json.loads(json.dumps(dict(workflow("hazard").content)))
        content["steps"][0]["limit"] = {"amount": 1, "unit": "hours"}
        case = open_case(parse(content), calendar(), by=INSPECTOR, at=at(2))
        assert case.step_due_at == at(2, 11)
