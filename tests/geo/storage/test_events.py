"""Events are read newest first and say what changed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.storage import events
from geo.territory.times import CHINA_TIME


def test_events_page_and_filter(session: Session) -> None:
    for number in range(5):
        events.record(session, who="张三", what="changed", noun="place" if number % 2 else "building", code=str(number))
    assert [event.code for event in events.read(session)] == ["4", "3", "2", "1", "0"]
    page = events.read(session, limit=2)
    assert [event.code for event in events.read(session, limit=2, after=page[-1].id)] == ["2", "1"]
    assert [event.code for event in events.read(session, noun="place")] == ["3", "1"]
    assert [event.code for event in events.read(session, noun="place", code="1")] == ["1"]
    now = datetime.now(UTC)
    assert len(events.read(session, since=now - timedelta(minutes=5))) == 5
    assert events.read(session, since=now + timedelta(minutes=5)) == []


def test_what_changed_leaves_out_the_bookkeeping(session: Session) -> None:
    before = {"name": "甲", "kind": "home", "version": 1, "changed_at": "2026-01-01"}
    after = {"name": "乙", "kind": "home", "version": 2, "changed_at": "2026-01-02", "phone": "1"}
    events.record(session, who="张三", what="changed", noun="place", code="1", before=before, after=after)
    (event,) = events.read(session)
    assert event.changed == {"name": ("甲", "乙"), "phone": (None, "1")}


def test_changes_since_a_version(session: Session) -> None:
    for version in (1, 2, 3):
        events.record(
            session,
            who="张三",
            what="changed",
            noun="place",
            code="1",
            after={"name": f"第{version}", "version": version},
        )
    found = events.changes_since(session, "place", "1", 1)
    assert [event.after for event in found] == [{"name": "第2", "version": 2}, {"name": "第3", "version": 3}]
    assert events.changes_since(session, "place", "2", 0) == []


def test_long_values_are_shortened_when_told(session: Session) -> None:
    events.record(session, who="张三", what="changed", noun="place", code="1", after={"name": "长" * 500, "version": 2})
    assert all(len(said) < 120 for said in events.told(events.changes_since(session, "place", "1", 1)))


def test_what_changed_is_told_in_words_at_the_time_of_day_here(session: Session) -> None:
    after = {"name": "乙", "moves": [{"unit": "1", "to": "2"}] * 40, "version": 2}
    events.record(session, who="张三", what="changed", noun="place", code="1", before={"name": "甲"}, after=after)
    (event,) = events.changes_since(session, "place", "1", 1)
    zh, en = events.told([event])
    assert zh == f"张三 {event.at.astimezone(CHINA_TIME):%m-%d %H:%M} 修改 (moves, name 甲 → 乙)"
    assert en == zh.replace("修改", "changed")


def test_an_event_has_a_writer(session: Session) -> None:
    with pytest.raises(DBAPIError, match="ck_event_who_not_blank"):
        events.record(session, who=" ", what="changed", noun="place")
