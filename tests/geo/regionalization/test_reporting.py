"""What a report says of drafts."""

import json
from dataclasses import replace

import pandas as pd

from geo.regionalization.balancing import Balance
from geo.regionalization.drafting import draft_community
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
