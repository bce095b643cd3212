"""The workflows that are shipped, and what is said of files that are wrong."""

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from geo.errors import CodeError, InputError
from geo.ledger.workflows import limit_for, parse, workflow, workflow_codes
from geo.ledger.working_time import Limit
from geo.territory.dictionaries import dictionary

#: Read out of the files by hand: where each begins, and its main way to the end.
MAIN_WAYS = {
    "hazard": ["found", "judged", "assigned", "rectifying", "reinspecting", "closed"],
    "request": ["linked", "called", "judging", "handling", "community", "street", "telling", "rating", "closed"],
    "city_case": ["collected", "filed", "dispatched", "handling", "feedback", "checking", "closed", "evaluated"],
    "escalation": ["found", "called", "responding", "disposing", "confirming", "closed"],
}
#: 一事办结八步工作法, as the founding document has them.
EIGHT_STEPS = ["联户结亲", "居民呼叫", "受理研判", "分类办理", "社区协同", "街道兜底", "反馈告知", "监督评价"]
SEVEN_STEPS = ["信息采集", "案卷建立", "任务派遣", "任务处理", "处理反馈", "核查结案", "综合评价"]
FOUR_STEPS = ["网格发现", "社区呼叫", "分级响应", "协同处置"]


class TestShipped:
    def test_there_are_four(self) -> None:
        assert set(workflow_codes()) == set(MAIN_WAYS)

    @pytest.mark.parametrize("code", MAIN_WAYS)
    def test_main_way_leads_step_by_step(self, code: str) -> None:
        flow, way = workflow(code), MAIN_WAYS[code]
        assert flow.start == way[0]
        for step, after in pairwise(way):
            assert any(action.target == after for action in flow.actions_from(step)), (step, after)

    @pytest.mark.parametrize(
        ("code", "words"), [("request", EIGHT_STEPS), ("city_case", SEVEN_STEPS), ("escalation", FOUR_STEPS)]
    )
    def test_steps_have_the_words_of_the_documents(self, code: str, words: list[str]) -> None:
        assert [step.zh for step in workflow(code).steps.values() if step.zh in words] == words

    @pytest.mark.parametrize("word", ["核实", "核查", "延期", "回退", "作废", "挂账", "恢复", "自处理"])
    def test_city_cases_know_what_real_systems_do(self, word: str) -> None:
        flow = workflow("city_case")
        names = [*(step.zh for step in flow.steps.values()), *(action.zh for action in flow.actions.values())]
        assert any(word in name for name in names)

    @pytest.mark.parametrize("code", MAIN_WAYS)
    def test_holds_the_rules_of_all(self, code: str) -> None:
        flow = workflow(code)
        assert flow.source
        assert flow.prefix.isupper()
        for action in flow.actions.values():
            assert action.effect != "close" or "fixer" in action.barred
            assert action.effect != "void" or "reason" in action.requires
        for step in flow.steps.values():
            assert not step.is_live or step.interlude or step.code == "rating" or step.limits or step.state == "paused"

    def test_major_hazards_reach_rectifying_only_past_stopped_work(self) -> None:
        flow = workflow("hazard")
        into_assigned = [action for action in flow.actions.values() if action.target == "assigned"]
        assert {(action.sources, action.natures) for action in into_assigned} == {
            (frozenset({"judged"}), frozenset({"general"})),
            (frozenset({"stopped"}), frozenset({"major"})),
        }
        assert flow.actions["stop_work"].effect == "stop_work"

    def test_hazards_are_void_only_before_they_are_assigned(self) -> None:
        assert workflow("hazard").actions["void"].sources == {"found", "judged", "stopped"}

    def test_natures_of_hazards_are_those_of_the_dictionary(self) -> None:
        assert [nature.code for nature in workflow("hazard").natures] == list(dictionary("hazard_natures").entries)
        hints = {entry.extra.get("nature_hint") for entry in dictionary("hazard_kinds").entries.values()} - {None}
        assert hints <= set(dictionary("hazard_natures").entries)

    def test_lights_are_those_of_the_trade(self) -> None:
        assert dict(workflow("hazard").lights) == {"green": 0.8, "yellow": 1.0}

    def test_knows_from_which_steps_nothing_is_left_to_fix(self) -> None:
        assert workflow("hazard").settled_steps == {"reinspecting", "closed"}
        assert workflow("request").settled_steps == {"telling", "rating", "closed"}

    def test_limits_go_by_nature(self) -> None:
        limits = workflow("request").limits
        assert limit_for(limits, "inquiry") == Limit(3, "working_days")
        assert limit_for(limits, "complaint") == limit_for(limits, None) == Limit(15, "working_days")

    def test_unknown_ones_are_refused(self) -> None:
        with pytest.raises(CodeError, match="hazard"):
            workflow("../roles")


@pytest.mark.parametrize("code", MAIN_WAYS)
def test_what_is_kept_as_json_is_read_back_the_same(code: str) -> None:
    flow = workflow(code)
    kept = parse(json.loads(json.dumps(dict(flow.content))))
    assert kept == flow
    assert kept.digest == flow.digest


def test_a_kept_workflow_outlives_its_roles() -> None:
    content = _tiny()
    content["actions"][0]["roles"] = ["lamplighter"]
    assert parse(content).actions["mend"].roles == {"lamplighter"}
    with pytest.raises(InputError, match="no 'lamplighter', there are inspector"):
        parse(content, roles={"inspector"})


def test_another_content_has_another_digest() -> None:
    changed = _tiny()
    changed["steps"][0]["limit"] = {"amount": 5, "unit": "hours"}
    assert parse(changed).digest != parse(_tiny()).digest


# ── files that are wrong ─────────────────────────────────────────────────────────────────────────────────────────────


def _tiny() -> dict[str, Any]:
    """The smallest workflow there is: broken → mended → closed, which may be put off."""
    open_step = {"zh": "步", "state": "open", "roles": ["inspector"]}
    action = {"zh": "做", "roles": ["inspector"]}
    return {
        "code": "tiny",
        "zh": "小",
        "en": "tiny",
        "prefix": "T",
        "source": "nowhere",
        "start": "broken",
        "opens": ["inspector"],
        "lights": {"green": 0.8, "yellow": 1.0},
        "natures": [{"code": "plain", "zh": "一般", "en": "plain"}],
        "steps": [
            {"code": "broken", "en": "broken", **open_step},
            {"code": "mended", "en": "mended", **open_step},
            {"code": "waiting", "en": "waiting", **open_step, "state": "paused", "interlude": True},
            {"code": "closed", "zh": "完", "en": "closed", "state": "closed"},
        ],
        "actions": [
            {"code": "mend", "en": "mend", **action, "sources": ["broken"], "target": "mended", "effect": "fix"},
            {
                **{"code": "close", "en": "close", **action, "sources": ["mended"], "target": "closed"},
                **{"effect": "close", "barred": ["fixer"]},
            },
            {"code": "wait", "en": "wait", **action, "sources": ["broken"], "target": "waiting", "effect": "pause"},
            {"code": "go_on", "en": "go on", **action, "sources": ["waiting"], "effect": "resume"},
        ],
        "rungs": [{"code": "low", "zh": "低", "en": "low", "roles": ["inspector"]}],
    }


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return change


def _drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        del content[path[-1]]

    return change


MEND, CLOSE, WAIT, GO_ON = range(4)
BROKEN, MENDED, WAITING, CLOSED = range(4)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_drop("prefix"), "the file: prefix is missing"),
        (_drop("steps"), "the file: steps is missing"),
        (_set("steps", to=[]), "there is no step"),
        (_set("title", to="x"), "the file: 'title' is unknown"),
        (_set("zh", to=" "), "the file: zh has to be text"),
        (_set("opens", to="inspector"), "the file: opens has to be a list of texts"),
        (_set("lights", to={"green": 0.9, "yellow": 0.8}), "0 < green ≤ yellow ≤ 1"),
        (_set("start", to="begun"), "start of the file: no 'begun', there are broken, closed"),
        (_set("start", to="closed"), "the start closed has to be an open step"),
        (_set("steps", BROKEN, "colour", to="red"), "step broken: 'colour' is unknown"),
        (_set("steps", BROKEN, "limit", to={"amount": 0, "unit": "hours"}), "step broken: limit has to be a limit"),
        (_set("steps", BROKEN, "limit", to={"amount": 1, "unit": "moons"}), "step broken: limit has to be a limit"),
        (_set("steps", BROKEN, "limit", to={"amount": 1.5, "unit": "days"}), "in whole days"),
        (_set("steps", BROKEN, "limits", to={"odd": {"amount": 1, "unit": "days"}}), "limits of broken: no 'odd'"),
        (_set("steps", BROKEN, "state", to="ajar"), "state of step broken: no 'ajar'"),
        (_set("steps", BROKEN, "roles", to=["king"]), "roles of step broken: no 'king'"),
        (_set("steps", BROKEN, "roles", to=[]), "step broken does not say whose turn it is"),
        (_set("steps", MENDED, "code", to="broken"), "step broken is there more than once"),
        (_set("steps", WAITING, "interlude", to=False), "step waiting is paused and therefore has to be an interlude"),
        (_set("steps", WAITING, "limit", to={"amount": 1, "unit": "days"}), "waiting is an interlude and has no limit"),
        (_set("steps", CLOSED, "interlude", to=True), "step closed is an end and cannot be an interlude"),
        (_set("actions", MEND, "sources", to=["brokn"]), "sources of action mend: no 'brokn'"),
        (_set("actions", MEND, "sources", to=[]), "action mend has no sources"),
        (_set("actions", MEND, "target", to="fixed"), "target of action mend: no 'fixed'"),
        (_set("actions", MEND, "requires", to=["shoe_size"]), "requires of action mend: no 'shoe_size'"),
        (_set("actions", MEND, "evidence", to=["rumour"]), "evidence of action mend: no 'rumour'"),
        (_set("actions", MEND, "barred", to=["mayor"]), "barred of action mend: no 'mayor'"),
        (_set("actions", MEND, "effect", to="magic"), "effect of action mend: no 'magic'"),
        (_set("actions", MEND, "natures", to=["grave"]), "natures of action mend: no 'grave'"),
        (_set("actions", MEND, "rung", to="sky"), "rung of action mend: no 'sky'"),
        (_set("actions", MEND, "ratings", to=[9]), "ratings of action mend: no '9'"),
        (_set("actions", MEND, "ratings", to=[5]), "action mend limits ratings: require rating"),
        (_set("actions", CLOSE, "barred", to=["last"]), "action close closes cases and has to bar the fixer"),
        (_drop("actions", CLOSE, "effect"), "action close leads to closed: effect close"),
        (_set("actions", MEND, "effect", to="close"), "action mend: close needs closed"),
        (_set("actions", MEND, "effect", to="extend"), "action mend puts limits off and has to require until"),
        (_set("actions", GO_ON, "target", to="broken"), "action go_on: resume has to return from an interlude"),
        (_set("actions", GO_ON, "effect", to="escalate"), "no way leads from step waiting to an end"),
        (_set("actions", MEND, "sources", to=["broken", "waiting"]), "action mend leaves a pause: resume or void"),
        (_set("actions", MEND, "sources", to=["broken", "closed"]), "has to have the effect reopen"),
        (_set("actions", WAIT, "sources", to=["waiting"]), "an interlude, waiting, cannot lead to another"),
        (_set("actions", CLOSE, "sources", to=["mended", "broken"]), "closed can be reached without a fix"),
        (_drop("actions", MEND, "effect"), "closed can be reached without a fix"),
        (_drop("actions", CLOSE), "no way leads from step broken to an end"),
        (_drop("actions", WAIT), "step waiting cannot be reached"),
        (_set("rungs", 0, "share", to=-1), "rung low: share has to be a number over 0"),
    ],
)
def test_each_fault_is_named(change: Callable[[dict[str, Any]], None], told: str) -> None:
    content = _tiny()
    change(content)
    with pytest.raises(InputError) as refused:
        parse(content, roles={"inspector"})
    assert told in refused.value.en
    assert "错误" in refused.value.zh


def test_the_tiny_workflow_is_right_as_it_is() -> None:
    assert parse(_tiny(), roles={"inspector"}).start == "broken"


def test_voiding_needs_a_reason() -> None:
    content = _tiny()
    content["steps"].append({"code": "gone", "zh": "废", "en": "gone", "state": "void"})
    void = {**content["actions"][WAIT], "code": "drop", "target": "gone", "effect": "void"}
    content["actions"].append(void)
    with pytest.raises(InputError, match="action drop voids cases and has to require a reason"):
        parse(content)
    void["requires"] = ["reason"]
    assert parse(content).steps["gone"].state == "void"


def test_what_is_reopened_has_to_be_fixed_again() -> None:
    content = _tiny()
    reopen = {**content["actions"][WAIT], "code": "reopen", "sources": ["closed"], "effect": "reopen"}
    content["actions"].append({**reopen, "target": "broken"})
    assert parse(content).actions["reopen"].effect == "reopen"
    content["actions"][-1]["target"] = "mended"
    with pytest.raises(InputError, match="closed can be reached without a fix"):
        parse(content)


def test_all_faults_are_told_in_one_go() -> None:
    content = _tiny()
    for change in (_drop("prefix"), _set("start", to="begun"), _set("actions", CLOSE, "barred", to=[])):
        change(content)
    with pytest.raises(InputError, match="3 faults") as refused:
        parse(content)
    assert all(word in refused.value.en for word in ("prefix is missing", "no 'begun'", "bar the fixer"))


@pytest.mark.parametrize("content", [None, [], "hazard", 7, {}, {"steps": 1, "actions": "x", "rungs": [3]}])
def test_what_is_no_workflow_at_all_is_refused(content: Any) -> None:
    with pytest.raises(InputError, match="fault"):
        parse(content)


def test_malformed_values_anywhere_are_told_and_never_crash() -> None:
    """Every value of a whole file replaced by each of several wrong ones."""
    for path in _paths(_tiny()):
        for wrong in (None, 0, -1.5, "", "?", [], [None], {}, {"a": [1]}, True):
            content = copy.deepcopy(_tiny())
            _set(*path, to=wrong)(content)
            with suppress(InputError):
                assert parse(content, roles={"inspector"}).content == content


def _paths(content: Any, *path: Any) -> list[tuple[Any, ...]]:
    if isinstance(content, dict):
        inner = [found for key, value in content.items() for found in _paths(value, *path, key)]
    elif isinstance(content, list):
        inner = [found for place, value in enumerate(content) for found in _paths(value, *path, place)]
    else:
        inner = []
    return [path, *inner] if path else inner
