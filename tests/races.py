"""Many people at once, and the judge of what came of it.

The ground is a community of three rows of buildings and a plan of two grids: the south row is one grid's, the north
row the other's, and each building of the middle row may be in either, whatever its neighbours do::

    north  ▣ ▣ ▣ ▣ ▣ ▣   grid 2
    middle ▢ ▢ ▢ ▢ ▢ ▢   1 or 2
    south  ▣ ▣ ▣ ▣ ▣ ▣   grid 1

A planner's screen sends the whole middle row as it was seen, with one building changed. So an edit that was made on a
stale view would put others' buildings back: that is a lost update, and :func:`judge` counts them.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from shapely import box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import ConflictError, InputError, StaleVersionError, WanggeError
from geo.services.adopting import adopt_plan
from geo.services.editing import Move, edit_plan
from geo.storage import events, layers, plans
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.nouns import BUILDING, COMMUNITY
from tests import factories

COLUMNS = 6
GRIDS = [codes.make("grid", factories.COMMUNITY, number) for number in (1, 2)]
BUILDINGS = [codes.make("building", factories.COMMUNITY, number + 1) for number in range(3 * COLUMNS)]
MIDDLE = BUILDINGS[COLUMNS : 2 * COLUMNS]
#: Ground that two grids share, or that is nobody's, in square degrees: 0.01 m2, less than the store lets pass.
NOTHING_DEGREES2 = 1e-12

Row = dict[str, str]


@dataclass(frozen=True)
class Acknowledged:
    """An edit that was told to have been made: by whom, on which version and view, what was sent, what it became."""

    who: str
    seen: int
    view: Row
    sent: Row
    version: int


@dataclass
class Tally:
    """What a race came to: edits that were acknowledged, and why others were not."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, edit: Acknowledged) -> None:
        with self._lock:
            self.acknowledged.append(edit)

    def refuse(self, error: WanggeError) -> None:
        with self._lock:
            self.refused[type(error).__name__] += 1


@dataclass(frozen=True)
class Verdict:
    """What a judge found of one plan; all but ``edits`` should be 0.

    Attributes
    ----------
    lost
        Buildings that an acknowledged edit put back without having seen that they had moved.
    unrecorded, unacknowledged
        Edits told to have been made that the history lacks, and the other way round.
    jumps
        Versions of the history that do not follow the one before by 1, or do not start from what that one left.
    differing
        Buildings that are not where the history says they came to be.
    overlaps, uncovered
        Pairs of grids with common ground; whether the grids are not exactly the community.
    """

    edits: int
    lost: int
    unrecorded: int
    unacknowledged: int
    jumps: int
    differing: int
    overlaps: int
    uncovered: int

    @property
    def faults(self) -> int:
        return sum(value for name, value in vars(self).items() if name != "edits")


# ── the ground ───────────────────────────────────────────────────────────────────────────────────────────────────────


def settle(engine: Engine) -> None:
    """Write the ground into a store of its own."""
    with session_scope(engine) as session:
        lay_out(session)


def lay_out(session: Session) -> None:
    """The community with its three rows of buildings, 10 households each."""
    community = factories.make_community(session)
    rows = [
        {
            "code": code,
            "kind": "walk_up",
            "community_code": community,
            "households": 10,
            "households_source": "register",
            "geometry": box(x, y, x + 0.0003, y + 0.0003),
        }
        for number, code in enumerate(BUILDINGS)
        for x in [factories.WEST + (number % COLUMNS + 0.4) * 0.01 / COLUMNS]
        for y in [factories.SOUTH + (number // COLUMNS + 0.4) * 0.01 / 3]
    ]
    layers.upsert(session, BUILDING, factories.frame_of("building", rows), who=factories.WHO)


def make_draft(session: Session, name: str = "方案") -> int:
    """A draft with the middle row in grid 1, drawn by two edits that leave it so."""
    grids = factories.grid_frame(count=2, households=90)
    middle = factories.SOUTH + 0.01 * 2 / 3
    west, south, east, north = factories.square(0, 0, factories.COMMUNITY_DEGREES).bounds
    grids["geometry"] = [box(west, south, east, middle), box(west, middle, east, north)]
    rows = [(code, None, GRIDS[int(number >= 2 * COLUMNS)], 10) for number, code in enumerate(BUILDINGS)]
    assignment = factories.assignment_frame(rows)
    return factories.make_plan(session, name=name, lower=30, upper=150, grids=grids, assignment=assignment)


# ── the race ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def see(engine: Engine, plan_id: int) -> tuple[int, Row]:
    """What a planner's screen shows: first the version, then the middle row, so that the view is never older."""
    with session_scope(engine) as session:
        version = plans.read_plan(session, plan_id).version
        rows = plans.read_assignment(session, plan_id).set_index("building_code")["grid_code"]
    return version, {code: str(rows[code]) for code in MIDDLE}


def flipped(view: Row, column: int) -> Row:
    """The middle row with one building in the other grid."""
    changed = MIDDLE[column]
    return view | {changed: GRIDS[1 - GRIDS.index(view[changed])]}


def send(engine: Engine, plan_id: int, tally: Tally, who: str, seen: int, view: Row, sent: Row) -> None:
    """Send an edit; it counts as acknowledged once its transaction has ended well."""
    try:
        with session_scope(engine) as session:
            moves = [Move(code, grid) for code, grid in sent.items()]
            edited = edit_plan(session, plan_id, moves, who=who, version=seen)
        tally.took(Acknowledged(who, seen, view, sent, edited.plan.version))
    except (ConflictError, InputError) as error:
        tally.refuse(error)


def race_edits(engine: Engine, plan_ids: Sequence[int], *, attempts: int, threads: int, seed: int) -> dict[int, Tally]:
    """Let threads edit the same plans as fast as they can, each on what it saw last."""
    tallies = {plan_id: Tally() for plan_id in plan_ids}

    def work(number: int) -> None:
        rng = np.random.default_rng([seed, number])
        for turn in range(number, attempts, threads):
            plan_id = plan_ids[int(rng.integers(len(plan_ids)))]
            seen, view = see(engine, plan_id)
            sent = flipped(view, int(rng.integers(COLUMNS)))
            send(engine, plan_id, tallies[plan_id], f"planner {number} turn {turn}", seen, view, sent)

    _all_at_once(work, threads)
    return tallies


def rounds_of_edits(engine: Engine, plan_id: int, *, rounds: int, threads: int) -> Tally:
    """In each round all look first, then all send: all but one view is stale, for sure."""
    tally, gate = Tally(), threading.Barrier(threads)

    def work(number: int) -> None:
        for turn in range(rounds):
            gate.wait(60)
            seen, view = see(engine, plan_id)
            gate.wait(60)
            send(engine, plan_id, tally, f"planner {number} turn {turn}", seen, view, flipped(view, number))

    _all_at_once(work, threads)
    return tally


def race_adoptions(engine: Engine, *, plans_each: int, threads: int) -> tuple[dict[int, Tally], list[int]]:
    """Let threads make drafts of one community, edit one another's, and adopt them; ids adopted, as told."""
    tallies: dict[int, Tally] = {}
    adopted: list[int] = []
    known, lock = [], threading.Lock()

    def adopt(plan_id: int) -> None:
        for _ in range(20):
            try:
                with session_scope(engine) as session:
                    version = plans.read_plan(session, plan_id).version
                    adopt_plan(session, plan_id, who="leader", version=version)
            except StaleVersionError:
                continue  # somebody edited it meanwhile: look again
            except ConflictError:
                return  # another plan came in force meanwhile
            with lock:
                adopted.append(plan_id)
            return

    def work(number: int) -> None:
        rng = np.random.default_rng([77, number])
        for turn in range(plans_each):
            with session_scope(engine) as session:
                plan_id = make_draft(session, f"方案 {number}-{turn}")
            with lock:
                tallies[plan_id] = Tally()
                known.append(plan_id)
                other = known[int(rng.integers(max(0, len(known) - threads), len(known)))]
            for edited in (plan_id, other):
                seen, view = see(engine, edited)
                send(
                    engine,
                    edited,
                    tallies[edited],
                    f"planner {number} turn {turn}",
                    seen,
                    view,
                    flipped(view, int(rng.integers(COLUMNS))),
                )
            adopt(plan_id)

    _all_at_once(work, threads)
    return tallies, adopted


def _all_at_once(work: Callable[[int], None], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work, number) for number in range(threads)]:
            future.result()


# ── the judge ────────────────────────────────────────────────────────────────────────────────────────────────────────


def judge(session: Session, plan_id: int, tally: Tally) -> Verdict:
    """Hold what was acknowledged against the history, and the history against the plan."""
    state = dict.fromkeys(MIDDLE, GRIDS[0])
    history = [record for record in _history(session, plan_id) if record.what == "edited"]
    told = {(edit.version, edit.who): edit for edit in tally.acknowledged}
    jumps = lost = unacknowledged = 0
    recorded, version = set(), 1
    for record in history:
        before, after = record.before or {}, record.after or {}
        follows = (before["version"], after["version"]) == (version, version + 1)
        jumps += not (follows and before["assignment"].items() <= state.items())
        version = after["version"]
        edit = told.get((version, record.who))
        recorded.add((version, record.who))
        unacknowledged += edit is None
        if edit is not None:
            lost += sum(state[code] != edit.view[code] == edit.sent[code] for code in MIDDLE)
            jumps += {**state, **after["assignment"]} != {**state, **edit.sent}
        state |= after["assignment"]
    rows = plans.read_assignment(session, plan_id).set_index("building_code")["grid_code"].to_dict()
    overlaps, uncovered = _ground(session, plan_id)
    return Verdict(
        edits=len(history),
        lost=lost,
        unrecorded=len(set(told) - recorded) + len(tally.acknowledged) - len(told),
        unacknowledged=unacknowledged,
        jumps=jumps,
        differing=sum(rows.get(code) != grid for code, grid in state.items()) + len(rows) - len(BUILDINGS),
        overlaps=overlaps,
        uncovered=uncovered,
    )


def _ground(session: Session, plan_id: int) -> tuple[int, int]:
    shapes = plans.read_grids(session, plan_id).geometry.to_numpy()
    whole = layers.read(session, COMMUNITY, codes=[factories.COMMUNITY]).geometry.iloc[0]
    common = [shapely.area(shapely.intersection(one, other)) for one, other in pairwise(shapes)]
    gap = shapely.area(shapely.symmetric_difference(shapely.union_all(shapes), whole))
    return sum(area > NOTHING_DEGREES2 for area in common), int(gap > NOTHING_DEGREES2)


def judge_adoptions(session: Session, plan_ids: Sequence[int], adopted: Sequence[int]) -> list[str]:
    """Say what is wrong with adoptions: told and not recorded, two in force at once, edited while in force."""
    faults = []
    records = {plan_id: plans.read_plan(session, plan_id) for plan_id in plan_ids}
    came = [plan for plan in records.values() if plan.adopted_at is not None]
    if sorted(plan.id for plan in came) != sorted(adopted):
        faults.append(f"acknowledged {sorted(adopted)}, in the store {sorted(plan.id for plan in came)}")
    came.sort(key=lambda plan: (plan.adopted_at, plan.superseded_at or plan.adopted_at))
    for one, other in pairwise(came):
        if one.superseded_at is None or one.superseded_at > other.adopted_at:
            faults.append(f"plans {one.id} and {other.id} were in force at once")
    if sum(plan.state == "adopted" for plan in came) != 1:
        faults.append("not exactly one plan is in force")
    for plan_id in plan_ids:
        what = [record.what for record in _history(session, plan_id)]
        after = what[what.index("adopted") + 1 :] if "adopted" in what else []
        if what[0] != "created" or what.count("created") != 1 or what.count("adopted") > 1:
            faults.append(f"plan {plan_id} has the history {what}")
        if set(after) - {"superseded"}:
            faults.append(f"plan {plan_id} was changed in force: {after}")
    return faults


def _history(session: Session, plan_id: int) -> list[events.EventRecord]:
    return events.read(session, noun="plan", code=str(plan_id), limit=1_000_000)[::-1]
