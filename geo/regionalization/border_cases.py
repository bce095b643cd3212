"""Border cases: what is left over on both sides of a border between communities, which no draft of one can settle.

Communities are drafted each by itself. A grid that is too small in one may lie beside one that is too small in the
next; together they would be a grid in range. Whether a border between communities may move, or one grid worker may
serve on both sides of it, is for people to decide: these pairs are named to them, no grid is changed.

Where it helps, they are also told which buildings would have to change their community (:func:`border_moves`): a few
grids on both sides of the border are divided afresh as one piece of ground, and what comes out goes to the community
that most of it is from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.regionalization.communities import Bounds, Community, as_one, succession
from geo.regionalization.drafting import CommunityDraft, DraftSettings, draft_community
from geo.regionalization.locks import CodeLocks

#: Communities' borders are drawn by several hands: so far apart, in metres, they still touch.
TOUCH_M = 1.0
#: Metres of common border below which two grids meet at a corner only.
LEAST_BORDER_M = 3.0
#: A grid out of range is divided afresh with so many others at most; so many sets of these are tried for it, the small
#: ones first; and so many such grids in all, so that a report is not held up by what cannot be settled.
MOST_OTHERS, SETS_TRIED, GRIDS_TRIED = 3, 12, 50


@dataclass(frozen=True)
class BorderCase:
    """Two grids out of range on both sides of a border between communities.

    Attributes
    ----------
    first, second
        Community and index of each grid (of ``CommunityDraft.grids``); the community drafted earlier comes first.
    households
        Of each grid.
    border_m
        Length of their common border, metres.
    solves
        Whether their households together could be grids in range.
    """

    first: tuple[str, int]
    second: tuple[str, int]
    households: tuple[int, int]
    border_m: float
    solves: bool


def border_cases(drafts: Sequence[CommunityDraft], bounds: Bounds) -> list[BorderCase]:
    """Find the pairs of grids out of range that touch across a border between communities.

    Parameters
    ----------
    drafts
        Of different communities, all in one projected CRS, metres. Grids without households are left out.

    Returns
    -------
    list of BorderCase
        Those that would solve something first, then by length of the common border, longest first.
    """
    left = _left_over(drafts)
    if left.empty:
        return []
    shapes = left["geometry"].to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=TOUCH_M)
    code, grid, households = (left[name].to_numpy() for name in ("community", "grid", "households"))
    cases = []
    for i, j in zip(one, other, strict=True):
        border = _common_border_m(shapes[i], shapes[j]) if i < j and code[i] != code[j] else 0.0
        if border < LEAST_BORDER_M:
            continue
        counted = (int(households[i]), int(households[j]))
        ends = ((str(code[i]), int(grid[i])), (str(code[j]), int(grid[j])))
        cases.append(BorderCase(*ends, counted, border, _divisible(sum(counted), bounds)))
    return sorted(cases, key=lambda case: (not case.solves, -case.border_m, case.first, case.second))


@dataclass(frozen=True)
class BorderMove:
    """Buildings that would have to change their community so that some grids beside the border are in range.

    Attributes
    ----------
    grids
        Community and index of each grid, as in :class:`BorderCase`; the first one is out of range.
    buildings
        The buildings that move, to the community that they come to.
    households
        That move.
    result
        The grids instead of these: community and households of each; all are in range.
    """

    grids: tuple[tuple[str, int], ...]
    buildings: Mapping[str, str]
    households: int
    result: tuple[tuple[str, int], ...]


def border_moves(
    communities: Sequence[Community], drafts: Sequence[CommunityDraft], settings: DraftSettings
) -> list[BorderMove]:
    """Find the buildings that would settle grids out of range, were they in the community next door.

    Each grid takes part in one move at most, so that all moves can be made together. Nothing is proposed where locks or
    further quantities are asked for, where a grid has only a part of a building, nor what would leave a community in
    pieces or without a building.

    Parameters
    ----------
    communities, drafts
        In the same order, all in one projected CRS, metres.

    Returns
    -------
    list of BorderMove
        In the order of the drafts; for each grid of as few others as will do, and of such the one for which fewest
        households move.
    """
    if settings.locks != CodeLocks() or settings.quantities or len(drafts) < 2:
        return []
    ground = _Ground(communities, drafts)
    busy: set[int] = set()
    found: list[BorderMove] = []
    for place in [place for place in range(len(ground.ends)) if ground.failed(place)][:GRIDS_TRIED]:
        best: BorderMove | None = None
        for places in ground.sets_round(place, busy, settings.bounds):
            if best is not None and len(places) > len(best.grids):
                break
            move = ground.settled(places, settings)
            if move is None or ground.empties([*found, move]):
                continue
            if best is None or move.households < best.households:
                best = move
        if best is not None:
            busy |= {ground.place[end] for end in best.grids}
            found.append(best)
    return found


class _Ground:
    """All grids of some drafts side by side."""

    def __init__(self, communities: Sequence[Community], drafts: Sequence[CommunityDraft]) -> None:
        self.community = {community.code: community for community in communities}
        self.draft = {draft.code: draft for draft in drafts}
        self.ends = [(draft.code, int(number)) for draft in drafts for number in draft.grids.index]
        self.place = {end: place for place, end in enumerate(self.ends)}
        self.shapes = np.concatenate([draft.grids.geometry.to_numpy() for draft in drafts])
        self.households = np.concatenate([draft.grids["households"].to_numpy(np.int64) for draft in drafts])
        self._in_range = np.concatenate([draft.grids["in_range"].to_numpy(bool) for draft in drafts])
        self._tree = shapely.STRtree(self.shapes)

    def failed(self, place: int) -> bool:
        """Whether a grid has households and is out of range."""
        return bool(not self._in_range[place] and self.households[place] > 0)

    def sets_round(self, place: int, busy: set[int], bounds: Bounds) -> list[tuple[int, ...]]:
        """Connected sets of grids with one, of its community and one other, that could be grids in range; small first.

        The grid itself is the first of each.
        """
        if place in busy:
            return []
        found: list[tuple[int, ...]] = []
        edge: dict[frozenset[int], tuple[int, ...]] = {frozenset([place]): (place,)}
        for _ in range(MOST_OTHERS):
            wider: dict[frozenset[int], tuple[int, ...]] = {}
            for places in edge.values():
                for other in sorted({near for one in places for near in self._beside(one)} - busy - set(places)):
                    grown = (*places, other)
                    if len({self.ends[one][0] for one in grown}) <= 2:
                        wider.setdefault(frozenset(grown), grown)
            edge = wider
            across = [places for places in edge.values() if len({self.ends[one][0] for one in places}) == 2]
            found += [places for places in across if _divisible(int(self.households[list(places)].sum()), bounds)]
            if len(found) >= SETS_TRIED:
                break
        return found[:SETS_TRIED]

    def _beside(self, place: int) -> list[int]:
        """The grids along the border of one."""
        near = self._tree.query(self.shapes[place], predicate="dwithin", distance=TOUCH_M).tolist()
        shape = self.shapes[place]
        return [one for one in near if one != place and _common_border_m(shape, self.shapes[one]) >= LEAST_BORDER_M]

    def settled(self, places: tuple[int, ...], settings: DraftSettings) -> BorderMove | None:
        """Divide grids afresh as one piece of ground; None where that settles nothing."""
        parts = [part for part in map(self._grid_alone, places) if part is not None]
        if len(parts) < len(places):
            return None
        one = replace(as_one("+".join(part.code for part in parts), parts), previous=None)
        drawn = draft_community(one, replace(settings, effort="polished"))
        if not (drawn.grids["in_range"] & drawn.grids["contiguous"]).all():
            return None
        before = {str(key): part.code for part in parts for key in part.buildings.index}
        origin = succession(drawn.assignment, before).origin
        rows = drawn.assignment.assign(home=drawn.assignment["grid"].map(origin))
        moved = rows[rows["home"] != rows["building"].map(before)]
        if moved.empty or not self._in_one_piece(places, drawn, origin):
            return None
        return BorderMove(
            tuple(self.ends[place] for place in places),
            {str(key): str(home) for key, home in zip(moved["building"], moved["home"], strict=True)},
            int(moved["households"].sum()),
            tuple((origin[int(number)], int(grid["households"])) for number, grid in drawn.grids.iterrows()),
        )

    def _grid_alone(self, place: int) -> Community | None:
        """A grid as a community of its own; None where it has but a part of a building."""
        code, number = self.ends[place]
        rows = self.draft[code].assignment
        names = rows.loc[rows["grid"] == number, "building"]
        if names.empty or rows["building"].isin(names).sum() != len(names):
            return None
        community = self.community[code]
        return replace(
            community,
            boundary=self.shapes[place],
            buildings=gpd.GeoDataFrame(community.buildings.loc[names], crs=community.buildings.crs),
            tiles=None,
        )

    def _in_one_piece(self, places: tuple[int, ...], drawn: CommunityDraft, home: Mapping[int, str]) -> bool:
        """Whether communities stay in one piece with what was drawn in place of some of their grids."""
        for code in {self.ends[place][0] for place in places}:
            grids = self.draft[code].grids
            gone = [number for own, number in (self.ends[place] for place in places) if own == code]
            come = drawn.grids.geometry[[home[int(number)] == code for number in drawn.grids.index]]
            areas = [*grids.geometry[~grids.index.isin(gone)], *come]
            if not areas:
                return False
            joined = shapely.buffer(shapely.union_all(areas), TOUCH_M / 2)
            if self.community[code].boundary.geom_type == "Polygon" and joined.geom_type != "Polygon":
                return False
        return True

    def empties(self, moves: Sequence[BorderMove]) -> bool:
        """Whether some moves together would leave a community without a building."""
        gone = [building for move in moves for building in move.buildings]
        come = {home for move in moves for home in move.buildings.values()}
        names = (set(map(str, one.buildings.index)) for code, one in self.community.items() if code not in come)
        return any(own and own <= set(gone) for own in names)


def _left_over(drafts: Sequence[CommunityDraft]) -> pd.DataFrame:
    """Grids with households and out of range, in the order of the drafts."""
    parts = []
    for draft in drafts:
        failed = draft.grids[~draft.grids["in_range"] & (draft.grids["households"] > 0)]
        if len(failed):
            part = {"grid": failed.index, "households": failed["households"], "geometry": failed.geometry.to_numpy()}
            parts.append(pd.DataFrame(part).assign(community=draft.code))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _common_border_m(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Metres of the first one's border that run along the other."""
    return float(shapely.length(shapely.intersection(shapely.boundary(one), shapely.buffer(other, TOUCH_M))))


def _divisible(households: int, bounds: Bounds) -> bool:
    """Whether so many households are some number of grids in range, were they free to be put anywhere."""
    fewest = int(np.ceil(households / bounds.upper))
    return fewest * bounds.lower <= households
