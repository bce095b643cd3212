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


def test_the_catalogue_says_what_there_is_in_both_languages_with_levels_words_and_colours(client: TestClient) -> None:
    items = {item["code"]: item for item in client.get("/layers").json()["items"]}
    assert set(LAYERS) <= set(items)
    buildings = items["buildings"]
    assert (buildings["zh"], buildings["en"], buildings["geometry"]) == ("楼栋", "buildings", "site")
    assert buildings["levels"]["tiles"] == "/tiles/buildings/{z}/{x}/{y}"
    kind = next(each for each in buildings["properties"] if each["name"] == "kind")
    assert {"code": "tower", "zh": kind["words"][0]["zh"], "en": kind["words"][0]["en"]} == kind["words"][0]
    assert buildings["style"]["fill"]["day"] != buildings["style"]["fill"]["night"]


def test_what_is_joined_far_off_is_told(client: TestClient) -> None:
    answer = client.get(path("buildings,communities", 12))
    counts = [feature.properties["count"] for feature in opened(answer.content)["buildings"].features]
    joined = sum(int(str(count)) for count in counts)
    assert answer.headers["tile-generalised"] == f"buildings;joined={joined};whole-from=14"
    assert "tile-generalised" not in client.get(path("buildings", 16)).headers


def test_a_tile_is_the_same_zipped(client: TestClient) -> None:
    plain = client.get(path(), headers={"Accept-Encoding": "identity"})
    zipped = client.get(path(), headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < len(plain.content)
    assert zipped.content == plain.content
    assert zipped.headers["etag"] == plain.headers["etag"]


def test_a_plan_has_grids_and_cells_and_has_to_be_there(client: TestClient) -> None:
    """What is in them: ``tests/geo/services/test_tile_cache.py``."""
    missing = client.get(f"/plans/999999{path('grids,cells', 15)}")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert client.get(f"/plans/999999{path('buildings', 15)}").status_code == 422


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
