import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from geo.errors import BoundsError, NotFoundError
from geo.ledger.deeds import Deed
from geo.services import ledger_layers
from geo.services.cases import CaseRecord, NewCase, act_on_case, open_case
from geo.services.ledger_layers import first_month, ledger_content
from geo.services.mapping import content_from_store
from geo.services.tiling import Tile, tile_of
from geo.storage import case_points
from geo.storage.catalogue import METADATA
from maps.pages import plan_page
from tests.factories import (
    BUILDING_DEGREES,
    COMMUNITY,
    SOUTH,
    STREET,
    WEST,
    make_building,
    make_community,
    make_household_unit,
)

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
BOTH = frozenset({"before", "after"})


def found(session: Session, building: str, *, days_ago: float, kind: str = "wiring", **given: Any) -> CaseRecord:
    """A hazard of a building, found some days ago; by different people, so that none is taken for another."""
    new = NewCase("hazard", kind, "电线老化", building_code=building, **given)
    return open_case(session, new, who="finder", at=NOW - days_ago * DAY)


def fixed(session: Session, case: CaseRecord, *, days_ago: float) -> CaseRecord:
    """Fix it at once, and have somebody else look."""
    at = NOW - days_ago * DAY
    fields = {"nature": "general", "assignee": "finder"}
    deed = Deed("fix_at_once", at, note="已更换", fields=fields, evidence=BOTH)
    act_on_case(session, case.id, deed, who="finder")
    return act_on_case(session, case.id, Deed("pass", at, evidence=BOTH), who="other")


def came_back(session: Session, case: CaseRecord, *, days_ago: float) -> CaseRecord:
    deed = Deed("reopen", NOW - days_ago * DAY, fields={"reason": "又老化"}, evidence=BOTH)
    return act_on_case(session, case.id, deed, who="finder")


def look(session: Session, building: str, at: datetime, *, result: str = "clear", who: str = "finder") -> None:
    row = {
        "street_code": STREET,
        "community_code": building[:12],
        "building_code": building,
        "geom": "SRID=4326;POINT(114.1 22.6)",
        "party": "grid_worker",
        "checklist": "home",
        "result": result,
        "items": [],
        "inspected_at": at,
        "inspector": who,
    }
    session.execute(insert(METADATA.tables["inspection"]).values(row))


@pytest.mark.parametrize(
    ("at", "months", "first"),
    [
        (datetime(2026, 11, 22, tzinfo=UTC), 1, date(2026, 11, 1)),
        (datetime(2026, 11, 22, tzinfo=UTC), 12, date(2025, 12, 1)),
        (datetime(2026, 10, 31, 16, tzinfo=UTC), 1, date(2026, 11, 1)),  # midnight in China
        (datetime(2026, 1, 5, tzinfo=UTC), 2, date(2025, 12, 1)),
        (datetime(2026, 12, 31, tzinfo=UTC), 120, date(2017, 1, 1)),
    ],
)
def test_months_are_chinas(at: datetime, months: int, first: date) -> None:
    assert first_month(at, months) == first


def test_hazards_come_with_their_dates_and_what_is_over_long_ago_does_not(session: Session) -> None:
    building = make_building(session)
    open_one = found(session, building, days_ago=3)
    closed = fixed(session, found(session, building, days_ago=9, kind="gas"), days_ago=8)
    fixed(session, found(session, building, days_ago=500, kind="lift"), days_ago=499)
    old_but_open = found(session, building, days_ago=450, kind="structure")
    hazards = ledger_content(session, STREET).hazards.set_index("number")
    assert sorted(hazards.index) == sorted(case.number for case in (open_one, closed, old_but_open))
    assert hazards.loc[open_one.number, "found_at"] == pd.Timestamp(open_one.opened_at)
    assert hazards.loc[open_one.number, "due_at"] == open_one.step_due_at
    assert hazards.loc[open_one.number, "near_at"] == open_one.yellow_at
    assert pd.isna(hazards.loc[open_one.number, "ended_at"])
    assert hazards.loc[closed.number, "ended_at"] == closed.closed_at
    assert hazards.loc[closed.number, "near_at"] < hazards.loc[closed.number, "due_at"]
    assert hazards.loc[closed.number, "nature"] == "general"
    assert pd.isna(hazards.loc[open_one.number, "nature"])


def test_what_turned_out_to_be_none_is_not_shown(session: Session) -> None:
    case = found(session, make_building(session), days_ago=3)
    act_on_case(session, case.id, Deed("void", NOW - DAY, fields={"reason": "不是隐患"}), who="other")
    assert ledger_content(session, STREET).hazards.empty


def test_a_hazard_that_came_back_says_when_it_was_gone(session: Session) -> None:
    building = make_building(session)
    back = came_back(session, fixed(session, found(session, building, days_ago=60), days_ago=50), days_ago=40)
    other = fixed(session, found(session, building, days_ago=60, kind="gas"), days_ago=50)
    again = came_back(session, other, days_ago=40)
    act_on_case(session, again.id, Deed("assign", NOW - 39 * DAY, fields={"assignee": "finder"}), who="other")
    act_on_case(session, again.id, Deed("start", NOW - 39 * DAY), who="finder")
    act_on_case(session, again.id, Deed("rectified", NOW - 38 * DAY, note="已改", evidence=BOTH), who="finder")
    act_on_case(session, again.id, Deed("pass", NOW - 37 * DAY, evidence=BOTH), who="other")
    hazards = ledger_content(session, STREET).hazards.set_index("number")
    gone = [(pd.Timestamp(NOW - 50 * DAY), pd.Timestamp(NOW - 40 * DAY))]
    for number in (back.number, again.number):
        assert [tuple(map(pd.Timestamp, pair)) for pair in hazards.loc[number, "reopened"]] == gone
    assert pd.isna(hazards.loc[back.number, "ended_at"])
    assert hazards.loc[again.number, "ended_at"] == pd.Timestamp(NOW - 37 * DAY)


def test_what_was_done_since_tells_how_it_stood_before(session: Session) -> None:
    building = make_building(session)
    late = found(session, building, days_ago=100)
    act_on_case(session, late.id, Deed("judge", NOW - 99 * DAY, fields={"nature": "general"}), who="other")
    late = act_on_case(session, late.id, Deed("assign", NOW - 40 * DAY, fields={"assignee": "finder"}), who="other")
    still = found(session, building, days_ago=100, kind="gas")
    hazards = ledger_content(session, STREET).hazards.set_index("number")
    row = hazards.loc[late.number]
    assert row["moved_at"] == late.moved_at
    assert len(row["late"]) == 1
    since, until = row["late"][0]
    assert NOW - 99 * DAY < since < until == pd.Timestamp(NOW - 40 * DAY)
    assert row["early_at"] < row["due_at"]
    assert hazards.loc[still.number, "late"] is None
    assert hazards["halted"].isna().all()


def test_a_pause_that_is_over_is_told(session: Session) -> None:
    case = found(session, make_building(session), days_ago=100)
    for action, state, days_ago in (("suspend", "paused", 70), ("note", "paused", 60), ("resume", "open", 30)):
        move = {"action": action, "to_step": "x", "state": state, "at": NOW - days_ago * DAY, "who": "x"}
        session.execute(insert(METADATA.tables["case_move"]).values(case_id=case.id, **move))
    cases = METADATA.tables["ledger_case"]
    session.execute(update(cases).where(cases.c.id == case.id).values(moved_at=NOW - 30 * DAY))
    (spans,) = ledger_content(session, STREET).hazards["halted"]
    told = [pd.Timestamp(NOW - days * DAY) for days in (70, 60, 30)]
    assert [tuple(span) for span in spans] == [(told[0], told[1]), (told[1], told[2])]


def test_a_community_shows_its_own(session: Session) -> None:
    here = make_building(session)
    make_community(session, 2)
    there = make_building(session, 2, community_code=f"{STREET}002")
    mine, other = found(session, here, days_ago=2), found(session, there, days_ago=2)
    assert ledger_content(session, COMMUNITY).hazards["number"].tolist() == [mine.number]
    assert sorted(ledger_content(session, STREET).hazards["number"]) == sorted([mine.number, other.number])


def test_of_each_month_the_last_look_counts_and_a_closed_door_does_not(session: Session) -> None:
    first, second = make_building(session), make_building(session, 2)
    at = datetime(2026, 11, 20, 4, tzinfo=UTC)
    midnight = datetime(2026, 10, 31, 16, tzinfo=UTC)  # of the first of November in China
    before = midnight - timedelta(minutes=1)
    for moment in (datetime(2024, 5, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC), before - DAY, before, midnight):
        look(session, first, moment)
    look(session, second, at - DAY, result="no_access")
    look(session, second, at + DAY)
    seen = ledger_content(session, STREET, at=at).seen
    assert list(seen.itertuples(index=False, name=None)) == [
        (first, pd.Timestamp(moment)) for moment in (datetime(2025, 1, 2, tzinfo=UTC), before, midnight)
    ]


def test_a_box_takes_what_lies_in_it(session: Session) -> None:
    near = found(session, make_building(session), days_ago=1)
    found(session, make_building(session, 39), days_ago=1)
    box = (near.lon - 1e-4, near.lat - 1e-4, near.lon + 1e-4, near.lat + 1e-4)
    points = case_points.read_case_points(session, "hazard", since=NOW - DAY, at=NOW, box=box)
    assert points["number"].tolist() == [near.number]


def test_hazards_that_gather_are_a_hot_spot(session: Session) -> None:
    houses = [make_building(session, number) for number in (1, 2, 3, 41, 42)]
    apart = [row * 40 + column for row in range(12, 37, 6) for column in range(1, 32, 6)]  # 120 m from each other
    far = [make_building(session, number) for number in apart]
    for house in houses:
        found(session, house, days_ago=2, kind="gas")
    for step, house in enumerate(far):
        found(session, house, days_ago=20 + 2 * step)
    spots = ledger_content(session, STREET).hot_spots
    assert spots is not None
    assert spots["cases"].tolist() == [5]
    assert spots["kind"].tolist() == ["gas"]
    middle = spots.geometry.iloc[0].centroid
    assert (middle.x, middle.y) == pytest.approx(
        (WEST + 1.6 * BUILDING_DEGREES, SOUTH + 1 * BUILDING_DEGREES), abs=2e-4
    )


def test_too_much_for_a_page_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    building = make_building(session)
    for kind in ("wiring", "gas", "lift"):
        found(session, building, days_ago=1, kind=kind)
    monkeypatch.setattr(ledger_layers, "MOST_HAZARDS", 2)
    with pytest.raises(BoundsError, match="超过 2 项"):
        ledger_content(session, STREET)
    with pytest.raises(BoundsError, match="121"):
        ledger_content(session, STREET, months=121)
    with pytest.raises(NotFoundError):
        ledger_content(session, "999999999")


def test_the_map_of_a_street_shows_them_and_names_nobody(session: Session) -> None:
    building = make_building(session)
    door = make_household_unit(session, building)
    found(session, building, days_ago=3, household_unit_code=door, details={"resident": "李四"})
    content = content_from_store(session, STREET, ledger=True)
    assert content.ledger is not None
    page = plan_page(content)
    assert content.ledger.hazards["number"].iloc[0] in page
    for secret in ("李四", door, "finder", "电线老化"):
        assert secret not in page
    assert content_from_store(session, STREET).ledger is None


def test_tiles_hold_live_hazards_and_name_nobody(session: Session) -> None:
    building = make_building(session)
    live = found(session, building, days_ago=3)
    fixed(session, found(session, building, days_ago=9, kind="gas"), days_ago=8)
    side = 1 << 16
    x = int((live.lon + 180) / 360 * side)
    y = int((1 - math.asinh(math.tan(math.radians(live.lat))) / math.pi) / 2 * side)
    tile = tile_of(session, ["hazards"], Tile(16, x, y))
    assert live.number.encode() in tile
    assert tile.count(b"YH") == 1
    assert "电线".encode() not in tile
    assert b"finder" not in tile
