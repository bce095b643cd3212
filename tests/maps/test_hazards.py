from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import WGS84
from geo.errors import BoundsError, ColumnError, DatumError
from geo.territory.ledger_content import HAZARD_COLUMNS, SEEN_COLUMNS, LedgerContent, Stop
from maps.coverage import seen_hours
from maps.hazards import hazards as hazard_layer
from maps.hazards import ledger_data, ledger_layers
from maps.ledger_styles import AGES, COVERAGE, SEEN
from maps.pages import plan_page
from tests.maps.content import buildings, content, grids
from tests.maps.ledger import AT, hazards, ledger, noon, with_ledger

ORIGIN = (114_100_000, 22_600_000)


def test_months_end_with_the_moment_the_ledger_was_read() -> None:
    assert ledger().stops() == [
        Stop(date(2026, 9, 1), 0, 720),
        Stop(date(2026, 10, 1), 720, 1464),
        Stop(date(2026, 11, 1), 1464, 1464 + 20 * 24 + 18),
    ]


def test_a_ledger_read_within_its_first_hour_has_one_month() -> None:
    at = datetime(2026, 8, 31, 16, 5, tzinfo=UTC)  # five past midnight in China
    assert ledger(at=at).stops() == [Stop(date(2026, 9, 1), 0, 0)]


def test_years_change_between_months() -> None:
    months = [stop.month for stop in ledger(since=date(2025, 11, 1)).stops()]
    assert months[:3] == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)]
    assert len(months) == 13


@pytest.mark.parametrize("since", [date(2026, 9, 2), date(2026, 12, 1)])
def test_a_ledger_begins_with_the_first_of_a_month_that_has_come(since: date) -> None:
    with pytest.raises(BoundsError, match="1 日"):
        ledger(since=since)


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ColumnError, match="due_at"):
        ledger(hazards=hazards().drop(columns="due_at"))
    with pytest.raises(ColumnError, match="seen_at"):
        ledger(seen=pd.DataFrame({"building_code": []}))
    with pytest.raises(DatumError, match="4326"):
        ledger(hazards=hazards().to_crs(3857))


def test_moments_become_hours_and_codes_places_in_lists() -> None:
    layer = hazard_layer(ledger(), ORIGIN, grids())
    columns = layer.columns
    assert columns["number"] == [f"YH{i}" for i in range(1, 7)]
    assert [kind["zh"] for kind in layer.options["kinds"]] == ["用电隐患", "燃气隐患", "灭火器缺失、失效"]
    assert columns["kind"] == [1, 0, 0, 0, 2, 1]
    assert layer.options["symbols"] == ["电", "气", "灭"]
    assert columns["nature"] == [1, 0, 0, -1, 0, 0]
    assert columns["found"] == [108, 948, 1308, 1500, -276, 1572]
    assert columns["ended"] == [None, 1188, None, None, None, 1812]
    assert columns["gaps"] == [None, None, None, None, [228, 996], None]
    assert columns["grid"] == [0, 0, 1, 2, 3, 0]
    assert [layer.options["recorded"][place] for place in columns["recorded"]] == hazards()["grid_code"].tolist()
    assert layer.shapes.kinds == "P" * 6


def test_a_hazard_outside_of_all_grids_is_in_none() -> None:
    away = hazards().assign(geometry=shapely.Point(120, 30))
    assert hazard_layer(ledger(hazards=away), ORIGIN, grids()).columns["grid"] == [-1] * 6
    assert hazard_layer(ledger(), ORIGIN, None).columns["grid"] == [-1] * 6


def test_a_border_belongs_to_the_first_grid() -> None:
    west, south, _, _ = grids().geometry.iloc[1].bounds
    border = hazards().assign(geometry=shapely.Point(west, south))
    assert hazard_layer(ledger(hazards=border), ORIGIN, grids()).columns["grid"] == [0] * 6


def test_of_a_month_only_the_last_look_is_kept() -> None:
    codes = buildings()["code"].tolist()
    looks = seen_hours(ledger(), codes)
    assert looks[0] == [20 * 24 - 12, 1464 + 16 * 24 - 12]
    assert looks[1] is not None
    assert looks[1][0] < 0
    assert looks[2:] == [None] * 6


def test_the_last_class_of_each_scale_is_open() -> None:
    assert [scale[-1].at_most for scale in (AGES, COVERAGE)] == [None, None]
    assert [each.at_most for each in SEEN[-2:]] == [None, None]  # long ago, and never


def test_hot_spots_lie_under_hazards_and_say_their_kind() -> None:
    spots, points = ledger_layers(ledger(), ORIGIN, grids())
    assert (spots.drawn, points.drawn) == ("hot_spots", "hazards")
    assert spots.columns["kind"] == ["燃气隐患 unsafe gas"]
    assert spots.columns["since"] == ["2026-09-05"]
    assert [layer.name for layer in ledger_layers(ledger(hot_spots=None), ORIGIN, None)] == ["hazards"]


def test_without_looks_nothing_is_said_of_coverage() -> None:
    data = ledger_data(ledger(seen=pd.DataFrame(columns=list(SEEN_COLUMNS))), ["x"])
    assert data["buildings_seen"] is None


def test_who_found_or_reported_never_reaches_the_page() -> None:
    private = hazards().assign(found_by="张三", summary="301房李四拒绝检查", household_unit_code="x0301", phone="138")
    page = plan_page(content(ledger=ledger(hazards=private)))
    for secret in ("张三", "李四", "x0301"):
        assert secret not in page


def test_a_page_without_a_ledger_has_nothing_of_it() -> None:
    page = plan_page(content())
    assert "class Hazards" not in page
    assert 'id="timeline"' not in page
    assert 'id="timeline"' in plan_page(with_ledger())


def test_an_empty_ledger_is_still_a_page() -> None:
    nothing = hazards().iloc[:0]
    assert 'id="timeline"' in plan_page(content(ledger=ledger(hazards=nothing, hot_spots=None)))


def test_ten_thousand_hazards_add_less_than_a_megabyte() -> None:
    rng, count = np.random.default_rng(3), 10_000
    found = pd.Series(pd.Timestamp("2025-12-01", tz="UTC") + pd.to_timedelta(rng.uniform(0, 350, count), unit="D"))
    rows = pd.DataFrame(dict.fromkeys(HAZARD_COLUMNS), index=range(count)).assign(
        number=[f"YH20261121{i:06d}" for i in range(count)],
        kind=rng.choice(["gas", "wiring", "other"], count),
        nature="general",
        grid_code=grids()["code"].iloc[0],
        found_at=found,
        ended_at=found + pd.Timedelta(days=9),
        due_at=found + pd.Timedelta(days=7),
        near_at=found + pd.Timedelta(days=5),
        paused_at=noon(None),
    )
    points = gpd.points_from_xy(rng.uniform(114.1, 114.12, count), rng.uniform(22.6, 22.61, count))
    many = LedgerContent(since=date(2025, 12, 1), at=AT, hazards=gpd.GeoDataFrame(rows, geometry=points, crs=WGS84))
    added = len(plan_page(content(ledger=many)).encode()) - len(plan_page(content()).encode())
    assert added < 1_000_000
