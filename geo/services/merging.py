"""Use case: departments' old grids, which lie over each other, merged into one network, as a draft plan."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import BoundsError, NotFoundError
from geo.exchange.stamps import Stamp
from geo.exchange.writing import write_frames
from geo.regionalization.communities import Bounds, Community, OldNetwork
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import Progress, draft_communities, part_of
from geo.regionalization.handover import Department, handover
from geo.services.gathering import gather
from geo.services.in_force import NONE, by_place
from geo.services.planning import PlanOutcome, save_drafts
from geo.services.retiring import SOURCES, source_plans
from geo.services.wishes import Wishes, settings_of
from geo.storage import layers, network
from geo.territory.nouns import GRID_STAFF

#: A weight beyond this leaves nothing to the other departments.
MOST_WEIGHT = 1000.0


def merge_scope(
    session: Session,
    scope_code: str,
    *,
    departments: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    lower: int = 200,
    upper: int = 300,
    seed: int = 0,
    name: str | None = None,
    who: str,
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    compare: bool = True,
    progress: Progress | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> PlanOutcome:
    """Merge the old grids in force of several departments into one network, and save it as a draft plan.

    Parameters
    ----------
    scope_code
        12-digit community or 9-digit street code.
    departments
        Whose old grids are merged; None for all that have some in force.
    weights
        How much a department's grids count beside the others'; 1 where it is not named, 0 leaves it out.
    wishes
        As for :func:`~geo.services.planning.plan_scope`; the dial ``stability`` is the price of parting households.
    compare
        Whether the same bounds are drawn afresh too, to say how many households the old grids keep together.
    progress, time_limit, workers, scheduler
        As for :func:`~geo.services.planning.plan_scope`.

    Returns
    -------
    PlanOutcome
        Its report has ``merging``: see :func:`~geo.regionalization.handover.handover`; there ``plans`` names the
        departments' plans: see :func:`~geo.services.retiring.source_plans`. The caller commits.

    Raises
    ------
    NotFoundError
        The scope is not in the store, or a department has no old grids in force there.
    BoundsError
        A limit or a weight makes no sense.
    CodeError, InputError
        A wish names what is not there, or two of them contradict each other.
    """
    started = time.perf_counter()
    gathered = gather(session, scope_code, previous=NONE, counted=tuple(one.name for one in wishes.balances))
    chosen = _departments(session, gathered.scope.code, departments)
    old = {
        department: network.read_network(session, gathered.scope.code, department=department) for department in chosen
    }
    communities, merged = with_networks(gathered.communities, old, weights or {})
    sources = source_plans(session, gathered.scope.code, [one.name for one in merged if one.weight > 0])
    settings = settings_of(wishes, Bounds(lower, upper), seed, time_limit, communities)
    drafts, report = draft_merged(
        communities, merged, settings, compare=compare, progress=progress, workers=workers, scheduler=scheduler
    )
    return save_drafts(
        session,
        replace(gathered, communities=communities),
        drafts,
        settings,
        wishes,
        name=name or f"{gathered.scope.name}多网合一方案",
        who=who,
        seconds=time.perf_counter() - started,
        more={"merging": report | {SOURCES: sources}},
    )


def with_networks(
    communities: Sequence[Community], old: Mapping[str, gpd.GeoDataFrame], weights: Mapping[str, float]
) -> tuple[list[Community], list[Department]]:
    """Say which old grid of each department every building stands in.

    Parameters
    ----------
    old
        Old grids by department: ``code`` and areas, in any CRS.
    weights
        By department; 1 where it is not named.

    Raises
    ------
    BoundsError
        A weight is not 0 to :data:`MOST_WEIGHT`, no department has one above 0, or one is of no department.
    """
    _check_weights(weights, list(old))
    merged = [
        Department(name, tuple(sorted(grids["code"].astype(str))), weights.get(name, 1.0))
        for name, grids in sorted(old.items())
    ]
    placed = []
    for community in communities:
        crs = community.buildings.crs
        networks = tuple(
            OldNetwork(one.name, by_place(community.buildings, old[one.name].to_crs(crs)), one.weight) for one in merged
        )
        placed.append(replace(community, networks=networks))
    return placed, merged


def draft_merged(
    communities: Sequence[Community],
    departments: Sequence[Department],
    settings: DraftSettings,
    *,
    compare: bool = True,
    progress: Progress | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> tuple[list[CommunityDraft], dict[str, Any]]:
    """Draft the merged network, and the same bounds afresh to compare with.

    Returns
    -------
    drafts, report
        As :func:`~geo.regionalization.handover.handover` makes it. There is nothing to compare with when ``progress``
        stopped the drafts.
    """
    runs = 2 if compare else 1
    drafts = draft_communities(
        communities, settings, workers=workers, scheduler=scheduler, progress=part_of(progress, 0, runs)
    )
    afresh = None
    if compare and not any(draft.metrics["cancelled"] for draft in drafts):
        plain = [replace(community, networks=()) for community in communities]
        afresh = draft_communities(
            plain, settings, workers=workers, scheduler=scheduler, progress=part_of(progress, 1, runs)
        )
    return drafts, handover(departments, communities, drafts, bounds=settings.bounds, afresh=afresh)


def current_workers(session: Session, scope_code: str) -> dict[str, str]:
    """Return the names of those who work in each grid now, by its code: personal, for a planner's own file only."""
    code = {"street_code": scope_code} if len(scope_code) == 9 else {"community_codes": [scope_code]}
    staff = layers.read(session, GRID_STAFF, **code)
    staff = staff[(staff["role"] == "grid_worker") & staff["until"].isna() & staff["grid_code"].notna()]
    return {str(grid): "、".join(sorted(names)) for grid, names in staff.groupby("grid_code")["name"]}


def write_handover(
    report: Mapping[str, Any],
    path: Path,
    workers: Mapping[str, str] | None = None,
    *,
    stamp: Stamp | None = None,
) -> list[Path]:
    """Write who moves as tables for people: .xlsx with a sheet each, .csv with a file each.

    Parameters
    ----------
    report
        Of :func:`~geo.regionalization.handover.handover`.
    workers
        Names of workers by old grid, where the planner wants them; None leaves the column out.
    stamp
        What the files say of themselves; None leaves it out.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    FileFormatError
        The extension is not one that can be written.
    """
    return write_frames(
        {
            "户数去向_moves": _table(
                report["flows"],
                {
                    "department": "部门 department",
                    "from": "原网格 old grid",
                    "to": "新网格 new grid",
                    "households": "户数 households",
                    "kept": "随原网格员 kept",
                },
                workers,
            ),
            "岗位_posts": _table(
                report["posts"],
                {
                    "department": "部门 department",
                    "code": "原网格 old grid",
                    "households": "户数 households",
                    "to": "新网格 new grid",
                    "kept": "留任户数 kept",
                    "moved": "调出户数 moved",
                    "together": "同格户数 together",
                },
                workers,
            ),
            "新网格_grids": _table(
                report["grids"],
                {
                    "code": "新网格 new grid",
                    "households": "户数 households",
                    "department": "部门 department",
                    "from": "原网格 old grid",
                    "kept": "留任户数 kept",
                },
                workers,
            ),
        },
        path,
        stamp=stamp,
    )


def _table(
    rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], workers: Mapping[str, str] | None
) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(headings)).rename(columns=dict(headings))
    if "随原网格员 kept" in table:
        table["随原网格员 kept"] = np.where(table["随原网格员 kept"], "是 yes", "否 no")
    if workers is not None:
        table["原网格员 worker"] = table["原网格 old grid"].map(workers)
    return table


def _departments(session: Session, scope_code: str, wanted: Sequence[str] | None) -> list[str]:
    there = network.departments(session, scope_code)
    missing = [name for name in wanted or there[:1] if name not in there]
    if not there or missing:
        shown = "、".join(there) or "—"
        names = "、".join(missing) or "—"
        raise NotFoundError(
            f"{scope_code} 没有生效的部门网格:{names};现有:{shown}。请用 wangge import 文件 --as grid "
            f"--department 部门 --adopt 导入",
            f"{scope_code} has no old grids in force of: {names}; there are those of: {shown}. Bring them in with "
            f"wangge import FILE --as grid --department NAME --adopt",
        )
    return sorted(set(wanted)) if wanted else there


def _check_weights(weights: Mapping[str, float], there: Sequence[str]) -> None:
    strange = sorted(set(weights) - set(there))
    if strange:
        raise BoundsError(
            f"权重所指的部门不在合并之列:{'、'.join(strange)};有:{'、'.join(there)}",
            f"weights name departments that are not merged: {', '.join(strange)}; there are: {', '.join(there)}",
        )
    for name, weight in weights.items():
        if not 0 <= weight <= MOST_WEIGHT:
            raise BoundsError(
                f"{name} 的权重 {weight} 无效:应为 0 至 {MOST_WEIGHT:g}",
                f"the weight {weight} of {name} is not usable: 0 to {MOST_WEIGHT:g}",
            )
    if all(weights.get(name, 1.0) == 0 for name in there):
        raise BoundsError(
            "所有部门的权重都是 0,没有可以合并的网格;至少一个部门应大于 0",
            "every department has weight 0, which leaves nothing to merge; give one of them more",
        )
