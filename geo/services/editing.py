"""Use case: edit a draft by hand, in one atomic change that is told whole.

::

    edited = edit_plan(session, plan_id, [Move(building, grid)], who=…, version=plan.version)

Of two people who edit one draft the second waits for the first, then finds that the version moved on, and is told what
changed meanwhile (:func:`changes_since`). Adopted plans are never edited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import ConflictError, InputError
from geo.regionalization.communities import Bounds, Community, find_tier
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.edited_grids import Asked, redraw
from geo.regionalization.editing import GridChanges, Move, Notice, divided, joined, moved, row_keys, settled
from geo.regionalization.numbering import grid_code
from geo.regionalization.remembering import limits_of, remembered, renewed_report
from geo.services.gathering import Gathered, gather
from geo.storage import edits, events, plan_locks, plans
from geo.storage.edits import WrittenEdit
from geo.storage.plans import PlanRecord
from geo.storage.tables import Plan
from geo.territory.coverage import to_degrees
from geo.territory.plan_names import plan_name

__all__ = [
    "Edited",
    "Move",
    "Notice",
    "OpenedDraft",
    "PlanChange",
    "Redrawn",
    "changes_since",
    "edit_plan",
    "open_draft",
    "rename_plan",
    "save_redrawn",
]

#: Moves in one edit, at most: every building of the largest community at once (outbox.js has the same).
MOST_MOVES = 5_000
#: Entry of a report: how many edits there were since the plan was drafted.
EDITS = "edits"

_NAMES = {"building_code": "building", "stairwell_code": "stairwell", "grid_code": "grid"}
_COMPARED = ("name", "households", "reason_code", "reason")


@dataclass(frozen=True)
class Edited:
    """What came of an edit.

    Attributes
    ----------
    plan
        The draft in its new version.
    grids
        The grids that changed, new ones among them: EPSG:4326, as :func:`geo.storage.plans.read_grids` gives them.
    ended
        Codes of those that ended.
    notices
        What the editor should know: grids out of range, cells that went, buildings registered meanwhile.
    """

    plan: PlanRecord
    grids: gpd.GeoDataFrame
    ended: tuple[str, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class PlanChange:
    """One change of a plan, for somebody who saw an older version: who, when, what, and which grids it was about."""

    version: int
    who: str
    at: datetime
    what: str
    grids: tuple[str, ...]


def edit_plan(
    session: Session,
    plan_id: int,
    moves: Sequence[Move],
    *,
    new_grids: Sequence[str] = (),
    ended_grids: Sequence[str] = (),
    who: str,
    version: int,
) -> Edited:
    """Move buildings, stairwells or floors of a draft between grids, make grids and end grids, all or nothing.

    The grids of each community concerned are drawn anew from its buildings, as in a draft: no gap, no overlap,
    exactly the community. Households, reasons and the report follow.

    Parameters
    ----------
    moves
        What goes where; parts of a building as the plan's assignment has them, or a stairwell of one that it has as a
        whole: the building is divided by its stairwells then.
    new_grids
        Codes of grids to make; moves say what they get.
    ended_grids
        Codes of grids to end; moves say where their buildings go.
    version
        The version of the draft that was seen.

    Returns
    -------
    Edited
        The caller commits.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError
        It is not at ``version`` any more; :func:`changes_since` says what happened.
    ConflictError
        It is no draft, not one of grids, or a building of it is in another community today.
    CodeError, InputError
        The edit is impossible: a code that the plan does not have, a building of another community, a grid in two
        pieces or without a building, nothing that changes.
    """
    plan = plans.locked_draft(session, plan_id, version)
    _refuse_size(moves, new_grids, ended_grids)
    opened = open_draft(session, plan_id)
    rows = opened.rows
    homes = rows.loc[rows["building"].isin([move.building for move in moves]), "grid"]
    touched = {str(code)[:12] for code in (*homes, *(move.grid for move in moves), *new_grids, *ended_grids)}
    today, notices = opened.today(touched)
    today = divided(today, moves, opened.stairwells(touched))
    changes = GridChanges(tuple(moves), tuple(new_grids), tuple(ended_grids))
    goal = moved(today, changes, opened.stored["code"].tolist())
    drafts = _redrawn(opened, today, goal)
    return save_redrawn(session, plan, opened, Redrawn(today, goal, drafts, changes.ended, tuple(notices)), who=who)


@dataclass(frozen=True)
class OpenedDraft:
    """A draft as it is before an edit, with its ground as it is today.

    Attributes
    ----------
    stored
        Its grids, as :func:`geo.storage.plans.read_grids` gives them.
    rows
        Its assignment, :data:`~geo.regionalization.editing.ROW_COLUMNS`.
    """

    record: PlanRecord
    stored: gpd.GeoDataFrame
    rows: pd.DataFrame
    gathered: Gathered

    def today(self, touched: set[str]) -> tuple[pd.DataFrame, list[Notice]]:
        """Return the rows of the communities named, brought up to date, and what that was."""
        return _today(self.gathered, self.stored, self.rows, touched)

    def stairwells(self, touched: set[str]) -> pd.DataFrame:
        """Return the stairwells of the communities named, by which their buildings can be divided."""
        known = [pd.DataFrame(one.stairwells) for one in self.gathered.communities if one.code in touched]
        return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=["building"])

    def asked(self) -> Asked:
        """Return what was asked of the plan when it was drafted."""
        assert self.record.lower is not None
        assert self.record.upper is not None
        posts = tuple(self.record.parameters.get("locks", {}).get("posts", ()))
        return Asked(Bounds(self.record.lower, self.record.upper), limits_of(self.record.report), posts)


@dataclass(frozen=True)
class Redrawn:
    """Communities of a draft whose grids were drawn anew, not yet saved.

    Attributes
    ----------
    today
        The rows that were, brought up to date.
    goal
        The grid that each of them goes to.
    drafts
        By community, what came of it.
    ended
        Codes of grids that are no more.
    notices
        What the editor should know already.
    """

    today: pd.DataFrame
    goal: "pd.Series[str]"
    drafts: dict[str, CommunityDraft]
    ended: tuple[str, ...]
    notices: tuple[Notice, ...]


def open_draft(session: Session, plan_id: int) -> OpenedDraft:
    """Read a draft of grids and its ground of today, to be edited.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        It is not one of grids, or of communities that are no more.
    """
    record = plans.read_plan(session, plan_id)
    _refuse_other_tiers(record)
    stored = plans.read_grids(session, plan_id)
    rows = _rows(plans.read_assignment(session, plan_id))
    gathered = _gathered(session, record)
    _refuse_older(gathered, stored, record)
    return OpenedDraft(record, stored, rows, gathered)


def save_redrawn(session: Session, plan: Plan, opened: OpenedDraft, redrawn: Redrawn, *, who: str) -> Edited:
    """Save what was drawn anew as one edit of a draft that this transaction has locked (``plans.locked_draft``)."""
    gathered, record, stored, rows = opened.gathered, opened.record, opened.stored, opened.rows
    today, goal, drafts, ended = redrawn.today, redrawn.goal, redrawn.drafts, redrawn.ended
    fresh = _fresh_grids(gathered, drafts, stored, find_tier(record.report.get("tier", "grid")).zh)
    changed = _differing(fresh, stored)
    report = _report(gathered, record, stored, rows, drafts)
    was = stored[stored["code"].isin([*changed["code"], *ended])]
    assignment, buildings = _changed_rows(drafts, rows, today, goal)
    # Told before as it is told after, by stairwell where a building was divided just now: what moved can be taken back.
    still = today[today["building"].isin(set(rows["building"]))]
    were = pd.concat([still, rows[~rows["building"].isin(today["building"])]])
    before_keys, after_keys = _told_rows(were[were["building"].isin(buildings)], _rows(assignment))
    edit = WrittenEdit(
        grids=changed,
        ended=ended,
        buildings=buildings,
        assignment=assignment,
        report=report,
        before={"grids": _told_grids(was), "assignment": before_keys},
        after={"grids": _told_grids(changed), "assignment": after_keys},
    )
    moving = (goal != today["grid"]).to_numpy(bool)
    touched = {*today.loc[moving, "grid"], *goal[moving], *ended}
    locked = _locked_by_others(session, record.id, touched, who)
    after, cells = edits.write_edit(session, plan, edit, who=who)
    notices = (*redrawn.notices, *locked, *_cells_gone(cells), *_out_of_range(changed, record))
    return Edited(after, changed, ended, notices)


def rename_plan(session: Session, plan_id: int, *, name: str, who: str, version: int) -> PlanRecord:
    """Give a draft another name, under the rules of every edit; the name that it has changes nothing.

    Raises
    ------
    NotFoundError, StaleVersionError
        There is no such plan; it is not at ``version`` any more.
    ConflictError
        It was adopted or replaced: whoever looks for the plan that was in force finds it by the name it had.
    InputError
        The name is blank, too long, or has characters that are not seen.
    """
    legible = plan_name(name)
    seen = plans.read_plan(session, plan_id)
    if seen.state != "draft":
        raise ConflictError(
            f"方案 {plan_id}“{seen.name}”已被采用或替代,名称不再改;要用别的名称,请另起草方案",
            f"plan {plan_id} ({seen.name}) is {seen.state} and keeps its name; draft a new plan under another one",
        )
    if legible == seen.name:
        return plans.seen_draft(session, plan_id, version)
    return plans.rename(session, plan_id, name=legible, who=who, version=version)


def changes_since(session: Session, plan_id: int, version: int) -> list[PlanChange]:
    """Return what happened to a plan after it had ``version``, the oldest first."""
    found = []
    for record in events.changes_since(session, "plan", str(plan_id), version):
        told = (
            {**(record.before or {}).get("grids", {}), **(record.after or {}).get("grids", {})}
            if (record.what == edits.EDITED)
            else {}
        )
        became = (record.after or {})["version"]
        found.append(PlanChange(became, record.who, record.at, record.what, tuple(sorted(told))))
    return found


# ── checked ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _refuse_other_tiers(plan: PlanRecord) -> None:
    if plan.tier == "community":
        raise ConflictError(
            f"方案 {plan.id} 划的是社区,不能逐栋修改;请按要求重新划分社区",
            f"plan {plan.id} is one of communities and cannot be edited building by building; draft it anew",
        )
    if plan.department or plan.lower is None or plan.upper is None:
        raise ConflictError(
            f"方案 {plan.id} 是部门的旧网格,不能修改;请先合并或另划方案",
            f"plan {plan.id} holds old grids of a department, which are facts; merge them or plan anew",
        )


def _refuse_size(moves: Sequence[Move], new_grids: Sequence[str], ended_grids: Sequence[str]) -> None:
    count = len(moves) + len(new_grids) + len(ended_grids)
    if not 0 < count <= MOST_MOVES:
        raise InputError(
            f"一次修改有 {count} 处,应为 1 至 {MOST_MOVES} 处", f"an edit of {count} changes; 1 to {MOST_MOVES} at once"
        )


def _refuse_older(gathered: Gathered, stored: gpd.GeoDataFrame, plan: PlanRecord) -> None:
    gone = sorted(set(stored["community_code"]) - {community.code for community in gathered.communities})
    if gone:
        raise ConflictError(
            f"方案 {plan.id} 按以前的社区划分,社区 {'、'.join(gone[:5])} 已不存在;请重新划分网格",
            f"plan {plan.id} was drawn inside of older communities: {', '.join(gone[:5])} are no more; plan the grids "
            "anew",
        )


# ── read ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(assignment: pd.DataFrame) -> pd.DataFrame:
    """A plan's assignment as edits take it: floors are numbers, what is missing is None or NaN."""
    rows = assignment.rename(columns=_NAMES).reset_index(drop=True)
    for name in ("building", "stairwell", "grid"):
        texts = rows[name].astype(object)
        rows[name] = texts.where(texts.notna(), None)
    for name in ("floor_from", "floor_to"):
        rows[name] = rows[name].to_numpy(np.float64, na_value=np.nan)
    return rows


def _gathered(session: Session, plan: PlanRecord) -> Gathered:
    """The plan's ground as it is today, beside the network that the plan was drafted against."""
    known: list[int] = plan.report.get("previous_plans", [])
    previous: int | Literal["none"] | None = None if len(known) > 1 else known[0] if known else "none"
    counted = tuple(balance.name for balance in limits_of(plan.report))
    return gather(session, plan.scope_code, previous=previous, counted=counted)


def _today(
    gathered: Gathered, stored: gpd.GeoDataFrame, rows: pd.DataFrame, touched: set[str]
) -> tuple[pd.DataFrame, list[Notice]]:
    """The rows of the communities concerned, brought up to date."""
    parts, notices = [], []
    for community in gathered.communities:
        if community.code not in touched:
            continue
        areas = _areas(stored, community)
        own = rows[rows["grid"].isin(areas.index)]
        others = [one.buildings.index for one in gathered.communities if one.code != community.code]
        elsewhere = frozenset(str(code) for index in others for code in index)
        part, told = settled(own, community, areas, elsewhere)
        parts.append(part)
        notices += told
    empty = rows.iloc[:0]
    return (pd.concat(parts, ignore_index=True) if parts else empty), notices


def _areas(stored: gpd.GeoDataFrame, community: Community) -> gpd.GeoSeries:
    """A community's grids by code, in its CRS."""
    own = stored[stored["community_code"] == community.code]
    series = gpd.GeoSeries(own.geometry.to_numpy(), index=pd.Index(own["code"].astype(object)), crs=WGS84)
    return series.to_crs(community.buildings.crs)


# ── made anew ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _redrawn(opened: OpenedDraft, today: pd.DataFrame, goal: "pd.Series[str]") -> dict[str, CommunityDraft]:
    of_row = goal.astype(str).str[:12]
    drafts = {}
    for community in opened.gathered.communities:
        mine = (of_row == community.code).to_numpy(bool)
        if mine.any():
            own, target = today[mine].reset_index(drop=True), goal[mine].reset_index(drop=True)
            drafts[community.code] = redraw(community, own, target, opened.asked())
    return drafts


def _fresh_grids(
    gathered: Gathered, drafts: dict[str, CommunityDraft], stored: gpd.GeoDataFrame, unit: str
) -> gpd.GeoDataFrame:
    """The grids of the drafts as the store has them; a grid keeps the name that it has."""
    names = dict(zip(stored["code"], stored["name"], strict=True))
    parts = []
    for code, draft in drafts.items():
        codes = [grid_code(code, int(number) + 1) for number in draft.grids.index]
        shapes = to_degrees(draft.grids.geometry, boundary=gathered.boundaries[code])
        part = gpd.GeoDataFrame(
            {
                "code": codes,
                "name": [names.get(one, f"第{int(one[-3:])}{unit}") for one in codes],
                "community_code": code,
                "households": draft.grids["households"].to_numpy(np.int64),
                "reason_code": draft.grids["reason_code"].to_numpy(dtype=object),
                "reason": draft.grids["reason_zh"].to_numpy(dtype=object),
            },
            geometry=shapes.to_numpy(),
            crs=WGS84,
        )
        parts.append(part)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)


def _differing(fresh: gpd.GeoDataFrame, stored: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Those of the grids that are new, or differ from what is stored in anything."""
    old = stored.set_index("code").reindex(fresh["code"])
    same = np.ones(len(fresh), bool)
    for name in _COMPARED:
        now, then = fresh[name].to_numpy(dtype=object), old[name].to_numpy(dtype=object, na_value=None)
        missing = pd.isna(now) & pd.isna(then)
        same &= missing | np.array([one == other for one, other in zip(now, then, strict=True)], bool)
    known = ~shapely.is_missing(old.geometry.to_numpy())
    drawn = shapely.normalize(fresh.geometry.to_numpy()), shapely.normalize(old.geometry.to_numpy())
    same &= known & shapely.equals_exact(*drawn, tolerance=0.0)
    return fresh[~same].reset_index(drop=True)


def _changed_rows(
    drafts: dict[str, CommunityDraft], rows: pd.DataFrame, today: pd.DataFrame, goal: "pd.Series[str]"
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of the assignment to write anew, and of which buildings; those that ended have none.

    A building stays as it is divided, also when all of it comes into one grid: whoever brought it together can take
    that back, stairwell by stairwell.
    """
    moving = set(today.loc[(goal != today["grid"]).to_numpy(bool), "building"])
    communities = {str(code) for code in drafts}
    ended = set(rows.loc[rows["grid"].astype(str).str[:12].isin(communities), "building"]) - set(today["building"])
    added = set(today["building"]) - set(rows["building"])
    every = today.assign(grid_code=goal.to_numpy(dtype=object))
    every = every.rename(columns={"building": "building_code", "stairwell": "stairwell_code"})
    written = every.loc[every["building_code"].isin(moving | added), [*plans.ASSIGNMENT_COLUMNS, *plans.FLOOR_RANGE]]
    return written.reset_index(drop=True), sorted(moving | added | ended)


def _report(
    gathered: Gathered,
    plan: PlanRecord,
    stored: gpd.GeoDataFrame,
    rows: pd.DataFrame,
    drafts: dict[str, CommunityDraft],
) -> dict[str, Any]:
    assert plan.lower is not None
    assert plan.upper is not None
    every = []
    for community in gathered.communities:
        known = drafts.get(community.code)
        areas = _areas(stored, community)
        if areas.empty:
            continue  # made since the plan was drafted
        if known is None:
            own = rows[rows["grid"].isin(areas.index)]
            known = remembered(plan.report, community.code, areas, joined(own))
        every.append(known)
    bounds, limits = Bounds(plan.lower, plan.upper), limits_of(plan.report)
    summed = renewed_report(plan.report, every, frozenset(drafts), bounds, limits)
    return summed | {EDITS: plan.report.get(EDITS, 0) + 1}


# ── told ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _told_grids(grids: gpd.GeoDataFrame) -> dict[str, Any]:
    """Grids as an event tells them; their shape follows from the assignment."""
    plain = grids[["code", "name", "households", "reason_code"]].astype(object)
    records = plain.where(plain.notna(), None).to_dict("records")
    return {
        str(row["code"]): {
            "name": row["name"],
            "households": None if row["households"] is None else int(row["households"]),
            "reason_code": row["reason_code"],
        }
        for row in records
    }


def _told_rows(before: pd.DataFrame, after: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    """The grid of each row that an edit writes anew, before and after, by the row's name."""
    was, now = (dict(zip(row_keys(rows), rows["grid"].astype(str), strict=True)) for rows in (before, after))
    return was, now


def _locked_by_others(session: Session, plan_id: int, touched: set[str], who: str) -> list[Notice]:
    """Whose locks an edit did not heed."""
    locks = [lock for lock in plan_locks.read(session, plan_id) if lock.code in touched and lock.who != who]
    return [
        Notice(f"所改网格 {lock.code} 由 {lock.who} 锁定", f"grid {lock.code}, which changed, is locked by {lock.who}")
        for lock in locks
    ]


def _cells_gone(count: int) -> list[Notice]:
    if not count:
        return []
    return [
        Notice(
            f"所改网格的 {count} 个联户网格已撤下;请用 wangge cells 重新划分",
            f"{count} cells of the grids that changed are gone; divide them anew with wangge cells",
        )
    ]


def _out_of_range(grids: gpd.GeoDataFrame, plan: PlanRecord) -> list[Notice]:
    found = grids[grids["reason_code"].notna()]
    return [
        Notice(
            f"网格 {code} 有 {households} 户,不在 {plan.lower}-{plan.upper} 户之内",
            f"grid {code} has {households} households, not {plan.lower}-{plan.upper}",
        )
        for code, households in zip(found["code"], found["households"], strict=True)
    ]
