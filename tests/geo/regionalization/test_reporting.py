"""What a report says of drafts."""

import json
from dataclasses import replace

import pandas as pd

from geo.regionalization import drafting
from geo.regionalization.balancing import Balance
from geo.regionalization.drafting import draft_community
from geo.regionalization.floors import households_by_floor
from geo.regionalization.reporting import report
from tests.geo.regionalization.drawn import GRIDS, community


def test_report_says_who_moves_and_what_grids_hold():
    drawn = community([[80] * 6], previous=["aaaaab"], compounds=["xx.yyy"])
    drawn.buildings["shop"] = [1, 2, 0, 0, 4, 0]
    shops = Balance("shop", 0, 3)
    settings = replace(GRIDS, quantities=(shops,))
    plain = replace(draft_community(drawn, GRIDS), quantities=pd.DataFrame({"shop": [3.0, 4.0]}))
    summary = report([plain], settings.bounds, seed=0, seconds=1.0, quantities=settings.quantities)
    json.dumps(summary)
    assert (summary["households_before"], summary["households_moved"]) == (480, 160)
    assert [(move["from"], move["households"]) for move in summary["moves"]] == [("a", 160)]
    assert sorted((row["continues"], row["moved"]) for row in summary["grid_list"]) == [("a", 0), ("b", 160)]
    assert (summary["compounds"], summary["compounds_split"], summary["gap"]) == (2, 0, 0)
    (told,) = summary["quantities"]
    assert (told["in_range"], told["grids"], told["total"]) == (1, 2, 7)
    assert summary["cancelled"] is False


def test_report_without_a_plan_in_force_moves_nobody():
    summary = report([draft_community(community([[80] * 3]), GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    assert (summary["households_before"], summary["households_moved"], summary["moves"]) == (None, None, [])


def test_report_names_the_buildings_that_keep_a_grid_out_of_range():
    drawn = community([[100, 100, 350, 100, 100]])
    summary = report([draft_community(drawn, GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    (failed,) = [row for row in summary["grid_list"] if row["reason"]]
    assert (failed["reason"], failed["reason_buildings"]) == ("atom_over_upper", ["02"])
    assert all(row["reason_buildings"] == [] for row in summary["grid_list"] if row["in_range"])


def test_a_reason_about_a_whole_place_names_no_building(monkeypatch):
    monkeypatch.setattr(drafting, "MOST_NAMED", 3)
    few = report([draft_community(community([[30] * 3]), GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    many = report([draft_community(community([[30] * 4]), GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    assert [row["reason_buildings"] for row in few["grid_list"]] == [["00", "01", "02"]]
    assert [row["reason_buildings"] for row in many["grid_list"]] == [[]]


def test_compounds_that_a_grid_could_hold_are_counted_beside_all():
    # x fits and lies apart, y is one building, z is larger than a grid.
    drawn = community([[100, 100, 100, 100, 200, 200]], compounds=["xxxyzz"])
    summary = report([draft_community(drawn, GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    assert (summary["compounds"], summary["compounds_fitting"]) == (3, 1)
    assert summary["compounds_fitting_split"] <= summary["compounds_split"]


def test_a_split_compound_that_fits_is_told_from_one_that_is_empty_elsewhere():
    drawn = community([[100, 100, 0, 100, 100]], compounds=["xxx.."])
    summary = report([draft_community(drawn, GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    assert (summary["compounds_fitting"], summary["compounds_fitting_split"]) == (1, 0)
    split = community([[100, 100, 100, 100]], compounds=[".xx."])
    summary = report([draft_community(split, GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    assert (summary["compounds_fitting"], summary["compounds_fitting_split"]) == (1, 1)


def test_floors_whose_households_were_shared_out_are_counted():
    drawn = community([[600]])
    nothing = pd.DataFrame({"building": [], "stairwell": [], "floor": [], "households": []})
    known = pd.DataFrame({"households": [600], "floors": [20]}, index=["00"])
    drawn = replace(drawn, floors=households_by_floor(nothing, known, drawn.stairwells.assign(floors=1)))
    summary = report([draft_community(drawn, GRIDS)], GRIDS.bounds, seed=0, seconds=1.0)
    assert (summary["grids"], summary["in_range"]) == (2, 2)
    assert (summary["divided_buildings"], summary["estimated_parts"]) == (1, 2)
