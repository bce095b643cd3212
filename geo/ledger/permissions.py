"""Whose turn it is: what may be done to a case as it stands, by whom, and why not."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import AccessError, ConflictError, InputError
from geo.ledger.workflows import CLOCK, Action, Workflow
from geo.territory.dictionaries import dictionary

if TYPE_CHECKING:
    from geo.ledger.cases import Case

_OTHERS = {CLOCK: "系统时限"}


class StepError(ConflictError):
    """A case as it stands cannot be done this to."""


class NotAllowedError(AccessError):
    """It is not their turn, or they are barred."""


@dataclass(frozen=True)
class Doer:
    """Who does something, with the roles they do it in.

    Raises
    ------
    InputError
        The name is blank: nobody could be told apart from anybody.
    """

    name: str
    roles: frozenset[str]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("须说明由谁办理", "say who does this")


def possible(workflow: Workflow, case: "Case", by: Doer) -> list[Action]:
    """Return what somebody may do to a case now."""
    return [
        action
        for action in workflow.actions_from(case.step)
        if _fits(workflow, case, action) and not _barred(case, action, by) and _has_role(action, by)
    ]


def check_opening(workflow: Workflow, by: Doer) -> None:
    """Refuse whoever may not open such a case.

    Raises
    ------
    NotAllowedError
        It is for others, whom the message names.
    """
    if not workflow.opens & by.roles:
        raise NotAllowedError(
            f"“{workflow.zh}”须由{roles_zh(workflow.opens)}登记;您的角色是{roles_zh(by.roles)}",
            f"a {workflow.en} is opened by {roles_en(workflow.opens)}; you are {roles_en(by.roles)}",
        )


def find_action(workflow: Workflow, case: "Case", code: str, by: Doer) -> Action:
    """Return the action when it can be done in the step that the case is in.

    Raises
    ------
    StepError
        It cannot; the message says what can, and by whom.
    """
    action = workflow.actions.get(code)
    if action is not None and case.step in action.sources:
        return action
    step = workflow.steps[case.step]
    zh, en = ("“" + action.zh + "”", repr(action.en)) if action else (f"“{code}”", repr(code))
    raise StepError(
        f"事项处于“{step.zh}”,不能办理{zh};{_what_can_zh(workflow, case, by)}",
        f"the case is at {step.en!r}, {en} cannot be done; {_what_can_en(workflow, case, by)}",
    )


def check_doer(workflow: Workflow, case: "Case", action: Action, by: Doer) -> None:
    """Refuse whoever's turn it is not.

    Raises
    ------
    NotAllowedError
        It is the turn of others, or they are barred.
    """
    if not _has_role(action, by):
        raise NotAllowedError(
            f"“{action.zh}”须由{roles_zh(action.roles)}办理;您的角色是{roles_zh(by.roles)};"
            f"{_what_can_zh(workflow, case, by)}",
            f"{action.en!r} is for {roles_en(action.roles)}; you are {roles_en(by.roles)};"
            f" {_what_can_en(workflow, case, by)}",
        )
    for bar in _barred(case, action, by):
        name = dictionary("case_bars")[bar]
        raise NotAllowedError(
            f"“{action.zh}”不能由{name.zh}({by.name})办理;须由另一位{roles_zh(action.roles)}办理",
            f"{action.en!r} may not be done by {name.en} ({by.name}); it takes another {roles_en(action.roles)}",
        )


def check_case(workflow: Workflow, case: "Case", action: Action, nature: str | None) -> None:
    """Refuse what is not for such a case.

    Parameters
    ----------
    nature
        The nature that the case has, or is given with this.

    Raises
    ------
    StepError
        It is for other natures, the limit was put off often enough, there is no rung above, or what was dealt with
        already is to be made void.
    """
    if _was_dealt_with(case, action):
        raise StepError(
            f"事项已整改过或重开过 {case.reopened} 次,不能作废;请办理到底",
            f"the case was fixed, or reopened {case.reopened} times, and cannot be made void: see it through",
        )
    if action.natures and nature not in action.natures:
        found = workflow.nature(nature)
        wanted = [name for name in workflow.natures if name.code in action.natures]
        raise StepError(
            f"“{action.zh}”只用于性质为{'、'.join(name.zh for name in wanted)}的事项,"
            f"此事项为{found.zh if found else '未定性质'}",
            f"{action.en!r} is only for cases of nature {', '.join(name.en for name in wanted)};"
            f" this one is {found.en if found else 'not judged yet'}",
        )
    if action.extensions is not None and case.extended >= action.extensions:
        raise StepError(
            f"期限已延过 {case.extended} 次,不能再延;请按期办理或提级",
            f"the limit was put off {case.extended} times and cannot be again: meet it, or take the case up a rung",
        )
    if _is_at_top(workflow, case, action):
        top = workflow.rungs[-1]
        raise StepError(
            f"事项已在最高层级“{top.zh}”,不能再提级", f"the case is on the highest rung, {top.en!r}, already"
        )


def _fits(workflow: Workflow, case: "Case", action: Action) -> bool:
    if action.extensions is not None and case.extended >= action.extensions:
        return False
    if _is_at_top(workflow, case, action) or _was_dealt_with(case, action):
        return False
    return not action.natures or case.nature in action.natures or "nature" in action.requires


def _is_at_top(workflow: Workflow, case: "Case", action: Action) -> bool:
    """Whether it would take the case up from the highest rung."""
    up = action.effect == "escalate" and action.rung is None
    return up and workflow.rung_number(case.rung) >= len(workflow.rungs) - 1


def _was_dealt_with(case: "Case", action: Action) -> bool:
    """Whether it would make void what somebody dealt with: a hazard that was there stays on the bill."""
    return action.effect == "void" and (case.reopened > 0 or case.fixed_by is not None)


def _has_role(action: Action, by: Doer) -> bool:
    return bool(action.roles & by.roles)


def _barred(case: "Case", action: Action, by: Doer) -> list[str]:
    held = {"finder": case.found_by, "fixer": case.fixed_by, "last": case.last_by}
    return [bar for bar in sorted(action.barred) if held[bar] == by.name]


def _what_can_zh(workflow: Workflow, case: "Case", by: Doer) -> str:
    if own := possible(workflow, case, by):
        return "您现在可以办理:" + "、".join(action.zh for action in own)
    step = workflow.steps[case.step]
    return f"现在轮到{roles_zh(step.roles)}办理" if step.roles else "此环节无须办理"


def _what_can_en(workflow: Workflow, case: "Case", by: Doer) -> str:
    if own := possible(workflow, case, by):
        return "you can now: " + ", ".join(action.en for action in own)
    step = workflow.steps[case.step]
    return f"it is the turn of {roles_en(step.roles)}" if step.roles else "nothing is to be done here"


def roles_zh(codes: Collection[str]) -> str:
    """Return the Chinese names of roles, in the order of their dictionary."""
    roles = dictionary("roles").entries
    return "、".join(roles[code].zh if code in roles else _OTHERS.get(code, code) for code in _ordered(codes)) or "(无)"


def roles_en(codes: Collection[str]) -> str:
    """Return the English names of roles, in the order of their dictionary."""
    roles = dictionary("roles").entries
    return ", ".join(roles[code].en if code in roles else code for code in _ordered(codes)) or "(none)"


def _ordered(codes: Collection[str]) -> list[str]:
    known = [code for code in dictionary("roles").entries if code in codes]
    return known + sorted(set(codes) - set(known))
