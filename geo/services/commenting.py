"""Use case: remarks on a plan, a grid or a building of it."""

from sqlalchemy.orm import Session

from geo.errors import CodeError
from geo.storage import plan_comments, plans
from geo.storage.plan_comments import CommentRecord

__all__ = ["CommentRecord", "add_comment", "read_comments", "resolve_comment"]


def add_comment(
    session: Session,
    plan_id: int,
    said: str,
    *,
    grid_code: str | None = None,
    building_code: str | None = None,
    who: str,
) -> CommentRecord:
    """Keep a remark on a plan, whatever its state.

    Parameters
    ----------
    grid_code, building_code
        What of the plan it is about: one of them, or none for the plan as a whole.

    Raises
    ------
    NotFoundError
        There is no such plan.
    CodeError
        The plan has no such grid or building.
    """
    plans.read_plan(session, plan_id)
    about: dict[str, str | None] = {}
    if grid_code is not None or building_code is not None:
        about = {
            "grid_code": grid_code,
            "building_code": building_code,
            "community_code": _community_of(session, plan_id, grid_code, building_code),
        }
    return plan_comments.add(session, plan_id, said, about, who=who)


def read_comments(session: Session, plan_id: int, *, after: int = 0, limit: int | None = None) -> list[CommentRecord]:
    """Read the remarks on a plan in the order in which they were made.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plans.read_plan(session, plan_id)
    return plan_comments.read(session, plan_id, after=after, limit=limit)


def resolve_comment(
    session: Session, plan_id: int, comment_id: int, *, resolved: bool = True, who: str, version: int
) -> CommentRecord:
    """Note that a remark was seen to, or open it again.

    Raises
    ------
    NotFoundError, StaleVersionError
        There is no such remark; it is not at ``version`` any more.
    """
    return plan_comments.resolve(session, plan_id, comment_id, resolved=resolved, who=who, version=version)


def _community_of(session: Session, plan_id: int, grid_code: str | None, building_code: str | None) -> str:
    if grid_code is not None:
        grids = plans.read_grids(session, plan_id).set_index("code")["community_code"]
        if grid_code not in grids.index:
            raise CodeError(
                f"方案 {plan_id} 没有网格 {grid_code};方案可能已改动,请刷新",
                f"plan {plan_id} has no grid {grid_code}; it may have changed: reload",
            )
        return str(grids[grid_code])
    rows = plans.read_assignment(session, plan_id).drop_duplicates("building_code").set_index("building_code")
    if building_code not in rows.index:
        raise CodeError(
            f"方案 {plan_id} 没有分配楼栋 {building_code};请核对编码",
            f"plan {plan_id} does not assign building {building_code}; check its code",
        )
    return str(rows.at[building_code, "grid_code"])[:12]
