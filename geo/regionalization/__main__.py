"""``python -m geo.regionalization``: compile the kernels now, so that the first plan need not wait for it."""

import numpy as np

from geo.regionalization.engine import regionalize


def main() -> None:
    """Solve a small map once; the machine code is kept beside the package or in the user's cache folder."""
    atoms = np.arange(100).reshape(10, 10)
    edges = np.vstack(
        [np.c_[atoms[:, :-1].ravel(), atoms[:, 1:].ravel()], np.c_[atoms[:-1].ravel(), atoms[1:].ravel()]]
    )
    for previous in (None, atoms.ravel() // 10):
        regionalize(np.full(100, 20), edges, np.ones(len(edges)), lower=200, upper=300, previous=previous)


if __name__ == "__main__":
    main()
