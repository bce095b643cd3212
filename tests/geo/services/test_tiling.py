"""Tiles of the living layers: what is in them, where, and for whom."""

from collections.abc import Iterator
from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError
from geo.services.tiling import DEEPEST, LAYERS, Tile, tile_of
from geo.storage import layers, network, plans
from geo.storage.database import session_scope
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, FIRST, GRIDS, INSPECTOR, NEXT, ONE, PLANNER, SECOND
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
