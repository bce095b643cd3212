"""Households are counted from doors, then taken as declared, then summed over stairwells."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.storage import buildings
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import NOUNS
from tests import factories as make


def households(session: Session) -> list[int]:
    return buildings.read_buildings(session, community_codes=[make.COMMUNITY])["households"].tolist()


@pytest.mark.parametrize(
    ("declared", "doors", "stairs", "expected", "source"),
    [
        (24, [], [], 24, "register"),
        (None, [], [], 0, "register"),
        (None, [], [10, 12], 22, "register"),
        (24, [], [10, 12], 24, "register"),
        (24, ["home", "rental", "shop"], [], 2, "units"),
        (24, ["shop", "vacant", "office"], [], 0, "units"),
        (0, [], [5], 0, "register"),
    ],
)
def test_households_that_count(
    session: Session, declared: int | None, doors: list[str], stairs: list[int], expected: int, source: str
) -> None:
    building = make.make_building(session, households=declared)
    for number, kind in enumerate(doors, 1):
        make.make_household_unit(session, building, 1, number, kind=kind)
    for number, count in enumerate(stairs, 1):
        make.make_stairwell(session, building, number, households=count)
    found = buildings.read_buildings(session)
    assert found["households"].tolist() == [expected]
    assert found["households_source"].tolist() == [source]


@pytest.mark.parametrize("kind", list(dictionary("unit_kinds").entries))
def test_the_dictionary_says_which_doors_count(session: Session, kind: str) -> None:
    make.make_household_unit(session, make.make_building(session), kind=kind)
    assert households(session) == [int(dictionary("unit_kinds")[kind].extra["counts"])]


def test_ended_rows_do_not_count(session: Session) -> None:
    first, second = (make.make_building(session, number) for number in (1, 2))
    for door in (1, 2):
        make.make_household_unit(session, first, 1, door)
    session.execute(text("UPDATE household_unit SET ended_at = now() WHERE code LIKE '%001'"))
    session.execute(text("UPDATE building SET ended_at = now() WHERE code = :code"), {"code": second})
    assert households(session) == [1]


def test_columns_are_the_canonical_ones(session: Session) -> None:
    building = make.make_building(session)
    make.make_stairwell(session, building)
    assert list(buildings.read_buildings(session).columns) == [*NOUNS["building"].column_names, "geometry"]
    assert list(buildings.read_stairwells(session).columns) == [*NOUNS["stairwell"].column_names, "geometry"]
    assert buildings.read_buildings(session).crs == WGS84


def test_which_buildings_are_read(session: Session) -> None:
    codes = [make.make_building(session, number) for number in (1, 2, 3)]
    make.make_building(session, community_code="440307001002")
    for building in codes[:2]:
        make.make_stairwell(session, building)

    def read(**given: object) -> list[str]:
        return buildings.read_buildings(session, **given)["code"].tolist()  # type: ignore[arg-type]

    assert len(read()) == 4
    assert read(community_codes=[make.COMMUNITY]) == codes
    assert read(community_codes=[]) == []
    assert read(community_codes=[make.COMMUNITY], limit=1, after=codes[0]) == [codes[1]]
    assert read(codes=[codes[2]]) == [codes[2]]
    of_one = buildings.read_stairwells(session, building_codes=[codes[1]])
    assert of_one["building_code"].tolist() == [codes[1]]
    assert len(buildings.read_stairwells(session, community_codes=[make.COMMUNITY])) == 2


def test_doors_that_count_are_counted_per_floor(session: Session) -> None:
    one, two = make.make_building(session, 1), make.make_building(session, 2)
    stairwell = make.make_stairwell(session, two)
    for floor, door, kind in ((1, 1, "shop"), (2, 1, "home"), (2, 2, "rental")):
        make.make_household_unit(session, one, floor, door, kind=kind)
    make.make_household_unit(session, two, 3, 1, stairwell_code=stairwell)
    unknown = make.make_household_unit(session, two, 4, 1)
    session.execute(text("UPDATE household_unit SET floor = NULL WHERE code = :code"), {"code": unknown})
    make.make_community(session, 2)
    found = buildings.read_doors(session, community_codes=[make.COMMUNITY])
    rows = found.astype(object).where(found.notna(), None).to_numpy().tolist()
    assert rows == [[one, None, 2, 2], [two, stairwell, 3, 1], [two, None, None, 1]]
    assert buildings.read_doors(session, community_codes=["440307001002"]).empty
