"""Lists placed by their addresses: what is one place becomes a point, what is not is kept until somebody chooses."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import AccessError, ColumnError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.exchange.writing import write_frame
from geo.services import placing_by_address
from geo.services.address_books import AddressBooks
from geo.services.placing_by_address import AddressImport, import_by_address, read_unplaced
from geo.services.store_book import StoreBook
from geo.storage import events, layers
from geo.storage.database import session_scope
from geo.storage.unplaced import read_one
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, DOOR, ELSEWHERE, FIRST, GRIDS, NEXT, ONE, PLANNER, STAFF, TWO

WHO = "王工"
SHOPS = [
    {"店名": "阿婆粉店", "类型": "small_shop", "经营地址": "荷香路12号锦绣花园2栋"},
    {"店名": "二单元理发", "类型": "small_shop", "经营地址": "荷香路12号锦绣花园1栋1单元101"},
    {"店名": "锦绣烟酒", "类型": "small_shop", "经营地址": "锦绣花园1栋"},
    {"店名": "无名小店", "类型": "small_shop", "经营地址": "桂花巷7号"},
]


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    return listed(tmp_path / "shops.csv", SHOPS)


def listed(path: Path, rows: list[dict[str, str]]) -> Path:
    write_frame(pd.DataFrame(rows), path)
    return path


def imported(engine: Engine, path: Path, noun: str = "place", **given: object) -> AddressImport:
    with session_scope(engine) as session:
        book = StoreBook(session, AddressBooks(), who=WHO)
        return import_by_address(session, book, path, noun, who=WHO, **given)  # type: ignore[arg-type]


def places(session: Session) -> dict[str, "pd.Series[str]"]:
    frame = layers.read(session, NOUNS["place"])
    return {row["name"]: row for _, row in frame.iterrows()}


def test_rows_of_one_place_become_points_with_their_building_and_door(store: Engine, shops: Path) -> None:
    outcome = imported(store, shops)
    assert (outcome.heading, outcome.located, outcome.several, outcome.none) == ("经营地址", 2, 1, 1)
    assert outcome.result.inserted == 2
    with session_scope(store) as session:
        kept = places(session)
        building = layers.read(session, NOUNS["building"], codes=[TWO]).geometry.iloc[0]
    assert kept["阿婆粉店"]["building_code"] == TWO
    assert shapely.covers(building, kept["阿婆粉店"]["geometry"])
    assert pd.isna(kept["阿婆粉店"]["household_unit_code"])
    assert kept["二单元理发"]["household_unit_code"] == DOOR
    assert kept["二单元理发"]["building_code"] == ONE
    assert kept["阿婆粉店"]["address"] == "荷香路12号锦绣花园2栋"
    assert "锦绣烟酒" not in kept


def test_rows_that_are_no_one_place_are_kept_with_what_they_could_be(store: Engine, shops: Path) -> None:
    imported(store, shops)
    with session_scope(store) as session:
        several, none = read_unplaced(session)
    assert (several.outcome, none.outcome) == ("several", "none")
    assert (several.row_number, none.row_number) == (4, 5)
    assert several.file_row == SHOPS[2]
    assert {choice["id"] for choice in several.choices} == {ONE, ELSEWHERE}
    assert several.scope_code == make.STREET
    assert none.address == "桂花巷7号"
    assert all(row.reason_zh and row.reason_en for row in (several, none))


def test_the_same_list_again_changes_nothing(store: Engine, shops: Path) -> None:
    imported(store, shops)
    again = imported(store, shops)
    assert (again.result.inserted, again.result.updated, again.result.unchanged) == (0, 0, 2)
    assert (again.new, again.settled) == (0, 0)
    with session_scope(store) as session:
        assert len(read_unplaced(session)) == 2


def test_a_choice_makes_the_thing_once(store: Engine, shops: Path) -> None:
    imported(store, shops)
    with session_scope(store) as session:
        row = read_unplaced(session)[0]
        number = [choice["id"] for choice in row.choices].index(ELSEWHERE) + 1
        placed = placing_by_address.choose(session, row.id, str(number), version=row.version, who="李工")
    with session_scope(store) as session:
        thing = places(session)["锦绣烟酒"]
        assert (thing["code"], thing["building_code"]) == (placed.code, ELSEWHERE)
        assert (placed.state, placed.decided_by) == ("placed", "李工")
        assert [left.id for left in read_unplaced(session)] != [row.id]
        with pytest.raises(StaleVersionError):
            placing_by_address.choose(session, row.id, ONE, version=row.version, who=WHO)
    with pytest.raises(ConflictError, match="李工"), session_scope(store) as session:
        placing_by_address.choose(session, row.id, ONE, who=WHO)
    # The list again neither doubles it nor moves it away.
    assert imported(store, shops).result.inserted == 0
    with session_scope(store) as session:
        assert places(session)["锦绣烟酒"]["building_code"] == ELSEWHERE


def test_what_is_no_choice_is_refused_and_the_row_stays(store: Engine, shops: Path) -> None:
    imported(store, shops)
    with session_scope(store) as session:
        row, _ = read_unplaced(session)
    for choice in ("0", "99", TWO, "", "x"):
        with pytest.raises(InputError, match=ONE), session_scope(store) as session:
            placing_by_address.choose(session, row.id, choice, who=WHO)
    with session_scope(store) as session:
        assert read_unplaced(session)[0] == row
        with pytest.raises(NotFoundError):
            placing_by_address.choose(session, 999_999, "1", who=WHO)


def test_a_dropped_row_stays_on_record_and_is_not_asked_about_again(store: Engine, shops: Path) -> None:
    imported(store, shops)
    with session_scope(store) as session:
        row = read_unplaced(session)[1]
        placing_by_address.drop(session, row.id, version=row.version, who="李工")
    imported(store, shops)
    with session_scope(store) as session:
        assert [left.id for left in read_unplaced(session)] == [row.id - 1]
        assert read_one(session, row.id).state == "dropped"


def test_rows_are_settled_when_their_place_is_known_later(store: Engine, shops: Path) -> None:
    imported(store, shops)
    with session_scope(store) as session:
        make.make_building(session, 9, name="7号", address=f"{addressed.ABOVE}桂花巷7号")
    outcome = imported(store, shops)
    assert (outcome.located, outcome.none, outcome.settled) == (3, 0, 1)
    with session_scope(store) as session:
        assert places(session)["无名小店"]["building_code"] == f"{FIRST}0000009"
        assert [row.outcome for row in read_unplaced(session)] == ["several"]


def test_a_list_of_nothing_but_doubt_is_kept_whole(store: Engine, tmp_path: Path) -> None:
    outcome = imported(store, listed(tmp_path / "a.csv", SHOPS[2:]))
    assert (outcome.located, outcome.new, outcome.result.inserted) == (0, 2, 0)


def test_rows_alike_are_all_kept(store: Engine, tmp_path: Path) -> None:
    twice = [SHOPS[3] | {"编号": "a"}, SHOPS[3] | {"编号": "a", "店名": "另一家"}]
    outcome = imported(store, listed(tmp_path / "a.csv", twice), key="编号")
    assert outcome.new == 2
    with session_scope(store) as session:
        assert [row.file_row["店名"] for row in read_unplaced(session)] == ["无名小店", "另一家"]


def test_city_elements_are_placed_in_their_community(store: Engine, tmp_path: Path) -> None:
    rows = [{"名称": "一号垃圾房", "类型": "garbage_point", "位置": "荷香路12号锦绣花园2栋"}]
    assert imported(store, listed(tmp_path / "a.csv", rows), "city_element").result.inserted == 1
    with session_scope(store) as session:
        made = layers.read(session, NOUNS["city_element"]).set_index("name").loc["一号垃圾房"]
    assert made["community_code"] == FIRST


def test_rows_with_coordinates_keep_them(store: Engine, tmp_path: Path) -> None:
    spot = make.square(30, 30).centroid
    rows = [SHOPS[2] | {"经度": f"{spot.x:.6f}", "纬度": f"{spot.y:.6f}"}]
    outcome = imported(store, listed(tmp_path / "a.csv", rows), datum="wgs84")
    assert (outcome.located, outcome.several) == (1, 0)
    with session_scope(store) as session:
        assert shapely.distance(places(session)["锦绣烟酒"]["geometry"], spot) < 1e-6


def test_what_is_beside_a_place_is_not_in_it(store: Engine, tmp_path: Path) -> None:
    said = {
        "楼下": "荷香路12号锦绣花园2栋楼下",
        "北面": "荷香路12号锦绣花园2栋往北50米",
        "对面": "荷香路12号锦绣花园2栋对面",
    }
    rows = [{"店名": name, "类型": "small_shop", "地址": address} for name, address in said.items()]
    outcome = imported(store, listed(tmp_path / "a.csv", rows))
    assert (outcome.located, outcome.several) == (2, 1)
    with session_scope(store) as session:
        kept, waiting = places(session), read_unplaced(session)
    assert kept["楼下"]["building_code"] == TWO
    assert pd.isna(kept["北面"]["building_code"])
    assert 0.0003 < kept["北面"]["geometry"].y - kept["楼下"]["geometry"].y < 0.0006
    assert [(row.address[-2:], row.choices[0]["id"]) for row in waiting] == [("对面", TWO)]
    assert "对面" in waiting[0].reason_zh


def test_bad_rows_are_refused_as_everywhere(store: Engine, tmp_path: Path) -> None:
    report = tmp_path / "refused.csv"
    rows = [SHOPS[0], SHOPS[1] | {"类型": "宇宙飞船"}]
    outcome = imported(store, listed(tmp_path / "a.csv", rows), report_path=report, mapping={"kind": "类型"})
    assert (outcome.result.inserted, outcome.result.rejected) == (1, 1)
    assert "宇宙飞船" in report.read_text(encoding="utf-8-sig")


def test_what_has_a_shape_of_its_own_is_not_placed_by_address(store: Engine, shops: Path) -> None:
    with pytest.raises(InputError, match="place 场所"):
        imported(store, shops, "community")


def test_an_unclear_column_is_asked_for(store: Engine, tmp_path: Path) -> None:
    rows = [{"名称": "小店", "类型": "small_shop", "甲地址": "荷香路12号", "乙地址": "荷香路30号"}]
    path = listed(tmp_path / "a.csv", rows)
    with pytest.raises(ColumnError, match="甲地址、乙地址"):
        imported(store, path)
    assert imported(store, path, heading="乙地址").heading == "乙地址"


def test_doors_among_the_answers_are_one_look_on_record(store: Engine, shops: Path) -> None:
    imported(store, shops)
    with session_scope(store) as session:
        looks = [event for event in events.read(session) if event.what == "looked"]
    assert [(look.who, look.after) for look in looks] == [(WHO, {"located": 1})]


def test_rows_are_seen_and_decided_on_within_a_scope(store: Engine, shops: Path) -> None:
    imported(store, shops)
    for actor in (NEXT, STAFF, ASSESSOR):
        with session_scope(store, actor) as session:
            assert read_unplaced(session) == []
    with session_scope(store, PLANNER) as session:
        row = read_unplaced(session)[0]
        placed = placing_by_address.choose(session, row.id, ONE, version=row.version, who=PLANNER.name)
    assert (placed.state, placed.decided_by) == ("placed", PLANNER.name)
    assert imported(store, shops, under=FIRST, source="another list").new == 2
    with session_scope(store, STAFF) as session:
        assert len(read_unplaced(session)) == 2
    with session_scope(store, NEXT) as session:
        assert read_unplaced(session) == []


def test_the_book_of_a_scope_knows_its_places_alone(store: Engine) -> None:
    with session_scope(store, STAFF) as session:
        book = StoreBook(session, AddressBooks(), actor=STAFF)
        answer = book.ask("锦绣花园1栋")
        assert [place.id for place in answer.candidates] == [ONE]
        assert book.grid_of(answer.candidates[0]) == GRIDS[0]
    with pytest.raises((AccessError, InputError)), session_scope(store) as session:
        StoreBook(session, AddressBooks())
