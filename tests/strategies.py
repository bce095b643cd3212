"""Hypothesis strategies for the things of the trade."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray


@dataclass(frozen=True)
class Map:
    """Atoms with households and who touches whom."""

    households: NDArray[np.int64]
    edges: NDArray[np.int64]
    boundary_cost: NDArray[np.float64]
    barrier: NDArray[np.float64]
    xy: NDArray[np.float64]


@st.composite
def maps(draw: st.DrawFn, max_atoms: int = 9, most: int = 12, connected: bool = False) -> Map:
    """Small graphs: a random tree or forest with random extra edges, zero-household atoms included."""
    n = draw(st.integers(1, max_atoms))
    households = draw(st.lists(st.integers(0, most), min_size=n, max_size=n))
    edges = []
    for i in range(1, n):
        parent = draw(st.integers(0 if connected else -1, i - 1))
        if parent >= 0:
            edges.append((parent, i))
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    if pairs:
        edges += draw(st.lists(st.sampled_from(pairs), max_size=n))
    m = len(edges)
    costs = draw(st.lists(st.integers(0, 9), min_size=m, max_size=m))
    barrier = draw(st.lists(st.sampled_from([0.0, 0.0, 0.5, 1.0]), min_size=m, max_size=m))
    xy = np.array([(i % 3, i // 3) for i in range(n)], float) * 40
    return Map(
        np.array(households, np.int64),
        np.array(edges, np.int64).reshape(-1, 2),
        np.array(costs, float),
        np.array(barrier, float),
        xy,
    )


@st.composite
def limits(draw: st.DrawFn, most: int = 24) -> tuple[int, int]:
    """A lower and an upper limit."""
    lower = draw(st.integers(1, most))
    return lower, draw(st.integers(lower, most))
