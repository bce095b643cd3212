"""Border cases: what is left over on both sides of a border between communities, which no draft of one can settle.

Communities are drafted each by itself. A grid that is too small in one may lie beside one that is too small in the
next; together they would be a grid in range. Whether a border between communities may move, or one grid worker may
serve on both sides of it, is for people to decide: these pairs are named to them, no grid is changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geo.regionalization.communities import Bounds
from geo.regionalization.drafting import CommunityDraft

#: Communities' borders are drawn by several hands: so far apart, in metres, they still touch.
TOUCH_M = 1.0
#: Metres of common border below which two grids meet at a corner only.
LEAST_BORDER_M = 3.0


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
