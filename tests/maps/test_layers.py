import numpy as np
import pandas as pd
import pytest

from geo.errors import ColumnError, DatumError
from geo.territory.map_content import MapContent
from maps.facts import facts_of, holds_estimates, households_source
from maps.layers import Layer, extent_of, layers_of, short_numbers
from maps.styles import household_classes
from tests.maps.content import HOUSEHOLDS, STEP, WEST, area, buildings, cells, content, frame, grids


def layers(given: MapContent | None = None) -> dict[str, Layer]:
    given = given or content()
    extent = extent_of(given)
    assert extent is not None
    return {layer.name: layer for layer in layers_of(given, extent.origin, household_classes(200, 300))}


def test_every_part_of_a_content_becomes_a_layer_and_old_grids_are_off() -> None:
    drawn = layers()
    assert list(drawn) == [
        "communities", "compounds", "grids", "rivers", "roads", "buildings",
        "element_market", "element_public_toilet", "old_grids_0",
    ]  # fmt: skip
    assert [name for name, layer in drawn.items() if not layer.visible] == ["old_grids_0"]
    assert drawn["old_grids_0"].zh == "综治"
    assert len(drawn["roads"]) == 2


def test_grids_carry_number_households_and_class() -> None:
    columns = layers()["grids"].columns
    assert columns["short"] == ["001", "002", "001", "002"]
    assert columns["households"] == list(HOUSEHOLDS)
    assert columns["class"] == [0, 2, 3, 4]
    assert columns["reason"] == ["被河流隔开", "", "", "被河流隔开"]


def test_buildings_point_at_their_grid_and_name_their_stairwells() -> None:
    columns = layers()["buildings"].columns
    assert columns["grid"] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert columns["stairwells"][:2] == [[["1单元", 40, ""], ["2单元", 35, ""]], None]


def test_personal_columns_never_reach_a_layer() -> None:
    private = content(buildings=buildings().assign(phone="13800000000", owner="张三", id_number="44030719900101"))
    assert set(layers(private)["buildings"].columns) == set(layers()["buildings"].columns)


def test_wide_roads_are_painted_over_lanes() -> None:
    assert layers()["roads"].columns["kind"] == ["lane", "main_road"]


def test_elements_take_symbol_and_colour_from_their_dictionary() -> None:
    assert layers()["element_public_toilet"].options == {"symbol": "厕", "colour": "#2a5d8f"}


def test_an_unknown_kind_of_element_is_shown_as_other() -> None:
    strange = frame([{"kind": "spaceship", "name": None, "geometry": area(0, 0)}])
    assert "element_other" in layers(content(city_elements=strange))


def test_a_plan_of_points_alone_can_be_drawn() -> None:
    points = buildings()[["households", "geometry"]].assign(geometry=lambda rows: rows.geometry.representative_point())
    with_points = MapContent(title="Toa Payoh", grids=grids()[["code", "households", "geometry"]], buildings=points)
    drawn = layers(with_points)
    assert drawn["buildings"].shapes.kinds == "P" * 8


@pytest.mark.parametrize(
    ("code", "short"),
    [("440307001001012", "012"), ("TOA PAYOH-012", "012"), ("12", "12"), ("A1B2C3D4E5", "C3D4E5"), ("", "")],
)
def test_short_numbers(code: str, short: str) -> None:
    assert short_numbers([code]) == [short]


def test_the_extent_is_the_plans_not_its_surroundings() -> None:
    extent = extent_of(content())
    assert extent is not None
    assert (extent.west, extent.east) == pytest.approx((WEST, WEST + 8 * STEP))
    assert extent_of(MapContent(title="空")) is None


def test_numbers_that_are_none_are_said_to_be_unknown() -> None:
    broken = grids().astype({"households": object})
    broken["households"] = [None, np.nan, "250", np.inf]
    assert layers(content(grids=broken))["grids"].columns["households"] == [None, None, 250, None]


def test_a_frame_in_metres_is_refused() -> None:
    with pytest.raises(DatumError, match="EPSG:4326"):
        content(grids=grids().to_crs(4547))


def test_a_frame_without_its_columns_is_refused() -> None:
    with pytest.raises(ColumnError, match="households"):
        content(grids=grids().drop(columns="households"))


def test_facts_say_what_is_in_range_and_how_households_were_counted() -> None:
    facts = {fact.term: fact.value for fact in facts_of(content())}
    assert facts["grids"] == "4"
    assert facts["households"] == "1,000"
    assert facts["bounds"] == "200–300 户"
    assert facts["in_range_share"].startswith("50.0%")
    assert facts["plan_state"] == "草案 draft"
    assert "登记 50%" in facts["households_source"]
    assert "估算 50%" in facts["households_source"]
    assert holds_estimates(content())


def test_a_register_is_not_called_an_estimate() -> None:
    registered = content(buildings=buildings().assign(households_source="register"))
    assert not holds_estimates(registered)
    assert households_source(registered) == "登记 register"
    assert households_source(content(buildings=None, stairwells=None)) == ""


def test_missing_households_do_not_count_towards_a_source() -> None:
    some = buildings()
    some["households"] = pd.array([10, None, None, None, None, None, None, None], dtype="Int64")
    assert households_source(content(buildings=some)) == "登记 register"


def test_cells_are_named_by_what_their_code_adds_to_the_grids() -> None:
    code = grids()["code"].iloc[0]
    layer = layers(content(cells=cells()))["cells"]
    assert layer.columns["code"][0] == f"{code}L01"
    assert layer.columns["short"] == ["L01", "L02"]
    assert layer.columns["in_range"] == [True, False]
    assert layer.columns["reason"] == ["", "楼栋没有楼层资料"]


def test_a_building_knows_the_grid_that_it_keeps_out_of_range() -> None:
    code = grids()["code"].iloc[3]
    rows = buildings().assign(keeps_out_of_range=[None] * 7 + [code])
    layer = layers(content(buildings=rows))["buildings"]
    assert layer.columns["blocks"] == [-1] * 7 + [3]
