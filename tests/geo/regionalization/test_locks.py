"""Locks by codes on maps small enough to count."""

from dataclasses import replace

import pytest

from geo.errors import CodeError, InputError
from geo.regionalization.drafting import draft_community
from geo.regionalization.locks import FITTING, CodeLocks, check_locks
from tests.geo.regionalization.drawn import CODE, GRIDS, community, grids_of

#   00 01 02 | 03 04 05      80 households each: three buildings a grid
#   10 11 12 | 13 14 15      old grids: a and b above, c and d below
EIGHTY = [[80] * 6, [80] * 6]
OLD = ["aaabbb", "cccddd"]


def locked(**locks):
    return replace(GRIDS, locks=CodeLocks(**locks))


def together(draft, *buildings):
    return len(set(draft.assignment.set_index("building")["grid"][list(buildings)])) == 1


class TestDrafts:
    def test_a_kept_grid_stays_exactly_as_it_is_even_where_another_cut_is_cheaper(self):
        # Without the lock the crooked old grid would be drawn straight.
        crooked = ["abbccc", "aabddd"]
        drawn = community(EIGHTY, previous=crooked)
        draft = draft_community(drawn, locked(keep_grids=("a",)))
        assert frozenset({"00", "10", "11"}) in grids_of(draft)
        (kept,) = draft.grids[draft.grids["continues"] == "a"].itertuples()
        assert (kept.households, kept.moved) == (240, 0)

    def test_a_kept_grid_out_of_range_stays_and_says_why(self):
        drawn = community([[80] * 6], previous=["abbbbb"])
        draft = draft_community(drawn, locked(keep_grids=("a",)))
        assert frozenset({"00"}) in grids_of(draft)
        reasons = draft.grids.set_index("households")["reason_code"].to_dict()
        assert reasons[80] == "fixed_by_lock"

    def test_a_compound_is_kept_whole(self):
        # A row of eight: alone it would be cut in the middle, the compound lies across.
        drawn = community([[75] * 8], compounds=["..xxxx.."])
        draft = draft_community(drawn, locked(whole_compounds=("x",)))
        assert together(draft, "02", "03", "04", "05")
        assert draft.metrics["compounds_split"] == 0

    def test_fitting_compounds_are_kept_whole_and_the_too_big_is_left(self):
        drawn = community([[60] * 10], compounds=["xxxyyyyyy."])
        draft = draft_community(drawn, locked(whole_compounds=FITTING))
        assert together(draft, "00", "01", "02")
        assert not together(draft, *[f"0{i}" for i in range(3, 9)])

    def test_buildings_stay_together_and_apart(self):
        drawn = community(EIGHTY)
        draft = draft_community(drawn, locked(together=(("00", "10"),), apart=(("02", "12"),)))
        assert together(draft, "00", "10")
        assert not together(draft, "02", "12")
        assert draft.grids["in_range"].all()

    @pytest.mark.parametrize("count", [4, 5, 6])
    def test_the_number_of_grids_is_fixed(self, count):
        drawn = community([[100] * 6, [100] * 6])
        assert len(draft_community(drawn, locked(n_grids={CODE: count})).grids) == count

    def test_locks_of_other_communities_do_not_matter(self):
        drawn = community(EIGHTY)
        draft = draft_community(drawn, locked(apart=(("77", "78"),), n_grids={"440399001002": 1}, posts=("79",)))
        assert grids_of(draft) == grids_of(draft_community(drawn, GRIDS))


class TestRefusals:
    @pytest.mark.parametrize(
        ("locks", "words"),
        [
            ({"keep_grids": ("e",)}, "共有 4 个,如 a、b、c、d"),
            ({"whole_compounds": ("z",)}, "no such compound: z"),
            ({"apart": (("00", "99"),)}, "no such building: 99"),
            ({"together": (("00", "98"),)}, "no such building: 98"),
            ({"posts": ("97",)}, "no such building: 97"),
            ({"n_grids": {"440399001009": 2}}, "no such community: 440399001009"),
        ],
    )
    def test_unknown_codes(self, locks, words):
        drawn = community(EIGHTY, previous=OLD, compounds=["xxx...", "......"])
        with pytest.raises(CodeError, match=words):
            check_locks(CodeLocks(**locks), [drawn], 300)

    @pytest.mark.parametrize(
        ("locks", "words"),
        [
            ({"apart": (("00", "00"),)}, "one building"),
            ({"apart": (("00", "01"),), "together": (("00", "01", "02"),)}, "00、01、02 shall share a grid"),
            ({"apart": (("00", "01"),), "whole_compounds": ("x",)}, "x shall share a grid"),
            ({"apart": (("00", "01"),), "keep_grids": ("a",)}, "kept grid a holds both"),
            ({"together": (("02", "03"),), "keep_grids": ("a",)}, "only part of it is in the kept grid a"),
            ({"together": (("00", "01", "02", "03"),)}, "320 households, more than 300"),
            ({"posts": ("00", "00")}, "listed twice"),
            ({"posts": ("00", "01"), "whole_compounds": ("x",)}, "holds 2 posts: 00, 01"),
            ({"posts": ("03", "04"), "keep_grids": ("b",)}, "holds 2 posts: 03, 04"),
            ({"posts": ("00", "03"), "n_grids": {CODE: 3}}, "2 posts but shall have 3 grids"),
            ({"n_grids": {CODE: 0}}, "1 to 12"),
            ({"n_grids": {CODE: 13}}, "1 to 12"),
            ({"n_grids": {CODE: 1}, "keep_grids": ("a", "b")}, "2 to 12"),
        ],
    )
    def test_contradictions(self, locks, words):
        drawn = community(EIGHTY, previous=OLD, compounds=["xxx...", "......"])
        with pytest.raises(InputError, match=words):
            check_locks(CodeLocks(**locks), [drawn], 300)

    def test_keeping_grids_needs_a_plan_in_force(self):
        with pytest.raises(InputError, match="--previous"):
            check_locks(CodeLocks(keep_grids=("a",)), [community(EIGHTY)], 300)

    def test_a_group_across_communities(self):
        west, east = community([[80, 80]]), community([[80, 80]], code="440399001002")
        east.buildings.index = ["50", "51"]
        with pytest.raises(InputError, match="440399001001, 440399001002"):
            check_locks(CodeLocks(together=(("00", "50"),)), [west, east], 300)

    def test_a_grid_in_pieces_cannot_be_kept(self):
        drawn = community([[80] * 6], previous=["abbbba"])
        with pytest.raises(InputError, match="2 pieces"):
            draft_community(drawn, locked(keep_grids=("a",)))

    def test_what_is_right_passes(self):
        drawn = community(EIGHTY, previous=OLD, compounds=["xxx...", "......"])
        locks = CodeLocks(("a",), ("x",), (("03", "04"),), (("00", "10"),), {CODE: 4}, ("00", "03", "10", "13"))
        check_locks(locks, [drawn], 300)
