"""Use case: draft grids for a community, a street, or all, out of the store and back into it; or communities."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import NotFoundError
from geo.regionalization.border_cases import border_moves
from geo.regionalization.choices import distinct, trade_offs
from geo.regionalization.communities import Bounds, find_tier
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import Progress, draft_communities
from geo.regionalization.reporting import grid_code, report
from geo.regionalization.unmet import unmet
from geo.services.alternatives import draft_choices
from geo.services.gathering import Gathered, gather
from geo.services.redrawing import (
    DRAWN_FROM,
    Redrawing,
    gather_as_one,
    grids_to_redraw,
    redrawn,
    renamed,
    settle_borders,
    told_moves,
    wishes_for,
)
from geo.services.wishes import Wishes, parameters_of, settings_of
from geo.storage import divisions, plans
from geo.territory.coverage import to_degrees


@dataclass(frozen=True)
class PlanOutcome:
    """A draft that was saved."""

    plan_id: int
    report: dict[str, Any]


@dataclass(frozen=True)
class Alternatives:
    """Several drafts of one scope that were saved, and the table that weighs them (``choices.trade_offs``)."""

    plans: list[PlanOutcome]
    table: dict[str, Any]


def plan_scope(
    session: Session,
    scope_code: str,
    *,
    lower: int = 200,
    upper: int = 300,
    seed: int = 0,
    name: str | None = None,
    who: str,
    progress: Progress | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    previous: int | Literal["none"] | None = None,
    tier: str = "grid",
) -> PlanOutcome:
    """Draft grids for one community or all communities of one street, and save them as a draft plan.

    Parameters
    ----------
    scope_code
        12-digit community or 9-digit street code.
    time_limit
        Seconds for each community; None until the search converges.
    progress
        See :func:`~geo.regionalization.execution.draft_communities`, as for ``workers`` and ``scheduler``. A draft
        that it stopped is saved as far as it came, and says so in its name and report.
    wishes
        Style, dials, locks, further quantities.
    previous
        The plan that counts as the one in force; None for the one that is, ``"none"`` for none.
    tier
        What the units are; their limits are ``lower`` and ``upper``. Those of ``community`` are communities, drawn
        across the borders between those there are (``redrawing``); all others lie inside of communities.

    Returns
    -------
    PlanOutcome
        The caller commits.

    Raises
    ------
    NotFoundError
        The scope, or any community or building in it, or the previous plan is not in the store.
    BoundsError
        The limits make no sense.
    CodeError, InputError
        A wish names what is not there, or two of them contradict each other.
    """
    started = time.perf_counter()
    ground, wishes = _ground(session, scope_code, tier, previous, wishes)
    gathered = _gathered(ground)
    settings = settings_of(wishes, Bounds(lower, upper), seed, time_limit, gathered.communities)
    drafts = draft_communities(gathered.communities, settings, workers=workers, scheduler=scheduler, progress=progress)
    more = {} if isinstance(ground, Redrawing) else _across_borders(session, gathered, drafts, settings, wishes, who)
    seconds = time.perf_counter() - started
    return save_drafts(
        session, ground, drafts, settings, wishes, name=name, who=who, seconds=seconds, more=more, tier=tier
    )


def plan_alternatives(
    session: Session,
    scope_code: str,
    *,
    lower: int = 200,
    upper: int = 300,
    seed: int = 0,
    name: str | None = None,
    who: str,
    progress: Progress | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    previous: int | Literal["none"] | None = None,
    styles: Sequence[str] | None = None,
    tier: str = "grid",
) -> Alternatives:
    """Draft several plans of one scope that differ, and save each as a draft with the table of trade-offs.

    Parameters
    ----------
    styles
        Codes or names of styles; None for all that make sense. The style of the wishes comes first; their dials hold
        for it alone.

    Raises
    ------
    NotFoundError, BoundsError, CodeError, InputError
        As :func:`plan_scope`.
    """
    ground, wishes = _ground(session, scope_code, tier, previous, wishes)
    gathered = _gathered(ground)
    settings = settings_of(wishes, Bounds(lower, upper), seed, time_limit, gathered.communities)
    choices = draft_choices(
        gathered.communities,
        settings,
        wishes.style,
        styles,
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )
    kept, left_out = distinct(choices)
    table = trade_offs(kept, left_out)
    saved = [
        save_drafts(
            session,
            ground,
            choice.drafts,
            choice.settings,
            replace(wishes, style=choice.style.code),
            name=f"{name or _title(gathered, tier)} · {choice.style.zh}",
            who=who,
            seconds=choice.seconds,
            tier=tier,
        )
        for choice in kept
    ]
    for row, outcome in zip(table["plans"], saved, strict=True):
        row["plan"] = outcome.plan_id
    for outcome in saved:
        outcome.report["alternatives"] = table
        plans.complete_report(session, outcome.plan_id, outcome.report)
    return Alternatives(saved, table)


def save_drafts(
    session: Session,
    ground: Gathered | Redrawing,
    drafts: Sequence[CommunityDraft],
    settings: DraftSettings,
    wishes: Wishes = Wishes(),  # noqa: B008 - frozen
    *,
    name: str | None,
    who: str,
    seconds: float,
    more: dict[str, Any] | None = None,
    tier: str = "grid",
) -> PlanOutcome:
    """Save drafts of a scope's communities as one draft plan with its report.

    Parameters
    ----------
    ground
        What was drafted; communities drawn anew come with those there are.
    seconds
        Wall time of the drafts.
    more
        Further entries of the report.
    tier
        What the units are called.
    """
    gathered = _gathered(ground)
    summary = report(
        drafts,
        settings.bounds,
        seed=settings.seed,
        seconds=seconds,
        names=gathered.names,
        quantities=settings.quantities,
    )
    parameters = parameters_of(wishes, settings)
    summary |= {
        "notes": gathered.notes + unmet(drafts, settings),
        "scope": gathered.scope.code,
        "households_source": gathered.sources,
        "previous_plans": list(gathered.in_force.plan_ids) if gathered.in_force else [],
        "settings": parameters,
        "tier": tier,
        **(more or {}),
    }
    if isinstance(ground, Redrawing):
        drawn = redrawn(session, ground, drafts[0])
        grids, assignment = drawn.frame, drawn.assignment
        summary, parameters = renamed(summary, drawn.codes), parameters | {DRAWN_FROM: ground.versions}
    else:
        grids, assignment = _grids(drafts, gathered.boundaries, tier), _assignment(drafts)
    title = name or _title(gathered, tier)
    plan_id = plans.create_draft(
        session,
        name=f"{title}(提前结束 stopped early)" if summary["cancelled"] else title,
        scope_code=gathered.scope.code,
        lower=settings.bounds.lower,
        upper=settings.bounds.upper,
        seed=settings.seed,
        parameters=parameters,
        report=summary,
        grids=grids,
        assignment=assignment,
        who=who,
        tier=tier,
    )
    if isinstance(ground, Redrawing):
        summary["grids_to_redraw"] = grids_to_redraw(session, plan_id)
        plans.complete_report(session, plan_id, summary)
    return PlanOutcome(plan_id, summary)


def _title(gathered: Gathered, tier: str) -> str:
    return f"{gathered.scope.name}{find_tier(tier).zh}划分方案"


def _across_borders(
    session: Session,
    gathered: Gathered,
    drafts: Sequence[CommunityDraft],
    settings: DraftSettings,
    wishes: Wishes,
    who: str,
) -> dict[str, Any]:
    """What buildings across a border would settle, for the report; and the draft of communities if it is asked for."""
    moves = border_moves(gathered.communities, drafts, settings)
    plan = settle_borders(session, gathered.scope.code, moves, who=who) if wishes.settle_borders else None
    return told_moves(moves, plan)


def _ground(
    session: Session, scope_code: str, tier: str, previous: int | Literal["none"] | None, wishes: Wishes
) -> tuple[Gathered | Redrawing, Wishes]:
    """Read what a draft of a tier is made of, and what is asked of it."""
    if tier == "community":
        counted = _counted(wishes)
        return gather_as_one(session, scope_code, previous=previous, counted=counted), wishes_for(wishes)
    return gather(session, scope_code, previous=previous, counted=_counted(wishes)), wishes


def _gathered(ground: Gathered | Redrawing) -> Gathered:
    return ground.gathered if isinstance(ground, Redrawing) else ground


def _counted(wishes: Wishes) -> tuple[str, ...]:
    return tuple(balance.name for balance in wishes.balances)


def scope_codes(session: Session, target: str) -> list[str]:
    """Return the codes that a planner's word for a place means: ``all``, a code, or a name.

    Raises
    ------
    NotFoundError
        No street or community has that code or name.
    """
    if target != "all":
        return [divisions.find(session, target).code]
    streets = divisions.streets(session)
    if not streets:
        raise NotFoundError(
            "数据库中还没有街道;请先用 wangge import 导入,或运行 wangge demo",
            "the store holds no street yet; import one (wangge import) or run wangge demo",
        )
    return [street.code for street in streets]


def _grids(drafts: Sequence[CommunityDraft], boundaries: gpd.GeoSeries, tier: str) -> gpd.GeoDataFrame:
    parts = []
    unit = find_tier(tier).zh
    for draft in drafts:
        part = draft.grids.rename(columns={"reason_zh": "reason"})
        part = part.assign(
            code=[grid_code(draft.code, int(number) + 1) for number in part.index],
            name=[f"第{int(number) + 1}{unit}" for number in part.index],
            community_code=draft.code,
        )
        part["geometry"] = to_degrees(part.geometry, boundary=boundaries[draft.code]).to_numpy()
        parts.append(part.set_crs(WGS84, allow_override=True))
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)
    return frame[["code", "name", "community_code", "households", "reason_code", "reason", "geometry"]]


def _assignment(drafts: Sequence[CommunityDraft]) -> pd.DataFrame:
    parts = []
    for draft in drafts:
        codes = [grid_code(draft.code, int(number) + 1) for number in draft.assignment["grid"]]
        part = draft.assignment.rename(columns={"building": "building_code", "stairwell": "stairwell_code"})
        parts.append(part.assign(grid_code=codes).drop(columns="grid"))
    return pd.concat(parts, ignore_index=True)
