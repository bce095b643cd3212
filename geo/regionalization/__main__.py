"""``python -m geo.regionalization``: compile the kernels now, so that the first plan need not wait for it."""

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.engine import regionalize


def main() -> None:
    """Solve a small map in every way once; machine code is kept beside the package or in the user's cache folder."""
    atoms = np.arange(100)
    changed = np.where(atoms % 9 == 0, 45, 20)
    before = atoms // 10
    regionalize(np.full(100, 20), _lattice(10), np.ones(180), lower=200, upper=300)
    for effort in ("polished", "repair"):
        regionalize(changed, _lattice(10), np.ones(180), lower=200, upper=300, previous=before, effort=effort)
    # Two of 110 make a grid, and one of the 25 is left: the exact searches for a way and for a proof.
    regionalize(np.full(25, 110), _lattice(5), np.ones(40), lower=200, upper=300)
    regionalize(
        np.full(25, 45), _lattice(5), np.ones(40), lower=200, upper=300, previous=atoms[:25] // 9, effort="repair"
    )
    # Large enough to be searched region by region.
    large = _lattice(60)
    regionalize(np.full(3600, 20), large, np.ones(len(large)), lower=200, upper=300, effort="draft")


def _lattice(side: int) -> NDArray[np.int64]:
    atoms = np.arange(side * side).reshape(side, side)
    beside = np.column_stack([atoms[:, :-1].ravel(), atoms[:, 1:].ravel()])
    return np.vstack([beside, np.column_stack([atoms[:-1].ravel(), atoms[1:].ravel()])])


if __name__ == "__main__":
    main()
