"""What a planner may ask, read from words and files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BoundsError, CodeError, FileFormatError, InputError
from geo.regionalization.balancing import Balance
from geo.regionalization.communities import Bounds
from geo.regionalization.locks import FITTING
from geo.regionalization.outcome import Prices
from geo.services.wishes import Wishes, parse_balance, read_wishes, settings_of, share_grids
from tests.geo.regionalization.drawn import community

BOUNDS = Bounds(200, 300)


def town(*households: int):
    return [community([[80] * (count // 80)], code=f"44039900100{i}") for i, count in enumerate(households, start=1)]


class TestShareGrids:
    def test_by_households_within_what_they_fill(self):
        assert share_grids(6, town(480, 1200), BOUNDS) == {"440399001001": 2, "440399001002": 4}
        assert share_grids(8, town(480, 1200), BOUNDS) == {"440399001001": 2, "440399001002": 6}

    def test_more_than_fit_are_shared_all_the_same(self):
        assert share_grids(12, town(480, 1200), BOUNDS) == {"440399001001": 3, "440399001002": 9}

    def test_each_community_has_one(self):
        with pytest.raises(BoundsError, match="2 communities"):
            share_grids(1, town(480, 480), BOUNDS)

    @given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 40))
    def test_nothing_is_lost(self, sizes, extra):
        places = [community([[80] * n], code=f"44039900100{i}") for i, n in enumerate(sizes, start=1)]
        shares = share_grids(len(places) + extra, places, BOUNDS)
        assert sum(shares.values()) == len(places) + extra
        assert min(shares.values()) >= 1


class TestBalance:
    @pytest.mark.parametrize(
        ("text", "balance"),
        [
            ("small_shop=0:20", Balance("small_shop", 0, 20)),
            ("菜市场=:1", Balance("菜市场", None, 1)),
            (" 老人 = 5: ", Balance("老人", 5, None)),
            ("a=b=1:2", Balance("a=b", 1, 2)),
        ],
    )
    def test_words(self, text, balance):
        assert parse_balance(text) == balance

    @pytest.mark.parametrize("text", ["shop", "shop=", "shop=:", "=1:2", "shop=3", "shop=a:b", "shop=nan:2", "s=1:inf"])
    def test_other_words_are_refused(self, text):
        with pytest.raises(InputError, match="NAME=LEAST:MOST"):
            parse_balance(text)


class TestPrices:
    def test_single_dials_overrule_the_style(self):
        assert Wishes().prices() == Prices()
        prices = Wishes(style="最紧凑", dials={"stability": 2.5}).prices()
        assert (prices.compactness, prices.stability) == (3.0, 2.5)

    @pytest.mark.parametrize("dials", [{"speed": 1.0}, {"stability": -0.1}, {"fewer": 20.5}, {"fewer": float("nan")}])
    def test_dials_that_are_not_there(self, dials):
        with pytest.raises(BoundsError, match="compactness"):
            Wishes(dials=dials).prices()

    def test_unknown_style(self):
        with pytest.raises(CodeError, match="balanced"):
            settings_of(Wishes(style="快"), BOUNDS, 0, None, town(480))


class TestFiles:
    def test_toml(self, tmp_path):
        path = tmp_path / "locks.toml"
        path.write_text(
            'style = "stable"\nwhole_compounds = "fitting"\ntogether = [["a", "b", "c"]]\napart = [["d", "e"]]\n'
            'keep_grids = ["g"]\ngrids = 4\nposts = ["p"]\nbalance = ["shop=0:2"]\nrepair = true\n'
            "dials = { fewer = 1 }\n",
            encoding="utf-8",
        )
        assert read_wishes(path) == Wishes(
            "stable", {"fewer": 1.0}, ("g",), FITTING, (("a", "b", "c"),), (("d", "e"),), 4, ("p",),
            (Balance("shop", 0, 2),), True,
        )  # fmt: skip

    def test_json_over_what_was_asked_already(self, tmp_path):
        path = tmp_path / "locks.json"
        path.write_text(json.dumps({"keep_grids": ["g"]}), encoding="utf-8")
        assert read_wishes(path, Wishes(style="compact")) == Wishes(style="compact", keep_grids=("g",))

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("a.json", "[]", "a.json"),
            ("a.json", "{", "UTF-8"),
            ("a.toml", "keep = ]", "UTF-8"),
            ("a.json", '{"keep_grid": ["g"]}', "unknown names: keep_grid"),
            ("a.json", '{"keep_grids": "g"}', "keep_grids"),
            ("a.json", '{"apart": [["a", "b", "c"]]}', "apart"),
            ("a.json", '{"apart": [["a", 1]]}', "apart"),
            ("a.json", '{"grids": true}', "grids"),
            ("a.json", '{"repair": 1}', "repair"),
            ("a.json", '{"dials": {"fewer": "much"}}', "dials"),
            ("a.json", '{"dials": 3}', "dials"),
            ("a.json", '{"whole_compounds": "all"}', "whole_compounds"),
            ("a.json", '{"style": 1}', "style"),
        ],
    )
    def test_what_is_not_written_as_it_should_be(self, tmp_path, name, text, words):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileFormatError, match=words):
            read_wishes(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(FileFormatError, match="none"):
            read_wishes(tmp_path / "none.toml")


def test_a_repair_needs_a_plan_in_force():
    with pytest.raises(InputError, match="--previous"):
        settings_of(Wishes(repair=True), BOUNDS, 0, None, town(480))
