"""Bills list every hazard, and statements add up: counted on fingers first, then over random histories."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from geo.errors import InputError
from geo.ledger.bills import LIVE, MOVE_COLUMNS, Item, KindCount, bill, month_bounds, statement, statements
from geo.territory.times import CHINA_TIME
from tests.examples import examples

Row = tuple[int, datetime, str, str | None]


def at(day: int, hour: int = 12, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=CHINA_TIME)


def frame(*rows: Row) -> DataFrame:
    return DataFrame(rows, columns=list(MOVE_COLUMNS))


class TestStatement:
    def test_of_four_hazards_counted_on_fingers(self) -> None:
        moves = frame(
            (1, at(5, month=10), "open", None),  # found in October, closed in November
            (1, at(3), "open", "fix"),
            (1, at(4), "closed", "close"),
            (2, at(20, month=10), "open", None),  # found in October, still open
            (3, at(10), "open", None),  # found, closed, back again
            (3, at(11), "open", "fix"),
            (3, at(12), "closed", "close"),
            (3, at(20), "open", "reopen"),
            (4, at(15), "open", None),  # found and entered twice
            (4, at(16), "void", "void"),
        )
        november = statement(moves, "2026-11")
        assert (november.opening, november.found, november.reopened) == (2, 2, 1)
        assert (november.closed, november.voided, november.closing, november.fixed) == (2, 1, 2, 2)
        assert november.adds_up

    def test_of_a_month_nothing_happened_in_carries_over(self) -> None:
        december = statement(frame((1, at(5), "open", None)), "2026-12")
        assert (december.opening, december.found, december.closing) == (1, 0, 1)

    def test_of_nothing_at_all(self) -> None:
        empty = statement(frame(), "2026-11")
        assert (empty.opening, empty.found, empty.closing) == (0, 0, 0)

    def test_counts_by_chinas_midnight(self) -> None:
        # 16:30 UTC on 31 October is half past midnight of 1 November in China.
        found = datetime.fromisoformat("2026-10-31T16:30:00+00:00")
        october, november = statements(frame((1, found, "open", None)), ["2026-10", "2026-11"])
        assert (october.found, november.found) == (0, 1)

    def test_pauses_and_notes_change_nothing(self) -> None:
        moves = frame(
            (1, at(1), "open", None),
            (1, at(2), "open", None),
            (1, at(3), "paused", "pause"),
            (1, at(9), "open", "resume"),
        )
        found = statement(moves, "2026-11")
        assert (found.found, found.reopened, found.closed, found.closing) == (1, 0, 0, 1)

    def test_what_is_entered_as_ended_was_found_and_ended(self) -> None:
        moves = frame((1, at(1), "open", None), (2, at(2), "void", None), (3, at(3), "closed", None))
        found = statement(moves, "2026-11")
        assert (found.found, found.closed, found.voided, found.closing) == (3, 1, 1, 1)
        assert found.adds_up

    def test_moves_at_the_same_moment_keep_their_order(self) -> None:
        moves = frame((1, at(1), "open", None), (1, at(1), "open", "fix"), (1, at(1), "closed", "close"))
        assert statement(moves, "2026-11").closing == 0

    @pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-11-01", "十一月"])
    def test_refuses_what_is_no_month(self, month: str) -> None:
        with pytest.raises(InputError, match="2026-11"):
            statement(frame(), month)

    def test_refuses_moments_without_a_zone_and_missing_columns(self) -> None:
        with pytest.raises(InputError, match="no time zone"):
            statement(frame((1, datetime(2026, 11, 1), "open", None)), "2026-11")
        with pytest.raises(InputError, match="effect"):
            statement(frame().drop(columns="effect"), "2026-11")

    def test_december_ends_where_january_begins(self) -> None:
        assert month_bounds("2026-12")[1] == month_bounds("2027-01")[0]


@st.composite
def histories(draw: st.DrawFn) -> DataFrame:
    """Cases that were opened, ended, opened again, paused, in any order that states allow."""
    after = {"open": ["open", "paused", "closed", "void"], "paused": ["open", "void"], "closed": ["open"], "void": []}
    rows: list[Row] = []
    for case in range(draw(st.integers(0, 6))):
        moment = datetime(2026, 1, 1, tzinfo=CHINA_TIME) + timedelta(hours=draw(st.integers(0, 4_000)))
        state = draw(st.sampled_from(["open", "open", "open", "void", "closed"]))
        rows.append((case, moment, state, None))
        for _ in range(draw(st.integers(0, 6))):
            if not after[state]:
                break
            state = draw(st.sampled_from(after[state]))
            moment += timedelta(hours=draw(st.integers(0, 900)))
            rows.append((case, moment, state, draw(st.sampled_from([None, "fix"]))))
    return frame(*rows)


@given(moves=histories())
@examples(200)
def test_statements_add_up_whatever_happened(moves: DataFrame) -> None:
    months = [f"2026-{month:02}" for month in range(1, 13)]
    found = statements(moves, months)
    for one, next_one in pairwise(found):
        assert one.adds_up
        assert one.closing == next_one.opening
    rows = list(moves.itertuples())
    by_hand = [
        sum(_stood(rows, case, month_bounds(one.month)[1]) in LIVE for case in moves["case"].unique()) for one in found
    ]
    assert [one.closing for one in found] == by_hand
    assert statements(moves.sort_values("at", kind="stable"), months) == found


def _stood(rows: list[Any], case: int, moment: datetime) -> str | None:
    """Return the state of a case just before a moment, the slow way."""
    states = [row.state for row in rows if row.case == case and row.at < moment]
    return states[-1] if states else None


def case(number: str, state: str, **other: Any) -> Item:
    usual: dict[str, Any] = {"kind": "wiring", "nature": "general", "light": "green", "found_at": at(1)}
    return Item(number=number, state=state, **({"closed_at": None} | usual | other))


class TestBill:
    ON = at(21)

    def test_lists_the_most_pressing_first(self) -> None:
        cases = [
            case("ended", "closed", light=None, closed_at=at(6)),
            case("young", "open", found_at=at(20)),
            case("old", "open", found_at=at(2)),
            case("grave", "open", nature="major", found_at=at(19)),
            case("late", "open", light="red", found_at=at(20)),
        ]
        drawn = bill(cases, self.ON, gravest_first=("major", "general"))
        assert [item.number for item in drawn.items] == ["late", "grave", "old", "young", "ended"]
        assert [item.age_days(self.ON) for item in drawn.items] == [1, 2, 19, 1, 5]

    def test_sums_by_kind_and_nature(self) -> None:
        cases = [
            case("1", "open", light="red"),
            case("2", "closed", light=None, closed_at=at(6)),
            case("3", "void", light=None, closed_at=at(6)),
            case("4", "paused", light=None, kind="gas", nature=None, found_at=at(11)),
        ]
        drawn = bill(cases, self.ON)
        assert drawn.kinds == [
            KindCount("gas", None, 1, 1, 0, 0, oldest_at=at(11)),
            KindCount("wiring", "general", 2, 1, 1, 1, oldest_at=at(1)),
        ]
        assert (drawn.number, drawn.live, drawn.overdue, drawn.oldest_days) == (3, 2, 1, 20)

    def test_of_a_thing_without_hazards(self) -> None:
        drawn = bill([], self.ON)
        assert (drawn.number, drawn.live, drawn.oldest_days, len(drawn.items)) == (0, 0, None, 0)
