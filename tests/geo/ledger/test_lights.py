"""Lights and rungs, counted on fingers."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.ledger.cases import Case, Deed, Doer, act, open_case
from geo.ledger.clocks import Clock
from geo.ledger.escalation import CLOCK_HAND, climb, due_rung
from geo.ledger.lights import light, light_at, share_used
from geo.ledger.workflows import workflow
from geo.ledger.working_time import Limit, calendar
from geo.territory.times import CHINA_TIME
from tests.examples import examples

HAZARD, CITY, REQUEST = workflow("hazard"), workflow("city_case"), workflow("request")
INSPECTOR = Doer("甲", frozenset({"inspector"}))
STAFF = Doer("丙", frozenset({"staff", "leader"}))


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of November 2026; the 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA_TIME)


def opened(limit: Limit | None = None, *, moment: datetime | None = None) -> Case:
    return open_case(HAZARD, calendar(), by=INSPECTOR, at=moment or at(2), limit=limit)


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (at(2, 10), "green"),
        (at(2, 18), "green"),  # 8 of 10 hours: the last moment of green
        (at(2, 18, 1), "yellow"),
        (at(2, 20), "yellow"),  # all of it: the last moment of yellow
        (at(2, 20, 1), "red"),
        (at(30), "red"),
    ],
)
def test_green_to_four_fifths_yellow_to_the_end_red_after(now: datetime, shown: str) -> None:
    assert light(opened(Limit(10, "hours")), now) == shown


def test_lights_of_working_time_do_not_change_on_a_weekend() -> None:
    # Friday the 6th, 9:00; ten working hours: 9-12, 14-18, and Monday 9-12. Eight of them: Monday 10:00.
    case = open_case(CITY, calendar(), by=INSPECTOR, at=at(6, 9), limit=Limit(10, "working_hours"))
    case = replace(case, step_due_at=None, step_counts_from=None, step_unit=None)
    assert case.clock is not None
    assert case.clock.moment(calendar(), 0.8) == at(9, 10)
    assert share_used(calendar(), case, at(6, 18)) == share_used(calendar(), case, at(9, 9)) == pytest.approx(0.7)


def test_the_worse_of_both_limits_shows() -> None:
    case = opened(Limit(100, "days"))  # the step ends after 24 hours
    assert light(case, at(3, 11)) == "red"
    assert light(opened(Limit(1, "hours")), at(2, 11, 30)) == "red"


def test_ended_paused_and_unlimited_cases_have_none() -> None:
    case = opened(Limit(1, "hours"))
    assert light(replace(case, state="closed"), at(9)) is None
    assert light(replace(case, state="paused", paused_at=at(2)), at(9)) is None
    assert light_at(at(9), None, None) is None
    assert share_used(calendar(), replace(case, state="closed"), at(9)) is None


def test_what_is_paused_uses_nothing() -> None:
    case = replace(opened(Limit(10, "hours")), state="paused", paused_at=at(2, 15))
    assert share_used(calendar(), case, at(20)) == pytest.approx(0.5)


def test_a_limit_that_ran_out_at_the_end_of_business_is_used_up_at_night() -> None:
    clock = Clock(at(2), at(3, 18), "working_days")
    assert clock.share_used(calendar(), at(3, 18)) == 1
    assert clock.share_used(calendar(), at(3, 23)) == 1
    assert clock.share_used(calendar(), at(4, 10)) > 1


@given(
    since=st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1)),
    amount=st.integers(1, 60),
    unit=st.sampled_from(["working_hours", "hours", "working_days", "days"]),
    later=st.timedeltas(timedelta(), timedelta(days=120)),
)
@examples(300)
def test_lights_by_moments_and_by_shares_agree(since: datetime, amount: int, unit: str, later: timedelta) -> None:
    begun = since.replace(tzinfo=CHINA_TIME)
    now = begun + later
    clock = Clock(begun, calendar().add(begun, Limit(amount, unit)), unit)
    shown, share = light_at(now, clock.moment(calendar(), 0.8), clock.due_at), clock.share_used(calendar(), now)
    least, most = {"green": (0.0, 0.8), "yellow": (0.8, 1.0), "red": (1.0, float("inf"))}[str(shown)]
    assert least - 1e-9 <= share <= most + 1e-9


class TestRungs:
    def test_by_the_share_of_the_limit_of_the_case(self) -> None:
        case = opened(Limit(10, "hours"))  # community past 100 %, street past 150 %
        rungs = [due_rung(HAZARD, calendar(), case, now) for now in (at(2, 20), at(2, 21), at(3, 1), at(3, 2))]
        assert [rung.code if rung else None for rung in rungs] == ["grid", "community", "community", "street"]

    def test_by_the_limit_of_the_step_while_there_is_no_other(self) -> None:
        rung = due_rung(HAZARD, calendar(), opened(), at(3, 11))
        assert rung is not None
        assert rung.code == "community"

    def test_never_down(self) -> None:
        case = replace(opened(Limit(10, "hours")), rung="street")
        rung = due_rung(HAZARD, calendar(), case, at(2, 11))
        assert rung is not None
        assert rung.code == "street"

    def test_climbs_rung_by_rung_and_once(self) -> None:
        case = opened(Limit(10, "hours"))
        moves = climb(HAZARD, calendar(), case, at(5))
        assert [move.case.rung for move in moves] == ["community", "street"]
        assert {move.by for move in moves} == {CLOCK_HAND.name}
        assert moves[-1].case.last_by == "甲"  # the clock does no step
        assert climb(HAZARD, calendar(), moves[-1].case, at(6)) == []

    def test_ended_and_paused_cases_stay(self) -> None:
        case = opened(Limit(10, "hours"))
        void = act(HAZARD, calendar(), case, STAFF, Deed("void", at(2, 11), fields={"reason": "重复登记"})).case
        assert climb(HAZARD, calendar(), void, at(9)) == []
        paused = replace(case, state="paused", paused_at=at(2, 12))
        assert climb(HAZARD, calendar(), paused, at(9)) == []

    def test_a_step_without_an_action_for_the_clock_keeps_its_case(self) -> None:
        case = open_case(REQUEST, calendar(), by=INSPECTOR, at=at(2), limit=Limit(1, "hours"))
        waiting = replace(case, step="rating")
        assert due_rung(REQUEST, calendar(), waiting, at(9)) != REQUEST.rungs[0]
        assert climb(REQUEST, calendar(), waiting, at(9)) == []


def test_moments_without_a_zone_are_refused() -> None:
    with pytest.raises(InputError, match="time zone"):
        share_used(calendar(), opened(Limit(1, "hours")), datetime(2026, 11, 2))
