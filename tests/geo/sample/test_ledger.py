from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from geo.ledger.checklists import checklist
from geo.ledger.workflows import workflow
from geo.sample import generate_town
from geo.sample.ledger import TownLedger, any_stories, draw_ledger
from geo.sample.ledger_looks import SAME_HAZARD_DAYS
from geo.sample.ledger_recipe import load_ledger_recipe
from geo.sample.ledger_stories import PART_COLUMNS, PARTS
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME
from tests.geo.sample.recipes import small_recipe

SINCE, UNTIL = date(2026, 6, 1), datetime(2026, 11, 20, 18, tzinfo=CHINA_TIME)


def draw(seed: int) -> TownLedger:
    town = generate_town(3, recipe=small_recipe())
    return draw_ledger(town["place"], town["building"], since=SINCE, until=UNTIL, seed=seed)


@pytest.fixture(scope="module")
def drawn() -> TownLedger:
    return draw(5)


def test_a_seed_gives_the_same_ledger_and_another_one_another(drawn: TownLedger) -> None:
    again, other = draw(5), draw(6)
    for one, two in ((drawn.looks.looks, again.looks.looks), (drawn.hazards.subjects, again.hazards.subjects)):
        pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(drawn.hazards.stories.moves, again.hazards.stories.moves)
    assert not drawn.looks.looks.equals(other.looks.looks)


def test_every_step_of_the_recipe_is_one_of_its_workflow() -> None:
    for code, steps in load_ledger_recipe().ways.items():
        known = workflow(code)
        for step, ways in steps.items():
            for way in ways:
                assert not way.action or step in known.actions[way.action].sources, way
                assert not way.action or PARTS[way.by].roles & known.actions[way.action].roles, way


def test_looks_are_by_their_cycles_and_within_the_year(drawn: TownLedger) -> None:
    looks, kinds = drawn.looks.looks, drawn.places["kind"].to_numpy()
    cycles = dictionary("inspection_cycles")
    assert looks["at"].is_monotonic_increasing
    assert looks["at"].iloc[-1] < UNTIL
    for place, cycle in zip(looks["place"], looks["cycle"], strict=True):
        assert cycles[cycle].extra["place_kind"] == kinds[place]


def test_findings_are_items_of_their_checklist_and_no_hazard_is_found_twice(drawn: TownLedger) -> None:
    found = drawn.looks.findings.merge(drawn.looks.looks[["checklist", "result"]], left_on="look", right_index=True)
    assert len(found)
    assert (found["result"] == "findings").all()
    for code, item, kind in zip(found["checklist"], found["item"], found["kind"], strict=True):
        assert checklist(code).items[item].hazard == kind
    gaps = found.groupby(["place", "kind"])["at"].diff().dropna()
    assert (gaps >= pd.Timedelta(days=SAME_HAZARD_DAYS)).all()


def test_nobody_opened_means_that_nothing_was_found(drawn: TownLedger) -> None:
    looks = drawn.looks.looks
    assert not looks[looks["result"] == "no_access"]["faults"].map(len).any()
    assert (looks[looks["result"] == "findings"]["faults"].map(len) > 0).all()


def test_stories_name_parts_and_never_close_by_who_fixed() -> None:
    stories = any_stories(150, since=SINCE, until=UNTIL, seed=2)
    cases = stories.cases
    named = {name for column in PART_COLUMNS for name in cases[column].dropna()}
    assert named <= {doer.name for doer in PARTS.values()}
    both = cases[cases["closed_by"].notna() & cases["fixed_by"].notna()]
    assert (both["closed_by"] != both["fixed_by"]).all()
    assert {"closed", "open"} <= set(cases["state"])
    times = stories.moves.groupby("story")["at"]
    assert all(pd.Series(pd.to_datetime(at)).is_monotonic_increasing for _, at in times)
    assert all(
        at < UNTIL or part == "clock" for at, part in zip(stories.moves["at"], stories.moves["part"], strict=True)
    )


def test_requests_say_where_and_what(drawn: TownLedger) -> None:
    subjects = drawn.requests.subjects
    assert len(subjects)
    words = {entry.code: entry.extra["words"] for entry in dictionary("request_kinds").entries.values()}
    for kind, summary in zip(subjects["kind"], subjects["summary"], strict=True):
        assert any(word in summary for word in words[kind])
        assert "广东省" not in summary
    assert set(subjects["source"]) <= set(dictionary("request_channels").entries)
    assert np.isin(drawn.reporters["case"], np.arange(len(subjects))).all()
