"""What was asked of quality and speed, judged on the rows of the quality section."""

from collections.abc import Sequence

import numpy as np

from tests.benchmarks.regionalization.quality import BARRIERS, DRAFT, OURS, POLISHED, YARDSTICKS, Row, ratio
from tests.benchmarks.regionalization.scope import UPPER, Scope

FASTEST = {DRAFT: 100_000, POLISHED: 15_000}
LARGE, HUGE = 30_000, 300_000


def judge(scope: Scope) -> None:
    """Add one target per figure that was asked; those whose size was not run are left open."""
    rows = [row for row in scope.rows if row.done]
    whole = [row for row in rows if row.profile == "mixed" and row.split_over == UPPER]
    _in_range(scope, rows, whole)
    _against_kaminpar(scope, whole)
    _fast_enough(scope, whole)


def _in_range(scope: Scope, rows: Sequence[Row], whole: Sequence[Row]) -> None:
    for size in [size for size in (LARGE, HUGE) if size in scope.sizes]:
        share = _share(row for row in whole if row.size == size and row.solver == POLISHED)
        scope.report.target(
            f"whole buildings, mixed {size:,}, polished: ≥ 99.95 % in range", _percent(share), _least(share, 0.9995)
        )
    possible = _share((row for row in rows if row.split_over == UPPER and row.solver == POLISHED), possible=True)
    scope.report.target(
        "whole buildings, all profiles and sizes, polished: in range wherever it is not proved impossible: 100 %",
        _percent(possible),
        _least(possible, 1.0),
    )
    divisible = _share(row for row in rows if row.split_over != UPPER and row.solver == POLISHED)
    scope.report.target(
        "divisible over 150, all profiles and sizes, polished: 100 % in range",
        _percent(divisible),
        _least(divisible, 1),
    )
    pieces = [row.pieces for row in rows if row.solver in OURS]
    scope.report.target("0 grids in pieces", str(sum(pieces)), sum(pieces) == 0 if pieces else None)


def _against_kaminpar(scope: Scope, whole: Sequence[Row]) -> None:
    for size in scope.sizes:
        at = [row for row in whole if row.size == size]
        for yardstick in YARDSTICKS:
            cut, pp = (ratio(at, POLISHED, yardstick, name) for name in ("cut_w", "pp"))
            scope.report.target(
                f"mixed {size:,}, polished: boundary cost ≤ 1.03 × {yardstick}", f"{cut:.3f}", _most(cut, 1.03)
            )
            scope.report.target(
                f"mixed {size:,}, polished: compactness ≥ 1.0 × {yardstick}", f"{pp:.3f}", _least(pp, 1)
            )
    split = [row.scores["split_comp"] for row in whole if row.size == 3_000 and row.solver == POLISHED]
    mean = float(np.mean(split)) if split else float("nan")
    scope.report.target("compounds split ≤ 8 % (mixed 3,000, polished, mean)", f"{mean:.1f} %", _most(mean, 8))


def _fast_enough(scope: Scope, whole: Sequence[Row]) -> None:
    for solver, least in FASTEST.items():
        for size in scope.sizes:
            mine = [row for row in whole if row.size == size and row.solver == solver]
            rate = sum(row.households for row in mine) / sum(row.cpu_s for row in mine) if mine else float("nan")
            scope.report.target(
                f"{solver}, mixed {size:,}: ≥ {least:,} households per CPU second", f"{rate:,.0f}", _least(rate, least)
            )
    for solver in (DRAFT, POLISHED, BARRIERS):
        mine = [row for row in whole if row.size == HUGE and row.solver == solver]
        wall, peak = (max((getattr(row, name) for row in mine), default=float("nan")) for name in ("wall_s", "peak_mb"))
        scope.report.target(f"{solver}, 300,000 buildings: < 120 s wall", f"{wall:.0f} s", _most(wall, 120))
        scope.report.target(f"{solver}, 300,000 buildings: < 1 GB", f"{peak:.0f} MB", _most(peak, 1000))


def _share(rows, *, possible: bool = False) -> float:  # type: ignore[no-untyped-def]
    rows = list(rows)
    grids = sum(int(row.scores["grids"]) - (row.proved if possible else 0) for row in rows)
    return sum(row.in_range for row in rows) / grids if grids else float("nan")


def _percent(share: float) -> str:
    return f"{100 * share:.3f} %"


def _least(value: float, limit: float) -> bool | None:
    return None if np.isnan(value) else bool(value >= limit)


def _most(value: float, limit: float) -> bool | None:
    return None if np.isnan(value) else bool(value <= limit)
