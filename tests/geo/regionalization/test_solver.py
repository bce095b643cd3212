"""The arrays under search: the tables of the dynamic program fit the room that is made for them."""

import numpy as np
import pytest

from geo.regionalization import kernels
from geo.regionalization.component import Component, point_sums
from geo.regionalization.efforts import Rules
from geo.regionalization.solver import Solver, graph_of


def row_of(weight: np.ndarray) -> Component:
    """Atoms in a row, each joined to the next."""
    n = len(weight)
    ends = np.column_stack([np.arange(n - 1), np.arange(1, n)]).astype(np.int32)
    return Component(
        weight=weight,
        ends=ends,
        price=np.ones(n - 1),
        soft_ends=np.empty((0, 2), np.int32),
        soft_price=np.empty(0),
        points=point_sums(None, ends, n),
        extra=np.empty((n, 0)),
    )


@pytest.mark.parametrize("households", [1, 3, 7])
def test_tables_that_count_roundly_fit_their_room(households: int) -> None:
    # Households are counted in twos here, and halves are rounded up: far more than all of them are in truth.
    rules = Rules(100, 260)
    weight = np.full(252 // households, households)
    numbers = rules.numbers(None, quick=True)
    assert numbers[kernels.GRAIN] == 2
    solver = Solver(graph_of(row_of(weight), rules), numbers, [0])
    solver.begin(None)
    rows = solver.bench.rows[: len(weight)]
    assert (rows.begin + rows.size).max() <= len(solver.bench.table)
