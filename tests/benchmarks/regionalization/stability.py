"""A plan in force after 2 % of its buildings changed: what each way of bringing it up to date moves."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.regionalization.changes import Changed, change
from tests.benchmarks.regionalization.checking import check, households_moved
from tests.benchmarks.regionalization.engine_runs import Answer, Plan, solve
from tests.benchmarks.regionalization.instances import keep
from tests.benchmarks.regionalization.scope import LOWER, PATIENCE_S, SMALL, UPPER, Scope

SHARE = 0.02
LARGEST = 30_000
WAYS: dict[str, dict[str, Any]] = {
    "repair": {"effort": "repair", "previous": True},
    "polished, starting from it": {"effort": "polished", "previous": True},
    "polished, without it": {"effort": "polished"},
}
REPAIR = "repair"


def stability(scope: Scope) -> None:
    """Plan, change 2 % of the buildings, and update the plan in each of the three ways."""
    scope.report.section(
        "Stability",
        "A polished plan; then 2 % of the buildings change (60 % of these resized to 0.6-1.5 of their households, "
        "20 % demolished, 20 % new). *Moved*: share of the households that had a grid, by the engine and by the "
        "cheapest pairing of old and new grids; who moves in anew is not counted. *Before*: the old plan on the "
        "changed buildings. Seconds: wall, in a warm process.",
    )
    scope.report.heads(
        ["buildings", "way", "plans", "in range before %", "in range %", "where possible %", "out of range: why",
         "pieces", "moved %", "moved, second count %", "worst moved %", "mean s", "worst s"]
    )  # fmt: skip
    for size in [size for size in scope.sizes if size <= LARGEST]:
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        why: dict[str, list[str]] = {way: [] for way in WAYS}
        for seed in scope.seeds_of(size):
            if not scope.out_of_time():
                _one(scope, size, seed, found, why)
        for way, rows in found.items():
            if rows:
                _row(scope, size, way, rows, why[way])
            else:
                scope.report.row([size, way, "0: no time left of --minutes, or failed", *[""] * 10])
        _targets(scope, size, found[REPAIR])


def _one(
    scope: Scope, size: int, seed: int, found: dict[str, list[dict[str, float]]], why: dict[str, list[str]]
) -> None:
    instance = scope.make(size, seed, "mixed")
    graph = keep(instance, scope.folder / f"before-{size}-{seed}.npz")
    first = solve(graph, [{"lower": LOWER, "upper": UPPER, "seed": seed}], PATIENCE_S)
    name = f"stability {instance.name}"
    if not isinstance(first, Answer):
        scope.report.wrong.append(f"{name}: {first.status}")
        return
    after = change(
        instance.households, instance.edges, instance.edge_weight, instance.xy, first.plans[0].labels,
        share=SHARE, upper=UPPER, seed=seed,
    )  # fmt: skip
    path = _keep(after, scope.folder / f"after-{size}-{seed}.npz")
    for way, options in WAYS.items():
        run = {"lower": LOWER, "upper": UPPER, "seed": seed + 1, **options}
        answer = solve(path, [run] * (2 if size <= SMALL else 1), PATIENCE_S)
        if not isinstance(answer, Answer):
            scope.report.wrong.append(f"{name}, {way}: {answer.status}")
            continue
        plan = answer.plans[-1]
        found[way].append(_measured(after, plan, told="previous" in options))
        why[way] += [reason["code"] for reason in plan.reasons.values()]
        if found[way][-1]["pieces"]:
            scope.report.wrong.append(f"{name}, {way}: {found[way][-1]['pieces']:.0f} grids in pieces")


def _keep(after: Changed, path: Path) -> Path:
    np.savez(path, households=after.households, edges=after.edges, cost=after.cost, xy=after.xy, previous=after.before)
    return path


def _measured(after: Changed, plan: Plan, *, told: bool) -> dict[str, float]:
    """Measure one plan; the engine counts who moves only where it was told of the plan before."""
    seen = check(after.households, after.edges, after.cost, plan.labels, LOWER, UPPER)
    known = after.before >= 0
    held = np.bincount(after.before[known], after.households[known])
    total = int(after.households[known].sum())
    return {
        "before": float(((held >= LOWER) & (held <= UPPER)).mean()),
        "in_range": seen.in_range / seen.grids,
        "possible": seen.in_range / max(1, seen.grids - sum(one["proved"] for one in plan.reasons.values())),
        "pieces": seen.in_pieces,
        "moved": plan.metrics["households_moved"] / total if told else math.nan,
        "counted": households_moved(after.households, after.before, plan.labels) / total,
        "wall": plan.wall_s,
    }


def _row(scope: Scope, size: int, way: str, rows: list[dict[str, float]], why: list[str]) -> None:
    def mean(name: str) -> float:
        return float(np.mean([row[name] for row in rows]))

    scope.report.row(
        [
            f"{size:,}", way, len(rows), f"{100 * mean('before'):.1f}", f"{100 * mean('in_range'):.2f}",
            f"{100 * mean('possible'):.2f}", ", ".join(f"{why.count(code)} {code}" for code in sorted(set(why))),
            f"{sum(row['pieces'] for row in rows):.0f}",
            "" if math.isnan(mean("moved")) else f"{100 * mean('moved'):.2f}",
            f"{100 * mean('counted'):.2f}",
            f"{100 * max(row['counted'] for row in rows):.2f}", f"{mean('wall'):.3f}",
            f"{max(row['wall'] for row in rows):.3f}",
        ]
    )  # fmt: skip


def _targets(scope: Scope, size: int, rows: list[dict[str, float]]) -> None:
    moved = max((row["counted"] for row in rows), default=math.nan)
    possible = min((row["possible"] for row in rows), default=math.nan)
    scope.report.target(
        f"repair after 2 % of {size:,} buildings changed: ≤ 4 % of households move (worst plan)",
        f"{100 * moved:.2f} %",
        moved <= 0.04 if rows else None,
    )
    scope.report.target(
        f"the same stays in range where possible ({size:,}, worst plan)",
        f"{100 * possible:.2f} %",
        possible == 1 if rows else None,
    )
    if size == SMALL:
        slowest = max((row["wall"] for row in rows), default=math.nan)
        scope.report.target(
            f"repair of a sub-district ({size:,} buildings) < 0.5 s",
            f"{slowest:.2f} s",
            slowest < 0.5 if rows else None,
        )
