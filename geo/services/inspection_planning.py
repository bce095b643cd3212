"""Use case: saying what is inspected how often by whom, in a street or community."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError, CodeError, ConflictError, InputError
from geo.ledger.checklists import checklist, for_kind
from geo.services.inspectors import named, today
from geo.storage import inspection_plans
from geo.storage.inspection_plans import NewPlan, PlanRecord
from geo.territory.codes import check
from geo.territory.dictionaries import dictionary

__all__ = ["PlanRecord", "change_plan", "end_plan", "list_plans", "make_default_plans", "make_plan", "read_plan"]

#: The longest cycle, days: what is looked at less often is not on any round.
LONGEST_CYCLE_DAYS = 1_830
#: What may be changed of a plan; anything else makes another plan of it.
CHANGEABLE = ("name", "cycle_days", "checklist")


def make_default_plans(
    session: Session, scope_code: str, *, actor: Actor | None = None, who: str | None = None
) -> list[PlanRecord]:
    """Make the plans of the dictionary ``inspection_cycles`` for a street or community, those that it has not yet.

    Returns
    -------
    list[PlanRecord]
        The new ones.
    """
    _check_scope(scope_code)
    there = {
        (plan.place_kind, plan.grade, plan.party)
        for plan in inspection_plans.read_plans(session, scope_codes=[scope_code])
        if plan.until is None
    }
    wanted = [_default(scope_code, code) for code in dictionary("inspection_cycles").entries]
    missing = [new for new in wanted if (new.place_kind, new.grade, new.party) not in there]
    name = named(actor, who)
    return [inspection_plans.insert_plan(session, new, who=name) for new in missing]


def make_plan(
    session: Session,
    scope_code: str,
    *,
    place_kind: str,
    party: str,
    cycle_days: int,
    grade: str | None = None,
    checklist_code: str | None = None,
    name: str | None = None,
    since: date | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> PlanRecord:
    """Make a plan; it holds from today on, or from a day to come.

    Parameters
    ----------
    grade
        Only places of this grade; None for those whose grade no other plan of theirs names.
    checklist_code
        By default that of the kind.

    Raises
    ------
    CodeError
        A code is in no dictionary, or the checklist is not for such places.
    BoundsError
        The cycle is no number of days that a plan may have, or it would begin in the past.
    ConflictError
        There is a plan for these places and this party already.
    """
    _check_scope(scope_code)
    begins = since or today()
    if begins < today():
        raise BoundsError(
            f"检查计划不能从过去的日期({begins})开始:没有人能补查昨天",
            f"a plan cannot begin in the past ({begins}): nobody can inspect yesterday",
        )
    new = NewPlan(
        name=_checked_name(name or _name_of(place_kind, grade, party)),
        scope_code=scope_code,
        place_kind=dictionary("place_kinds")[place_kind].code,
        grade=_checked_grade(place_kind, grade),
        party=dictionary("inspection_parties")[party].code,
        cycle_days=_checked_cycle(cycle_days),
        checklist=_checked_list(place_kind, checklist_code or for_kind(place_kind).code),
        since=begins,
    )
    same = (new.place_kind, new.grade, new.party)
    for plan in inspection_plans.read_plans(session, scope_codes=[scope_code]):
        if plan.until is None and (plan.place_kind, plan.grade, plan.party) == same:
            raise ConflictError(
                f"已有同样的检查计划(第 {plan.id} 号“{plan.name}”);请修改它,或先结束它",
                f"there is such a plan already, {plan.id} {plan.name!r}: change it, or end it first",
            )
    return inspection_plans.insert_plan(session, new, who=named(actor, who))


def list_plans(
    session: Session, *, scope_code: str | None = None, on: date | None = None, limit: int | None = None, after: int = 0
) -> list[PlanRecord]:
    """Return plans by id, of a street or community alone, and those that hold on a day."""
    scopes = None if scope_code is None else [scope_code]
    return inspection_plans.read_plans(session, scope_codes=scopes, on=on, limit=limit, after=after)


def read_plan(session: Session, plan_id: int) -> PlanRecord:
    """Return a plan.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    return inspection_plans.read_plan(session, plan_id)


def change_plan(
    session: Session,
    plan_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> PlanRecord:
    """Change the name, cycle or checklist of a plan that goes on; when it was due before is due by the new cycle.

    Raises
    ------
    InputError
        Nothing is changed, or what cannot be.
    StaleVersionError
        It changed since the version that was seen.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown or not changes:
        raise InputError(
            "检查计划可改名称、周期和检查表;改变对象、分级或检查方请结束后新建",
            "a plan's name, cycle and checklist can be changed; for other places, grades or parties make a new one",
        )
    plan = inspection_plans.hold_plan(session, plan_id, version=version)
    checked: dict[str, Any] = {}
    if "name" in changes:
        checked["name"] = _checked_name(changes["name"])
    if "cycle_days" in changes:
        checked["cycle_days"] = _checked_cycle(changes["cycle_days"])
    if "checklist" in changes:
        checked["checklist"] = _checked_list(plan.place_kind, changes["checklist"])
    return inspection_plans.change_plan(session, plan, checked, what="changed", who=named(actor, who))


def end_plan(
    session: Session, plan_id: int, *, version: int | None = None, actor: Actor | None = None, who: str | None = None
) -> PlanRecord:
    """End a plan today; what it asked for until yesterday stays asked for.

    Raises
    ------
    ConflictError
        It has ended already.
    StaleVersionError
        It changed since the version that was seen.
    """
    plan = inspection_plans.hold_plan(session, plan_id, version=version)
    ended = {"until": max(today(), plan.since)}
    return inspection_plans.change_plan(session, plan, ended, what="ended", who=named(actor, who))


def _default(scope_code: str, code: str) -> NewPlan:
    entry = dictionary("inspection_cycles")[code]
    said = entry.extra
    return NewPlan(
        name=entry.zh,
        scope_code=scope_code,
        place_kind=said["place_kind"],
        grade=said.get("grade"),
        party=said["party"],
        cycle_days=said["cycle_days"],
        checklist=said["checklist"],
        since=today(),
    )


def _name_of(place_kind: str, grade: str | None, party: str) -> str:
    graded = dictionary("place_grades")[grade].zh if grade else ""
    return f"{graded}{dictionary('place_kinds')[place_kind].zh}:{dictionary('inspection_parties')[party].zh}"


def _check_scope(code: str) -> None:
    check("street" if len(code) == 9 else "community", code)


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > 100:
        raise InputError("计划名称应为 1 到 100 字", "a plan's name has 1 to 100 characters")
    return name.strip()


def _checked_grade(place_kind: str, grade: str | None) -> str | None:
    if grade is None:
        return None
    entry = dictionary("place_grades")[grade]
    if place_kind not in entry.extra["place_kinds"]:
        raise CodeError(
            f"“{dictionary('place_kinds')[place_kind].zh}”不分“{entry.zh}”级",
            f"places of the kind {place_kind} have no grade {grade}",
        )
    return grade


def _checked_cycle(days: int) -> int:
    if not 1 <= days <= LONGEST_CYCLE_DAYS:
        raise BoundsError(
            f"周期应为 1 到 {LONGEST_CYCLE_DAYS} 天,收到 {days}",
            f"a cycle has 1 to {LONGEST_CYCLE_DAYS} days, not {days}",
        )
    return days


def _checked_list(place_kind: str, code: str) -> str:
    found = checklist(code)
    if place_kind not in found.place_kinds:
        raise CodeError(
            f"检查表“{found.zh}”不用于“{dictionary('place_kinds')[place_kind].zh}”",
            f"the checklist {code} is not for places of the kind {place_kind}",
        )
    return code
