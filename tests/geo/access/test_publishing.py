"""Small counts left out, held against readers who work out what they can."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from geo.access.publishing import Published, suppress, suppress_parts, with_totals
from geo.errors import BoundsError
from tests.examples import examples

LEAST = 10

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))
#: Many zeros and small counts, some large: what kinds of city elements look like.
SPARSE = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, 60), st.integers(0, 4_000))
TABLES = SHAPES.flatmap(lambda shape: arrays(np.int64, shape, elements=SPARSE))


def attack(published: Published) -> dict[tuple[int, int], float]:
    """How far apart the least and the most are that a reader can say of each count left out.

    Written from the reader's side alone: totals are equations between unknowns, each bound is one linear program.
    """
    n_rows, n_columns = published.counts.shape
    unknown = {place: i for i, place in enumerate(map(tuple, np.argwhere(~published.shown).tolist()))}
    equations, constants = [], []
    lines = [[(row, column) for column in range(n_columns)] for row in range(n_rows)]
    lines += [[(row, column) for row in range(n_rows)] for column in range(n_columns)]
    for line in lines:
        coefficients, constant = np.zeros(len(unknown)), 0.0
        for place in line:
            sign = -1.0 if place == line[-1] else 1.0
            if place in unknown:
                coefficients[unknown[place]] += sign
            else:
                constant -= sign * published.counts[place]
        equations.append(coefficients)
        constants.append(constant)
    lengths = {}
    for place, i in unknown.items():
        goal = np.zeros(len(unknown))
        goal[i] = 1.0
        low = linprog(goal, A_eq=equations, b_eq=constants, bounds=(0, None))
        high = linprog(-goal, A_eq=equations, b_eq=constants, bounds=(0, None))
        assert low.status == 0
        lengths[place] = float("inf") if high.status == 3 else -high.fun - low.fun
    return lengths


class TestSmallCounts:
    def test_are_not_shown(self) -> None:
        published = suppress(np.array([[9, 500], [400, 300], [800, 10]]), LEAST)
        assert published.cell(0, 0) is None
        assert published.cell(-1, -1) == 2_019

    def test_the_least_count_is(self) -> None:
        assert suppress(np.array([[10, 500]]), LEAST).cell(0, 0) == 10

    def test_none_at_all_is_a_small_count_too(self) -> None:
        assert suppress(np.array([[0, 50, 60]]), LEAST).cell(0, 0) is None

    def test_nothing_is_left_out_where_nothing_is_small(self) -> None:
        assert suppress(np.full((4, 5), LEAST), LEAST).shown.all()


class TestWhatTheyCouldBeWorkedOutFrom:
    def test_one_small_count_takes_a_rectangle_and_no_total(self) -> None:
        published = suppress(np.array([[3, 50, 60], [40, 70, 80], [90, 30, 20]]), LEAST)
        assert (~published.shown).sum() == 4
        assert published.shown[-1].all()
        assert published.shown[:, -1].all()

    def test_in_one_column_another_community_goes_too_and_the_total_stays(self) -> None:
        published = suppress(np.array([[2_950], [4], [3_120]]), LEAST)
        assert published.cell(0, 0) is None
        assert published.cell(1, 0) is None
        assert published.cell(2, 0) == 3_120
        assert published.cell(-1, 0) == 6_074

    def test_two_small_counts_that_share_a_small_rest_take_a_third(self) -> None:
        # 1 + 1 = 2 left of the column's total: leaving out the two alone would tell both within 2.
        published = suppress(np.array([[1], [1], [300], [500]]), LEAST)
        assert [published.cell(row, 0) for row in range(4)] == [None, None, None, 500]

    def test_a_table_of_one_count_is_not_shown_anywhere(self) -> None:
        assert not suppress(np.array([[4]]), LEAST).shown.any()

    def test_many_small_counts_may_keep_their_totals(self) -> None:
        published = suppress(np.full((6, 6), 4), LEAST)
        assert published.shown[-1].all()
        assert not published.shown[:-1, :-1].any()


@given(counts=TABLES, least=st.sampled_from([2, 5, LEAST, 30]))
@examples(60)
def test_no_reader_can_narrow_a_count_below_the_least(counts: np.ndarray, least: int) -> None:
    published = suppress(counts, least)
    assert (published.counts == with_totals(counts)).all()
    assert (published.counts[published.shown] >= least).all()
    for place, length in attack(published).items():
        assert length >= least - 1e-6, f"{place} is known within {length}"


@given(
    counts=st.tuples(st.integers(1, 3), st.integers(1, 2)).flatmap(
        lambda shape: arrays(np.int64, shape, elements=st.integers(0, 4))
    )
)
@settings(deadline=None)
def test_every_value_between_is_one_that_could_be(counts: np.ndarray) -> None:
    """Counts are whole: all tables that agree with what is shown are tried, none of them left to a solver."""
    least, highest = 2, 9
    published = suppress(counts, least)
    places = list(map(tuple, np.argwhere(~published.shown[:-1, :-1]).tolist()))
    seen: dict[tuple[int, int], set[int]] = {place: set() for place in places}
    for values in product(range(highest), repeat=len(places)) if len(places) < 6 else ():
        guess = counts.copy()
        for place, value in zip(places, values, strict=True):
            guess[place] = value
        if (with_totals(guess)[published.shown] == published.counts[published.shown]).all():
            for place, value in zip(places, values, strict=True):
                seen[place].add(value)
    if len(places) < 6:
        assert all(len(values) > least for values in seen.values())


@given(counts=TABLES)
@settings(deadline=None)
def test_the_same_table_is_published_the_same_way(counts: np.ndarray) -> None:
    assert (suppress(counts, LEAST).shown == suppress(counts.copy(), LEAST).shown).all()


@pytest.mark.parametrize(
    ("counts", "least"),
    [(np.array([[-1, 20]]), 10), (np.zeros((0, 3)), 10), (np.array([[20]]), 0), (np.array([20, 30]), 10)],
)
def test_what_is_no_table_of_counts_is_refused(counts: np.ndarray, least: int) -> None:
    with pytest.raises(BoundsError):
        suppress(counts, least)


class TestParts:
    def test_are_shown_where_none_is_small(self) -> None:
        assert suppress_parts(25, np.array([14, 11]), LEAST) == [14, 11]

    def test_a_small_one_takes_another_with_it(self) -> None:
        shown = suppress_parts(62, np.array([50, 2, 10]), LEAST)
        assert shown[1] is None
        assert shown.count(None) == 2

    def test_one_alone_is_its_sum(self) -> None:
        assert suppress_parts(12, np.array([12]), LEAST) == [12]
        assert suppress_parts(5, np.array([5]), LEAST) == [None]

    def test_have_to_add_up(self) -> None:
        with pytest.raises(BoundsError):
            suppress_parts(26, np.array([14, 11]), LEAST)

    @given(parts=st.lists(SPARSE, min_size=1, max_size=8))
    def test_who_knows_the_sum_learns_no_small_one(self, parts: list[int]) -> None:
        total = sum(parts)
        shown = suppress_parts(total, np.array(parts), LEAST)
        assert all(value is None or value == part >= LEAST for value, part in zip(shown, parts, strict=True))
        hidden = [part for value, part in zip(shown, parts, strict=True) if value is None]
        if hidden and total >= LEAST:
            # Each hidden one may be anything between nothing and what all hidden ones have together.
            assert sum(hidden) >= LEAST or not any(hidden)
            assert len(hidden) > 1
