"""Rows of lists that could not be placed: kept once, decided on once, never lost."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError, StaleVersionError
from geo.storage import events, unplaced
from geo.storage.unplaced import NewUnplaced

ROW = NewUnplaced(
    noun="place",
    source="shops",
    source_key="7",
    row_number=8,
    file_row={"店名": "小店", "地址": "柳荫路"},
    manner={"columns": {"name": "店名"}},
    scope_code="440307001",
    address="柳荫路",
    outcome="several",
    reason_zh="有两处",
    reason_en="there are two",
    choices=[{"id": "a"}, {"id": "b"}],
)
PLACE = "440307001P000001"


def kept(session: Session) -> unplaced.UnplacedRecord:
    unplaced.keep(session, [ROW], who="王工")
    return unplaced.read(session)[0]


def test_a_row_is_kept_whole(session: Session) -> None:
    row = kept(session)
    assert {name: getattr(row, name) for name in NewUnplaced.__dataclass_fields__} == {
        name: getattr(ROW, name) for name in NewUnplaced.__dataclass_fields__
    }
    assert (row.state, row.version, row.created_by) == ("open", 1, "王工")


def test_a_list_that_comes_again_doubles_nothing(session: Session) -> None:
    first = kept(session)
    assert unplaced.keep(session, [ROW], who="李工") == 0
    assert unplaced.read(session) == [first]
    other = replace(ROW, outcome="none", choices=[], reason_zh="没有", reason_en="none")
    assert unplaced.keep(session, [other, replace(ROW, source_key="8")], who="李工") == 1
    renewed, new = unplaced.read(session)
    assert (renewed.id, renewed.version, renewed.outcome, renewed.choices) == (first.id, 2, "none", [])
    assert new.source_key == "8"


def test_what_was_decided_stays_decided(session: Session) -> None:
    row = kept(session)
    unplaced.decide(session, unplaced.hold(session, row.id, version=1), "dropped", who="李工")
    assert unplaced.keep(session, [replace(ROW, choices=[])], who="王工") == 0
    assert unplaced.read(session) == []
    dropped = unplaced.read(session, state="dropped")[0]
    assert (dropped.decided_by, dropped.version, dropped.choices) == ("李工", 2, ROW.choices)
    with pytest.raises(ConflictError, match="李工"):
        unplaced.hold(session, row.id, version=2)


def test_two_do_not_decide_on_one_row(session: Session) -> None:
    row = kept(session)
    placed = unplaced.decide(session, unplaced.hold(session, row.id, version=1), "placed", code=PLACE, who="李工")
    assert (placed.state, placed.code) == ("placed", PLACE)
    with pytest.raises(StaleVersionError, match="第 2 版"):
        unplaced.hold(session, row.id, version=1)
    told = events.read(session, noun=unplaced.UNPLACED, code=PLACE)[0]
    assert told.what == "placed"
    assert "小店" not in str((told.before, told.after))


def test_a_row_that_is_not_there(session: Session) -> None:
    with pytest.raises(NotFoundError):
        unplaced.hold(session, 999, version=None)
    with pytest.raises(NotFoundError):
        unplaced.read_one(session, 999)


def test_rows_whose_list_names_one_place_now_are_settled(session: Session) -> None:
    row = kept(session)
    assert unplaced.settle(session, "place", "other list", {"7": PLACE}, who="李工") == 0
    assert unplaced.settle(session, "place", "shops", {"7": PLACE, "9": "x"}, who="李工") == 1
    assert unplaced.read_one(session, row.id).code == PLACE


def test_pages_walk_all_rows(session: Session) -> None:
    unplaced.keep(session, [replace(ROW, source_key=str(number)) for number in range(5)], who="王工")
    first = unplaced.read(session, limit=3)
    rest = unplaced.read(session, limit=3, after=first[-1].id)
    assert [row.source_key for row in (*first, *rest)] == list("01234")
    assert unplaced.read(session, noun="city_element") == []


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "outcome = 'one'",
        "state = 'placed', decided_at = now(), decided_by = 'x'",
        "decided_at = now(), decided_by = 'x'",
        "scope_code = '44'",
        "version = 0",
    ],
)
def test_the_database_keeps_the_rules(session: Session, change: str) -> None:
    kept(session)
    with pytest.raises(DBAPIError, match="ck_unplaced_row"):
        session.execute(text(f"UPDATE unplaced_row SET {change}"))


def test_no_row_is_deleted(session: Session) -> None:
    kept(session)
    with pytest.raises(DBAPIError, match="is not allowed"):
        session.execute(text("DELETE FROM unplaced_row"))
