"""Grid polygons, before and after their borders are drawn plainly: ``python -m tests.benchmarks.bench_drawing``.

The real towns of ``../shared/data`` where there are any, the generated sample town, and blocks of houses made here by
seed. Each is tessellated, divided into grids of 200-300 households, and drawn; what the drawn polygons must hold is
measured against the tiles they were joined from. Writes ``tests/benchmarks/results/drawing.md``.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import metric_crs_of
from geo.regionalization.drawing import FOLLOWED_TOLERANCE_M, HALFWAY_TOLERANCE_M, draw_grids
from geo.regionalization.engine import regionalize
from geo.sample import generate_town
from geo.territory.barriers import barrier_lines, border_costs
from geo.territory.compactness import polsby_popper
from geo.territory.contiguity import contiguity
from geo.territory.coverage import dissolve
from geo.territory.tessellation import tessellate
from tests.benchmarks.bench_tessellation import DATA, Case, real_towns, sub_district

RESULTS = Path(__file__).parent / "results" / "drawing.md"
#: Households of a building where a file does not say: villages and old towns.
LEAST, MOST = 1, 12
#: Metres. Rounding this far into a wall is not a cut.
ROUNDING_M = 0.02
#: Metres. A joined border this near to a barrier at both ends runs along it.
ALONG_M = 0.05


@dataclass(frozen=True)
class Figures:
    """What one case gave; counts add up over communities, shares and distances are the worst of them."""

    communities: int
    buildings: int
    grids: int
    vertices_before: int
    vertices_after: int
    area_off: float
    overlapping: int
    in_parts_before: int
    in_parts_after: int
    cut_before: int
    cut_after: int
    off_road_m: float
    off_halfway_m: float
    round_before: float
    round_after: float
    tessellate_s: float
    draw_s: float


WORST = {"area_off", "off_road_m", "off_halfway_m"}
MEAN = {"round_before", "round_after"}


def measure(case: Case, households: NDArray[np.int64]) -> Figures:
    """Draw the grids of one community and compare them with the joined tiles."""
    began = time.process_time()
    tiles = tessellate(case.atoms, case.boundary, case.barriers)
    tessellated = time.process_time() - began
    touching = contiguity(tiles)
    costs = border_costs(tiles, touching, case.barriers)
    middle = tiles.representative_point()
    labels = regionalize(
        households,
        touching.edges,
        costs.boundary_cost,
        lower=200,
        upper=300,
        xy=np.column_stack([middle.x, middle.y]),
        barrier=costs.cross_weight,
    ).labels
    joined = dissolve(tiles, labels)
    began = time.process_time()
    drawn = draw_grids(tiles, labels, case.boundary, case.barriers, case.atoms)
    seconds = time.process_time() - began
    before, after = joined.to_numpy(), drawn.to_numpy()
    exact = shapely.coverage_is_valid(after) and bool(shapely.is_valid(after).all())
    off = shapely.coverage_union_all(after).symmetric_difference(case.boundary).area / case.boundary.area
    return Figures(
        1,
        len(tiles),
        len(drawn),
        int(shapely.get_num_coordinates(before).sum()),
        int(shapely.get_num_coordinates(after).sum()),
        float(max(off, abs(shapely.area(after).sum() / case.boundary.area - 1))),
        0 if exact else 1,
        int((shapely.get_num_geometries(before) > 1).sum()),
        int((shapely.get_num_geometries(after) > 1).sum()),
        cut(case.atoms, before),
        cut(case.atoms, after),
        off_road(case, before, after),
        float(shapely.hausdorff_distance(shapely.boundary(before), shapely.boundary(after)).max()),
        float(polsby_popper(joined).mean()),
        float(polsby_popper(drawn).mean()),
        tessellated,
        seconds,
    )


def cut(buildings: gpd.GeoSeries, grids: NDArray[np.object_]) -> int:
    """Buildings with ground in more than one grid: where footprints overlap even the joined tiles have some."""
    shapes = shapely.make_valid(buildings.to_numpy())
    inner = shapely.buffer(shapes[shapely.area(shapes) > 0], -ROUNDING_M)
    building, grid = shapely.STRtree(grids).query(inner, predicate="intersects")
    held = shapely.area(shapely.intersection(inner[building], grids[grid])) > ROUNDING_M**2
    return int((np.bincount(building[held], minlength=len(inner)) > 1).sum())


def off_road(case: Case, before: NDArray[np.object_], after: NDArray[np.object_]) -> float:
    """Metres that a border vertex on a barrier lies off the drawn borders, at most."""
    lines, _ = barrier_lines(case.barriers)
    if not len(lines):
        return 0.0
    points = shapely.points(np.unique(shapely.get_coordinates(before), axis=0))
    inside = shapely.distance(points, shapely.boundary(case.boundary)) > ALONG_M
    points = points[inside]
    on = np.unique(shapely.STRtree(lines).query(points, predicate="dwithin", distance=0.01)[0])
    if not len(on):
        return 0.0
    drawn = shapely.STRtree(shapely.boundary(after))
    return float(drawn.query_nearest(points[on], return_distance=True, all_matches=False)[1].max())


def singapore() -> Iterator[tuple[Case, NDArray[np.int64]]]:
    """Planning areas of Singapore with their housing blocks: points with true counts, no roads."""
    path = DATA / "sg_hdb_blocks" / "hdb_blocks.gpkg"
    if not path.exists():
        return
    blocks = gpd.read_file(path, layer="blocks")
    crs = metric_crs_of(blocks)
    blocks = blocks[blocks["total_dwelling_units"] > 0].to_crs(crs)
    areas = gpd.read_file(path, layer="subzones_mp14").to_crs(crs).dissolve("Planning_Area_Name").make_valid()
    for name, boundary in areas.items():
        inside = blocks[blocks.intersects(boundary)]
        if len(inside) >= 2:
            atoms = inside.geometry.reset_index(drop=True)
            yield Case(str(name), atoms, boundary, None), inside["total_dwelling_units"].to_numpy(np.int64)


def sample_town() -> Iterator[tuple[Case, NDArray[np.int64]]]:
    """Communities of the generated town, with its roads, rivers and walls."""
    frames = generate_town(7, units=False)
    crs = metric_crs_of(frames["community"])
    communities, buildings, barriers = (frames[name].to_crs(crs) for name in ("community", "building", "barrier"))
    for _, community in communities.iterrows():
        inside = buildings[buildings["community_code"] == community["code"]].reset_index(drop=True)
        near = barriers[barriers.dwithin(community.geometry, 5.0)].reset_index(drop=True)
        yield Case(community["code"], inside.geometry, community.geometry, near), inside["households"].to_numpy(int)


def drawn_up(case: Case) -> Iterator[tuple[Case, NDArray[np.int64]]]:
    """One case with households by seed."""
    yield case, np.random.default_rng(1).integers(LEAST, MOST, len(case.atoms))


def total(parts: list[Figures]) -> Figures:
    """Several communities in one row."""
    values = {}
    for each in fields(Figures):
        column = [getattr(part, each.name) for part in parts]
        if each.name in MEAN:
            values[each.name] = float(np.average(column, weights=[part.grids for part in parts]))
        else:
            values[each.name] = max(column) if each.name in WORST else sum(column)
    return Figures(**values)


def row(name: str, found: Figures) -> str:
    """One line of the table."""
    less = 1 - found.vertices_after / found.vertices_before
    cells = [
        name,
        f"{found.communities:,}",
        f"{found.buildings:,}",
        f"{found.grids:,}",
        f"{found.vertices_before:,} → {found.vertices_after:,} (−{less:.0%})",
        f"{found.area_off:.0e}",
        f"{found.overlapping}",
        f"{found.in_parts_before} → {found.in_parts_after}",
        f"{found.cut_before} → {found.cut_after}",
        f"{found.off_road_m:.2f}",
        f"{found.off_halfway_m:.2f}",
        f"{found.round_before:.3f} → {found.round_after:.3f}",
        f"{found.tessellate_s:.2f}",
        f"{found.draw_s:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = f"""# Drawing grids

`python -m tests.benchmarks.bench_drawing`: tiles joined into grids, before and after their borders are simplified
({HALFWAY_TOLERANCE_M:g} m half-way between buildings, {FOLLOWED_TOLERANCE_M:g} m along roads, rivers, railways and
walls). CPU seconds of one core; drawing includes joining the tiles. "Area off" is the worst community's ground missing,
doubled or outside, relative to its area. A building is cut when two grids hold ground of it: footprints that overlap
are so before any border is drawn. Grids in parts lie on ground that is itself in parts.

| case | communities | buildings | grids | vertices | area off | overlaps | grids in parts | buildings cut \
| off roads, m | off at all, m | Polsby–Popper | tessellate s | draw s |
|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|---|--:|--:|
"""


def main() -> None:
    """Run all cases, print the table and keep it."""
    towns = {case.name: drawn_up(case) for case in [*real_towns(), sub_district(2_000)]}
    cases = {"sample town": sample_town(), "sg_hdb_blocks, planning areas": singapore(), **towns}
    print(HEAD, end="")
    rows = []
    for name, communities in cases.items():
        parts = [measure(case, households) for case, households in communities]
        if parts:
            rows.append(row(name, total(parts)))
            print(rows[-1], flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
