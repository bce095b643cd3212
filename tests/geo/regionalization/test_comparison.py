import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.errors import ColumnError, GeographicCRSError
from geo.regionalization.communities import Bounds
from geo.regionalization.comparison import Flow, change, figures
from tests.examples import examples

#       b1  b2 | b3  b4        before: 甲 = b1 b2, 乙 = b3 b4
#       b1 | b2  b3  b4        after:  one = b1, two = the rest; b2 changes
BEFORE = {"b1": "甲", "b2": "甲", "b3": "乙", "b4": "乙"}
AFTER = {"b1": "one", "b2": "two", "b3": "two", "b4": "two"}
HOUSEHOLDS = {"b1": 100, "b2": 50, "b3": 120, "b4": 80}


def assigned(grids, households=HOUSEHOLDS):
    return pd.DataFrame(
        {"building": list(grids), "grid": list(grids.values()), "households": [households[key] for key in grids]}
    )


def test_who_moves_is_counted_on_fingers():
    found = change(assigned(BEFORE), assigned(AFTER))
    assert found.continues == {"one": "甲", "two": "乙"}
    assert (found.households, found.compared, found.share) == (50, 350, 50 / 350)
    assert found.leaving == {"甲": 50}
    assert found.coming == {"two": 50}
    assert found.buildings == {"b2": 50}
    assert found.flows == (Flow("甲", "two", 50, 1),)


def test_a_plan_with_other_codes_for_the_same_grids_moves_nobody():
    renamed = {key: f"新{grid}" for key, grid in BEFORE.items()}
    assert change(assigned(BEFORE), assigned(renamed)).households == 0


def test_a_building_that_the_new_plan_divides_moves_only_the_part_that_goes():
    after = pd.DataFrame(
        {
            "building": ["b1", "b2", "b2", "b3", "b4"],
            "stairwell": [None, "s1", "s2", None, None],
            "grid": ["one", "one", "two", "two", "two"],
            "households": [100, 20, 30, 120, 80],
        }
    )
    found = change(assigned(BEFORE), after)
    assert (found.households, found.buildings) == (30, {"b2": 30})


def test_buildings_that_one_plan_has_no_grid_for_are_not_compared():
    found = change(assigned(BEFORE | {"b2": None}), assigned(AFTER | {"b4": None}))
    assert found.compared == 100 + 120
    assert found.households == 0
    assert change(assigned({"x": "甲"}, {"x": 1}), assigned(AFTER)).compared == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 300)), min_size=1, max_size=40))
@examples(40)
def test_leaving_coming_flows_and_buildings_add_up_to_the_same_households(rows):
    keys = [f"b{i}" for i in range(len(rows))]
    households = dict(zip(keys, (row[2] for row in rows), strict=True))
    before = assigned(dict(zip(keys, (f"o{row[0]}" for row in rows), strict=True)), households)
    after = assigned(dict(zip(keys, (f"n{row[1]}" for row in rows), strict=True)), households)
    found = change(before, after)
    assert found.compared == sum(households.values())
    sums = [sum(each.values()) for each in (found.leaving, found.coming, found.buildings)]
    assert sums == [found.households] * 3
    assert sum(flow.households for flow in found.flows) == found.households
    assert len(set(found.continues.values())) == len(found.continues)
    back = change(after, before)
    assert back.households == found.households


def test_figures_of_a_plan():
    grids = gpd.GeoDataFrame(
        {"households": [150, 250, 260]}, geometry=[box(i, 0, i + 1, 1) for i in range(3)], crs="EPSG:4547"
    )
    parts = pd.DataFrame({"building": ["a", "a", "b"], "grid": ["1", "2", "2"], "households": [1, 2, 3]})
    found = figures(grids, parts, Bounds(200, 300))
    assert (found.grids, found.out_of_range, found.least, found.median, found.most) == (3, 1, 150, 250, 260)
    assert found.compactness == pytest.approx(np.pi / 4)
    assert found.divided == 1
    assert figures(grids, parts).out_of_range is None
    with pytest.raises(ColumnError, match="grid"):
        figures(grids, parts.drop(columns="grid"))
    with pytest.raises(GeographicCRSError):
        figures(grids.set_crs(4326, allow_override=True), parts)
