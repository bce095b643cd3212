"""Frames go in and come out the same; a write touches only what really differs."""

from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import (
    BoundsError,
    CodeError,
    ColumnError,
    ConflictError,
    DatumError,
    GeometryError,
    InputError,
    NotFoundError,
    WanggeError,
)
from geo.storage import events, layers
from geo.storage.batches import EVENT_ROWS
from geo.storage.layers import UpsertCounts
from geo.territory import codes
from geo.territory.nouns import NOUNS
from tests import factories as make

BUILDING, PLACE, UNIT = NOUNS["building"], NOUNS["place"], NOUNS["household_unit"]
EAST = "440307001002"


def place_frame(count: int, **columns: Any) -> gpd.GeoDataFrame:
    rows = [
        {
            "code": codes.make("place", make.STREET, number),
            "name": f"第{number}小店",
            "kind": "small_shop",
            "geometry": make.square(number).centroid,
        }
        for number in range(1, count + 1)
    ]
    return make.frame_of("place", rows).assign(**columns)


def put(session: Session, frame: gpd.GeoDataFrame, **options: Any) -> UpsertCounts:
    return layers.upsert(session, PLACE, frame, **({"who": "tester"} | options))


def kept(session: Session, column: str) -> list[Any]:
    return list(session.scalars(text(f"SELECT {column} FROM place ORDER BY code")))


# ── there and back ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_noun_comes_back_as_it_went_in(session: Session) -> None:
    body = make.make_responsible_body(session, phone="0755-1")
    compound_maker = {"responsible_body_code": body}
    make.make_community(session)
    compound = make.make_compound(session, **compound_maker)
    building = make.make_building(session, compound_code=compound, name="一栋", households=None, floors=None)
    stairwell = make.make_stairwell(session, building, geometry=make.square().centroid, floors=6)
    unit = make.make_household_unit(session, building, stairwell_code=stairwell)
    make.make_place(session, building_code=building, household_unit_code=unit, responsible_body_code=body)
    make.make_barrier(session, geometry=shapely.LineString([(114.1, 22.6), (114.11, 22.61)]))
    make.make_city_element(session, geometry=shapely.MultiLineString([[(114.1, 22.6), (114.11, 22.6)]]))
    make.make_grid_staff(session, grid_code="440307001001001", since=date(2025, 3, 1))
    for name in (name for name in NOUNS if name != "grid"):
        noun = NOUNS[name]
        frame = layers.read(session, noun)
        assert list(frame.columns) == [*noun.column_names, "geometry"]
        assert frame.crs == WGS84
        assert len(frame) == 1
        assert layers.upsert(session, noun, frame, who="tester") == UpsertCounts(0, 0, 1)
        assert_geodataframe_equal(layers.read(session, noun), frame)


def test_geometry_comes_back_to_the_last_bit(session: Session) -> None:
    geometry = shapely.Point(114.1 + np.pi * 1e-9, 22.6 + np.e * 1e-9)
    make.make_place(session, geometry=geometry)
    assert shapely.equals_identical(layers.read(session, PLACE).geometry.iloc[0], geometry)


def test_empty_layer_has_the_same_columns_and_types(session: Session) -> None:
    empty = layers.read(session, BUILDING)
    make.make_building(session)
    full = layers.read(session, BUILDING)
    assert empty.empty
    assert (empty.dtypes == full.dtypes).all()
    assert empty.crs == full.crs == WGS84


def test_text_of_any_script_is_kept(session: Session) -> None:
    odd = "𠮷野家\\N\t\n'\"; DROP TABLE place; -- %s {} :x 😀"
    make.make_place(session, name=odd)
    assert layers.read(session, PLACE)["name"].tolist() == [odd]


# ── what a write does ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_rows_again_change_nothing(session: Session) -> None:
    frame = place_frame(3)
    assert put(session, frame, source="shops.csv", source_keys=["1", "2", "3"]) == UpsertCounts(3, 0, 0)
    before = session.execute(text("SELECT xmin, ctid, version, changed_at FROM place ORDER BY code")).all()
    told = len(events.read(session))
    assert put(session, frame, source="shops.csv", source_keys=["1", "2", "3"]) == UpsertCounts(0, 0, 3)
    assert session.execute(text("SELECT xmin, ctid, version, changed_at FROM place ORDER BY code")).all() == before
    assert len(events.read(session)) == told


@pytest.mark.parametrize("column", ["name", "kind", "address", "geometry"])
def test_a_difference_in_any_column_is_one_new_version(session: Session, column: str) -> None:
    frame = place_frame(3)
    put(session, frame)
    other = frame.copy()
    value = shapely.Point(114.1, 22.6) if column == "geometry" else "office"
    other[column] = [value if number == 1 else old for number, old in enumerate(frame[column])]
    assert put(session, other) == UpsertCounts(0, 1, 2)
    assert kept(session, "version") == [1, 2, 1]


def test_a_vertex_order_is_a_difference(session: Session) -> None:
    make.make_building(session)
    frame = layers.read(session, BUILDING)
    frame.geometry = frame.geometry.reverse()
    assert layers.upsert(session, BUILDING, frame, who="tester") == UpsertCounts(0, 1, 0)


def test_new_changed_and_same_rows_in_one_batch(session: Session) -> None:
    put(session, place_frame(2))
    frame = place_frame(4)
    frame.loc[0, "name"] = "改名"
    assert put(session, frame) == UpsertCounts(2, 1, 1)


def test_missing_values_replace_and_missing_columns_do_not(session: Session) -> None:
    put(session, place_frame(1, address="南湖路1号"))
    put(session, place_frame(1, name="改名").drop(columns="address"))
    assert kept(session, "address") == ["南湖路1号"]
    put(session, place_frame(1, name="改名"))
    assert kept(session, "address") == [None]


def test_a_write_without_a_source_keeps_the_one_there_was(session: Session) -> None:
    put(session, place_frame(1), source="shops.csv", source_keys=["7"])
    put(session, place_frame(1, name="改名"))
    assert kept(session, "source || source_key") == ["shops.csv7"]
    assert layers.codes_by_source(session, PLACE, "shops.csv") == {"7": "440307001P000001"}
    assert layers.codes_by_source(session, PLACE, "other.csv") == {}


def test_an_ended_row_is_hidden_and_lives_again_when_it_comes_again(session: Session) -> None:
    put(session, place_frame(2))
    session.execute(text("UPDATE place SET ended_at = now() WHERE code = '440307001P000001'"))
    assert layers.read(session, PLACE)["code"].tolist() == ["440307001P000002"]
    assert layers.count(session, PLACE) == 1
    assert layers.existing_codes(session, PLACE, make.STREET) == ["440307001P000001", "440307001P000002"]
    assert put(session, place_frame(2)) == UpsertCounts(0, 1, 1)
    assert layers.count(session, PLACE) == 2


def test_ending_leaves_the_row_on_record_and_an_event(session: Session) -> None:
    put(session, place_frame(3))
    assert layers.end(session, PLACE, ["440307001P000001", "440307001P000003"], who="李四") == 2
    assert layers.read(session, PLACE)["code"].tolist() == ["440307001P000002"]
    assert kept(session, "version") == [2, 1, 2]
    assert session.scalar(text("SELECT count(*) FROM place")) == 3
    told = events.read(session, noun="place", limit=2)
    assert [(event.who, event.what, event.code) for event in told] == [
        ("李四", "ended", "440307001P000003"),
        ("李四", "ended", "440307001P000001"),
    ]
    assert list(told[0].changed) == ["ended_at"]


@pytest.mark.parametrize("code", ["440307001P000009", "440307001P000001", ""])
def test_what_does_not_live_cannot_be_ended(session: Session, code: str) -> None:
    put(session, place_frame(2))
    layers.end(session, PLACE, ["440307001P000001"], who="李四")
    with pytest.raises(NotFoundError):
        layers.end(session, PLACE, ["440307001P000002", code], who="李四")
    assert layers.count(session, PLACE) == 1


def test_whole_numbers_may_come_as_floats_but_not_as_fractions(session: Session) -> None:
    make.make_building(session)
    frame = layers.read(session, BUILDING)
    for households in (30.0, np.int32(30), "30", True):
        frame["households"] = pd.Series([households], dtype=object)
        if isinstance(households, (str, bool)):
            with pytest.raises(InputError):
                layers.upsert(session, BUILDING, frame, who="tester")
        else:
            layers.upsert(session, BUILDING, frame, who="tester")
            assert layers.read(session, BUILDING)["households"].tolist() == [30]
    for fraction in (30.5, np.inf, 2.0**40):
        frame["households"] = [fraction]
        with pytest.raises(InputError):
            layers.upsert(session, BUILDING, frame, who="tester")
        session.rollback()


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_small_batch_tells_each_row_before_and_after(session: Session) -> None:
    put(session, place_frame(2), who="张三")
    frame = place_frame(2)
    frame.loc[1, "name"] = "改名"
    put(session, frame, who="李四")
    changed, *created = events.read(session, noun="place")
    assert {(event.who, event.what) for event in created} == {("张三", "created")}
    assert (changed.who, changed.what, changed.code) == ("李四", "changed", "440307001P000002")
    assert changed.changed == {"name": ("第2小店", "改名")}
    assert changed.after is not None
    assert changed.after["geom"]["type"] == "Point"


def test_a_large_batch_tells_its_counts(session: Session) -> None:
    put(session, place_frame(EVENT_ROWS + 1), source="shops.csv")
    (event,) = events.read(session, noun="place")
    assert (event.what, event.code, event.before) == ("imported", None, None)
    assert event.after == {"inserted": EVENT_ROWS + 1, "updated": 0, "unchanged": 0, "source": "shops.csv"}


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda frame: frame.drop(columns="name"), ColumnError),
        (lambda frame: frame.drop(columns="geometry"), ColumnError),
        (lambda frame: frame.assign(colour="red"), ColumnError),
        (lambda frame: frame.set_crs(4490, allow_override=True), DatumError),
        (lambda frame: frame.to_crs(4547), DatumError),
        (lambda frame: frame.set_crs(None, allow_override=True), DatumError),
        (lambda frame: frame.assign(code="440307001P000001"), CodeError),
        (lambda frame: frame.assign(code=None), CodeError),
        (lambda frame: frame.assign(code=["440307001P000001", "x"]), CodeError),
        (lambda frame: frame.assign(building_code="4403070010010000099"), CodeError),
        (lambda frame: frame.assign(name=None), InputError),
        (lambda frame: frame.assign(name=" "), InputError),
        (lambda frame: frame.assign(name="a\x00b"), InputError),
        (lambda frame: frame.assign(name=pd.Series(["\ud800"] * 2, dtype=object)), InputError),
        (lambda frame: frame.set_geometry(frame.geometry.apply(lambda p: None)), GeometryError),
        (lambda frame: frame.set_geometry(shapely.force_3d(frame.geometry.to_numpy())), GeometryError),
        (lambda frame: frame.set_geometry([shapely.LineString([(114, 22), (115, 23)])] * 2), GeometryError),
        (lambda frame: frame.set_geometry([shapely.Point(500000, 2500000)] * 2), GeometryError),
        (lambda frame: frame.set_geometry([shapely.Point()] * 2), GeometryError),
        (lambda frame: frame.set_geometry([shapely.Point(np.nan, 22)] * 2), GeometryError),
    ],
)
def test_what_is_no_canonical_frame_is_refused_whole(session: Session, spoil: Any, error: type[WanggeError]) -> None:
    frame = spoil(place_frame(2))
    if error is GeometryError:
        frame = frame.set_crs(WGS84)
    with pytest.raises(error) as refused:
        put(session, frame)
    assert refused.value.zh
    assert refused.value.en
    session.rollback()
    assert layers.count(session, PLACE) == 0


def test_a_refusal_repeats_no_personal_data(session: Session) -> None:
    with pytest.raises(CodeError) as refused:
        make.make_grid_staff(session, code="440307001S1", name="王小明", phone="13800000000")
    assert "440307001S1" in str(refused.value)
    assert "王小明" not in str(refused.value)
    assert "13800000000" not in str(refused.value)


def test_a_key_of_a_source_belongs_to_one_code(session: Session) -> None:
    put(session, place_frame(1), source="shops.csv", source_keys=["7"])
    with pytest.raises(ConflictError, match="uq_place_source_source_key"):
        put(session, place_frame(2)[1:], source="shops.csv", source_keys=["7"])


def test_negative_counts_are_refused(session: Session) -> None:
    with pytest.raises(BoundsError):
        make.make_building(session, households=-1)


def test_the_writer_is_named(session: Session) -> None:
    with pytest.raises(InputError):
        put(session, place_frame(1), who=" ")


def test_grids_have_no_layer_of_their_own(session: Session) -> None:
    with pytest.raises(ValueError, match="grid"):
        layers.read(session, NOUNS["grid"])


# ── which rows are read ──────────────────────────────────────────────────────────────────────────────────────────────


def lay(session: Session) -> None:
    """A western and an eastern community, with one of everything in each."""
    for community in (make.COMMUNITY, EAST):
        building = make.make_building(session, community_code=community)
        make.make_stairwell(session, building)
        make.make_household_unit(session, building)
        make.make_compound(session, community_code=community)
        make.make_city_element(session, community_code=community)
        side = 0 if community == make.COMMUNITY else 1
        middle = make.square(side, 0, make.COMMUNITY_DEGREES).centroid
        make.make_barrier(session, side + 1, geometry=shapely.LineString([middle, (middle.x, middle.y + 0.001)]))
        make.make_place(session, side + 1, geometry=middle)
        make.make_place(session, side + 3, building_code=building, geometry=middle)
        make.make_grid_staff(session, side + 1, grid_code=f"{community}001")
        make.make_responsible_body(session, side + 1)


@pytest.fixture
def two_communities(on_laid: Session) -> Session:
    return on_laid


@pytest.mark.parametrize(
    "name",
    ["community", "building", "stairwell", "household_unit", "compound", "city_element", "barrier", "grid_staff"],
)
def test_rows_of_a_community(two_communities: Session, name: str) -> None:
    noun = NOUNS[name]
    everything = layers.read(two_communities, noun)["code"].tolist()
    west = layers.read(two_communities, noun, community_codes=[make.COMMUNITY])["code"].tolist()
    east = layers.read(two_communities, noun, community_codes=[EAST])["code"].tolist()
    assert (len(west), len(east)) == (1, 1)
    assert west + east == everything
    assert layers.read(two_communities, noun, community_codes=[make.COMMUNITY, EAST])["code"].tolist() == everything
    assert layers.read(two_communities, noun, street_code=make.STREET)["code"].tolist() == everything
    assert layers.read(two_communities, noun, street_code="440307002").empty
    assert layers.read(two_communities, noun, community_codes=[]).empty


def test_places_belong_by_building_or_by_where_they_lie(two_communities: Session) -> None:
    west = layers.read(two_communities, PLACE, community_codes=[make.COMMUNITY])["code"].tolist()
    assert west == ["440307001P000001", "440307001P000003"]


@pytest.mark.parametrize("name", ["street", "responsible_body"])
def test_what_no_community_divides_is_of_its_street(two_communities: Session, name: str) -> None:
    noun = NOUNS[name]
    everything = layers.count(two_communities, noun)
    assert layers.count(two_communities, noun, community_codes=[EAST]) == everything
    assert layers.count(two_communities, noun, community_codes=["440307002001"]) == 0


def test_rows_in_an_extent(two_communities: Session) -> None:
    middle = make.WEST + make.COMMUNITY_DEGREES
    east_side = (middle + 1e-6, make.SOUTH, middle + make.COMMUNITY_DEGREES, make.SOUTH + make.COMMUNITY_DEGREES)
    assert layers.read(two_communities, BUILDING, bbox=east_side)["community_code"].tolist() == [EAST]
    assert layers.count(two_communities, BUILDING, bbox=(0, 0, 1, 1)) == 0
    with pytest.raises(InputError):
        layers.read(two_communities, UNIT, bbox=east_side)


def test_rows_of_a_kind_and_single_rows(session: Session) -> None:
    put(session, place_frame(3).assign(kind=["office", "home", "office"]))
    assert len(layers.read(session, PLACE, kind="office")) == 2
    assert len(layers.read(session, PLACE, codes=["440307001P000002", "440307001P000009"])) == 1
    assert layers.read(session, PLACE, codes=[]).empty
    with pytest.raises(InputError):
        layers.read(session, NOUNS["street"], kind="x")


def test_pages_cover_everything_once(session: Session) -> None:
    put(session, place_frame(7))
    seen: list[str] = []
    while page := layers.read(session, PLACE, limit=3, after=seen[-1] if seen else None)["code"].tolist():
        seen.extend(page)
    assert seen == layers.read(session, PLACE)["code"].tolist()


def test_hostile_filters_find_nothing(two_communities: Session) -> None:
    for hostile in ("' OR true --", "440307001%", "_________", "", "：", "440307001001;"):
        assert layers.read(two_communities, BUILDING, community_codes=[hostile or "x"]).empty
        assert layers.existing_codes(two_communities, BUILDING, hostile or "x") == []


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_street_of_household_units_is_written_in_seconds(session: Session) -> None:
    buildings = [
        {
            "code": codes.make("building", make.COMMUNITY, number),
            "kind": "tower",
            "community_code": make.COMMUNITY,
            "households_source": "units",
            "geometry": make.square(number % 40, number // 40),
        }
        for number in range(1, 151)
    ]
    make.make_community(session)
    layers.upsert(session, BUILDING, make.frame_of("building", buildings), who="tester")
    units = make.frame_of(
        "household_unit",
        [
            {
                "code": codes.make_unit(codes.BuildingCode(building["code"]), 1 + door // 10, door % 10),
                "building_code": building["code"],
                "room": f"{1 + door // 10}{door % 10:02d}",
                "kind": "home",
            }
            for building in buildings
            for door in range(300)
        ],
    )
    session.execute(text("SET LOCAL statement_timeout = '10s'"))
    started = session.scalars(text("SELECT clock_timestamp()")).one()
    assert layers.upsert(session, UNIT, units, who="tester", source="town") == UpsertCounts(45_000, 0, 0)
    assert session.scalars(text("SELECT clock_timestamp()")).one() - started < timedelta(seconds=10)
    assert layers.upsert(session, UNIT, units, who="tester", source="town") == UpsertCounts(0, 0, 45_000)
