"""Several plans that differ, and the table that weighs them."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.errors import CodeError
from geo.regionalization.choices import (
    FIGURES,
    Choice,
    beaten,
    distinct,
    figures,
    households_differing,
    reaches_goal,
    style,
    styles,
    trade_offs,
)
from geo.regionalization.drafting import CommunityDraft, draft_community
from geo.regionalization.locks import CodeLocks
from geo.regionalization.outcome import Prices
from tests.examples import examples
from tests.geo.regionalization.drawn import CODE, CRS, GRIDS, community

#   00 01 02 03 04 05      twelve buildings of 100: four grids of three, five or six of two
#   10 11 12 13 14 15
HUNDREDS = [[100] * 6, [100] * 6]


def choice(code: str, n_grids: int, seed: int = 0) -> Choice:
    drawn = community(HUNDREDS, previous=["aabbcc", "aabbcc"], compounds=["xx....", "......"])
    settings = replace(GRIDS, seed=seed, locks=CodeLocks(n_grids={CODE: n_grids}))
    return Choice(style(code), settings, [draft_community(drawn, settings)], 0.5)


def test_styles_are_found_by_any_name_and_those_there_are_listed():
    assert style("网格最少") == style("fewest") == style("Fewest grids")
    assert style("balanced").prices == Prices()
    with pytest.raises(CodeError, match="balanced, fewest, stable"):
        style("best")


def test_without_a_plan_in_force_styles_that_follow_it_are_not_offered():
    assert {one.code for one in styles(previous=True)} - {one.code for one in styles(previous=False)} == {
        "stable",
        "anew",
    }


def test_what_a_style_is_for_decides_whether_it_was_reached():
    six, four = choice("balanced", 6), choice("fewest", 4)
    assert reaches_goal(four, six)
    assert not reaches_goal(choice("fewest", 6), six)
    assert reaches_goal(choice("balanced", 6), four)


def test_figures_are_counted():
    told = figures(choice("balanced", 6).drafts, 0.5)
    assert (told["grids"], told["in_range"], told["seconds"]) == (6, 6, 0.5)
    assert tuple(told) == FIGURES


def test_households_that_differ_do_not_depend_on_numbers_of_grids():
    drafts = choice("balanced", 6).drafts
    renumbered = [replace(d, assignment=d.assignment.assign(grid=d.assignment["grid"].map(lambda g: 99 - g)))
                  for d in drafts]  # fmt: skip
    assert households_differing(drafts, renumbered) == 0
    one_moved = [replace(d, assignment=d.assignment.assign(grid=d.assignment["grid"].where(
        d.assignment["building"] != "00", 77))) for d in drafts]  # fmt: skip
    assert households_differing(drafts, one_moved) == 100


def test_a_choice_that_is_the_same_is_left_out_and_said():
    choices = [choice("balanced", 6), choice("compact", 6), choice("fewest", 4)]
    kept, left_out = distinct(choices)
    assert [one.style.code for one in kept] == ["balanced", "fewest"]
    (same,) = left_out
    assert (same.choice.style.code, same.beside.style.code, same.households) == ("compact", "balanced", 0)
    assert same.because == "same"


def test_the_table_has_the_documented_shape():
    kept, left_out = distinct([choice("balanced", 6), choice("anew", 4), choice("compact", 6)])
    table = json.loads(json.dumps(trade_offs(kept, left_out)))
    assert [column["name"] for column in table["figures"]] == list(FIGURES)
    assert {"name", "zh", "en", "unit", "better"} == set(table["figures"][0])
    first, second = table["plans"]
    assert set(first) == {
        "style", "zh", "en", "note_zh", "note_en", "seed", "drawn_as", "prices", "plan", "file", "figures", "differs",
    }  # fmt: skip
    assert first["differs"] == [0, second["differs"][0]]
    assert second["differs"][0] > 0
    (same,) = table["same"]
    assert (same["style"], same["as"], same["differs"]) == ("compact", "balanced", 0)
    assert (same["because"], same["goal"]) == ("same", None)
    assert table["price_of_stability"]["grids"] == 2
    assert trade_offs(kept[:1])["price_of_stability"] is None


def test_a_style_that_draws_anew_leaves_the_plan_in_force_and_says_who_moves():
    # The crooked plan in force is in range: following it nothing changes.
    drawn = community([[80] * 6, [80] * 6], previous=["abbccc", "aabddd"])
    followed = draft_community(drawn, replace(GRIDS, prices=style("stable").prices))
    anew = draft_community(drawn, replace(GRIDS, prices=style("anew").prices))
    assert followed.metrics["households_moved"] == 0
    assert anew.metrics["households_before"] == 960
    assert anew.metrics["boundary_cost"] <= followed.metrics["boundary_cost"]


def made(code: str, grids: str, *, failed: int = 0, effort: str = "polished", **measured: float) -> Choice:
    """A plan of buildings of 10 households, one letter per building for its grid, with figures as told."""
    letters = sorted(set(grids))
    frame = gpd.GeoDataFrame(
        {
            "households": [10 * grids.count(letter) for letter in letters],
            "in_range": [number >= failed for number in range(len(letters))],
            "polsby_popper": measured.pop("polsby_popper", 0.5),
        },
        geometry=[box(x, 0, x + 1, 1) for x in range(len(letters))],
        crs=CRS,
    )
    assignment = pd.DataFrame(
        {
            "building": [str(number) for number in range(len(grids))],
            "stairwell": None,
            "floor_from": np.nan,
            "floor_to": np.nan,
            "households": 10,
            "grid": [letters.index(letter) for letter in grids],
        }
    )
    settings = replace(GRIDS, prices=style(code).prices, effort=effort)
    return Choice(style(code), settings, [CommunityDraft(CODE, frame, assignment, 1, measured)], 0.5)


def test_a_style_that_another_plan_outdoes_is_left_out_with_both_figures():
    compact = made("compact", "aabb", polsby_popper=0.5, boundary_cost=10.0)
    clear = made("clear", "abab", polsby_popper=0.6, boundary_cost=9.0)
    kept, left_out = distinct([made("balanced", "abba", boundary_cost=10.0), compact, clear])
    assert [one.style.code for one in kept] == ["balanced", "clear"]
    (out,) = left_out
    assert (out.choice, out.beside, out.because) == (compact, clear, "worse")
    (row,) = trade_offs(kept, left_out)["same"]
    assert row["goal"] == {"name": "polsby_popper", "mine": 0.5, "theirs": 0.6}


def test_the_style_that_was_asked_for_gets_the_plan_that_serves_it_best():
    compact = made("compact", "aabb", polsby_popper=0.5)
    clear = made("clear", "abab", polsby_popper=0.6)
    kept, left_out = distinct([compact, clear])
    (first,) = kept
    assert (first.style.code, first.drawn_as.code, first.drafts) == ("compact", "clear", clear.drafts)
    assert [(out.choice.style.code, out.because) for out in left_out] == [("clear", "same")]
    assert trade_offs(kept)["plans"][0]["drawn_as"] == "clear"


def test_a_plan_out_of_range_does_not_push_out_one_in_range():
    compact = made("compact", "aabb", polsby_popper=0.5)
    rounder = made("fewest", "abab", polsby_popper=0.6, failed=1)
    kept, left_out = distinct([made("balanced", "abba"), compact, rounder])
    assert [one.style.code for one in kept] == ["balanced", "compact"]
    assert [(out.choice, out.because) for out in left_out] == [(rounder, "out_of_range")]
    assert trade_offs(kept, left_out)["same"][0]["goal"] == {"name": "in_range", "mine": 1.0, "theirs": 2.0}


def test_a_first_plan_out_of_range_gives_way_but_a_repair_stays():
    better = made("compact", "aabb")
    kept, _ = distinct([made("balanced", "abba", failed=1), better])
    assert (kept[0].style.code, kept[0].drawn_as.code) == ("balanced", "compact")
    repair = made("balanced", "abba", failed=1, effort="repair")
    assert distinct([repair, better])[0][0] is repair


CODES = [one.code for one in styles(previous=True)]
PLANS = st.builds(
    made,
    st.sampled_from(CODES),
    st.text("abc", min_size=6, max_size=6),
    failed=st.integers(0, 2),
    effort=st.sampled_from(["polished", "repair"]),
    polsby_popper=st.sampled_from([0.5, 0.5001, 0.6]),
    boundary_cost=st.integers(0, 3),
    households_moved=st.integers(0, 3),
)


@given(st.lists(PLANS, min_size=1, max_size=7))
@examples(25)
def test_no_plan_is_better_than_another_at_what_that_one_is_for(choices):
    kept, left_out = distinct(choices)
    assert kept[0].style is choices[0].style
    for mine in kept[1:] if kept[0].settings.effort == "repair" else kept:
        assert not any(beaten(mine, other) for other in kept)
    assert len(kept) + len(left_out) == len(choices)
    assert all(any(out.beside is one for one in kept) for out in left_out)
    if choices[0].settings.effort != "repair":
        failed = [int((~one.drafts[0].grids["in_range"]).sum()) for one in choices]
        assert int((~kept[0].drafts[0].grids["in_range"]).sum()) == min(failed)
    json.dumps(trade_offs(kept, left_out))
