"""Cells of 30-40 households, measured: ``python -m tests.benchmarks.bench_cells [--buildings 400] [--seeds 1 2 3]``.

Two kinds of ground, both divided into grids first and then into cells by the product's own steps:

- towers of ``../shared/regionalization`` (profile *tower*, with walk-ups of 12 households a stairwell, towers of six
  doors a floor, slabs of 60 households a stairwell), once with everything known, once without floors, once without
  stairwells either;
- the sample town of ``geo/sample``, whose doors are on record with their floors.

Each row: cells, how many are in range, in one piece and tile their grid exactly, and CPU seconds for the cells alone.
The table is written to ``tests/benchmarks/results/cells.md``.
"""

import argparse
import importlib
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import box

from geo.crs import metric_crs_of
from geo.regionalization.cell_ground import CellGround, cell_ground
from geo.regionalization.cells import draft_cells
from geo.regionalization.communities import Community, tier_bounds
from geo.regionalization.drafting import CommunityDraft, DraftSettings, draft_community
from geo.regionalization.floors import households_by_floor
from geo.sample.town import generate_town
from geo.territory.coverage import coverage_problems

SHARED = Path(__file__).resolve().parents[3] / "shared" / "regionalization"
RESULTS = Path(__file__).parent / "results" / "cells.md"
CRS = "EPSG:4547"
ORIGIN = np.array([500_000.0, 2_500_000.0])
NO_DOORS = pd.DataFrame({"building": [], "stairwell": [], "floor": [], "households": []})
COUNTED_UNITS = ("home", "rental")


@dataclass
class Result:
    """What came of one case."""

    name: str
    grids: int = 0
    cells: int = 0
    in_range: int = 0
    in_one_piece: int = 0
    exact: int = 0
    seconds: float = 0.0

    def add(self, ground: CellGround, seed: int) -> None:
        began = time.process_time()
        draft = draft_cells(ground, tier_bounds("cell"), seed=seed)
        self.seconds += time.process_time() - began
        assert draft.cells["households"].sum() == ground.parts["households"].sum()
        self.grids += len(ground.grids)
        self.cells += len(draft.cells)
        self.in_range += int(draft.cells["in_range"].sum())
        self.in_one_piece += int((draft.cells.geom_type == "Polygon").sum())
        cells = draft.cells.geometry.groupby(draft.cells["grid"])
        self.exact += sum(tiles_exactly(own, ground.grids[grid]) for grid, own in cells)

    def row(self) -> str:
        share = 100 * self.in_range / max(self.cells, 1)
        counts = f"{self.grids} | {self.cells} | {share:.2f} | {self.in_one_piece} | {self.exact}"
        return f"| {self.name} | {counts} | {self.seconds:.1f} | {1000 * self.seconds / max(self.grids, 1):.0f} |"


def tiles_exactly(cells: gpd.GeoSeries, grid: shapely.Geometry) -> bool:
    """Whether cells share their borders vertex by vertex and cover their grid, nothing more."""
    return bool(shapely.coverage_is_valid(cells.to_numpy())) and not coverage_problems(cells, grid)


HEADER = """| case | grids | cells | in range % | in one piece | grids tiled exactly | CPU s | ms per grid |
|---|---|---|---|---|---|---|---|"""


def towers(buildings: int, seed: int) -> Community:
    """One generated place of towers, walk-ups and slabs, with all floors known."""
    if not SHARED.is_dir():
        sys.exit(f"no {SHARED}: the instances that this benchmark runs on are not beside the project")
    sys.path.insert(0, str(SHARED))
    made: Any = importlib.import_module("instances").make(buildings, seed, "tower", split_over=10**9)
    households = made.households.astype(int)
    flights = np.where(households > 300, -(-households // 60), np.where(households <= 60, households // 12, 1))
    flights = np.maximum(flights, 1)
    size = np.column_stack([np.maximum(9 * flights, 16), np.full(len(flights), 14)]) / 2
    places = made.xy + ORIGIN
    shapes = np.array([box(x - w, y - h, x + w, y + h) for (x, y), (w, h) in zip(places, size, strict=True)])
    keys = [f"{i:05d}" for i in range(len(households))]
    frame = gpd.GeoDataFrame(
        {"households": households, "compound": made.compound}, geometry=shapes, crs=CRS, index=pd.Index(keys)
    )
    rows = [
        (key, f"{key}-{n}", int(part), box(x - w + 2 * w * n / k, y - h, x - w + 2 * w * (n + 1) / k, y + h))
        for key, count, k, (x, y), (w, h) in zip(keys, households, flights, places, size, strict=True)
        if k > 1
        for n, part in enumerate(np.diff(np.linspace(0, count, k + 1).astype(int)))
    ]
    stairwells = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=["building", "stairwell", "households", "geometry"]), geometry="geometry", crs=CRS
    )
    doors_on_floor = np.where(households > 300, 4, np.where(households <= 60, 2, 6))
    floors = households_by_floor(
        NO_DOORS,
        pd.DataFrame({"households": households, "floors": -(-households // doors_on_floor)}, index=pd.Index(keys)),
        stairwells.assign(floors=-(-stairwells["households"] // np.where(stairwells["households"] > 20, 4, 2))).drop(
            columns="geometry"
        ),
    )
    hull = shapely.union_all(shapes).convex_hull.buffer(20)
    barriers = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=CRS)
    return Community("towers", hull, frame, stairwells, barriers, floors=floors)


def sample_town(seed: int) -> list[Community]:
    """The communities of the sample town."""
    frames = generate_town(seed)
    crs = metric_crs_of(frames["community"])
    buildings = frames["building"].to_crs(crs).set_index("code")
    stairs = frames["stairwell"].to_crs(crs)
    units = frames["household_unit"]
    lived_in = units[units["kind"].isin(COUNTED_UNITS)]
    doors = pd.DataFrame(
        {
            "building": lived_in["building_code"].to_numpy(dtype=object),
            "stairwell": lived_in["stairwell_code"].to_numpy(dtype=object),
            "floor": lived_in["floor"].to_numpy(),
            "households": 1,
        }
    )
    count = doors.groupby("building").size().reindex(buildings.index).fillna(0).astype(int)
    barriers = frames["barrier"].to_crs(crs)[["kind", "geometry"]]
    found = []
    for community in frames["community"].to_crs(crs).itertuples():
        own = buildings[buildings["community_code"] == community.code]
        frame = gpd.GeoDataFrame(
            {"households": count[own.index], "compound": own["compound_code"]}, geometry=own.geometry, crs=crs
        )
        flights = _whole(stairs, doors, frame)
        known = pd.DataFrame({"households": frame["households"], "floors": own["floors"]})
        floors = households_by_floor(
            doors[doors["building"].isin(own.index)], known, pd.DataFrame(flights.drop(columns="geometry"))
        )
        near = barriers[barriers.intersects(community.geometry)]
        found.append(
            Community(community.code, community.geometry, frame, flights.drop(columns="floors"), near, floors=floors)
        )
    return found


def _whole(stairs: gpd.GeoDataFrame, doors: pd.DataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Stairwells that hold all of their buildings' households."""
    own = stairs[stairs["building_code"].isin(buildings.index)]
    held = doors.groupby("stairwell").size().reindex(own["code"]).fillna(0).astype(int).to_numpy()
    flights = gpd.GeoDataFrame(
        {
            "building": own["building_code"].to_numpy(),
            "stairwell": own["code"].to_numpy(),
            "households": held,
            "floors": own["floors"].to_numpy(),
        },
        geometry=np.where(
            own.geometry.isna(), buildings.geometry.reindex(own["building_code"]).to_numpy(), own.geometry.to_numpy()
        ),
        crs=stairs.crs,
    )
    summed = flights.groupby("building")["households"].sum()
    whole = summed.index[summed == buildings["households"].reindex(summed.index)]
    return flights[flights["building"].isin(whole)]


def measure(name: str, communities: list[Community], *, seed: int) -> Result:
    """Divide communities into grids and these into cells."""
    result = Result(name)
    for community in communities:
        draft: CommunityDraft = draft_community(community, DraftSettings(tier_bounds("grid"), seed))
        result.add(cell_ground(community, draft.grids.geometry, draft.assignment), seed)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buildings", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = parser.parse_args()
    lines = [HEADER]
    print(HEADER)
    for seed in given.seeds:
        known = towers(given.buildings, seed)
        cases = {
            f"towers {seed}": [known],
            f"towers {seed}, floors unknown": [replace(known, floors=None)],
            f"towers {seed}, whole buildings": [replace(known, floors=None, stairwells=known.stairwells.iloc[:0])],
            f"sample town {seed}": sample_town(seed),
        }
        for name, communities in cases.items():
            lines.append(measure(name, communities, seed=seed).row())
            print(lines[-1], flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
