"""The development set beside the project: an invented sub-district with queries of 36 kinds of noise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.geo.addresses.diagnose import score_of
from tests.geo.addresses.scoring import Score, read_set

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def score(shared_data: Callable[[str], Path]) -> Score:
    return score_of(read_set(shared_data("../addresses")))


def test_what_is_meant_is_found(score: Score) -> None:
    assert score.accuracy() >= 0.98, score.table()


def test_hardly_anything_is_asserted_that_was_not_meant(score: Score) -> None:
    assert score.false_matches() <= 0.005, score.table()


def test_what_means_several_places_or_none_is_not_guessed(score: Score) -> None:
    assert score.handled() >= 0.97, score.table()
