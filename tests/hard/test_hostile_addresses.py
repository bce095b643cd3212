"""Ten thousand strings that no address is like, each answered within 50 ms."""

import pytest

from geo.addresses.book import AddressBook
from tests.geo.addresses.invented import invent
from tests.geo.addresses.invented.towns import ORDER
from tests.geo.addresses.test_hostile_strings import Asked, failures, names_of

COUNT = 10_000


@pytest.mark.timeout(3_600)
def test_every_hostile_string() -> None:
    town = invent(3, scale=0.01)
    names = names_of(town.gazetteer[[kind for kind in ORDER if kind != "zone"]])
    assert failures(Asked(AddressBook.build(town.gazetteer, town.aliases), names), 5, COUNT) == []
