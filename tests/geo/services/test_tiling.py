"""Tiles of the living layers: what is in them, where, and for whom."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.crs import WGS84
from geo.errors import BoundsError
from geo.services import tiling
from geo.services.inspectors import today
from geo.services.tile_cache import TileCache
from geo.services.tiling import DEEPEST, LAYERS, Tile, kept_tile, tile_of
from geo.storage import layers, network, plans, tiles
from geo.storage.catalogue import METADATA
from geo.storage.database import session_scope
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, FIRST, GRIDS, INSPECTOR, NEXT, ONE, PLANNER, SECOND, TWO
from tests.vector_tiles import Layer, opened, tile_at

LEVELS = st.integers(0, DEEPEST)


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def layer_at(session: Session, name: str, point: Point, z: int) -> Layer:
    found = opened(tile_of(session, [name], tile_at(point, z)))
    return found.get(name, Layer(name, 4096, []))


def codes_in(session: Session, name: str, *, z: int, column: int = 5) -> set[object]:
    return {feature.properties["code"] for feature in layer_at(session, name, addressed.middle(column), z).features}


class TestGrid:
    @given(LEVELS, st.data())
    def test_tiles_meet_and_cover_the_world(self, z: int, data: st.DataObject) -> None:
        x, y = (data.draw(st.integers(0, (1 << z) - 1)) for _ in "xy")
        tile = Tile(z, x, y)
        west, south, east, north = tile.metres
        assert east - west == pytest.approx(north - south) == pytest.approx(40_075_016.685578 / (1 << z))
        if x:
            assert Tile(z, x - 1, y).metres[2] == pytest.approx(west, abs=1e-6)
        if y:
            assert Tile(z, x, y - 1).metres[1] == pytest.approx(north, abs=1e-6)
        inner, outer = tile.degrees(0), tile.degrees(0.1)
        assert outer[0] <= inner[0] < inner[2] <= outer[2]
        assert -90 < outer[1] <= inner[1] < inner[3] <= outer[3] < 90

    @given(LEVELS, st.floats(-179.9, 179.9), st.floats(-84, 84))
    def test_a_point_lies_in_its_tile(self, z: int, lon: float, lat: float) -> None:
        west, south, east, north = tile_at(Point(lon, lat), z).degrees(1e-9)
        assert west <= lon <= east
        assert south <= lat <= north

    @pytest.mark.parametrize(("z", "x", "y"), [(-1, 0, 0), (DEEPEST + 1, 0, 0), (0, 1, 0), (3, 0, 8), (5, -1, 0)])
    def test_there_are_no_others(self, z: int, x: int, y: int) -> None:
        with pytest.raises(BoundsError, match=f"{z}/{x}/{y}"):
            Tile(z, x, y)


class TestContent:
    def test_each_layer_tells_names_and_codes_and_no_households(self, store: Engine) -> None:
        with session_scope(store) as session:
            found = {name: layer_at(session, name, addressed.middle(5), 15) for name in LAYERS}
        assert {name for name, layer in found.items() if layer.features} == set(LAYERS) - {
            "cells", "hazards", "inspections", "hot_spots",
        }  # fmt: skip
        for name, layer in found.items():
            assert (layer.name, layer.extent) == (name, 4096)
            for feature in layer.features:
                assert set(feature.properties) <= set(LAYERS[name].columns)

    def test_a_building_is_drawn_where_it_stands(self, store: Engine) -> None:
        with session_scope(store) as session:
            (shape,) = layers.read(session, NOUNS["building"], codes=[ONE]).geometry
            tile = tile_at(shape.centroid, 18)
            (feature,) = [
                each
                for each in layer_at(session, "buildings", shape.centroid, 18).features
                if each.properties["code"] == ONE
            ]
        west, south, east, north = tile.degrees(0)
        drawn = [(west + (east - west) * x / 4096, north - (north - south) * y / 4096) for x, y in feature.points]
        left, bottom, right, top = shape.bounds
        step = (east - west) / 4096
        assert min(x for x, _ in drawn) == pytest.approx(left, abs=step)
        assert max(x for x, _ in drawn) == pytest.approx(right, abs=step)
        assert min(y for _, y in drawn) == pytest.approx(bottom, abs=step)
        assert max(y for _, y in drawn) == pytest.approx(top, abs=step)

    def test_several_layers_are_one_tile(self, store: Engine) -> None:
        with session_scope(store) as session:
            tile = tile_at(addressed.middle(5), 15)
            both = tile_of(session, ["buildings", "grids", "buildings"], tile)
            assert both == tile_of(session, ["buildings"], tile) + tile_of(session, ["grids"], tile)
        assert set(opened(both)) == {"buildings", "grids"}

    def test_nothing_there_is_an_empty_tile(self, store: Engine) -> None:
        with session_scope(store) as session:
            assert tile_of(session, LAYERS, Tile(15, 0, 0)) == b""

    @pytest.mark.parametrize("name", LAYERS)
    def test_a_level_with_too_much_is_refused(self, store: Engine, name: str) -> None:
        first = LAYERS[name].from_level
        with session_scope(store) as session:
            assert layer_at(session, name, addressed.middle(5), first).name == name
            with pytest.raises(BoundsError, match=f"{name}.*{first}"):
                layer_at(session, name, addressed.middle(5), first - 1)

    def test_what_ended_is_in_no_tile(self, session: Session) -> None:
        addressed.settle(session)
        assert ONE in codes_in(session, "buildings", z=16)
        layers.end(session, NOUNS["building"], [ONE], who="test")
        assert ONE not in codes_in(session, "buildings", z=16)


class TestFarOff:
    def test_buildings_are_joined_to_points_that_count_each_once(self, store: Engine) -> None:
        with session_scope(store) as session:
            there = len(layers.read(session, NOUNS["building"]))
            places = {tile_at(addressed.middle(column), 13) for column in (2, 5, 8, 40, 55)}
            counts = [
                feature.properties["count"]
                for tile in places
                for layer in opened(tile_of(session, ["buildings"], tile)).values()
                for feature in layer.features
            ]
        assert sum(int(str(count)) for count in counts) == there

    def test_what_is_joined_or_left_out_is_told(self, store: Engine) -> None:
        cache = TileCache(1_000_000)
        point = addressed.middle(5)

        def told(name: str, z: int) -> str:
            return kept_tile(cache, store, None, [name], tile_at(point, z)).generalised

        assert re.fullmatch(r"buildings;joined=[1-9]\d*;whole-from=14", told("buildings", 12))
        assert told("buildings", 16) == ""
        # The main road and the river are there; the side street, of no kind that is shown so far off, is not.
        assert told("barriers", 11) == "barriers;left-out=1;whole-from=14"
        assert told("barriers", 14) == ""

    def test_too_many_rows_are_joined_at_any_level(self, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tiles, "MOST_ROWS", 1)
        tiles._drawn.cache_clear()
        try:
            made = kept_tile(TileCache(0), store, None, ["buildings"], tile_at(addressed.middle(5), 15))
        finally:
            tiles._drawn.cache_clear()
        assert "joined=" in made.generalised
        assert all(set(feature.properties) == {"count"} for feature in opened(made.content)["buildings"].features)

    def test_shapes_far_off_have_coarser_steps(self, store: Engine) -> None:
        with session_scope(store) as session:
            for z, steps in ((10, 1024), (14, 4096)):
                layer = layer_at(session, "communities", addressed.middle(5), z)
                assert (layer.extent, bool(layer.features)) == (steps, True)

    def test_footprints_are_where_postgis_puts_them_and_turn_its_way(self, store: Engine) -> None:
        """The short way to a tile against the long one: corners within a step, outer rings the same way round."""
        with session_scope(store) as session:
            (shape,) = layers.read(session, NOUNS["building"], codes=[ONE]).geometry
            tile = tile_at(shape.centroid, 16)
            box = ", ".join(map(repr, tile.metres))
            long_way = session.scalar(
                text(
                    "SELECT ST_AsText(ST_AsMVTGeom(ST_Transform(geom, 3857), "
                    f"ST_MakeEnvelope({box}, 3857), 4096, 96)) FROM building WHERE code = :code"
                ),
                {"code": ONE},
            )
            (feature,) = [
                each
                for each in opened(tile_of(session, ["buildings"], tile))["buildings"].features
                if each.properties["code"] == ONE
            ]
        exact, drawn = shapely.from_wkt(str(long_way)), shapely.Polygon(feature.points)
        assert drawn.exterior.is_ccw == exact.exterior.is_ccw
        assert shapely.hausdorff_distance(drawn, exact) <= 1.5


def looked(session: Session, at: datetime, *, result: str = "clear") -> None:
    """Somebody looked at the first building."""
    row = {
        "street_code": make.STREET, "community_code": FIRST, "building_code": ONE, "party": "grid_worker",
        "geom": f"SRID=4326;{addressed.middle(5).wkt}", "checklist": "home", "result": result, "items": [],
        "inspected_at": at, "inspector": "x",
    }  # fmt: skip
    session.execute(insert(METADATA.tables["inspection"]).values(row))


class TestLedger:
    def test_coverage_tells_when_a_building_was_last_seen(self, session: Session) -> None:
        addressed.settle(session)
        looked(session, datetime(2026, 3, 31, 20, tzinfo=UTC))
        seen = {
            feature.properties["code"]: feature.properties
            for feature in layer_at(session, "coverage", addressed.middle(5), 15).features
        }
        assert seen[ONE]["last_seen"] == "2026-04-01"  # in China
        assert seen[ONE]["days"] == (today() - date(2026, 4, 1)).days
        assert "last_seen" not in seen[TWO]

    def test_inspections_of_late_are_points_with_their_results(self, session: Session) -> None:
        addressed.settle(session)
        now = datetime.now(UTC)
        looked(session, now - timedelta(days=1), result="findings")
        looked(session, now - timedelta(days=200))
        (shown,) = layer_at(session, "inspections", addressed.middle(5), 15).features
        assert shown.properties["result"] == "findings"

    def test_hot_spots_are_drawn_as_circles(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        addressed.settle(session)
        spot = {
            "cases": [7], "kind": ["wiring"], "since": [date(2026, 10, 1)], "until": [date(2026, 10, 9)],
            "radius_m": [80],
        }  # fmt: skip
        circle = gpd.GeoDataFrame(spot, geometry=[addressed.middle(5).buffer(0.001)], crs=WGS84)
        monkeypatch.setattr(tiling, "spot_circles", lambda *_: circle)
        (shown,) = layer_at(session, "hot_spots", addressed.middle(5), 14).features
        assert shown.properties == {
            "id": 1, "cases": 7, "kind": "wiring", "since": "2026-10-01", "until": "2026-10-09", "radius_m": 80,
        }  # fmt: skip
        assert len(shown.points) > 20


class TestScope:
    @pytest.mark.parametrize(
        ("actor", "communities", "grids"),
        [
            (PLANNER, {FIRST, SECOND}, set(GRIDS)),
            (ASSESSOR, {FIRST}, set(GRIDS)),
            (NEXT, {SECOND}, set()),
            (INSPECTOR, {FIRST}, {GRIDS[0]}),
        ],
        ids=["planner", "assessor", "neighbour", "inspector"],
    )
    def test_only_what_somebody_may_see(
        self, store: Engine, actor: Actor, communities: set[str], grids: set[str]
    ) -> None:
        with session_scope(store, actor) as session:
            assert codes_in(session, "communities", z=12) == communities
            assert codes_in(session, "grids", z=12) == grids
            found = {str(code)[:12] for code in codes_in(session, "buildings", z=14)}
        assert found <= communities


class TestInForce:
    """Grids in tiles are those of ``network.read_network``, whose rule is written a second time there."""

    def assert_same(self, session: Session) -> None:
        told = network.read_network(session, make.STREET)
        tiled = [
            (feature.properties["plan_id"], feature.properties["code"])
            for feature in layer_at(session, "grids", addressed.middle(5), 11).features
        ]
        assert sorted(tiled) == sorted(zip(told["plan_id"], told["code"], strict=True))

    def adopt(self, session: Session, at: datetime, **given: object) -> int:
        return plans.adopt(session, make.make_plan(session, **given), who="test", version=1, at=at).id

    def test_communities_plans_overrule_the_streets_until_its_next(self, session: Session) -> None:
        make.make_community(session, 2)
        everywhere = pd.concat([make.grid_frame(), make.grid_frame(SECOND)], ignore_index=True)
        make.make_plan(session)  # a draft is not in force
        self.assert_same(session)
        self.adopt(session, datetime(2025, 1, 1), scope_code=make.STREET, grids=everywhere)
        self.assert_same(session)
        self.adopt(session, datetime(2025, 2, 1), grids=make.grid_frame(count=4))
        self.assert_same(session)
        self.adopt(session, datetime(2025, 3, 1), department="城管", lower=None, upper=None, seed=None)
        self.assert_same(session)
        self.adopt(session, datetime(2025, 4, 1), scope_code=make.STREET, grids=everywhere)
        self.assert_same(session)
        assert len(network.read_network(session, make.STREET)) == 4

    def test_grids_of_a_community_that_ended_stay_until_their_buildings_are_drawn_anew(self, session: Session) -> None:
        buildings = [make.make_building(session, number) for number in (1, 2)]
        old = make.assignment_frame([(code, None, GRIDS[0], 24) for code in buildings])
        self.adopt(session, datetime(2025, 1, 1), scope_code=make.STREET, assignment=old)
        make.make_community(session, 2)
        for number, code in enumerate(buildings, start=1):
            make.make_building(session, number, code=code, community_code=SECOND)
        layers.end(session, NOUNS["community"], [FIRST], who="test")
        self.assert_same(session)
        assert len(network.read_network(session, FIRST)) == 1
        new = [(code, None, f"{SECOND}001", 24) for code in buildings]
        self.adopt(
            session, datetime(2025, 2, 1), scope_code=SECOND, community=SECOND,
            grids=make.grid_frame(SECOND), assignment=make.assignment_frame(new),
        )  # fmt: skip
        self.assert_same(session)
        assert network.read_network(session, FIRST).empty
