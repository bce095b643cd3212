"""Counts of communities that anyone may see."""

import csv
import io
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.services.publishing import LEFT_OUT, as_csv, publish, published_street
from geo.storage import counting, plans
from geo.storage.database import open_engine, session_scope
from tests import factories as make

FIRST, SECOND, THIRD = (f"{make.STREET}00{number}" for number in (1, 2, 3))
NAMED = "秘密楼"


def lay(session: Session) -> None:
    """Three communities with 12, 12 and 2 buildings of 24 households; 11 and 3 garbage points, 15 gardens."""
    for community, n_buildings in ((FIRST, 12), (SECOND, 12), (THIRD, 2)):
        for number in range(1, n_buildings + 1):
            make.make_building(session, number, community_code=community, name=NAMED, address=NAMED)
    for community, kind, first, last in (
        (FIRST, "garbage_point", 1, 11),
        (SECOND, "garbage_point", 1, 3),
        (SECOND, "garden", 4, 18),
    ):
        for number in range(first, last + 1):
            make.make_city_element(session, number, community_code=community, kind=kind, name=NAMED)


@pytest.fixture
def street(on_laid: Session) -> Session:
    return on_laid


def test_households_count_once_and_doors_before_declared_numbers(street: Session) -> None:
    building = make.make_building(street, 13, community_code=FIRST, households=500)
    for door, kind in enumerate(("home", "home", "shop"), start=1):
        make.make_household_unit(street, building, 1, door, kind=kind)
    counts = {row.code: row.households for row in counting.read_community_counts(street, make.STREET)}
    assert counts == {FIRST: 12 * 24 + 2, SECOND: 12 * 24, THIRD: 2 * 24}


def test_small_counts_and_what_tells_them_are_left_out(street: Session) -> None:
    published = published_street(street, make.STREET)
    figures = {figure.entry.code: figure for figure in published.figures}
    assert [figures["households"].sum_of(row) for row in (0, 1, 2, -1)] == [288, 288, 48, 624]
    # Two buildings in the third community: one more community's go, else the street's 26 would tell.
    buildings = [figures["buildings"].sum_of(row) for row in (0, 1, 2)]
    assert buildings[2] is None
    assert buildings.count(None) == 2
    assert figures["buildings"].sum_of(-1) == 26
    assert figures["city_elements"].by_part(1)["garbage_point"] is None


def test_grids_are_those_in_force(street: Session) -> None:
    plan = make.make_plan(street, grids=make.grid_frame(FIRST, 12))
    make.make_plan(street, grids=make.grid_frame(FIRST, 15))
    before = counting.read_community_counts(street, make.STREET)
    assert before[0].grids == 0
    plans.adopt(street, plan, who=make.WHO, version=1)
    assert [row.grids for row in counting.read_community_counts(street, make.STREET)] == [12, 0, 0]


def test_csv_says_what_it_is_and_names_nothing_below_a_community(street: Session) -> None:
    content = as_csv(published_street(street, "南湖"))
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len({len(line) for line in lines}) == 1
    assert "公开数据" in lines[0][0]
    assert [line[0] for line in lines[2:]] == [FIRST, SECOND, THIRD, make.STREET]
    assert lines[4][3] == LEFT_OUT
    assert NAMED not in content.decode()


def test_names_that_spreadsheets_would_run_are_neutralised(session: Session) -> None:
    make.make_community(session, name='=HYPERLINK("http://x")')
    content = as_csv(published_street(session, make.STREET)).decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(content.splitlines()[2])))[1].startswith("'=")


@pytest.mark.parametrize("code", ["440307009", FIRST, "不存在"])
def test_what_is_no_street_is_not_there(street: Session, code: str) -> None:
    with pytest.raises(NotFoundError):
        published_street(street, code)


@pytest.fixture
def engine_with_street(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        make.make_building(session)
    yield engine
    engine.dispose()


def test_nothing_can_be_written_meanwhile(engine_with_street: Engine) -> None:
    assert publish(engine_with_street, make.STREET).communities == ((FIRST, "第1社区"),)
    with Session(engine_with_street) as session:
        counting.only_read(session)
        with pytest.raises(DBAPIError, match="read-only"):
            session.execute(text("UPDATE community SET name = 'x'"))
