"""Alternatives keep their styles' word: no plan that is offered outdoes another at what that one is for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization.choices import beaten, distinct, style, trade_offs
from geo.regionalization.metrics import METRICS
from geo.services.alternatives import draft_choices
from geo.services.gathering import gather
from geo.services.sampling import SAMPLE_STREET, load_sample
from tests.examples import TIMES, examples
from tests.geo.regionalization.drawn import GRIDS, community
from tests.geo.sample.recipes import small_recipe

COLUMNS = 5


@st.composite
def small_maps(draw):
    """Some rows of five buildings, with compounds and a plan in force drawn at random."""
    rows = draw(st.integers(2, 4))
    counts = st.lists(st.integers(0, 160), min_size=COLUMNS, max_size=COLUMNS)
    letters = st.text("aab.", min_size=COLUMNS, max_size=COLUMNS)
    return community(
        [draw(counts) for _ in range(rows)],
        compounds=[draw(letters) for _ in range(rows)],
        previous=draw(st.none() | st.just(["aabbc", "aabcc", "ddbcc", "dddee"][:rows])),
    )


def assert_styles_keep_their_word(choices):
    kept, left_out = distinct(choices)
    for mine in kept:
        assert not [other.style.code for other in kept if beaten(mine, other)], mine.style.code
    table = trade_offs(kept, left_out)
    for row in table["plans"]:
        goal = style(row["style"]).goal
        # The style that was asked for may be turned by hand; then it promises nothing, and is called so.
        if goal is None or row["zh"] != style(row["style"]).zh:
            continue
        shown = [other["figures"][goal] for other in table["plans"]]
        best = max(shown) if METRICS[goal].better == "more" else min(shown)
        assert row["figures"][goal] == best
    return table


@given(drawn=small_maps(), seed=st.integers(0, 9), asked=st.sampled_from(["balanced", "compact", "fewest"]))
@examples(3)
def test_on_any_small_map(drawn, seed, asked):
    asked_of = replace(GRIDS, seed=seed, prices=style(asked).prices)
    assert_styles_keep_their_word(draft_choices([drawn], asked_of, asked, workers=1))


@pytest.mark.parametrize("seed", range(min(TIMES, 3)))
def test_in_the_sample_town(session, seed):
    load_sample(session, 7, who="tester", recipe=small_recipe())
    gathered = gather(session, SAMPLE_STREET)
    choices = draft_choices(gathered.communities[:1], replace(GRIDS, seed=seed), "balanced", workers=1)
    table = assert_styles_keep_their_word(choices)
    assert len(table["plans"]) >= 2


def test_turned_dials_and_repairs_promise_nothing(session):
    drawn = community([[80] * 6, [80] * 6], previous=["abbccc", "aabddd"])
    turned = replace(GRIDS, prices=replace(style("compact").prices, stability=4.0))
    first = draft_choices([drawn], turned, "compact", [], workers=1)[0]
    assert (first.style.code, first.style.goal, first.style.zh) == ("compact", None, "最紧凑(自调)")
    repair = replace(GRIDS, prices=style("compact").prices, effort="repair")
    assert draft_choices([drawn], repair, "compact", [], workers=1)[0].style.goal is None
