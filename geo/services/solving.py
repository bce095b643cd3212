"""Use case: "solve the rest": the engine divides a draft anew around what the planner locked, saved as one edit.

::

    solved = solve_rest(session, plan_id, Kept(grids=("440307001001003",)), who=…, version=plan.version)

Nothing is locked in the store while the engine works: whoever edits the draft meanwhile is not kept waiting, and what
was solved is then refused as a stale edit is. The rows of the plan stay as they are divided, so that the edit that
moves them back (:attr:`Solved.undo`) undoes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import CodeError, InputError
from geo.regionalization.communities import Community
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.edited_grids import draw_on, ground_of
from geo.regionalization.editing import NAMED, Move, Notice
from geo.regionalization.locks import FITTING, CodeLocks, check_locks
from geo.regionalization.outcome import Prices
from geo.regionalization.redividing import RestAsked, redivide
from geo.services.editing import Edited, OpenedDraft, Redrawn, open_draft, save_redrawn
from geo.storage import plans
from geo.storage.plans import PlanRecord

#: Called with the share done, 0 to 1; returning False ends the work, and nothing is changed.
Progress = Callable[[float], bool | None]
#: How much of the work on a community is the search; the rest is making its ground and drawing the grids.
SEARCHED = 0.9


@dataclass(frozen=True)
class Kept:
    """What stays as it is.

    Attributes
    ----------
    grids
        Grids of the draft.
    compounds
        Compounds that stay in one grid, ``"fitting"`` for all that fit into one; None for what the plan was drafted
        with.
    communities
        The communities to divide anew; none for all of the plan.
    """

    grids: tuple[str, ...] = ()
    compounds: tuple[str, ...] | Literal["fitting"] | None = None
    communities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Undo:
    """The edit of one community that puts back what was."""

    moves: tuple[Move, ...]
    new_grids: tuple[str, ...]
    ended_grids: tuple[str, ...]


@dataclass(frozen=True)
class Solved:
    """What came of it.

    Attributes
    ----------
    edited
        The draft in its next version; None where nothing better was found and all stayed as it is.
    moved
        How many buildings, stairwells or runs of floors have another grid.
    undo
        What puts it back, community by community.
    """

    edited: Edited | None
    moved: int
    undo: tuple[Undo, ...]


def solve_rest(
    session: Session,
    plan_id: int,
    kept: Kept,
    *,
    who: str,
    version: int,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Solved | None:
    """Divide a draft anew around what is kept, and save it as one edit.

    Parameters
    ----------
    version
        The version of the draft that was seen.
    time_limit
        Seconds for each community; None until the search converges.

    Returns
    -------
    Solved or None
        None where ``progress`` ended the work. The caller commits.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError, ConflictError
        It is not at ``version`` any more, before or after the work; it is no draft, or not one of grids.
    CodeError, InputError
        What shall be kept is not there, or cannot be kept.
    """
    plans.seen_draft(session, plan_id, version)
    opened = open_draft(session, plan_id)
    grounds = _grounds(opened, kept)
    rest = RestAsked(opened.asked(), _locks(opened, kept, grounds), _prices(opened.record), seed, time_limit)
    check_locks(rest.locks, [one.as_locked() for one in grounds], rest.asked.bounds.upper)
    steps = _Steps(progress, len(grounds))
    drafts: dict[str, CommunityDraft] = {}
    undo, todays, goals, notices = [], [], [], []
    for one in grounds:
        ground = ground_of(one.community, one.rows)
        goal = redivide(ground, one.rows, rest, steps.search)
        if not steps.next():
            return None
        if (goal.to_numpy() != one.rows["grid"].to_numpy()).any():
            drafts[one.community.code] = draw_on(ground, one.rows, goal, rest.asked)
            undo.append(_undo(one.rows, goal))
            todays.append(one.rows)
            goals.append(goal)
            notices += one.notices
    if not drafts:
        return Solved(None, 0, ())
    today, goal = pd.concat(todays, ignore_index=True), pd.concat(goals, ignore_index=True)
    of_drafts = opened.stored.loc[opened.stored["community_code"].isin(list(drafts)), "code"]
    ended = tuple(sorted(set(of_drafts) - set(goal)))
    redrawn = Redrawn(today, goal, drafts, ended, tuple(notices))
    edited = save_redrawn(session, plans.locked_draft(session, plan_id, version), opened, redrawn, who=who)
    return Solved(edited, sum(len(each.moves) for each in undo), tuple(undo))


# ── what is divided anew ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Community:
    """A community to divide anew: its rows as they are today, and what the register added or ended."""

    community: Community
    rows: pd.DataFrame
    notices: list[Notice]

    def as_locked(self) -> Community:
        """As locks are checked: the grids that can be kept are those of the draft."""
        return replace(self.community, previous=self.rows)


def _grounds(opened: OpenedDraft, kept: Kept) -> list[_Community]:
    """The communities in which not everything is kept."""
    _refuse_unknown("网格", "grid", kept.grids, set(opened.stored["code"]))
    _refuse_unknown("社区", "community", kept.communities, set(opened.stored["community_code"]))
    found = []
    for community in opened.gathered.communities:
        if kept.communities and community.code not in kept.communities:
            continue
        rows, notices = opened.today({community.code})
        if not rows["grid"].isin(kept.grids).all():
            found.append(_Community(community, rows, notices))
    if not found:
        raise InputError(
            "所选社区的网格全部锁定,没有可以重新划分的;请至少解锁两个相邻的网格",
            "every grid of these communities is kept, nothing is left to divide; unlock at least two that touch",
        )
    return found


def _refuse_unknown(zh: str, en: str, wanted: Sequence[str], there: set[str]) -> None:
    unknown = [code for code in wanted if code not in there]
    if unknown:
        shown = "、".join(unknown[:NAMED])
        raise CodeError(
            f"方案中没有{zh} {shown};方案可能已改动,请刷新",
            f"the plan has no {en} {shown}; it may have changed: reload",
        )


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _locks(opened: OpenedDraft, kept: Kept, grounds: Sequence[_Community]) -> CodeLocks:
    """What is kept now, and what the plan was drafted with as far as that still makes sense."""
    told = opened.record.parameters.get("locks", {})
    rows = pd.concat([one.rows for one in grounds])
    there, held = set(rows["building"]), set(rows.loc[rows["grid"].isin(kept.grids), "building"])
    mine = {one.community.code for one in grounds}
    together = (tuple(group) for group in told.get("together", ()))
    apart = ((pair[0], pair[1]) for pair in told.get("apart", ()))
    locked = rows.loc[rows["grid"].isin(kept.grids), "grid"]
    least = locked.groupby(locked.str[:12]).nunique()
    return CodeLocks(
        keep_grids=tuple(code for code in kept.grids if code[:12] in mine),
        whole_compounds=_compounds(told, kept, grounds, there - held),
        together=tuple(group for group in together if set(group) <= there - held),
        apart=tuple(pair for pair in apart if set(pair) <= there - held),
        n_grids={
            code: count
            for code, count in told.get("n_grids", {}).items()
            if code in mine and count > int(least.get(code, 0))
        },
        posts=tuple(code for code in told.get("posts", ()) if code in there),
    )


def _compounds(
    told: dict[str, Any], kept: Kept, grounds: Sequence[_Community], free: set[str]
) -> tuple[str, ...] | Literal["fitting"]:
    """Compounds that were asked for now, whether that can be or not; those of the draft's wishes where it can."""
    if kept.compounds is not None:
        return kept.compounds
    wished = told.get("whole_compounds", ())
    if wished == FITTING:
        return FITTING
    members = pd.concat([one.community.buildings["compound"] for one in grounds])
    free_compounds = {code for code in wished if (members == code).any()}
    return tuple(code for code in wished if code in free_compounds and set(members.index[members == code]) <= free)


def _prices(plan: PlanRecord) -> Prices:
    told = plan.parameters.get("prices", {})
    return Prices(**{dial.name: float(told[dial.name]) for dial in fields(Prices) if dial.name in told})


# ── how far it is, and back again ────────────────────────────────────────────────────────────────────────────────────


class _Steps:
    """Progress over several communities, one after the other."""

    def __init__(self, progress: Progress | None, count: int) -> None:
        self._progress = progress
        self._count = count
        self._done = 0
        self._stopped = False

    def search(self, share: float) -> bool:
        """Take in how far the search in one community is; return whether to go on."""
        return self._told(self._done + SEARCHED * share)

    def next(self) -> bool:
        """Take in that a community is done; return whether to go on."""
        self._done += 1
        return self._told(float(self._done))

    def _told(self, done: float) -> bool:
        if self._progress is not None and not self._stopped:
            self._stopped = self._progress(done / self._count) is False
        return not self._stopped


def _undo(rows: pd.DataFrame, goal: "pd.Series[str]") -> Undo:
    changed = rows[(goal.to_numpy() != rows["grid"].to_numpy())]
    moves = tuple(
        Move(row.building, row.grid, row.stairwell, _floors(row.floor_from, row.floor_to))
        for row in changed.itertuples()
    )
    before, after = set(rows["grid"]), set(goal)
    return Undo(moves, tuple(sorted(before - after)), tuple(sorted(after - before)))


def _floors(low: float, high: float) -> tuple[int, int] | None:
    return None if pd.isna(low) else (int(low), int(high))
