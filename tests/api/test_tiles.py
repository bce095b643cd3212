"""Vector tiles over HTTP; what is in them: ``tests/geo/services/test_tiling.py``."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from shapely import Point
from sqlalchemy import Engine

from geo.services.tiling import DEEPEST, LAYERS
from tests.api import town
from tests.api.people import client_of
from tests.vector_tiles import opened, tile_at


def path(layers: str = "communities,buildings", z: int = 15, place: int = 0) -> str:
    middle = Point(town.WEST + (place + 0.5) * town.SIDE, town.SOUTH + town.SIDE / 2)
    tile = tile_at(middle, z)
    return f"/tiles/{layers}/{tile.z}/{tile.x}/{tile.y}"


def buildings_in(client: TestClient, place: int) -> set[str]:
    answer = client.get(path("buildings", 15, place))
    assert answer.status_code == 200
    found = opened(answer.content)
    return {str(feature.properties["code"]) for feature in found["buildings"].features} if found else set()


def test_a_tile_has_the_layers_that_were_asked_for(client: TestClient) -> None:
    answer = client.get(path())
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert set(opened(answer.content)) == {"communities", "buildings"}
    assert town.building_code(0, 21) in buildings_in(client, 0)


def test_all_layers_are_described_and_served(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/tiles/{layers}/{z}/{x}/{y}"]["get"]
    (layers,) = [each for each in described["parameters"] if each["name"] == "layers"]
    assert all(name in layers["description"] for name in LAYERS)
    assert client.get(path(",".join(LAYERS))).status_code == 200


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get(path())
    assert "private" in first.headers["cache-control"]
    again = client.get(path(), headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert client.get(path(), headers={"If-None-Match": '"x"'}).content == first.content


def test_scope(app: FastAPI, town_engine: Engine) -> None:
    with client_of(app, town_engine, "tiles-staff", ["staff"], [town.COMMUNITIES[1]]) as client:
        assert buildings_in(client, 1)
        for place in (0, 1, 2):
            assert all(code.startswith(town.COMMUNITIES[1]) for code in buildings_in(client, place))


@pytest.mark.parametrize(
    "asked",
    [
        "/tiles/households/15/0/0",
        "/tiles/grids,households/15/0/0",
        "/tiles/grids,/15/0/0",
        "/tiles/" + ",".join(["grids"] * (len(LAYERS) + 1)) + "/15/0/0",
        "/tiles/buildings/3/0/0",
        "/tiles/grids/15/32768/0",
        "/tiles/grids/15/0/-1",
        f"/tiles/grids/{DEEPEST + 1}/0/0",
        "/tiles/grids/15/nan/0",
        "/tiles/grids/15/99999999999999999999/0",
        "/tiles/grids/15/0/0?f=mvt",
    ],
)
def test_refusals(client: TestClient, asked: str) -> None:
    answer = client.get(asked)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_nobody_sees_the_map_without_signing_in(anonymous_client: TestClient) -> None:
    assert anonymous_client.get(path()).status_code == 401
