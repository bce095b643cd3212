"""The referee: outcomes by the rules of the development set, and right answers counted in a town drawn by hand."""

import numpy as np
import pytest

from tests.geo.addresses.invented import MANNERS, invent
from tests.geo.addresses.invented.hearing import apart, homophone, look_alike, slip, syllables
from tests.geo.addresses.invented.towns import Town, make_town
from tests.geo.addresses.invented.truth import Truth
from tests.geo.addresses.scoring import Query, Score, outcome

EMPTY = dict.fromkeys(("road", "number", "compound", "building", "unit", "room"), "") | {"street": "东街道"}


def _place(key: str, level: str, **said: str) -> dict[str, str]:
    return EMPTY | {"id": key, "level": level} | said


PLACES = {
    place["id"]: place
    for place in (
        _place("road", "road", road="明珠路"),
        _place("estate", "compound", road="明珠路", number="8号", compound="春湖苑"),
        _place("one", "building", road="明珠路", number="8号", compound="春湖苑", building="1栋"),
        _place("two", "building", road="明珠路", number="8号", compound="春湖苑", building="2栋"),
        _place("park", "poi"),
    )
}
ONE = Query("Q1", "春湖苑1栋", "clean", "one", ("one",), ("road",))
SEVERAL = Query("Q2", "春湖苑", "clean", "several", ("one", "two"))
NONE = Query("Q3", "春湖苑9栋", "clean", "none", (), ("estate", "road"))


@pytest.mark.parametrize(
    ("query", "ids", "expected"),
    [
        (ONE, ["one"], "exact"),
        (ONE, ["two"], "wrong"),
        (ONE, ["estate"], "coarse"),
        (ONE, ["park"], "wrong"),
        (ONE, [], "none"),
        (ONE, ["one", "two"], "ask_ok"),
        (ONE, ["two", "park"], "ask_bad"),
        (SEVERAL, ["one"], "pick_in"),
        (SEVERAL, ["estate"], "parent"),
        (SEVERAL, ["park"], "wrong"),
        (SEVERAL, ["two", "park"], "ask_ok"),
        (SEVERAL, [], "none"),
        (NONE, [], "none"),
        (NONE, ["estate"], "parent"),
        (NONE, ["one"], "wrong"),
        (NONE, ["one", "two"], "ask"),
    ],
)
def test_an_answer_has_its_outcome(query: Query, ids: list[str], expected: str) -> None:
    assert outcome(PLACES, query, ids) == expected


def test_shares_are_counted_over_what_they_are_shares_of() -> None:
    score = Score()
    for query, ids in ((ONE, ["one"]), (ONE, ["two"]), (SEVERAL, ["one"]), (NONE, [])):
        score.add(query, outcome(PLACES, query, ids))
    assert (score.accuracy(), score.false_matches(), score.handled()) == (0.5, 0.5, 0.5)
    assert "one:wrong 1" in score.table()


def _village() -> tuple[Town, dict[str, int]]:
    """Two roads that sound alike, a compound on each, both with a 1栋; rooms in one."""
    town = Town(MANNERS[0], "东街道")
    at = {"珠": town.add("road", "道路", road="明珠路"), "竹": town.add("road", "道路", road="明竹路")}
    at["湖"] = town.add("compound", "estate", at["珠"], road="明珠路", number="8号", compound="春湖苑")
    at["山"] = town.add("compound", "estate", at["竹"], road="明竹路", number="9号", compound="春山苑")
    at["湖1"] = town.add("building", "estate", at["湖"], building="1栋")
    at["山1"] = town.add("building", "estate", at["山"], building="1栋")
    for unit in ("1单元", "2单元"):
        at[unit] = town.add("unit", "estate", at["湖1"], unit=unit)
        at[f"{unit}301"] = town.add("room", "estate", at[unit], room="301")
    at["珠12"] = town.add("number", "门牌", at["珠"], number="12号")
    return town, at


def test_what_is_meant_is_the_largest_place_of_which_all_is_true() -> None:
    town, at = _village()
    truth = Truth(town)
    assert truth.meant({"compound": "春湖苑"}) == [at["湖"]]
    assert truth.meant({"building": "1栋"}) == [at["湖1"], at["山1"]]
    assert truth.meant({"compound": "春湖苑", "room": "301"}) == [at["1单元301"], at["2单元301"]]
    assert truth.meant({"road": "明竹路", "number": "12号"}) == []
    assert truth.beginning("春") == {"春湖苑", "春山苑"}


def test_a_misheard_name_means_all_that_are_as_near_and_fit_the_rest() -> None:
    town, at = _village()
    truth = Truth(town)
    # 名珠 sounds like both; only one of the roads has a number 12, and each has a compound of its own.
    assert truth.misheard({"road": "明珠路"}, {"road": "铭筑路"}) == [at["珠"], at["竹"]]
    assert truth.misheard({"road": "明珠路", "number": "12号"}, {"road": "铭筑路"}) == [at["珠12"]]
    # Written like the other road: that is what it says, and nobody can tell.
    assert truth.misheard({"road": "明珠路"}, {"road": "明竹路"}) is None


def test_names_are_nearer_by_sound_and_look_than_by_chance() -> None:
    assert apart("明珠路", "明珠路") == 0
    assert 0 < apart("明珠路", "名珠路") < apart("明珠路", "明朱露") < apart("明珠路", "光华路")
    assert apart("南山", "兰山") < apart("南山", "华山")
    assert apart("东兴一路", "东兴二路") == 1.0
    assert syllables("长乐路") == ("chang", "le", "lu")


def test_noise_changes_names_and_leaves_their_numerals() -> None:
    rng = np.random.default_rng(1)
    for change in (homophone, look_alike, slip):
        for name in ("明珠路", "清河花园", "东兴一路"):
            changed = change(name, rng)
            assert changed is None or ((changed != name or change is slip) and ("一" in changed) == ("一" in name))


@pytest.mark.parametrize("seed", range(len(MANNERS)))
def test_a_town_is_the_same_by_seed_and_its_answers_are_places_of_it(seed: int) -> None:
    town = invent(seed, scale=0.1)
    assert invent(seed, scale=0.1).queries == town.queries
    assert town.gazetteer.id.is_unique
    assert not town.gazetteer.full_address.duplicated().any()
    there = set(town.gazetteer.id)
    assert {key for query in town.queries for key in (*query.meant, *query.accepted)} <= there
    assert {query.expect for query in town.queries} == {"one", "several", "none"}
    assert {len(query.meant) == 1 for query in town.queries if query.expect == "one"} == {True}


def test_towns_bear_names_of_their_own() -> None:
    assert len({make_town(seed).street for seed in (0, 1, 2, 3)}) == 4
