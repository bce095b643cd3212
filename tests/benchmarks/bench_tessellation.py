"""Tessellation, timed: ``python -m tests.benchmarks.bench_tessellation [--peers]``.

Terraced blocks and towers between noded streets, 1,000 to 10,000 footprints, and points of the same number, all made
here by seed; beside them the real towns of ``../shared/data`` where there are any. Each row is CPU seconds of one
core (wall seconds on an idle machine), what was checked, and the neighbouring pairs found.

``--peers`` installs momepy into a temporary environment and runs its ``enclosed_tessellation`` on the same footprints:
seconds, whether its tiles are an exact coverage, how much area is missing or doubled, buildings without a tile, and
tiles in several parts.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString, Point, box

from geo.crs import metric_crs_of
from geo.territory.barriers import border_costs
from geo.territory.contiguity import contiguity
from geo.territory.tessellation import tessellate

DATA = Path(__file__).parents[3] / "shared" / "data"
CRS = "EPSG:4547"
ORIGIN = np.array([500_000.0, 2_500_000.0])
#: Metres from street to street, and houses along each side of a block.
BLOCK_M = 120.0
HOUSES = 5


@dataclass(frozen=True)
class Case:
    """One community to tessellate."""

    name: str
    atoms: gpd.GeoSeries
    boundary: shapely.Geometry
    barriers: gpd.GeoDataFrame | None


def sub_district(count: int, *, seed: int = 1) -> Case:
    """Blocks of 25 houses between streets; every fifth block holds touching terraces, some houses stand askew."""
    rng = np.random.default_rng(seed)
    blocks = int(np.ceil(np.sqrt(count / HOUSES**2)))
    houses = []
    for block in range(blocks**2):
        west, south = (np.array(divmod(block, blocks)) * BLOCK_M).tolist()
        pitch = (BLOCK_M - 20) / HOUSES
        for place in range(HOUSES**2):
            x, y = west + 12 + pitch * (place % HOUSES), south + 12 + pitch * (place // HOUSES)
            width = pitch if block % 5 == 0 else pitch * rng.uniform(0.4, 0.8)
            house = box(x, y, x + width, y + pitch * rng.uniform(0.3, 0.7))
            houses.append(house if block % 5 == 0 else shapely.affinity.rotate(house, rng.uniform(-9, 9)))
    side = blocks * BLOCK_M
    lines = [LineString([(-9, i * BLOCK_M), (side + 9, i * BLOCK_M)]) for i in range(blocks + 1)]
    lines += [LineString([(i * BLOCK_M, -9), (i * BLOCK_M, side + 9)]) for i in range(blocks + 1)]
    barriers = gpd.GeoDataFrame({"kind": "road"}, index=range(len(lines)), geometry=_there(lines), crs=CRS)
    atoms = gpd.GeoSeries(_there(houses[:count]), crs=CRS)
    return Case(f"{count:,} footprints", atoms, _there([box(0, 0, side, side)])[0], barriers)


def points(count: int, *, seed: int = 1) -> Case:
    """Points at random in a square of their own size."""
    side = 40 * np.sqrt(count)
    places = np.random.default_rng(seed).uniform(0, side, (count, 2))
    atoms = gpd.GeoSeries(_there([Point(xy) for xy in places]), crs=CRS)
    return Case(f"{count:,} points", atoms, _there([box(0, 0, side, side)])[0], None)


def real_towns() -> list[Case]:
    """What of the real data is there."""
    cases = []
    for name, layers in {
        "fr_olemps_bdtopo/olemps": ("buildings", "roads", "commune"),
        "cn_shanghai_osm/shanghai_bund": ("buildings", "roads"),
        "cn_suzhou_buildings/suzhou": ("buildings",),
    }.items():
        path = DATA / f"{name}.gpkg"
        if not path.exists():
            continue
        frames = [gpd.read_file(path, layer=layer) for layer in layers]
        frames = [frame.to_crs(metric_crs_of(frames[0])) for frame in frames]
        buildings = frames[0]
        boundary = frames[2].geometry.iloc[0] if len(frames) > 2 else shapely.union_all(buildings.geometry).convex_hull
        roads = frames[1].assign(kind="road") if len(frames) > 1 else None
        inside = buildings[buildings.intersects(boundary)].reset_index(drop=True)
        cases.append(Case(path.parent.name, inside.geometry, boundary, roads))
    return cases


def _there(shapes: list[shapely.Geometry]) -> list[shapely.Geometry]:
    return list(shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + ORIGIN))


def run(case: Case) -> str:
    """Tessellate one case; one line of figures."""
    begin, cpu = time.perf_counter(), time.process_time()
    tiles = tessellate(case.atoms, case.boundary, case.barriers)
    wall, spent = time.perf_counter() - begin, time.process_time() - cpu
    shapes = tiles.to_numpy()
    exact = bool(shapely.coverage_is_valid(shapes))
    missing = shapely.coverage_union_all(shapes).symmetric_difference(case.boundary).area
    cpu = time.process_time()
    touching = contiguity(tiles)
    neighbours = time.process_time() - cpu
    cpu = time.process_time()
    border_costs(tiles, touching, case.barriers)
    costs = time.process_time() - cpu
    return (
        f"{case.name:22} {len(tiles):7,} {spent:8.2f} {wall:8.2f} {exact!s:>6} {missing:10.6f}"
        f" {len(touching.edges):8,} {neighbours:8.2f} {costs:8.2f}"
    )


PEER = """
import sys, time, warnings
warnings.simplefilter("ignore")
import geopandas as gpd, momepy, shapely
folder = sys.argv[1]
atoms = gpd.read_parquet(folder + "/atoms.parquet")
boundary = gpd.read_parquet(folder + "/boundary.parquet").geometry
barriers = gpd.read_parquet(folder + "/barriers.parquet").geometry
cpu = time.process_time()
rim = gpd.GeoSeries(boundary.boundary.explode().to_numpy(), crs=boundary.crs)
if len(barriers):
    parts = momepy.enclosures(barriers.explode().reset_index(drop=True), limit=boundary, clip=True)
else:
    parts = gpd.GeoDataFrame({"eID": [0]}, geometry=boundary.to_numpy(), crs=boundary.crs)
tiles = momepy.enclosed_tessellation(atoms, parts.geometry, threshold=0, n_jobs=1)
spent = time.process_time() - cpu
real = tiles[tiles.index >= 0]
whole = real.dissolve(by=real.index)
shapes = tiles.geometry.to_numpy()
covered = shapely.union_all(shapes)
doubled = tiles.area.sum() - covered.area
missing = covered.symmetric_difference(boundary.iloc[0]).area
print(f"momepy {momepy.__version__}: {spent:.2f} s, exact coverage {bool(shapely.coverage_is_valid(shapes))},"
      f" missing {missing:.3f} m2, doubled {doubled:.3f} m2, buildings without a tile {len(atoms) - len(whole)},"
      f" in several parts {(whole.geom_type == 'MultiPolygon').sum()}")
"""


def peer(case: Case, python: Path) -> str:
    """Run momepy on the same case in its own environment; one line of figures, or what it said when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        crs = case.atoms.crs
        barriers = case.barriers if case.barriers is not None else gpd.GeoDataFrame(geometry=[], crs=crs)
        gpd.GeoDataFrame(geometry=case.atoms).to_parquet(f"{folder}/atoms.parquet")
        gpd.GeoDataFrame(geometry=[case.boundary], crs=crs).to_parquet(f"{folder}/boundary.parquet")
        barriers[["geometry"]].to_parquet(f"{folder}/barriers.parquet")
        done = subprocess.run([python, "-c", PEER, folder], capture_output=True, text=True, check=False)
    said = done.stdout or (done.stderr.strip().splitlines() or ["failed"])[-1]
    return f"{'':22} {said.strip()}"


def peer_environment(folder: str) -> Path:
    """Make a virtual environment that holds momepy."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = Path(folder) / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "momepy", "pyarrow"]
    subprocess.run(install, check=True, capture_output=True)
    return python


def main() -> None:
    """Run all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="compare with momepy's enclosed_tessellation")
    arguments = parser.parse_args()
    cases = [sub_district(1_000), sub_district(5_000), sub_district(10_000), points(10_000), *real_towns()]
    print(
        f"{'case':22} {'atoms':>7} {'CPU s':>8} {'wall s':>8} {'exact':>6} {'missing m2':>10}"
        f" {'pairs':>8} {'touch s':>8} {'costs s':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        python = peer_environment(folder) if arguments.peers else None
        for case in cases:
            print(run(case), flush=True)
            if python is not None and (case.atoms.geom_type == "Polygon").all() | (case.atoms.area > 0).all():
                print(peer(case, python), flush=True)


if __name__ == "__main__":
    main()
