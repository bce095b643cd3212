"""The tools of others against a server that really runs: GDAL (pyogrio) and OWSLib, signed in as each of them can."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import geopandas as gpd
import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features
from owslib.util import Authentication
from shapely import Point
from sqlalchemy import Engine

from geo.services.featuring import LAYERS
from tests.api import town
from tests.api.people import bearing, token_of
from tests.hostile import serving
from tests.vector_tiles import tile_at

#: GDAL's headers of one's own are not sent to this kind of server: a bearer's token has options (since 3.9).
GDAL_OPTIONS = ("GDAL_HTTP_USERPWD", "GDAL_HTTP_AUTH", "GDAL_HTTP_BEARER")


@pytest.fixture(scope="module")
def server(town_engine: Engine) -> Iterator[str]:
    # In a process of its own: GDAL keeps Python waiting while it waits for answers.
    with serving(town_engine) as running:
        yield f"{running.address}/ogc"


@pytest.fixture(scope="module")
def token(town_engine: Engine) -> str:
    return token_of(town_engine, "ogc-tools")


@contextmanager
def gdal(**options: str) -> Iterator[None]:
    """Let GDAL sign in, and forget how afterwards."""
    pyogrio.set_gdal_config_options({name: options.get(name) for name in GDAL_OPTIONS})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(GDAL_OPTIONS))


def _bearer(token: str) -> dict[str, str]:
    return {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": token}


@pytest.mark.parametrize("way", ["bearer", "password"])
def test_gdal_reads_layers(server: str, token: str, way: str) -> None:
    options = {
        "bearer": _bearer(token),
        "password": {"GDAL_HTTP_USERPWD": f"ogc-tools:{token}"},
    }[way]
    with gdal(**options):
        layers = pyogrio.list_layers(f"OAPIF:{server}")
        assert [str(name) for name, _ in layers] == list(LAYERS)
        communities = gpd.read_file(f"OAPIF:{server}", layer="communities", engine="pyogrio")
    assert sorted(communities["code"]) == town.COMMUNITIES
    assert communities.crs.to_authority() in (("OGC", "CRS84"), ("EPSG", "4326"))
    assert communities.geometry.is_valid.all()


def test_gdal_walks_all_pages_and_filters_at_the_server(server: str, token: str) -> None:
    with gdal(**_bearer(token)):
        buildings = pyogrio.read_dataframe(f"OAPIF:{server}", layer="buildings", PAGE_SIZE=25)
        west = (town.WEST, town.SOUTH, town.WEST + town.SIDE, town.SOUTH + town.SIDE)
        near = pyogrio.read_dataframe(f"OAPIF:{server}", layer="buildings", bbox=west)
        mixed = pyogrio.read_dataframe(f"OAPIF:{server}", layer="buildings", where="kind = 'mixed'")
        told = pyogrio.read_info(f"OAPIF:{server}", layer="buildings", force_feature_count=True)
    assert len(buildings) == told["features"] == town.N_BUILDINGS
    assert set(buildings["code"]) == {
        town.building_code(place, number + 1) for place in range(3) for number in range(36)
    }
    assert len(near) == 36
    assert set(mixed["code"]) == {town.building_code(place, 1) for place in range(3)}
    assert set(told["fields"]) >= {"code", "name", "kind", "kind_label", "address", "floors", "households"}


def test_gdal_reads_the_metres_of_the_zone(server: str, token: str) -> None:
    with gdal(**_bearer(token)):
        degrees = pyogrio.read_dataframe(f"OAPIF:{server}", layer="communities")
        metres = pyogrio.read_dataframe(f"OAPIF:{server}", layer="communities", CRS="EPSG:4547")
    assert metres.crs.to_epsg() == 4547
    expected = degrees.to_crs(4547).geometry.to_numpy()
    assert shapely.equals_exact(metres.geometry.to_numpy(), expected, tolerance=0.02).all()


def test_strangers_get_nothing(server: str, token: str) -> None:
    for options in ({}, {"GDAL_HTTP_USERPWD": "ogc-tools:wrong"}, {"GDAL_HTTP_USERPWD": f"{token}:"}):
        with gdal(**options), pytest.raises(pyogrio.errors.DataSourceError):
            pyogrio.list_layers(f"OAPIF:{server}")


@pytest.mark.parametrize("way", ["header", "password"])
def test_a_session_of_owslib(server: str, token: str, way: str) -> None:
    given = {"headers": bearing(token)} if way == "header" else {"auth": Authentication("any", token)}
    there = Features(server, **given)
    assert "ogcapi-features-1/1.0/conf/core" in json.dumps(there.conformance())
    assert there.feature_collections() == list(LAYERS)
    assert there.api()["openapi"].startswith("3.0.")
    assert there.collection("buildings")["itemType"] == "feature"
    assert "kind" in there.collection_queryables("buildings")["properties"]
    page = there.collection_items(
        "buildings", limit=10, bbox=[town.WEST, town.SOUTH, town.WEST + 0.006, town.SOUTH + 0.006]
    )
    assert (page["numberReturned"], page["numberMatched"]) == (10, 36)
    code = page["features"][0]["id"]
    assert there.collection_item("buildings", code)["properties"]["code"] == code


def test_gdal_reads_tiles(server: str, token: str, tmp_path: Path) -> None:
    middle = Point(town.WEST + town.SIDE / 2, town.SOUTH + town.SIDE / 2)
    tile = tile_at(middle, 15)
    address = f"{server}/collections/communities/tiles/WebMercatorQuad/{tile.z}/{tile.y}/{tile.x}"
    with urlopen(Request(address, headers=_basic(token))) as answer:
        assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        path = tmp_path / f"{tile.y}.mvt"
        path.write_bytes(answer.read())
    read = pyogrio.read_dataframe(f"MVT:{path}", layer="communities", X=tile.x, Y=tile.y, Z=tile.z)
    assert read.crs.to_epsg() == 3857
    there = read.to_crs(4326)
    assert set(there[there.contains(middle)]["code"]) == {town.COMMUNITIES[0]}


def _basic(token: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'any:{token}'.encode()).decode()}"}


def test_basic_is_for_looks_at_these_addresses_alone(server: str, token: str) -> None:
    root = server.removesuffix("/ogc")
    for path in ("/buildings", "/sign-ins/current"):
        with pytest.raises(HTTPError, match="401"):
            urlopen(Request(f"{root}{path}", headers=_basic(token)))
    with urlopen(Request(f"{server}/collections", headers=_basic(token))) as answer:
        assert answer.status == 200
