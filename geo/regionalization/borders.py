"""How long the border between two atoms is, where all that is known of them is a point each."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import QhullError, Voronoi

#: Borders at the rim of the map run far out; none counts as longer than this many median ones.
LONGEST = 3.0


def border_lengths(xy: NDArray[np.float64], edges: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the length of the Voronoi edge between the ends of each edge, in median edges; 0 where there is none.

    Parameters
    ----------
    xy
        Positions in metres; points that coincide share no border.
    edges
        Pairs of atom numbers, the lower one first.
    """
    n = len(xy)
    if len(edges) == 0:
        return np.zeros(0)
    try:
        cells = Voronoi(xy)
    except (QhullError, ValueError):
        # Fewer than four points, or all on one line.
        return np.zeros(len(edges))
    ends = np.sort(cells.ridge_points, axis=1).astype(np.int64)
    sides = np.array(cells.ridge_vertices)
    known = (sides >= 0).all(axis=1)
    length = np.full(len(ends), np.inf)
    length[known] = np.hypot(*(cells.vertices[sides[known, 0]] - cells.vertices[sides[known, 1]]).T)
    order = np.argsort(ends[:, 0] * n + ends[:, 1])
    key = (ends[:, 0] * n + ends[:, 1])[order]
    wanted = edges[:, 0].astype(np.int64) * n + edges[:, 1]
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    found = np.where(key[at] == wanted, length[order][at], 0.0)
    middle = float(np.median(found[(found > 0) & np.isfinite(found)])) if np.isfinite(found[found > 0]).any() else 0.0
    return np.minimum(found / middle, LONGEST) if middle > 0 else np.zeros(len(edges))
