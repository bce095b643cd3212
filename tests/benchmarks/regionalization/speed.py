"""How long a planner waits: the first use, a community on the workbench, and how time grows with size."""

import math
import sys
from collections.abc import Sequence

import numpy as np

from tests.benchmarks.regionalization.engine_runs import Answer, solve
from tests.benchmarks.regionalization.instances import keep
from tests.benchmarks.regionalization.processes import run
from tests.benchmarks.regionalization.quality import DRAFT, POLISHED, contradictions
from tests.benchmarks.regionalization.scope import LOWER, PATIENCE_S, UPPER, Scope

#: Households of the community that the workbench waits for.
COMMUNITY = 3_000
COMMUNITIES = 10
COMPILE = [sys.executable, "-m", "geo.regionalization"]


def compile_engine(scope: Scope) -> None:
    """Compile what is not compiled yet, so that no measured run does."""
    ended = run(COMPILE, PATIENCE_S)
    if not ended.done:
        sys.exit(f"{' '.join(COMPILE)} {ended.status}\n{ended.error}")
    scope.report.line(f"- `python -m geo.regionalization` beforehand took {ended.wall_s:.1f} s")


def first_use(scope: Scope) -> None:
    """Measure a fresh process with the compiled code at hand, and what an empty cache costs."""
    scope.report.section(
        "First use",
        "In an empty cache folder: `python -m geo.regionalization` (what setup does), then a fresh process that makes "
        "a plan of 300 buildings twice. *Delay*: what the first plan takes more than the second, in CPU "
        "seconds, which a busy machine does not stretch.",
    )
    if scope.out_of_time():
        scope.report.line("Left out: no time left of --minutes.")
        return
    cache = {"NUMBA_CACHE_DIR": str(scope.folder / "numba")}
    cold = run(COMPILE, PATIENCE_S, cache)
    if not cold.done:
        sys.exit(f"{' '.join(COMPILE)} {cold.status}\n{cold.error}")
    instance = scope.make(300, scope.seeds[0], "mixed")
    graph = keep(instance, scope.folder / "first.npz")
    scope.report.heads(
        [
            "effort",
            "compile all, cold cache: wall s",
            "CPU s",
            "import s",
            "first plan CPU s",
            "second CPU s",
            "delay CPU s",
        ]
    )
    delays = []
    for effort in ("draft", "polished"):
        runs = [{"lower": LOWER, "upper": UPPER, "effort": effort}] * 2
        answer = solve(graph, runs, PATIENCE_S, cache)
        if not isinstance(answer, Answer):
            scope.report.wrong.append(f"first use, {effort}: {answer.status}")
            continue
        first = answer.first_call_cpu_s + answer.plans[0].cpu_s
        second = answer.second_call_cpu_s + answer.plans[1].cpu_s
        delays.append(first - second)
        scope.report.row(
            [effort, f"{cold.wall_s:.1f}", f"{cold.cpu_s:.1f}", f"{answer.imported_s:.2f}",
             f"{first:.2f}", f"{second:.2f}", f"{first - second:.2f}"]
        )  # fmt: skip
    scope.report.target(
        "first use after install not delayed by more than 2 s of compilation",
        f"{max(delays, default=math.nan):.2f} CPU s (import apart)",
        max(delays) <= 2 if delays else None,
    )


def community(scope: Scope) -> None:
    """Time one community of about 3,000 households in a process that is up, as the workbench's is."""
    scope.report.section(
        "One community of about 3,000 households",
        f"Wall seconds in a warm process, {COMMUNITIES} instances of each profile: mean and worst.",
    )
    scope.report.heads(
        [
            "profile",
            "effort",
            "households",
            "atoms",
            "mean s",
            "worst s",
            "mean CPU s",
            "worst CPU s",
            "in range %",
            "out: why",
        ]
    )
    worst = []
    for profile in scope.profiles:
        size = _size_of(scope, profile)
        for effort in ("draft", "polished"):
            if scope.out_of_time():
                scope.report.row([profile, effort, "left out: no time left of --minutes", *[""] * 7])
                continue
            walls, cpus, households, atoms, good, grids, why = [], [], [], [], 0, 0, []
            for seed in range(scope.seeds[0], scope.seeds[0] + COMMUNITIES):
                instance = scope.make(size, seed, profile)
                graph = keep(instance, scope.folder / "community.npz")
                runs = [{"lower": LOWER, "upper": UPPER, "effort": effort}] * 2
                answer = solve(graph, runs, PATIENCE_S)
                name = f"community {instance.name}, {effort}"
                if not isinstance(answer, Answer):
                    scope.report.wrong.append(f"{name}: {answer.status}")
                    continue
                plan = answer.plans[1]
                scope.report.wrong += [f"{name}: {text}" for text in contradictions(instance, plan)]
                walls.append(plan.wall_s)
                cpus.append(plan.cpu_s)
                households.append(int(instance.households.sum()))
                atoms.append(len(instance.households))
                good, grids = good + int(plan.metrics["in_range"]), grids + int(plan.metrics["grids"])
                why += [reason["code"] for reason in plan.reasons.values()]
            if not walls:
                continue
            worst.append((max(walls), profile, effort))
            scope.report.row(
                [
                    profile, effort, f"{np.mean(households):,.0f}", f"{np.mean(atoms):.0f}", f"{np.mean(walls):.3f}",
                    f"{max(walls):.3f}", f"{np.mean(cpus):.3f}", f"{max(cpus):.3f}", f"{100 * good / grids:.2f}",
                    ", ".join(f"{why.count(code)} {code}" for code in sorted(set(why))),
                ]
            )  # fmt: skip
    for effort in ("draft", "polished"):
        slowest = max((one for one in worst if one[2] == effort), default=None)
        scope.report.target(
            f"a community of 3,000 households < 0.3 s ({effort}, the worst of {COMMUNITIES} per profile)",
            f"{slowest[0]:.2f} s ({slowest[1]})" if slowest else "",
            slowest[0] < 0.3 if slowest else None,
        )


def _size_of(scope: Scope, profile: str) -> int:
    sample = scope.make(1_000, scope.seeds[0], profile)
    return max(30, round(COMMUNITY * 1_000 / int(sample.households.sum())))


def growth(scope: Scope) -> None:
    """Fit CPU seconds = c * buildings ** exponent to the mixed instances of the quality section."""
    scope.report.section(
        "Growth", "CPU seconds = c × buildings ^ exponent, least squares over the sizes from 3,000 up."
    )
    scope.report.heads(["effort", "sizes", "CPU s", "exponent"])
    for solver in (DRAFT, POLISHED):
        rows = [
            row
            for row in scope.rows
            if row.solver == solver and row.profile == "mixed" and row.split_over == UPPER and row.done
        ]
        sizes = sorted({row.size for row in rows if row.size >= 3_000})
        means = [float(np.mean([row.cpu_s for row in rows if row.size == size])) for size in sizes]
        exponent = exponent_of(sizes, means)
        shown = "" if math.isnan(exponent) else f"{exponent:.3f}"
        scope.report.row([solver, ", ".join(map(str, sizes)), ", ".join(f"{mean:.3g}" for mean in means), shown])
        whole = bool(sizes) and sizes[-1] >= 300_000
        scope.report.target(
            f"{solver}: growth exponent ≤ 1.05 from 3,000 to 300,000", shown, exponent <= 1.05 if whole else None
        )


def exponent_of(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Slope in log-log; nan for fewer than two sizes."""
    if len(sizes) < 2:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
