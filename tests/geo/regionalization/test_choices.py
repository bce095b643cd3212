"""Several plans that differ, and the table that weighs them."""

import json
from dataclasses import replace

import pytest

from geo.errors import CodeError
from geo.regionalization.choices import (
    FIGURES,
    Choice,
    distinct,
    figures,
    households_differing,
    reaches_goal,
    style,
    styles,
    trade_offs,
)
from geo.regionalization.drafting import draft_community
from geo.regionalization.locks import CodeLocks
from geo.regionalization.outcome import Prices
from tests.geo.regionalization.drawn import CODE, GRIDS, community

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
    assert (same.left_out.style.code, same.kept.style.code, same.households) == ("compact", "balanced", 0)


def test_the_table_has_the_documented_shape():
    kept, left_out = distinct([choice("balanced", 6), choice("anew", 4), choice("compact", 6)])
    table = json.loads(json.dumps(trade_offs(kept, left_out)))
    assert [column["name"] for column in table["figures"]] == list(FIGURES)
    assert {"name", "zh", "en", "unit", "better"} == set(table["figures"][0])
    first, second = table["plans"]
    assert set(first) == {
        "style", "zh", "en", "note_zh", "note_en", "seed", "prices", "plan", "file", "figures", "differs",
    }  # fmt: skip
    assert first["differs"] == [0, second["differs"][0]]
    assert second["differs"][0] > 0
    (same,) = table["same"]
    assert (same["style"], same["as"], same["differs"]) == ("compact", "balanced", 0)
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
