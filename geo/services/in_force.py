"""The plan in force, as a draft needs it: which of its grids each building or stairwell is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import InputError
from geo.regionalization.continuity import COLUMNS, by_place
from geo.storage import network, plans

__all__ = ["NONE", "InForce", "by_place", "of_buildings", "read_in_force"]

NONE: Literal["none"] = "none"
_NAMES = {"building_code": "building", "stairwell_code": "stairwell", "grid_code": "grid"}


@dataclass(frozen=True)
class InForce:
    """The plan in force over some buildings.

    Attributes
    ----------
    plan_ids
        The plans it is made of: a street's, and communities' own.
    assignment
        Columns :data:`~geo.regionalization.continuity.COLUMNS`; buildings that stand in no grid have no row.
    """

    plan_ids: tuple[int, ...]
    assignment: pd.DataFrame


def read_in_force(
    session: Session, scope_code: str, buildings: gpd.GeoDataFrame, previous: int | Literal["none"] | None = None
) -> InForce | None:
    """Read the plan in force over some buildings; None where there is none.

    Parameters
    ----------
    scope_code
        The street or community whose network is read.
    buildings
        Columns ``code``, ``households`` and ``geometry`` (EPSG:4326).
    previous
        A plan to take instead, or :data:`NONE` for none.

    Raises
    ------
    NotFoundError
        There is no such plan.
    InputError
        The plan that was named has no grid round any of the buildings.

    Notes
    -----
    A building that the plan does not name (it is new since then, or the plan is a department's drawn grids) is in the
    grid that it stands in.
    """
    if previous == NONE:
        return None
    if previous is None:
        # Where borders of communities moved, buildings bring their grids along from other communities.
        moved = not buildings["code"].str.startswith(scope_code).all()
        grids = network.read_network(session, scope_code[:9] if moved else scope_code)
    else:
        _refuse_communities(plans.read_plan(session, previous))
        grids = plans.read_grids(session, previous).assign(plan_id=previous)
    plan_ids = tuple(int(plan) for plan in sorted(grids["plan_id"].unique()))
    named = {plan: _named(session, plan, set(grids.loc[grids["plan_id"] == plan, "code"])) for plan in plan_ids}
    assignment = _newest(session, named) if named else pd.DataFrame({name: [] for name in COLUMNS})
    assignment = assignment[assignment["building"].isin(buildings["code"])]
    rest = buildings[~buildings["code"].isin(assignment["building"])]
    found = pd.concat([assignment, by_place(rest.set_index("code"), grids)], ignore_index=True)
    if found.empty:
        if previous is None:
            return None
        raise InputError(
            f"方案 {previous} 在划分范围内没有网格;请用 wangge plans 查看此范围的方案",
            f"plan {previous} has no grid round any building of the area; wangge plans lists those that have",
        )
    held = set(grids.loc[grids["code"].isin(found["grid"]), "plan_id"])
    return InForce(tuple(plan for plan in plan_ids if plan in held), found)


def _refuse_communities(plan: plans.PlanRecord) -> None:
    if plan.tier == "community":
        raise InputError(
            f"方案 {plan.id} 划的是社区,不能作为现行网格;请用 wangge plans 查看网格方案",
            f"plan {plan.id} is one of communities, not of grids; wangge plans lists those of grids",
        )


def of_buildings(found: InForce | None, keys: Sequence[str] | pd.Index) -> pd.DataFrame | None:
    """Return the rows of some buildings, as ``Community.previous`` has them; None where there are none."""
    if found is None:
        return None
    rows = found.assignment[found.assignment["building"].isin(keys)]
    return None if rows.empty else rows.reset_index(drop=True)


def _newest(session: Session, named: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """Of buildings that several plans name, since the borders of communities moved, the rows of the newest."""
    since = {plan: (plans.read_plan(session, plan).adopted_at, plan) for plan in named} if len(named) > 1 else {}
    order = sorted(named, key=lambda plan: since.get(plan, plan))
    rows = pd.concat([named[plan].assign(_order=place) for place, plan in enumerate(order)])
    newest = rows.groupby("building")["_order"].transform("max") == rows["_order"]
    return rows[newest].drop(columns="_order")


def _named(session: Session, plan_id: int, codes: set[str]) -> pd.DataFrame:
    rows = plans.read_assignment(session, plan_id).rename(columns=_NAMES).reindex(columns=COLUMNS)
    rows = rows[rows["grid"].isin(codes)]
    return rows.assign(stairwell=rows["stairwell"].astype(object).where(rows["stairwell"].notna(), None))
