"""The main tables: our engine and its peers on the same instances, scored by the shared scorer."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.regionalization.checking import check
from tests.benchmarks.regionalization.engine_runs import Answer, Plan, solve
from tests.benchmarks.regionalization.instances import keep, shared
from tests.benchmarks.regionalization.peer_solvers import SOLVERS
from tests.benchmarks.regionalization.peers import ASKED, PINS
from tests.benchmarks.regionalization.scope import LOWER, PATIENCE_S, SMALL, UPPER, Scope

DRAFT, POLISHED, BARRIERS = "wangge draft", "wangge polished", "wangge polished, main roads as barriers"
OURS: dict[str, dict[str, Any]] = {
    DRAFT: {"effort": "draft"},
    POLISHED: {"effort": "polished"},
    BARRIERS: {"effort": "polished", "barrier": True},
}
#: What boundary cost and compactness are relative to: blocks may reach the upper limit. ``largek`` is its own setting
#: for many blocks, the only one that comes back with 13,000 of them.
YARDSTICKS = ("KaMinPar default, +20 %", "KaMinPar strong, +20 %", "KaMinPar largek, +20 %")
#: The yardstick may take this many times longer than other peers.
GRACE = 2
#: Above 3,000 buildings a peer may take this many times longer.
LARGER = 2.5
HEADS = (
    "solver", "plans", "in range %", "where possible %", "out of range: why", "pieces", "grids ÷ fewest", "PP",
    "PP ÷ K", "cut %", "cut ÷ K", "compounds split %", "roads crossed %", "households / CPU s", "CPU s", "wall s",
    "peak MB",
)  # fmt: skip


@dataclass
class Row:
    """One solver on one instance."""

    solver: str
    size: int
    profile: str
    split_over: int
    seed: int
    status: str
    atoms: int = 0
    households: int = 0
    cpu_s: float = math.nan
    wall_s: float = math.nan
    peak_mb: float = math.nan
    scores: dict[str, float] = field(default_factory=dict)
    in_range: int = 0
    pieces: int = 0
    proved: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.status == "done"


def quality(scope: Scope) -> None:
    """Run every solver on every instance of the selection, smallest first."""
    scope.report.section(
        "Quality and speed",
        "*Whole buildings*: those over 300 households come as stairwells. *Divisible over 150*: those over 150 do. "
        "*Where possible*: of the grids that are not proved impossible. *K*: KaMinPar default / strong / largek, all "
        "at most 300 households (+20 %); they keep no lower limit and no contiguity. CPU seconds: of the solver "
        "alone, without loading. Wall: ours of the call alone, peers' of their whole process. Peak: of the whole "
        "process. Up to 3,000 buildings means over the plans, above one instance; of 300 buildings twenty for the "
        "engine and KaMinPar, as one plan of a dozen grids is a matter of chance.",
    )
    if scope.all_peers:
        scope.report.line("Peers, as wheels from PyPI:\n")
        for family, asked in ASKED.items():
            scope.report.line(f"- {family} (`{PINS[family][0]}`): {asked}.")
    for split_over in (UPPER, 150):
        for profile in scope.profiles:
            for size in scope.sizes:
                if size > 30_000 and profile != "mixed":
                    continue
                rows = [
                    row
                    for seed in scope.compared_seeds_of(size)
                    for row in _instance(scope, size, profile, split_over, seed)
                ]
                scope.rows += rows
                _table(scope, rows, f"{size:,} buildings, {profile}, {_what(split_over)}")


def _what(split_over: int) -> str:
    return "whole buildings" if split_over == UPPER else f"divisible over {split_over}"


def _peers(scope: Scope, profile: str, split_over: int, seed: int) -> Sequence[str]:
    if scope.all_peers and profile == "mixed" and split_over == UPPER and seed in scope.seeds:
        return list(SOLVERS)
    return YARDSTICKS


def _instance(scope: Scope, size: int, profile: str, split_over: int, seed: int) -> Iterable[Row]:
    instance = scope.make(size, seed, profile, split_over)
    graph = keep(instance, scope.folder / f"{instance.name}-{split_over}.npz")
    for solver in (*OURS, *_peers(scope, profile, split_over, seed)):
        row = Row(solver, size, profile, split_over, seed, "left out: no time left of --minutes")
        row.atoms, row.households = len(instance.households), int(instance.households.sum())
        if not scope.out_of_time():
            (_run_ours if solver in OURS else _run_peer)(scope, instance, graph, row)
        yield row
    for file in scope.folder.glob(f"{graph.stem}.*"):
        file.unlink()


def _run_ours(scope: Scope, instance: Any, graph: Path, row: Row) -> None:
    run = {"lower": LOWER, "upper": UPPER, "seed": row.seed, **OURS[row.solver]}
    repeats = 2 if row.size <= SMALL else 1
    answer = solve(graph, [run] * repeats, PATIENCE_S)
    if not isinstance(answer, Answer):
        row.status = answer.status
        scope.report.wrong.append(f"{instance.name}, {row.solver}: {answer.status}")
        return
    plan = answer.plans[-1]
    if not all((plan.labels == other.labels).all() for other in answer.plans):
        scope.report.wrong.append(f"{instance.name}, {row.solver}: two runs with one seed differ")
    row.status, row.cpu_s, row.wall_s, row.peak_mb = "done", plan.cpu_s, plan.wall_s, answer.peak_mb
    row.proved = sum(reason["proved"] for reason in plan.reasons.values())
    row.reasons = [reason["code"] for reason in plan.reasons.values()]
    _score(instance, plan.labels, row)
    name = f"{instance.name}, {_what(row.split_over)}, {row.solver}"
    scope.report.wrong += [f"{name}: {text}" for text in contradictions(instance, plan)]


def _run_peer(scope: Scope, instance: Any, graph: Path, row: Row) -> None:
    seconds = scope.peer_seconds * (1 if row.size <= SMALL else LARGER) * (GRACE if row.solver in YARDSTICKS else 1)
    answer = scope.peers.solve(row.solver, graph, row.size, row.seed, seconds)
    row.status = answer.ended.status
    if answer.labels is not None:
        row.cpu_s, row.wall_s, row.peak_mb = answer.cpu_s, answer.ended.wall_s, answer.ended.peak_mb
        _score(instance, answer.labels, row)


def _score(instance: Any, labels: np.ndarray, row: Row) -> None:
    row.scores = shared("score").score(instance, labels)
    seen = check(instance.households, instance.edges, instance.edge_weight, labels, LOWER, UPPER)
    row.in_range, row.pieces = seen.in_range, seen.in_pieces


def contradictions(instance: Any, plan: Plan) -> list[str]:
    """Say where a plan breaks a rule, or the engine's own figures differ from a second count."""
    seen = check(instance.households, instance.edges, instance.edge_weight, plan.labels, LOWER, UPPER)
    outside = {label for label, held in seen.households.items() if not LOWER <= held <= UPPER}
    scores = shared("score").score(instance, plan.labels)
    total = int(instance.households.sum())
    found = []
    if seen.in_pieces:
        found.append(f"{seen.in_pieces} grids in pieces")
    if outside != set(plan.reasons):
        found.append(f"grids out of range {sorted(outside)}, reasons for {sorted(plan.reasons)}")
    if sum(seen.households.values()) != total:
        found.append(f"{sum(seen.households.values())} households in grids, {total} given")
    told, metrics = plan.metrics, seen.grids
    counted = {"grids": metrics, "in_range": seen.in_range, "contiguous": metrics - seen.in_pieces}
    counted["boundary_cost"] = seen.cut
    found += [
        f"the engine says {name} = {told[name]:g}, counted {value}"
        for name, value in counted.items()
        if not math.isclose(told[name], value, rel_tol=1e-9)
    ]
    if (scores["grids"], scores["noncontig"]) != (seen.grids, seen.in_pieces):
        found.append("the shared scorer counts other grids or pieces")
    found += _unfounded(instance, plan)
    return found


def _unfounded(instance: Any, plan: Plan) -> list[str]:
    """Proofs that can be redone by hand: a building over the limit, an island with too few households."""
    found = []
    for label, reason in plan.reasons.items():
        held = int(instance.households[reason["atoms"]].sum())
        if held != reason["households"]:
            found.append(f"reason of grid {label} speaks of {reason['households']} households, its atoms hold {held}")
        if reason["code"] == "atom_over_upper" and held <= UPPER:
            found.append(f"grid {label}: no building over the limit")
        if reason["code"] == "component_under_lower":
            inside = np.zeros(len(instance.households), bool)
            inside[reason["atoms"]] = True
            leaving = inside[instance.edges[:, 0]] != inside[instance.edges[:, 1]]
            if held >= LOWER or leaving.any():
                found.append(f"grid {label}: not an island of too few households")
    return found


def _mean(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([row.scores[name] for row in rows]))


def ratio(rows: Sequence[Row], solver: str, yardstick: str, name: str) -> float:
    """Return the mean of a score as a ratio to a yardstick's, over the seeds that both did; nan where there is none."""
    ours = {row.seed: row for row in rows if row.solver == solver and row.done}
    theirs = {row.seed: row for row in rows if row.solver == yardstick and row.done}
    both = sorted(set(ours) & set(theirs))
    if not both:
        return math.nan
    return _mean([ours[seed] for seed in both], name) / _mean([theirs[seed] for seed in both], name)


def _ratios(rows: Sequence[Row], solver: str, name: str) -> str:
    found = [ratio(rows, solver, yardstick, name) for yardstick in YARDSTICKS]
    return " / ".join("–" if math.isnan(one) else f"{one:.3f}" for one in found)


def _table(scope: Scope, rows: Sequence[Row], title: str) -> None:
    scope.report.line(f"\n### {title}\n")
    scope.report.heads(HEADS)
    for solver in dict.fromkeys(row.solver for row in rows):
        mine = [row for row in rows if row.solver == solver]
        done = [row for row in mine if row.done]
        others = sorted({row.status for row in mine if not row.done})
        if not done:
            scope.report.row([solver, f"0 of {len(mine)}", "; ".join(others), *[""] * (len(HEADS) - 3)])
            continue
        grids, proved = sum(int(row.scores["grids"]) for row in done), sum(row.proved for row in done)
        in_range = sum(row.in_range for row in done)
        cpu = sum(row.cpu_s for row in done)
        codes = [code for row in done for code in row.reasons]
        why = ", ".join(f"{codes.count(code)} {code}" for code in sorted(set(codes)))
        ours = solver in OURS
        scope.report.row(
            [
                solver,
                f"{len(done)} of {len(mine)}" + (f" ({'; '.join(others)})" if others else ""),
                f"{100 * in_range / grids:.2f}",
                f"{100 * in_range / max(1, grids - proved):.2f}" if ours else "",
                why,
                sum(row.pieces for row in done),
                f"{grids / sum(int(row.scores['lb']) for row in done):.3f}",
                f"{_mean(done, 'pp'):.3f}",
                _ratios(rows, solver, "pp"),
                f"{_mean(done, 'cut_w'):.2f}",
                _ratios(rows, solver, "cut_w"),
                f"{_mean(done, 'split_comp'):.1f}",
                f"{_mean(done, 'cross_main'):.1f}",
                f"{sum(row.households for row in done) / max(cpu, 1e-9):,.0f}",
                f"{cpu / len(done):.3g}",
                f"{np.mean([row.wall_s for row in done]):.3g}",
                f"{max(row.peak_mb for row in done):.0f}",
            ]
        )
