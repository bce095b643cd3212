"""What figures leave out: buildings nobody got into and grids without anybody, as they stood when a month ended."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import AccessError, BoundsError, CodeError, InputError
from geo.ledger.figures import month_of
from geo.services import left_out
from geo.services.figuring import count_inspected, figure
from geo.services.leading import figures_by_month
from geo.services.left_out import buildings_left_out, grids_left_out
from geo.storage.database import session_scope
from tests import factories as make
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services.test_leading import EAST, NEW, WEST, fill
from tests.ledgered import ASSESSOR, LEADER

JUNE, JULY, AUGUST = (month_of(f"2026-{number:02}") for number in (6, 7, 8))
NEIGHBOUR = Actor("nina", frozenset({"inspector"}), (NEW,))


def fill_with_people(engine: Engine) -> None:
    """Two grids redrawn in July, as leaders see them; one worker in the west, who left in August; a closed door."""
    fill(engine)
    with session_scope(engine) as session:
        make.make_grid_staff(session, 1, grid_code=WEST, name="王网格", since=date(2026, 1, 5), until=date(2026, 8, 20))
        make.make_grid_staff(session, 2, grid_code=NEW, name="李联户", role="cell_head", since=date(2026, 8, 1))
        closed = (
            "INSERT INTO inspection (street_code, community_code, building_code, geom, party, checklist, result, "
            "items, inspected_at, inspector) SELECT street_code, community_code, building_code, geom, party, "
            "checklist, 'no_access', items, '2026-08-09T04:00Z', inspector FROM inspection ORDER BY id LIMIT 1"
        )
        session.execute(text(closed))


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("left out", fill_with_people)) as engine:
        yield engine


@pytest.fixture
def session(store: Engine) -> Iterator[Session]:
    with session_scope(store) as session:
        yield session


def test_a_building_is_told_with_its_grid_of_then_and_when_it_was_seen(session: Session) -> None:
    (june,) = buildings_left_out(session, STREET, JUNE, who="x").items
    assert ([grid.code for grid in june.grids], june.last_seen, june.days, june.tried) == ([EAST], None, None, None)
    (august,) = buildings_left_out(session, STREET, AUGUST, who="x").items
    assert [(grid.code, grid.people) for grid in august.grids] == [(WEST, ())]
    assert (august.last_seen, august.days, august.tried) == (date(2026, 6, 3), 89, date(2026, 8, 9))
    july = buildings_left_out(session, STREET, JULY, who="x")
    assert [[(grid.code, list(grid.people or ())) for grid in one.grids] for one in july.items] == [
        [(WEST, ["王网格"])], [(NEW, [])],
    ]  # fmt: skip
    # What is said of a month does not change with what is seen later.
    assert [one.last_seen for one in july.items] == [date(2026, 6, 3), None]


@pytest.mark.parametrize("scope", [STREET, COMMUNITY, WEST, EAST, NEW])
@pytest.mark.parametrize("period", [JUNE, JULY, AUGUST], ids=str)
def test_as_many_rows_as_figures_say(session: Session, scope: str, period: object) -> None:
    found = buildings_left_out(session, scope, period, who="x")  # type: ignore[arg-type]
    assert len(found.items) == found.left_out
    table = figure(session, scope, period, only={"coverage", "grids_without_worker"})  # type: ignore[arg-type]
    share = table.total.values["coverage"]
    assert share == (round(100 * found.inspected / found.buildings, 1) if found.buildings else None)
    lonely = grids_left_out(session, scope, period)  # type: ignore[arg-type]
    assert len(lonely) == (table.total.values["grids_without_worker"] or 0)
    (month,) = figures_by_month(session, scope, f"{table.period.first:%Y-%m}", 1)
    assert (month.values["coverage"], month.values["grids_without_worker"]) == (share, len(lonely))


def test_a_building_counts_where_it_lies_now_whichever_community_it_was_seen_in(session: Session) -> None:
    elsewhere = make.make_community(session, 2)
    session.execute(text("UPDATE building SET community_code = :code"), {"code": elsewhere})
    assert count_inspected(session, elsewhere, JUNE) == {elsewhere: (2, 1)} == count_inspected(session, STREET, JUNE)
    assert len(buildings_left_out(session, elsewhere, JUNE, who="x").items) == 1
    (month,) = figures_by_month(session, elsewhere, "2026-06", 1)
    assert month.values["coverage"] == 50.0
    session.rollback()


def test_since_when_a_grid_has_nobody(session: Session) -> None:
    assert [(one.code, one.since, one.had_somebody) for one in grids_left_out(session, STREET, AUGUST)] == [
        (WEST, date(2026, 8, 21), True), (EAST, date(2026, 7, 10), False),
    ]  # fmt: skip
    assert [one.code for one in grids_left_out(session, STREET, JULY)] == [EAST, NEW]
    assert [one.code for one in grids_left_out(session, STREET, JULY, limit=1, after=EAST)] == [NEW]
    (east,) = grids_left_out(session, EAST, AUGUST)
    assert (east.name, east.households) == ("第2网格", 250)


def test_lists_are_walked_page_by_page_and_end_somewhere(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = buildings_left_out(session, STREET, JULY, who="x").items
    (first,) = buildings_left_out(session, STREET, JULY, who="x", limit=1).items
    (second,) = buildings_left_out(session, STREET, JULY, who="x", limit=1, after=first.code).items
    assert [first, second] == list(whole)
    assert buildings_left_out(session, STREET, JULY, who="x", limit=1, after=second.code).items == []
    monkeypatch.setattr(left_out, "MOST_ROWS", 1)
    with pytest.raises(BoundsError):
        buildings_left_out(session, STREET, JULY, who="x")


def test_everybody_is_told_what_they_may_see(store: Engine) -> None:
    with session_scope(store, LEADER) as session:
        assert len(buildings_left_out(session, STREET, JULY, actor=LEADER).items) == 2
        looked = text("SELECT who, after FROM event WHERE what = 'looked' ORDER BY id DESC LIMIT 1")
    with session_scope(store) as session:
        assert session.execute(looked).one() == ("lee", {"grid_staff": 1})
    with session_scope(store, ASSESSOR) as session:
        found = buildings_left_out(session, STREET, JULY, actor=ASSESSOR)
        assert [grid.people for one in found.items for grid in one.grids] == [None, None]
        with pytest.raises(AccessError):
            grids_left_out(session, STREET, JULY, actor=ASSESSOR)
    with session_scope(store, NEIGHBOUR) as session:
        found = buildings_left_out(session, STREET, JULY, actor=NEIGHBOUR)
        assert [[grid.code for grid in one.grids] for one in found.items] == [[NEW]]
        assert (found.buildings, found.inspected) == (1, 0)


def test_what_is_wrong_is_refused(session: Session) -> None:
    with pytest.raises(CodeError):
        buildings_left_out(session, "44", JULY)
    with pytest.raises(CodeError):
        grids_left_out(session, "44", JULY)
    with pytest.raises(InputError, match="查看人"):
        buildings_left_out(session, STREET, JULY)
