"""The arithmetic of the kernels beside plain Python's."""

import math
from dataclasses import replace

import numpy as np
import pytest

from geo.regionalization import kernels
from geo.regionalization.efforts import Rules
from geo.regionalization.solver import Solver, graph_of
from tests.geo.regionalization.test_engine import lattice
from tests.geo.regionalization.test_solver import row_of


@pytest.mark.parametrize("x", [2.0**-53, 1e-9, 0.3, math.sqrt(0.5), math.nextafter(math.sqrt(0.5), 0), 0.999999, 1.0])
def test_the_logarithm_is_that_of_the_library(x):
    assert kernels.minus_log(x) == pytest.approx(-math.log(x), rel=1e-14, abs=0)


def test_numbers_rank_as_their_prices_do():
    prices = np.array([-1e30, -2.5, -1e-20, 0.0, 1e-20, 0.5, 2.5, 1e30], np.float32)
    ranks = [kernels.ranked(price) for price in prices]
    assert ranks == sorted(ranks)
    assert [kernels.unranked(rank) for rank in ranks] == prices.tolist()


def test_the_cheapest_is_found_in_tables_of_any_length():
    rng = np.random.default_rng(3)
    table, shortfall = (rng.normal(size=90).astype(np.float32) for _ in range(2))
    for size in (1, 7, 8, 33):
        stretch = table[5 : 5 + size]
        found = kernels.cheapest(table, 5, size, shortfall, 40)
        assert found == (stretch.min(), (stretch + shortfall[40 : 40 + size]).min())


def test_tables_are_merged_as_far_as_they_reach():
    table = np.full(40, kernels.UNREACHABLE, np.float32)
    table[:3], table[3:7] = [1, 5, 2], [0, 4, 1, 7]
    # Into 20 to 26, two further on; the last entry that the two could reach is beyond it.
    kernels.merge_tables(table, 20, 7, 2, 0, 3, 3, 4)
    wanted = [min(table[i] + table[3 + w - i] for i in range(3) if 0 <= w - i < 4) for w in range(5)]
    assert table[22:27].tolist() == wanted
    assert (table[[20, 21, 27]] == kernels.UNREACHABLE).all()


def test_the_price_of_cutting_off_counts_every_edge_that_leaves():
    """Trees drawn on a lattice: cut off what hangs below any atom, and count by hand."""
    n, price = 16, np.arange(1.0, 25.0)
    ends = lattice(4, 4).astype(np.int32)
    graph = graph_of(replace(row_of(np.full(n, 10)), ends=ends, price=price), Rules(20, 30))
    solver = Solver(graph, Rules(20, 30).numbers(None), [1])
    bench = solver.bench
    kernels.load(graph, solver.plan, np.zeros(n, np.int32), solver.numbers)
    atoms, edges = kernels.gather(graph, solver.plan, bench, 1)
    for _ in range(5):
        kernels.grow_tree(bench, atoms, edges, solver.state)
        kernels.sum_subtrees(graph, bench, atoms, edges, atoms)
        for rank in range(1, n):
            below = {rank}
            for other in range(rank + 1, n):
                if bench.up[other] in below:
                    below.add(other)
            inside = np.isin(np.arange(n), bench.nodes.atom[bench.nodes.order[list(below)]])
            assert bench.stems[rank].cut == price[inside[ends[:, 0]] != inside[ends[:, 1]]].sum()
            assert bench.stems[rank].weight == 10 * inside.sum()
