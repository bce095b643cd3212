"""OGC API – Tiles (OGC 20-057, annex A: core, tile sets and their lists, geodata, Mapbox vector tiles), and styles."""

from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from fastapi.testclient import TestClient
from shapely import Point

from geo.services.featuring import LAYERS
from geo.services.tiling import DEEPEST, Tile
from tests.api import town
from tests.vector_tiles import opened, tile_at

TILES = "/ogc/collections/communities/tiles"
GRID = f"{TILES}/WebMercatorQuad"
MIDDLE = Point(town.WEST + town.SIDE / 2, town.SOUTH + town.SIDE / 2)


def told(client: TestClient, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def address(tile: Tile, layer: str = "communities") -> str:
    return f"/ogc/collections/{layer}/tiles/WebMercatorQuad/{tile.z}/{tile.y}/{tile.x}"


def test_the_webs_grid(client: TestClient) -> None:
    """/conf/tms/tilematrixset: WebMercatorQuad as annex D.1 of OGC 17-083r4 has it"""
    listed = told(client, "/ogc/tileMatrixSets")["tileMatrixSets"]
    assert [each["id"] for each in listed] == ["WebMercatorQuad"]
    grid = told(client, "/ogc/tileMatrixSets/WebMercatorQuad")
    assert (grid["crs"], len(grid["tileMatrices"])) == ("http://www.opengis.net/def/crs/EPSG/0/3857", DEEPEST + 1)
    for level, matrix in enumerate(grid["tileMatrices"]):
        assert (matrix["id"], matrix["matrixWidth"], matrix["matrixHeight"]) == (str(level), 2**level, 2**level)
        assert matrix["scaleDenominator"] == pytest.approx(559082264.028717 / 2**level)
        assert matrix["cellSize"] == pytest.approx(156543.033928041 / 2**level)
        assert matrix["pointOfOrigin"] == pytest.approx([-20037508.342789, 20037508.342789])
    assert client.get("/ogc/tileMatrixSets/WorldCRS84Quad").status_code == 404


def test_every_layer_of_today_has_a_tile_set(client: TestClient) -> None:
    """/conf/tilesets-list/tsl-op, tsl-success; /conf/geodata-tilesets/desc-links"""
    for layer in LAYERS:
        links = told(client, f"/ogc/collections/{layer}")["links"]
        (link,) = [each for each in links if each["rel"].endswith("/tilesets-vector")]
        (tile_set,) = told(client, link["href"])["tilesets"]
        assert tile_set["dataType"] == "vector"
        assert tile_set["crs"].endswith("/3857")
        (this,) = [each for each in tile_set["links"] if each["rel"] == "self"]
        assert told(client, this["href"])["title"] == tile_set["title"]


def test_a_tile_set(client: TestClient) -> None:
    """/conf/tileset/desc, /conf/core/tc-limits: the limits hold what there is, the template leads to it"""
    tile_set = told(client, GRID)
    (layer,) = tile_set["layers"]
    assert layer["id"] == "communities"
    assert {"code", "name"} <= set(layer["propertiesSchema"]["properties"])
    levels = [int(limits["tileMatrix"]) for limits in tile_set["tileMatrixSetLimits"]]
    assert levels == list(range(int(layer["minTileMatrix"]), int(layer["maxTileMatrix"]) + 1))
    for limits in tile_set["tileMatrixSetLimits"]:
        tile = tile_at(MIDDLE, int(limits["tileMatrix"]))
        assert limits["minTileRow"] <= tile.y <= limits["maxTileRow"]
        assert limits["minTileCol"] <= tile.x <= limits["maxTileCol"]
    (item,) = [link for link in tile_set["links"] if link["rel"] == "item"]
    tile = tile_at(MIDDLE, 15)
    filled = item["href"].format(tileMatrix=tile.z, tileRow=tile.y, tileCol=tile.x)
    assert item["templated"] is True
    assert client.get(filled).headers["content-type"] == item["type"] == "application/vnd.mapbox-vector-tile"


def test_a_tile_is_the_one_of_our_own_maps(client: TestClient) -> None:
    """/conf/core/tc-op, tc-success; /conf/mvt/content: row before column"""
    tile = tile_at(MIDDLE, 15)
    ours = client.get(f"/tiles/communities/{tile.z}/{tile.x}/{tile.y}")
    answer = client.get(address(tile))
    assert answer.content == ours.content
    assert town.COMMUNITIES[0] in {
        feature.properties["code"] for feature in opened(answer.content)["communities"].features
    }
    again = client.get(address(tile), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{TILES}/WorldCRS84Quad", 404),
        (f"{TILES}/WorldCRS84Quad/15/0/0", 404),
        (f"{GRID}/15/32768/0", 400),
        (f"{GRID}/1/0/0", 400),
        (f"{GRID}/x/0/0", 400),
        (f"{GRID}/99/0/0", 400),
        ("/ogc/collections/nothing/tiles", 404),
        ("/ogc/collections/plan-999/tiles/WebMercatorQuad/15/0/0", 404),
        (f"{GRID}/15/0/0?f=mvt", 400),
    ],
)
def test_refusals(client: TestClient, path: str, status: int) -> None:
    """/conf/core/tc-error"""
    assert client.get(path).status_code == status


def test_styles(client: TestClient) -> None:
    listed = told(client, "/ogc/styles")["styles"]
    assert [style["id"] for style in listed] == list(LAYERS)
    for style in listed:
        for link in style["links"]:
            answer = client.get(link["href"])
            assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
            if link["type"] == "application/xml":
                assert Xml.fromstring(answer.text.partition("\n")[2]).tag == "qgis"
            else:
                (pattern,) = answer.json()["sources"]["wangge"]["tiles"]
                tile = tile_at(MIDDLE, 16)
                assert client.get(pattern.format(z=tile.z, y=tile.y, x=tile.x)).status_code == 200
    for path in ("households.qml", "grids.xml", "coverage.qml"):
        assert client.get(f"/ogc/styles/{path}").status_code in (400, 404)
