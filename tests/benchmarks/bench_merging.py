"""Merging old networks, measured: ``python -m tests.benchmarks.bench_merging [--sizes 300 3000] [--seeds 3]``.

Two kinds of ground:

- instances of ``../shared/regionalization`` with two layers of old grids: their own older plan (about 174 old grids for
  97 new ones), and a second department's, drawn here: the nearest of 0.9 seeds per new grid, three times as wide as
  high, so that it lies across the first;
- the sample town's three departments, all communities drafted as the product does.

Each is merged and, within the same bounds, drawn afresh. The table goes to ``tests/benchmarks/results/merging.md``.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.regionalization import Regionalization, regionalize
from geo.regionalization.communities import Bounds
from geo.regionalization.drafting import DraftSettings
from geo.regionalization.execution import draft_communities
from geo.regionalization.handover import handover
from geo.regionalization.keepable import most_kept, most_together
from geo.regionalization.keeping import keeping
from geo.regionalization.merging import merge
from geo.regionalization.old_layers import OldLayer
from geo.sample.town import generate_town
from geo.services.merging import with_networks
from tests.benchmarks.bench_cells import sample_town
from tests.benchmarks.regionalization.instances import shared

RESULTS = Path(__file__).parent / "results" / "merging.md"
LOWER, UPPER = 200, 300
PROFILES = ("mixed", "tower", "village")
HEADINGS = (
    "ground",
    "way",
    "grids",
    "in range %",
    "keep a worker %",
    "first layer together %",
    "second",
    "unmixed %, first",
    "second",
    "compactness",
    "CPU s",
)


def second_layer(instance: Any, seed: int) -> NDArray[np.int64]:
    """Draw another department's old grids over an instance."""
    rng = np.random.default_rng(seed)
    flat = instance.xy * [1.0, 3.0]
    count = max(2, round(0.9 * instance.households.sum() / ((LOWER + UPPER) / 2)))
    seeds = rng.choice(len(flat), min(count, len(flat)), replace=False)
    return cKDTree(flat[seeds]).query(flat)[1].astype(np.int64)


def instance_rows(profile: str, size: int, seeds: int) -> list[list[str]]:
    """Measure one profile and size: means over seeds, merged and afresh."""
    instances, score = shared("instances"), shared("score")
    found: dict[str, list[list[float]]] = {"merged": [], "afresh": []}
    before, keepable, possible = 0.0, 0.0, np.zeros(2)
    for seed in range(seeds):
        made = instances.make(size, seed, profile)
        layers = [OldLayer("first", made.prev.astype(np.int64)), OldLayer("second", second_layer(made, seed))]
        before += sum(len(np.unique(layer.labels)) for layer in layers) / seeds
        whole = made.households.sum() * seeds / 100
        possible += np.array(list(most_together(made.households, layers, upper=UPPER).values())) / whole
        keepable += most_kept(made.households, layers, lower=LOWER, upper=UPPER) / whole
        options = {"lower": LOWER, "upper": UPPER, "xy": made.xy, "barrier": (made.kind == 2).astype(float)}
        ground = (made.households, made.edges, made.edge_weight)
        ways: dict[str, Callable[[], Regionalization]] = {
            "merged": lambda g=ground, one=layers, o=options: merge(*g, one, **o),
            "afresh": lambda g=ground, o=options: regionalize(*g, **o),
        }
        for way, run in ways.items():
            began = time.process_time()
            labels = run().labels
            seconds = time.process_time() - began
            scored, kept = score.score(made, labels), keeping(made.households, layers, labels)
            assert scored["noncontig"] == 0
            share = kept.layers.div(kept.layers["households"], axis=0)
            figures = [
                scored["grids"], scored["in_band"], 100 * kept.kept / made.households.sum(),
                *(100 * share["together"]), *(100 * share["unmixed"]), scored["pp"], seconds,
            ]  # fmt: skip
            found[way].append([float(figure) for figure in figures])
    name = (
        f"{profile} {size:,}, {before:,.0f} old grids; at most {keepable:.0f} % keep a worker, "
        f"{possible[0]:.0f} and {possible[1]:.0f} % together"
    )
    return [[name, way, *_cells(np.mean(rows, axis=0))] for way, rows in found.items()]


def _cells(figures: NDArray[np.float64]) -> list[str]:
    digits = (0, 2, 1, 1, 1, 1, 1, 3, 1)
    return [f"{figure:,.{places}f}" for figure, places in zip(figures, digits, strict=True)]


def town_report(seed: int) -> dict[str, Any]:
    """Merge the sample town's departments, and draw the same bounds afresh."""
    grids = generate_town(seed, units=False)["grid"]
    old = {str(name): own for name, own in grids.groupby("department")}
    communities, departments = with_networks(sample_town(seed), old, {})
    settings = DraftSettings(Bounds(LOWER, UPPER))
    began = time.process_time()
    drafts = draft_communities(communities, settings, workers=1)
    seconds = time.process_time() - began
    afresh = draft_communities([replace(one, networks=()) for one in communities], settings, workers=1)
    report = handover(departments, communities, drafts, bounds=settings.bounds, afresh=afresh)
    in_range = sum(int(draft.grids["in_range"].sum()) for draft in drafts)
    return report | {"in_range": in_range, "seconds": seconds}


def town_lines(seed: int) -> list[str]:
    """Say what became of the sample town."""
    report = town_report(seed)
    afresh, kept = report["afresh"], report["households"]
    lines = [
        f"Sample town, seed {seed}: {report['grids_before']} old grids of three departments become "
        f"{report['grids_after']} ({report['grids_change']:+.1%}), {report['in_range']} in range; "
        f"{kept['kept_share']:.1%} of {kept['all']:,} households keep a worker they had, "
        f"{kept['moved']:,} move; no plan in range keeps more than {kept['most_kept']:,}; "
        f"{report['seconds']:.0f} CPU s. Drawn afresh: {afresh['grids']} grids, "
        f"{afresh['in_range']} in range, {afresh['households']['kept_share']:.1%} keep a worker.",
        "",
        "| department | old grids | households | together, of what is possible % | afresh | unmixed % | afresh "
        "| posts kept | redundant |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row, other in zip(report["departments"], afresh["departments"], strict=True):
        figures = [f"{100 * one['together'] / one['most_together']:.1f}" for one in (row, other)] + [
            f"{100 * one['unmixed_share']:.1f}" for one in (row, other)
        ]
        counts = [row["posts_kept"], row["posts_redundant"]]
        cells = [row["department"], str(row["grids"]), f"{row['households']:,}", *figures, *map(str, counts)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--profiles", nargs="+", default=list(PROFILES), choices=PROFILES)
    parser.add_argument("--seeds", type=int, default=2, help="instances per size")
    parser.add_argument("--town", type=int, default=7, help="seed of the sample town")
    options = parser.parse_args()
    instance_rows("mixed", 300, 1)  # what is compiled on first use is not measured
    lines = [
        "# Merging old networks",
        "",
        "`python -m tests.benchmarks.bench_merging`: two layers of old grids merged into one network, against the same "
        f'bounds ({LOWER}–{UPPER} households) drawn afresh; means of {options.seeds} seeds. "Keep a worker": their '
        "new grid's worker was theirs in one of the layers, each worker with one grid and each grid with one worker. "
        '"Together": in the largest part of their old grid. "At most": proved for every plan in range, '
        'wherever the buildings stand. "Unmixed": in the largest part of their new grid that comes from one old grid.',
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|---|---{'|--:' * (len(HEADINGS) - 2)}|",
    ]
    for size in options.sizes:
        for profile in options.profiles:
            for row in instance_rows(profile, size, options.seeds):
                lines.append(f"| {' | '.join(row)} |")
                print(lines[-1], flush=True)
                RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")
    lines += ["", *town_lines(options.town), ""]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print(f"\n{RESULTS}")


if __name__ == "__main__":
    main()
