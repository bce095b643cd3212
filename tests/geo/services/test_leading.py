"""A leader's figures by month and by area: a month is shown in the grids of its own day."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import BoundsError, CodeError, InputError
from geo.ledger.figures import month_of
from geo.ledger.questions import answers
from geo.services.figuring import figure
from geo.services.leading import figures_by_area, figures_by_month
from geo.storage import plans
from geo.storage.database import session_scope
from geo.territory import codes
from tests import factories as make
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services.test_figuring import case, closed
from tests.ledgered import ASSESSOR, LEADER, Ground, ground

NOW = datetime(2026, 9, 15, tzinfo=UTC)
WEST, EAST, NEW = (codes.make("grid", COMMUNITY, number) for number in (1, 2, 3))


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 4, tzinfo=UTC)


def fill(engine: Engine) -> None:
    """Two grids of a building each, redrawn on 10 July: the eastern building is in a third grid from then on."""
    with session_scope(engine) as session:
        there = ground(session)
        case(session, "hazard", "wiring", there.building, day(6, 2), **closed(day(6, 4), due_at=day(6, 9)))
        left = case(session, "hazard", "gas", there.other_building, day(6, 5), due_at=day(6, 20))
        session.execute(text("UPDATE ledger_case SET grid_code = :east WHERE id = :id"), {"east": EAST, "id": left})
        look(session, there.building, day(6, 3))
        redraw(session, there)
        case(session, "hazard", "lift", there.other_building, day(8, 5), due_at=day(8, 20))
        look(session, there.other_building, day(8, 6))
        case(session, "request", "noise", there.building, day(8, 7), nature="complaint")


def redraw(session: Session, there: Ground) -> None:
    frame = make.grid_frame(COMMUNITY, 3)
    rows = [(there.building, None, WEST, 24), (there.other_building, None, NEW, 24)]
    plan = make.make_plan(session, grids=frame, assignment=make.assignment_frame(rows))
    plans.adopt(session, plan, who=make.WHO, version=1, at=day(7, 10))


def look(session: Session, building: str, at: datetime) -> None:
    session.execute(
        text(
            "INSERT INTO inspection (street_code, community_code, building_code, geom, party, checklist, result, "
            "items, inspected_at, inspector) SELECT left(community_code, 9), community_code, code, "
            "ST_PointOnSurface(geom), 'x', 'x', 'clear', '[]', :at, 'x' FROM building WHERE code = :code"
        ),
        {"code": building, "at": at},
    )


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("leading", fill)) as engine:
        yield engine


@pytest.fixture
def session(store: Engine) -> Iterator[Session]:
    with session_scope(store) as session:
        yield session


def test_a_month_is_in_the_grids_of_its_own_day(session: Session) -> None:
    june = figures_by_area(session, STREET, "2026-06", "grid", now=NOW)
    assert list(june.areas["code"]) == [WEST, EAST]
    assert {row.key: (row.values["found"], row.values["coverage"]) for row in june.rows} == {
        WEST: (1, 100.0), EAST: (1, 0.0),
    }  # fmt: skip
    august = figures_by_area(session, STREET, "2026-08", "grid", now=NOW)
    assert list(august.areas["code"]) == [WEST, EAST, NEW]
    found = {row.key: row.values for row in august.rows}
    assert (found[NEW]["found"], found[NEW]["coverage"], found[WEST]["coverage"]) == (1, 100.0, 0.0)
    # What was opened in the old grid and is open still stays with the grid that it was opened in.
    assert found[EAST]["open"] == 1
    assert found[EAST]["coverage"] is None
    assert found[WEST]["complaints"] == 1
    assert august.areas.geometry.is_valid.all()


def test_before_any_plan_there_are_no_grids(session: Session) -> None:
    before = figures_by_area(session, STREET, "2024-06", "grid", now=NOW)
    assert (len(before.areas), list(before.rows)) == (0, [])
    assert before.total["found"] == 0
    assert list(figures_by_area(session, STREET, "2024-06", "community", now=NOW).areas["code"]) == [COMMUNITY]


def test_months_say_what_the_areas_of_each_add_up_to(session: Session) -> None:
    months = figures_by_month(session, STREET, "2026-08", 4, now=NOW)
    assert [row.month for row in months] == ["2026-05", "2026-06", "2026-07", "2026-08"]
    counts = [code for code, one in answers().items() if one.figure.opens == "cases"]
    for row in months:
        for noun in ("community", "grid"):
            areas = figures_by_area(session, STREET, row.month, noun, now=NOW)  # type: ignore[arg-type]
            assert {code: sum(one.values[code] or 0 for one in areas.rows) for code in counts} == {
                code: row.values[code] for code in counts
            }, (row.month, noun)
        table = figure(session, STREET, month_of(row.month), workflow="hazard", now=NOW)
        assert row.values["coverage"] == table.total.values["coverage"]
        assert row.values["grids_without_worker"] == table.total.values["grids_without_worker"]
    assert [row.values["coverage"] for row in months] == [0.0, 50.0, 0.0, 50.0]
    assert [row.values["grids_without_worker"] for row in months] == [2.0, 2.0, 3.0, 3.0]


def test_of_one_grid(session: Session) -> None:
    months = figures_by_month(session, WEST, "2026-08", 3, now=NOW)
    assert [row.values["coverage"] for row in months] == [100.0, 0.0, 0.0]
    areas = figures_by_area(session, WEST, "2026-06", "grid", now=NOW)
    assert list(areas.areas["code"]) == [WEST]
    with pytest.raises(InputError):
        figures_by_area(session, WEST, "2026-06", "community", now=NOW)


def test_who_sees_no_households_is_told_of_no_people(store: Engine) -> None:
    for actor, told in ((LEADER, 3.0), (ASSESSOR, None)):
        with session_scope(store, actor) as session:
            (row,) = figures_by_month(session, STREET, "2026-08", 1, actor=actor, now=NOW)
            areas = figures_by_area(session, STREET, "2026-08", "grid", actor=actor, now=NOW)
        assert row.values["grids_without_worker"] == told
        assert areas.is_whole is (actor is LEADER)
        assert areas.total["found"] == 1


def test_what_is_no_month_or_scope_is_refused(session: Session) -> None:
    with pytest.raises(InputError):
        figures_by_month(session, STREET, "2026-13")
    with pytest.raises(BoundsError):
        figures_by_month(session, STREET, "2026-08", 0)
    with pytest.raises(CodeError):
        figures_by_area(session, "44", "2026-08", "grid")
