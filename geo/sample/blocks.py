"""Superblocks to communities, blocks and parcels; lines between them become roads, lanes, river and railway."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.lattice import STEPS, Lattice
from geo.sample.recipe import Blocks, Recipe
from geo.territory.codes import number_grids
from geo.territory.dictionaries import dictionary

#: Sides of a parcel in this order everywhere.
SIDES = ("south", "east", "north", "west")
FEWEST_CELLS = 3


@dataclass(frozen=True)
class Rect:
    """A rectangle of lattice cells: columns i0..i1, rows j0..j1."""

    i0: int
    i1: int
    j0: int
    j1: int

    def cut(self, axis: str, at: int) -> tuple["Rect", "Rect"]:
        """Cut along a column line (axis "j") or a row line (axis "i")."""
        if axis == "j":
            return replace(self, i1=at), replace(self, i0=at)
        return replace(self, j1=at), replace(self, j0=at)


@dataclass(frozen=True)
class Line:
    """A stretch of a lattice line that is a road, lane, river or railway.

    ``axis`` "i" runs along row line ``index`` from column node ``start`` to ``end``; "j" along a column line.
    """

    axis: str
    index: int
    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Layout:
    """The plan of the town before anything is built.

    Attributes
    ----------
    community_of
        int[column, row], the community of each superblock, -1 outside the street.
    parcels
        One row per parcel: i0, i1, j0, j1, community, block, village (bool), and per side the row of ``lines`` it
        lies on.
    lines
        One row per line: axis, index, start, end, kind.
    gross, net
        Polygons of the parcels to the middle of the lines around them, and without those lines' land.
    """

    lattice: Lattice
    community_of: NDArray[np.int64]
    parcels: pd.DataFrame
    lines: pd.DataFrame
    gross: NDArray[np.object_]
    net: NDArray[np.object_]
    line_shapes: NDArray[np.object_]

    @property
    def community_count(self) -> int:
        """How many communities the street has."""
        return int(self.community_of.max()) + 1


def lay_out(lattice: Lattice, recipe: Recipe, rng: np.random.Generator) -> Layout:
    """Divide the street down to parcels."""
    community_of = _communities(lattice, recipe, rng)
    lines = _main_lines(lattice, community_of)
    blocks, block_lines = _all_blocks(lattice, recipe.blocks, rng)
    villages = _village_blocks(blocks, lattice, community_of, recipe, rng)
    parcels: list[tuple[Rect, int]] = []
    lines += block_lines
    for number, block in enumerate(blocks):
        sizes = recipe.blocks.village_parcel_ha if number in villages else recipe.blocks.parcel_ha
        leaves, cuts = _divide(block, lattice, sizes, "lane", recipe.blocks.shortest_side_m, rng)
        parcels += [(leaf, number) for leaf in leaves]
        lines += cuts
    return _measured(lattice, community_of, parcels, villages, _joined(lines), recipe.blocks)


def _communities(lattice: Lattice, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.int64]:
    """Join some neighbouring superblocks, never over the river or railway, and number from the north."""
    kept = lattice.kept
    group = np.where(kept, np.arange(kept.size).reshape(kept.shape), -1)
    low, high = recipe.skeleton.merges
    merges = int(rng.integers(low, high + 1))
    pairs = _joinable(lattice)
    joined: set[int] = set()
    for index in rng.permutation(len(pairs)):
        first, second = pairs[index]
        if len(joined) >= 2 * merges or {int(group[first]), int(group[second])} & joined:
            continue
        joined |= {int(group[first]), int(group[second])}
        group[second] = group[first]
    return _numbered(lattice, group)


def _joinable(lattice: Lattice) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    columns, rows = lattice.kept.shape
    across = [((c, r), (c + 1, r)) for c in range(columns - 1) for r in range(rows) if c + 1 != lattice.railway]
    along = [((c, r), (c, r + 1)) for c in range(columns) for r in range(rows - 1) if r + 1 != lattice.river]
    return [(a, b) for a, b in across + along if lattice.kept[a] and lattice.kept[b]]


def _numbered(lattice: Lattice, group: NDArray[np.int64]) -> NDArray[np.int64]:
    names = np.unique(group[group >= 0])
    half = STEPS // 2
    middles = np.array(
        [
            np.mean([lattice.xy[c * STEPS + half, r * STEPS + half] for c, r in np.argwhere(group == name)], axis=0)
            for name in names
        ]
    )
    order = number_grids(middles) - 1
    result = np.full(group.shape, -1)
    for name, number in zip(names, order, strict=True):
        result[group == name] = number
    return result


def _main_lines(lattice: Lattice, community_of: NDArray[np.int64]) -> list[Line]:
    columns, rows = community_of.shape
    padded = np.pad(community_of, 1, constant_values=-1)
    lines = []
    for c in range(columns + 1):
        for r in range(rows):
            kind = _main_kind(padded[c, r + 1], padded[c + 1, r + 1], "railway" if c == lattice.railway else None)
            if kind:
                lines.append(Line("j", c * STEPS, r * STEPS, (r + 1) * STEPS, kind))
    for r in range(rows + 1):
        for c in range(columns):
            kind = _main_kind(padded[c + 1, r], padded[c + 1, r + 1], "river" if r == lattice.river else None)
            if kind:
                lines.append(Line("i", r * STEPS, c * STEPS, (c + 1) * STEPS, kind))
    return lines


def _main_kind(one: int, other: int, carries: str | None) -> str | None:
    if one < 0 and other < 0:
        return None
    # Inside a community that spans two superblocks the main road is an ordinary road.
    return carries or ("road" if one == other else "main_road")


def _all_blocks(lattice: Lattice, sizes: Blocks, rng: np.random.Generator) -> tuple[list[Rect], list[Line]]:
    columns, rows = lattice.kept.shape
    middle = (int(STEPS * 0.4), int(STEPS * 0.6) + 1)
    through_i, through_j = rng.integers(*middle, size=(columns,)), rng.integers(*middle, size=(rows,))
    blocks: list[Rect] = []
    lines: list[Line] = []
    for c, r in np.argwhere(lattice.kept).tolist():
        rects = [Rect(c * STEPS, (c + 1) * STEPS, r * STEPS, (r + 1) * STEPS)]
        for axis, at in (("j", c * STEPS + through_i[c]), ("i", r * STEPS + through_j[r])):
            if rng.random() < sizes.through_road_share:
                lines += [_cut_line(rect, axis, int(at), "road") for rect in rects]
                rects = [half for rect in rects for half in rect.cut(axis, int(at))]
        for rect in rects:
            leaves, cuts = _divide(rect, lattice, sizes.block_ha, "road", 2 * sizes.shortest_side_m, rng)
            blocks += leaves
            lines += cuts
    return blocks, lines


def _cut_line(rect: Rect, axis: str, at: int, kind: str) -> Line:
    if axis == "j":
        return Line("j", at, rect.j0, rect.j1, kind)
    return Line("i", at, rect.i0, rect.i1, kind)


def _divide(
    rect: Rect, lattice: Lattice, sizes_ha: tuple[float, float], kind: str, shortest_m: float, rng: np.random.Generator
) -> tuple[list[Rect], list[Line]]:
    """Halve a rectangle across its longer side until each part is as large as asked."""
    leaves, lines, waiting = [], [], [rect]
    while waiting:
        part = waiting.pop()
        width, height = lattice.spans(part.i0, part.i1, part.j0, part.j1)
        axis, longer = ("j", width) if width > height else ("i", height)
        low, high = (part.i0, part.i1) if axis == "j" else (part.j0, part.j1)
        large = width * height > rng.uniform(*sizes_ha) * 1e4 and longer > 2.2 * shortest_m
        if not large or high - low < 2 * FEWEST_CELLS:
            leaves.append(part)
            continue
        fraction = rng.uniform(0.42, 0.58)
        at = int(np.clip(round(low + (high - low) * fraction), low + FEWEST_CELLS, high - FEWEST_CELLS))
        lines.append(_cut_line(part, axis, at, kind))
        waiting += reversed(part.cut(axis, at))
    return leaves, lines


def _village_blocks(
    blocks: list[Rect],
    lattice: Lattice,
    community_of: NDArray[np.int64],
    recipe: Recipe,
    rng: np.random.Generator,
) -> set[int]:
    wanted = int(rng.integers(recipe.uses.villages[0], recipe.uses.villages[1] + 1))
    chosen: set[int] = set()
    # Villages are spread over the communities.
    room = np.full(int(community_of.max()) + 1, -(-wanted // (int(community_of.max()) + 1)))
    for number in rng.permutation(len(blocks)):
        block = blocks[number]
        width, height = lattice.spans(block.i0, block.i1, block.j0, block.j1)
        seat = int(community_of[block.i0 // STEPS, block.j0 // STEPS])
        fits = 2.6e4 < width * height < 7.5e4
        if fits and room[seat] and len(chosen) < wanted:
            chosen.add(int(number))
            room[seat] -= 1
    return chosen


def _joined(lines: list[Line]) -> list[Line]:
    """Join stretches of the same kind that continue each other into one line."""
    result: list[Line] = []
    for line in sorted(lines, key=lambda line: (line.axis, line.index, line.kind, line.start)):
        last = result[-1] if result else None
        same = last and (last.axis, last.index, last.kind, last.end) == (line.axis, line.index, line.kind, line.start)
        if last and same:
            result[-1] = replace(last, end=line.end)
        else:
            result.append(line)
    rank = {"main_road": 0, "river": 1, "railway": 2, "road": 3, "lane": 4}
    return sorted(result, key=lambda line: (rank[line.kind], line.axis, line.index, line.start))


def _measured(
    lattice: Lattice,
    community_of: NDArray[np.int64],
    parcels: list[tuple[Rect, int]],
    villages: set[int],
    lines: list[Line],
    sizes: Blocks,
) -> Layout:
    table = pd.DataFrame([vars(rect) for rect, _ in parcels])
    table["block"] = [block for _, block in parcels]
    table["community"] = community_of[table.i0 // STEPS, table.j0 // STEPS]
    table["village"] = table.block.isin(villages)
    line_table = pd.DataFrame([vars(line) for line in lines])
    painted = _painted(lattice, lines)
    for side, (axis, index, start) in zip(SIDES, _side_starts(table), strict=True):
        first, second = (start, index) if axis == "i" else (index, start)
        table[side] = painted[axis][first, second]
    rects = [rect for rect, _ in parcels]
    gross = np.array([shapely.Polygon(lattice.ring(*vars(rect).values())) for rect in rects], dtype=np.object_)
    net = _net(lattice, rects, table, line_table, gross, sizes)
    shapes = np.array([lattice.line(line.axis, line.index, line.start, line.end) for line in lines], dtype=np.object_)
    return Layout(lattice, community_of, table, line_table, gross, net, shapes)


def _side_starts(table: pd.DataFrame) -> list[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
    i0, i1, j0, j1 = (table[name].to_numpy() for name in ("i0", "i1", "j0", "j1"))
    return [("i", j0, i0), ("j", i1, j0), ("i", j1, i0), ("j", i0, j0)]


def _painted(lattice: Lattice, lines: list[Line]) -> dict[str, NDArray[np.int64]]:
    """Say for each lattice edge which line runs on it: "i"[i, j] from node (i, j) to (i + 1, j), "j" to (i, j + 1)."""
    painted = {axis: np.full(lattice.xy.shape[:2], -1) for axis in ("i", "j")}
    for number, line in enumerate(lines):
        if line.axis == "i":
            painted["i"][line.start : line.end, line.index] = number
        else:
            painted["j"][line.index, line.start : line.end] = number
    return painted


def _net(
    lattice: Lattice,
    rects: list[Rect],
    table: pd.DataFrame,
    lines: pd.DataFrame,
    gross: NDArray[np.object_],
    sizes: Blocks,
) -> NDArray[np.object_]:
    kinds = dictionary("barrier_kinds")
    half = {kind: kinds[kind].extra["width_m"] / 2 + sizes.pavement_m[kind] for kind in set(lines.kind)}
    half_widths = lines.kind.map(half).to_numpy()
    net = gross
    for side in SIDES:
        edges = np.array([_side_line(lattice, rect, side) for rect in rects], dtype=np.object_)
        land = shapely.buffer(edges, half_widths[table[side].to_numpy()], quad_segs=3, cap_style="square")
        net = shapely.difference(net, land)
    return np.array([largest_part(polygon) for polygon in net], dtype=np.object_)


def _side_line(lattice: Lattice, rect: Rect, side: str) -> shapely.LineString:
    match side:
        case "south":
            return lattice.line("i", rect.j0, rect.i0, rect.i1)
        case "north":
            return lattice.line("i", rect.j1, rect.i0, rect.i1)
        case "east":
            return lattice.line("j", rect.i1, rect.j0, rect.j1)
        case _:
            return lattice.line("j", rect.i0, rect.j0, rect.j1)


def largest_part(shape: shapely.Geometry) -> shapely.Polygon:
    """Return the largest polygon of a geometry."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(parts, key=lambda part: part.area) if parts else shapely.Polygon()
