"""Real premises in traditional Chinese: each by its own text, and by texts that say less than all or say it wrongly."""

from collections.abc import Callable
from pathlib import Path

import pytest

from geo.addresses.book import AddressBook
from tests.examples import TIMES
from tests.geo.addresses import hong_kong
from tests.geo.addresses.diagnose import answered_by, build
from tests.geo.addresses.scoring import Score

pytestmark = pytest.mark.shared
#: Of the 8,138 texts every so manieth is asked in a usual run, all with EXAMPLES=10.
EVERY = max(1, 10 // TIMES)
REDUCED = 600 * TIMES


@pytest.fixture(scope="module")
def premises(shared_data: Callable[[str], Path]) -> hong_kong.Premises:
    return hong_kong.read(shared_data("hk_als_addresses"))


@pytest.fixture(scope="module")
def book(premises: hong_kong.Premises) -> AddressBook:
    return build(hong_kong.full_queries(premises))


def test_every_premises_is_found_by_its_own_text(premises: hong_kong.Premises, book: AddressBook) -> None:
    asked = hong_kong.full_queries(premises)
    score = Score()
    for query, _, found, _ in answered_by(book, asked, asked.queries[::EVERY]):
        score.add(query, found)
    assert score.accuracy() == 1.0, score.table()
    assert score.asked() == 1.0, score.table()


def test_premises_are_found_when_less_is_said_or_said_wrongly(premises: hong_kong.Premises, book: AddressBook) -> None:
    asked = hong_kong.reduced_queries(premises, seed=1, count=REDUCED)
    score = Score()
    for query, _, found, _ in answered_by(book, asked, asked.queries):
        score.add(query, found)
    assert score.accuracy() >= 0.95, score.table()
    assert score.false_matches() <= 0.01, score.table()
    assert score.handled() >= 0.97, score.table()
