"""When things are due: days one can count on one's fingers first, then what holds whatever comes."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geo.ledger.cycles import Cycle, GradePeriod, Look, Subject, cycles_of, due, first_wait

DAY = date(2026, 3, 1)
WEEKLY = Cycle(1, "440304006", "rental", "strict", "grid_worker", 7, "rental", DAY)
QUARTERLY = Cycle(2, "440304006", "rental", None, "grid_worker", 90, "rental", DAY)
RENTAL = Subject("440304006P000001", "rental", ("440304006", "440304006001"), date(2025, 1, 1), "4403040060010100001")


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def seen(days: int, result: str = "clear", party: str = "grid_worker") -> Look:
    return Look(after(days), party, result)  # type: ignore[arg-type]


def graded(grade: str, since: int = 0, until: int | None = None) -> GradePeriod:
    return GradePeriod(grade, after(since), None if until is None else after(until))


STRICT = replace(RENTAL, grades=(graded("strict", -100),))


def test_a_week_after_it_was_seen() -> None:
    found = due(STRICT, WEEKLY, [seen(0), seen(3)], after(12))
    assert (found.on, found.last_seen, found.overdue_days) == (after(10), after(3), 2)
    assert due(STRICT, WEEKLY, [seen(3)], after(10)).overdue_days == 0


def test_a_closed_door_is_not_seen_but_shown() -> None:
    found = due(STRICT, WEEKLY, [seen(0), seen(6, "no_access"), seen(8, "no_access")], after(9))
    assert (found.on, found.last_seen, found.no_access, found.overdue_days) == (after(7), DAY, 2, 2)
    assert due(STRICT, WEEKLY, [seen(6, "no_access"), seen(8)], after(9)).no_access == 0


def test_of_several_parties_each_owes_its_own() -> None:
    firm = replace(WEEKLY, id=3, party="property_company", cycle_days=15)
    looks = [seen(0), seen(5, party="property_company")]
    assert due(STRICT, WEEKLY, looks, after(6)).on == after(7)
    assert due(STRICT, firm, looks, after(6)).on == after(20)
    assert cycles_of(STRICT, [firm, WEEKLY, QUARTERLY], after(6)) == [WEEKLY, firm]


def test_a_grade_that_became_stricter_makes_nobody_late_before_the_change() -> None:
    place = replace(RENTAL, grades=(graded("ordinary", -50, 30), graded("strict", 30)))
    assert cycles_of(place, [WEEKLY, QUARTERLY], after(29)) == [QUARTERLY]
    assert due(place, QUARTERLY, [seen(0)], after(29)).overdue_days == 0
    assert cycles_of(place, [WEEKLY, QUARTERLY], after(30)) == [WEEKLY]
    found = due(place, WEEKLY, [seen(0)], after(31))
    assert (found.on, found.overdue_days) == (after(30), 1)


def test_a_grade_given_and_taken_on_one_day_holds_on_none() -> None:
    place = replace(RENTAL, grades=(graded("strict", 5, 5), graded("ordinary", 5)))
    assert place.grade_on(after(5)) == graded("ordinary", 5)
    assert cycles_of(place, [WEEKLY], after(5)) == []


def test_a_communitys_cycle_goes_before_its_streets() -> None:
    own = replace(WEEKLY, id=9, scope_code="440304006001", cycle_days=3)
    elsewhere = replace(WEEKLY, id=10, scope_code="440304006002", cycle_days=1)
    assert cycles_of(STRICT, [own, WEEKLY, elsewhere], after(1)) == [own]


def test_ended_and_coming_cycles_bind_nobody() -> None:
    assert cycles_of(STRICT, [replace(WEEKLY, until=after(5))], after(5)) == []
    assert cycles_of(STRICT, [replace(WEEKLY, until=after(5))], after(4)) != []
    assert cycles_of(STRICT, [WEEKLY], DAY - timedelta(days=1)) == []


def test_the_doors_of_a_building_come_on_one_day_and_buildings_are_spread() -> None:
    neighbour = replace(RENTAL, code="440304006P000002")
    assert due(RENTAL, QUARTERLY, [], DAY).on == due(neighbour, QUARTERLY, [], DAY).on
    buildings = [replace(RENTAL, building_code=f"44030400600101{number:05d}") for number in range(2_000)]
    waits = [first_wait(each, WEEKLY) for each in buildings]
    assert set(waits) == set(range(7))
    assert max(map(waits.count, range(7))) < 2_000 / 7 * 1.3


def test_what_came_on_the_register_later_is_due_later() -> None:
    late = replace(STRICT, since=after(40))
    assert after(40) <= due(late, WEEKLY, [], after(41)).on < after(47)


DAYS = st.integers(0, 400)
LOOKS = st.lists(
    st.builds(
        seen, DAYS, st.sampled_from(["clear", "findings", "no_access"]), st.sampled_from(["grid_worker", "insurer"])
    )
)


@given(LOOKS, DAYS, st.integers(1, 400))
def test_due_follows_the_last_look_and_never_goes_back(looks: list[Look], today: int, cycle_days: int) -> None:
    cycle = replace(QUARTERLY, cycle_days=cycle_days)
    found = due(RENTAL, cycle, looks, after(today))
    assert found.on > (found.last_seen or DAY - timedelta(days=1))
    assert found.overdue_days == max(0, (after(today) - found.on).days)
    # One day on, with nothing new, it is due on the same day; a look today makes it due a cycle from now.
    past = [look for look in looks if look.on <= after(today)]
    assert due(RENTAL, cycle, past, after(today + 1)).on == found.on
    again = due(RENTAL, cycle, [*looks, seen(today)], after(today))
    assert (again.on, again.overdue_days) == (after(today + cycle_days), 0)
    # A closed door and another party's look change nothing of that.
    closed = [*looks, seen(today, "no_access"), seen(today, party="insurer")]
    assert due(RENTAL, cycle, closed, after(today)).on == found.on
    assert due(RENTAL, cycle, looks[::-1], after(today)) == found
