"""What anyone may see of hazards: counts of whole months, none below ten, and no grid that a sum would tell."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from geo.errors import NotFoundError
from geo.services.publishing_ledger import LEAST, Shown, publish_hazards, published_hazards_of
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.dictionaries import dictionary
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services.test_figuring import case, closed
from tests.ledgered import ground

TODAY = date(2026, 9, 15)
WEST, EAST = (codes.make("grid", COMMUNITY, number) for number in (1, 2))


def fill(engine: Engine) -> None:
    """In the west 14 hazards, 12 of which ended; in the east 11 open ones, and one before and one after the months."""
    with session_scope(engine) as session:
        there = ground(session)
        # What is open of a kind in a building is joined by the next one: each is of another kind.
        kinds = list(dictionary("hazard_kinds").entries)
        for number in range(14):
            ended = closed(day(2026, 4, 1)) if number < 12 else {}
            case(session, "hazard", kinds[number], there.building, day(2026, 3, 1 + number), grid_code=WEST, **ended)
        for number in range(11):
            case(session, "hazard", kinds[number], there.other_building, day(2026, 8, 1 + number), grid_code=EAST)
        case(session, "hazard", kinds[11], there.other_building, day(2025, 8, 31), grid_code=EAST)
        case(session, "hazard", kinds[12], there.other_building, day(2026, 9, 1), grid_code=EAST)


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("publishing ledger", fill)) as engine:
        yield engine


def test_whole_months_are_counted(store: Engine) -> None:
    found = publish_hazards(store, STREET, today=TODAY)
    assert (found.period.first, found.period.last) == (date(2025, 9, 1), date(2026, 8, 31))
    assert found.numbers[COMMUNITY] == found.numbers[STREET] == Shown(open=13, ended=12, found=25)
    assert found.numbers[WEST] == Shown(None, None, 14)
    assert found.numbers[EAST] == Shown(None, None, 11)
    assert list(found.grids.columns) == ["code", "geometry"]


def test_a_small_grid_hides_itself_and_what_would_tell_it(store: Engine) -> None:
    # In the year up to July one was found in the east, which the west's fourteen and the sum of both would tell.
    found = publish_hazards(store, STREET, today=date(2026, 8, 15))
    assert found.numbers[COMMUNITY].found == 15
    assert (found.numbers[WEST].found, found.numbers[EAST].found) == (None, None)
    # Three of fifteen were open: so neither these nor the others are shown.
    assert (found.numbers[COMMUNITY].open, found.numbers[COMMUNITY].ended) == (None, None)


def test_hot_spots_are_coarse_and_counted_in_tens(store: Engine) -> None:
    found = publish_hazards(store, STREET, today=TODAY)
    assert all(spot.count % 10 == 0 and spot.count >= LEAST and not spot.kinds for spot in found.spots or [])


@pytest.mark.parametrize("street", ["440304009", COMMUNITY, WEST, "nowhere"])
def test_what_is_no_street_is_not_there(store: Engine, street: str) -> None:
    with session_scope(store) as session, pytest.raises(NotFoundError):
        published_hazards_of(session, street, today=TODAY)
