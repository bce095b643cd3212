"""Tiny communities drawn as tables of household counts, whose answers can be counted."""

import geopandas as gpd
import pandas as pd
from shapely import LineString, box

from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings

CRS = "EPSG:4547"
EAST, NORTH = 500_000, 2_500_000
CODE = "440399001001"
GRIDS = DraftSettings(Bounds(200, 300))


def community(
    households: list[list[int]],
    *,
    stairwells: dict[tuple[int, int], list[int]] | None = None,
    barriers: list[tuple[str, LineString]] = (),
    compounds: list[str] | None = None,
    previous: list[str] | None = None,
    code: str = CODE,
) -> Community:
    """A place of 20 m buildings, 40 m apart, drawn as a table of household counts, north first.

    A building is named by its row and column: ``"00"`` is the north-west one. ``compounds`` and ``previous`` draw the
    compound and the old grid of each building as one letter, ``.`` for none.
    """
    rows, columns = len(households), len(households[0])
    shapes, counts, names = [], [], []
    for r, row in enumerate(households):
        for c, count in enumerate(row):
            x, y = EAST + 40 * c + 10, NORTH + 40 * (rows - 1 - r) + 10
            shapes.append(box(x, y, x + 20, y + 20))
            counts.append(count)
            names.append(f"{r}{c}")
    buildings = gpd.GeoDataFrame(
        {"households": counts, "compound": _letters(compounds, names)}, geometry=shapes, crs=CRS, index=pd.Index(names)
    )
    parts = {"building": [], "stairwell": [], "households": [], "geometry": []}
    for (r, c), counts_of in (stairwells or {}).items():
        whole = buildings.geometry[f"{r}{c}"]
        west, south, east, north = whole.bounds
        width = (east - west) / len(counts_of)
        for i, count in enumerate(counts_of):
            parts["building"].append(f"{r}{c}")
            parts["stairwell"].append(f"{r}{c}-{i}")
            parts["households"].append(count)
            parts["geometry"].append(box(west + i * width, south, west + (i + 1) * width, north))
    then = pd.DataFrame({"building": names, "stairwell": None, "grid": _letters(previous, names)})
    return Community(
        code,
        box(EAST, NORTH, EAST + 40 * columns, NORTH + 40 * rows),
        buildings,
        gpd.GeoDataFrame(parts, geometry="geometry", crs=CRS),
        gpd.GeoDataFrame({"kind": [kind for kind, _ in barriers]}, geometry=[line for _, line in barriers], crs=CRS),
        previous=None if previous is None else then[then["grid"].notna()],
    )


def grids_of(draft: CommunityDraft) -> set[frozenset[str]]:
    """Return the buildings of each grid."""
    return {frozenset(rows["building"]) for _, rows in draft.assignment.groupby("grid")}


def _letters(drawn: list[str] | None, names: list[str]) -> list[str | None]:
    if drawn is None:
        return [None] * len(names)
    return [None if letter == "." else letter for letter in "".join(drawn)]
