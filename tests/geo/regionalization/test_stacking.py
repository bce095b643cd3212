"""Floors of towers side by side: what may share a cell, and in which order it is drawn."""

import numpy as np
from shapely import Point, box

from geo.regionalization.stacking import runs_in_place, stacked


class TestStacked:
    def test_floors_touch_the_next_ones_and_all_of_the_tower_beside(self):
        stacks = stacked(np.array([0, 0, 0, 1, 1]), np.array([[0, 1]]), np.array([12.0]), np.array([0.5]), 3.0)
        assert sorted(map(tuple, stacks.edges.tolist())) == [
            *((0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)),
            *((2, 3), (2, 4), (3, 4)),
        ]
        inside = np.isin(stacks.edges[:, 1] - stacks.edges[:, 0], [1]) & (stacks.edges != [2, 3]).any(axis=1)
        assert set(stacks.cost[inside]) == {3.0}
        assert set(stacks.barrier[inside]) == {0.0}
        assert set(stacks.cost[~inside]) == {2.0}
        assert set(stacks.barrier[~inside]) == {0.5}

    def test_towers_that_do_not_touch_share_nothing(self):
        none = np.zeros((0, 2), np.int64)
        stacks = stacked(np.array([0, 0, 1]), none, np.zeros(0), np.zeros(0), 3.0)
        assert stacks.edges.tolist() == [[0, 1]]


class TestRunsInPlace:
    #: A tower 30 m long between two houses.
    SHAPES = np.array([box(0, 0, 30, 10), Point(-20, 5), Point(50, 5)], dtype=object)

    def order(self, labels: list[int], *, backwards: bool = False) -> list[int]:
        """The cells of the tower in the order in which they are drawn; the houses are in cells 0 and 2."""
        holder = np.array([*[0] * len(labels), 1, 2])
        of_run, cells = runs_in_place(holder, np.array([*labels, 0, 2]), self.SHAPES, backwards=backwards)
        return cells[of_run == 0].tolist()

    def test_each_run_lies_on_the_side_of_the_house_that_it_belongs_to(self):
        found = self.order([2, 2, 1, 1, 0])
        assert found in ([0, 1, 2], [2, 1, 0])
        assert self.order([2, 2, 1, 1, 0], backwards=True) == found[::-1]

    def test_runs_of_one_cell_are_drawn_as_one(self):
        assert sorted(self.order([0, 1, 0])) == [0, 1]
