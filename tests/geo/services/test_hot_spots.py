"""Hot spots out of the store: places and counts, within one's scope; coarse where they are published."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import BoundsError, CodeError, InputError
from geo.ledger.figures import Period
from geo.services import hot_spots, reporting
from geo.services.cases import NewCase, open_case
from geo.services.hot_spots import LEAST_PUBLISHED, Spot, check_kind, find_hot_spots, publishable
from geo.services.reporting import draw_up_report
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import NEXT, STAFF

MAY = Period(date(2026, 5, 1), date(2026, 5, 31))


def fill(engine: Engine) -> None:
    addressed.fill(engine)
    where = addressed.middle(40)
    with session_scope(engine) as session:
        for number in range(12):
            new = NewCase(
                "request", "rubbish" if number % 3 else "noise", "x", lon=where.x + number * 1e-5, lat=where.y
            )
            record = open_case(session, new, who="tester")
            at = datetime(2026, 5, 10, tzinfo=UTC) + timedelta(hours=number)
            session.execute(text("UPDATE ledger_case SET found_at = :at WHERE id = :id"), {"at": at, "id": record.id})


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("hot spots", fill)) as engine:
        yield engine


def found(engine: Engine, actor: Actor | None = None, **given: object) -> list[Spot]:
    with session_scope(engine, actor) as session:
        return find_hot_spots(session, STREET, MAY, shuffles=9, **given)  # type: ignore[arg-type]


def test_a_spot_says_where_when_and_of_what(store: Engine) -> None:
    (spot,) = found(store)
    assert (spot.count, spot.kinds) == (12, {"rubbish": 8, "noise": 4})
    assert (spot.first, spot.last) == (date(2026, 5, 10), date(2026, 5, 10))
    assert 0 < spot.radius_m < 10
    assert spot.lat == pytest.approx(addressed.middle(40).y, abs=1e-6)
    assert found(store) == [spot]


def test_a_report_says_where_a_spot_is_as_people_do(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "RARE", 1.0)  # all there is lies in one spot, which no chance is small of
    with session_scope(store) as session:
        report = draw_up_report(session, "community_monthly", addressed.FIRST, "2026-05", who="tester")
        assert report.spots is not None
        (spot,) = report.spots
        assert (spot.spot.count, spot.community, spot.near_m) == (12, "第1社区", 0)
        assert spot.near.endswith("荷香路30号红旗楼")
        assert (spot.grid_code, spot.grid) == ("", ""), "no grids were in force then"
        today = reporting.place_spot(session, spot.spot, spot.kinds, datetime.now(UTC))
        assert (today.grid_code, today.grid) == (addressed.GRIDS[1], "第2网格")


def test_only_what_is_asked_for_counts(store: Engine) -> None:
    assert [spot.count for spot in found(store, kind="noise", workflow="request", at_least=3)] == [4]
    assert found(store, workflow="hazard") == []
    assert found(store, at_least=13) == []
    assert [spot.count for spot in found(store, STAFF)] == [12]
    assert found(store, NEXT) == []


def test_published_spots_point_at_no_house(store: Engine) -> None:
    (spot,) = found(store)
    (coarse,) = publishable([spot])
    assert (coarse.count, coarse.kinds) == (10, {})
    assert (coarse.lon, coarse.lat) != (spot.lon, spot.lat)
    assert coarse.radius_m > spot.radius_m
    assert coarse.first.day == 1
    assert publishable([Spot(**{**vars(spot), "count": LEAST_PUBLISHED - 1})]) == []
    # Near ones are moved to the same middle.
    assert publishable([Spot(**{**vars(spot), "lon": coarse.lon, "lat": coarse.lat})])[0].lon == pytest.approx(
        coarse.lon
    )


def test_too_many_cases_are_said_to_be(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot_spots, "MOST_CASES", 5)
    with pytest.raises(BoundsError, match="5"):
        found(store)


def test_kinds_are_of_their_workflow() -> None:
    check_kind(None, None)
    check_kind("hazard", "lift")
    with pytest.raises(InputError):
        check_kind(None, "lift")
    with pytest.raises(CodeError):
        check_kind("hazard", "rubbish")
