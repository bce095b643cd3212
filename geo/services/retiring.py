"""Use case: put a merged plan in force and end the departments' plans that it was merged from."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.services.adopting import adopt_plan
from geo.storage import plans
from geo.storage.plans import PlanRecord
from geo.territory.times import CHINA_TIME

#: Entry of a merged plan's report, under ``merging``: the plans that it was merged from.
SOURCES = "plans"


def source_plans(session: Session, scope_code: str, departments: Sequence[str]) -> list[dict[str, Any]]:
    """Return the plans of departments in force in a street or community, as a merged plan's report names them.

    Each has ``department``, ``plan`` (its id), ``name``, ``scope``, ``version`` and ``grids``.
    """
    return [
        {
            "department": found.department,
            "plan": found.id,
            "name": found.name,
            "scope": found.scope_code,
            "version": found.version,
            "grids": found.grids,
        }
        for department in departments
        for found in plans.in_force(session, scope_code, department)
    ]


def merged_from(plan: PlanRecord) -> list[dict[str, Any]]:
    """Return the departments' plans that a plan was merged from, as :func:`source_plans` did; empty for any other."""
    sources: list[dict[str, Any]] = plan.report.get("merging", {}).get(SOURCES, [])
    return sources


def adopt_merged(session: Session, plan_id: int, *, who: str, version: int) -> tuple[PlanRecord, list[PlanRecord]]:
    """Adopt a merged plan and end the departments' plans that it was merged from, all in the caller's transaction.

    Parameters
    ----------
    version
        The version of the draft that the adopter saw.

    Returns
    -------
    adopted, ended
        The plan now in force, and those ended by it, by department and id.

    Raises
    ------
    NotFoundError, StaleVersionError, ConflictError
        As :func:`~geo.services.adopting.adopt_plan` and :func:`retire_sources`. The caller rolls back, which undoes
        the adoption too.
    """
    adopted = adopt_plan(session, plan_id, who=who, version=version)
    return adopted, retire_sources(session, plan_id, who=who)


def retire_sources(session: Session, plan_id: int, *, who: str) -> list[PlanRecord]:
    """End the departments' plans that a merged plan in force was merged from, all or none.

    They stay in the store as superseded: what was in force on an earlier day can still be asked for.

    Returns
    -------
    list of PlanRecord
        Those ended, by department and id.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        The plan is not in force, or was not merged from departments' plans; or these are not the ones in force any
        more; or one holds grids of communities beyond the merged plan.
    """
    merged = plans.read_plan(session, plan_id)
    sources = merged_from(merged)
    if merged.state != "adopted":
        raise ConflictError(
            f"方案 {plan_id} 不在生效中;请先采用它,再结束所合并的各部门方案",
            f"plan {plan_id} is {merged.state}, not in force; adopt it before ending the departments' plans",
        )
    if not sources:
        raise ConflictError(
            f"方案 {plan_id} 没有记录由哪些部门的方案合并而来,无法一并结束;请用 wangge merge 重新合并,或不结束部门方案",
            f"plan {plan_id} has no record of departments' plans that it was merged from; merge anew with "
            f"wangge merge, or leave the departments' plans as they are",
        )
    _refuse_wider(merged, sources)
    _refuse_changed(session, merged, sources)
    return plans.retire(session, [source["plan"] for source in sources], who=who)


def told_ended(ended: Sequence[PlanRecord]) -> list[str]:
    """Say of each plan, in a line of its own, whose it was and on what day in China it ended."""
    return [
        f"{plan.department} 方案 {plan.id} {plan.name}({plan.grids:,} 个网格 grids):{_day(plan)} 结束 ended"
        for plan in ended
    ]


def _day(plan: PlanRecord) -> str:
    assert plan.superseded_at is not None
    return f"{plan.superseded_at.astimezone(CHINA_TIME):%Y-%m-%d}"


def _refuse_wider(merged: PlanRecord, sources: Sequence[dict[str, Any]]) -> None:
    for source in sources:
        if not source["scope"].startswith(merged.scope_code):
            raise ConflictError(
                f"{source['department']}的方案 {source['plan']}“{source['name']}”覆盖整个 {source['scope']},"
                f"合并方案只有社区 {merged.scope_code};结束它会使其余社区没有该部门的网格。"
                f"请合并整个街道,或不结束部门方案",
                f"plan {source['plan']} ({source['name']}) of {source['department']} covers all of {source['scope']}, "
                f"the merged plan only {merged.scope_code}; ending it would leave the other communities without. "
                f"Merge the whole street, or leave the departments' plans as they are",
            )


def _refuse_changed(session: Session, merged: PlanRecord, sources: Sequence[dict[str, Any]]) -> None:
    """Compare the plans now in force with those merged, while nobody can adopt another."""
    for department in sorted({source["department"] for source in sources}):
        used = {(one["plan"], one["version"]) for one in sources if one["department"] == department}
        there = plans.in_force(session, merged.scope_code, department, wait=True)
        now = {(plan.id, plan.version) for plan in there}
        if now != used:
            raise ConflictError(
                f"合并方案 {merged.id} 用的是{department}的方案 {_ids(used)},现在生效的是 {_ids(now)};"
                f"请用 wangge merge 重新合并,或不结束部门方案",
                f"plan {merged.id} was merged from plan {_ids(used)} of {department}, now {_ids(now)} is in force; "
                f"merge anew with wangge merge, or leave the departments' plans as they are",
            )


def _ids(plans_: set[tuple[int, int]]) -> str:
    return "、".join(str(plan) for plan, _ in sorted(plans_)) or "—"
