"""OGC API – Features: the abstract tests of Part 1 (OGC 17-069r4, annex A: core, GeoJSON, HTML, OpenAPI 3.0), of Part 2
(18-058r1) and of queryables (Part 3), test by test as they are called there; then what is ours: scopes, plans, hazards.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from schemathesis.specs.openapi.definitions import OPENAPI_30
from shapely.geometry import shape
from sqlalchemy import Engine

from api.main import create_app
from api.ogc_asking import MOST, USUAL
from api.ogc_links import CONFORMS_TO, GEOJSON, OPENAPI
from api.schemas.ogc import CollectionInfo, OgcFeature, OgcFeatures
from api.settings import AppSettings
from geo.services.featuring import LAYERS
from geo.services.reference_systems import CRS84
from geo.storage.database import session_scope
from tests.api import planted, town
from tests.api.people import client_of
from tests.api.planted import Planted
from tests.databases import Databases

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ZONE = f"{EPSG}4547"
#: Every grid is one cell, also of plans that let nothing be added any more.
CELLS = """
SET LOCAL session_replication_role = replica;
INSERT INTO cell (grid_id, grid_code, code, households, geom)
SELECT id, code, code || 'L01', households, geom FROM grid
"""
PAGE = {"Accept": "text/html"}
ITEMS = "/ogc/collections/buildings/items"


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[tuple[Engine, Planted]]:
    """The small town, and the streets whose texts say where they belong."""
    with databases.engine(databases.filled("town", town.settle)) as engine:
        with session_scope(engine) as session:
            rows = planted.plant(session)
            session.connection().exec_driver_sql(CELLS)
        yield engine, rows


@pytest.fixture(scope="module")
def ogc_app(store: tuple[Engine, Planted]) -> FastAPI:
    return create_app(AppSettings(), store[0])


@pytest.fixture(scope="module")
def ogc(ogc_app: FastAPI, store: tuple[Engine, Planted]) -> Iterator[TestClient]:
    """A planner of the town and of the planted street."""
    with client_of(ogc_app, store[0], "ogc-planner", scopes=[town.STREET, planted.STREET]) as client:
        yield client


def found(answer: Response, media: str = GEOJSON) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media
    told: dict[str, Any] = answer.json()
    return told


def walked(client: TestClient, path: str) -> list[dict[str, Any]]:
    """All pages from one on, by their ``next`` links."""
    pages = [found(client.get(path))]
    while following := links_of(pages[-1], "next"):
        pages.append(found(client.get(following[0]["href"])))
        assert len(pages) < 50
    return pages


def ids_of(*pages: dict[str, Any]) -> list[str]:
    return [feature["id"] for page in pages for feature in page["features"]]


def links_of(told: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in told["links"] if link["rel"] == rel]


@pytest.fixture(scope="module")
def collections(ogc: TestClient) -> list[dict[str, Any]]:
    """All layers, and grids and cells of one plan: other plans' are of the same kinds."""
    told: list[dict[str, Any]] = found(ogc.get("/ogc/collections"), "application/json")["collections"]
    return told[: len(LAYERS) + 1] + told[-1:]


# ── A.2 conformance class core ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/ogc", "/ogc/"])
def test_landing_page(ogc: TestClient, path: str) -> None:
    """/conf/core/root-op, /conf/core/root-success"""
    told = found(ogc.get(path), "application/json")
    for rel in ("service-desc", "service-doc", "conformance", "data", "self", "alternate"):
        (link,) = links_of(told, rel)
        assert ogc.get(link["href"], headers={"Accept": link["type"]}).status_code == 200, rel


def test_description_of_the_interface(ogc: TestClient, collections: list[dict[str, Any]]) -> None:
    """/conf/core/api-definition-op, /conf/core/api-definition-success, /conf/oas30/oas-definition-1, -2, oas-impl"""
    (link,) = links_of(found(ogc.get("/ogc"), "application/json"), "service-desc")
    described = found(ogc.get(link["href"]), OPENAPI)
    assert link["type"] == OPENAPI
    jsonschema_rs.validator_for(OPENAPI_30).validate(described)
    operations = {operation.ok().path for operation in schemathesis.openapi.from_dict(described).get_all_operations()}
    for collection in collections:
        there = f"/collections/{collection['id']}"
        assert {there, f"{there}/items", f"{there}/items/{{featureId}}", f"{there}/queryables"} <= operations


def test_parameters_are_described(ogc: TestClient) -> None:
    """/conf/core/fc-bbox-definition, fc-limit-definition, fc-time-definition; each queryable is a parameter"""
    described = ogc.get("/ogc/api").json()
    shared = described["components"]["parameters"]
    said = described["paths"]["/collections/buildings/items"]["get"]["parameters"]
    parameters = [shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in said]
    by_name = {parameter["name"]: parameter for parameter in parameters}
    assert all(each["in"] == "query" and each["required"] is False for each in parameters)
    for name in ("bbox", "limit", "datetime", "bbox-crs", "crs"):
        assert (by_name[name]["style"], by_name[name]["explode"]) == ("form", False)
    assert by_name["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    assert [rule["minItems"] for rule in by_name["bbox"]["schema"]["oneOf"]] == [4, 6]
    queryables = set(ogc.get("/ogc/collections/buildings/queryables").json()["properties"]) - {"geometry"}
    assert set(by_name) == {"f", "bbox", "limit", "datetime", "bbox-crs", "crs", "after"} | queryables


def test_conformance(ogc: TestClient) -> None:
    """/conf/core/conformance-op, /conf/core/conformance-success"""
    told = found(ogc.get("/ogc/conformance"), "application/json")
    assert tuple(told["conformsTo"]) == CONFORMS_TO
    for name in ("core", "geojson", "html", "oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" in told["conformsTo"]


@pytest.mark.parametrize(
    "wrong",
    [
        *("limit=0", "limit=-1", "limit=x", "limit=", "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=2,3,4,1"),
        *("bbox=114,99,115,100", "bbox=nan,0,1,1", "datetime=x", "datetime=..", "datetime=2026-13-01"),
        *("datetime=2026-02-01/2026-01-01", "datetime=2026-01-01T00:00:00", "after=%2F", "f=xml", "floors=x"),
        *("crs=x", "bbox-crs=x", "crs=http://www.opengis.net/def/crs/EPSG/0/3857", "limit=1&limit=2"),
    ],
)
def test_wrong_parameters(ogc: TestClient, wrong: str) -> None:
    """/req/core/query-param-invalid; for systems /req/crs/fc-crs-valid-value, /req/crs/fc-bbox-crs-valid-value"""
    answer = ogc.get(f"{ITEMS}?{wrong}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["status"] == 400


@pytest.mark.parametrize(
    "path", ["/ogc?x=1", "/ogc/conformance?x=1", "/ogc/collections?limit=1", f"{ITEMS}?x=1", f"{ITEMS}?nature=major"]
)
def test_unknown_parameters(ogc: TestClient, path: str) -> None:
    """/req/core/query-param-unknown"""
    assert ogc.get(path).status_code == 400


def test_collections(ogc: TestClient) -> None:
    """/conf/core/fc-md-op, /conf/core/fc-md-success, /conf/core/sc-md-op, /conf/core/sc-md-success"""
    told = found(ogc.get("/ogc/collections"), "application/json")
    assert {link["type"] for rel in ("self", "alternate") for link in links_of(told, rel)} == {
        "application/json",
        "text/html",
    }
    assert [each["id"] for each in told["collections"]][: len(LAYERS)] == list(LAYERS)
    for each in told["collections"]:
        west, south, east, north = each["extent"]["spatial"]["bbox"][0]
        assert -180 <= west < east <= 180
        assert -90 <= south < north <= 90
        assert {link["type"] for link in links_of(each, "items")} == {GEOJSON, "text/html"}
        (this,) = links_of(each, "self")
        alone = found(ogc.get(this["href"]), "application/json")
        CollectionInfo.model_validate(alone)
        assert {**alone, "links": []} == {**each, "links": []}


def test_no_such_collection_or_feature(ogc: TestClient) -> None:
    """/conf/core/sc-md-op and /conf/core/f-op of what there is not"""
    for path in ("nothing", "nothing/items", "buildings/items/nothing", "households", "coverage", "plan-999999-grids"):
        assert ogc.get(f"/ogc/collections/{path}").status_code == 404, path


def test_features(ogc: TestClient, collections: list[dict[str, Any]]) -> None:
    """/conf/core/fc-op, fc-response, fc-links, fc-rel-type, fc-timestamp, fc-numberreturned; /conf/geojson/content"""
    for collection in collections:
        told = found(ogc.get(f"/ogc/collections/{collection['id']}/items?limit=1000"))
        OgcFeatures.model_validate(told)
        assert told["type"] == "FeatureCollection"
        assert told["numberReturned"] == len(told["features"]) == told["numberMatched"]
        assert datetime.fromisoformat(told["timeStamp"]).tzinfo is not None
        assert all("type" in link for link in told["links"])
        assert [links_of(told, rel)[0]["type"] for rel in ("self", "alternate")] == [GEOJSON, "text/html"]
        assert not links_of(told, "next")
        assert len(told["features"]) > 0, collection["id"]
        for feature in told["features"]:
            _check_geojson(feature)


def _check_geojson(feature: dict[str, Any]) -> None:
    """RFC 7946: positions in degrees, closed rings, the outer one counter-clockwise."""
    OgcFeature.model_validate(feature)
    if feature["geometry"] is None:
        return
    geometry = shape(feature["geometry"])
    west, south, east, north = geometry.bounds
    assert 114 < west <= east < 115
    assert 22 < south <= north < 23
    for area in shapely.get_parts(geometry) if geometry.geom_type.endswith("Polygon") else ():
        assert area.exterior.is_ccw
        assert not any(hole.is_ccw for hole in area.interiors)


def test_limit(ogc: TestClient) -> None:
    """/conf/core/fc-limit-response: never more than asked for, never an error for asking for more than there may be"""
    assert len(found(ogc.get(f"{ITEMS}?limit=7"))["features"]) == 7
    assert len(found(ogc.get(f"{ITEMS}?limit={MOST + 1}"))["features"]) == town.N_BUILDINGS + 4


def test_pages(ogc: TestClient) -> None:
    """/conf/core/fc-links, fc-numbermatched: next links lead through all features, each once"""
    pages = walked(ogc, f"{ITEMS}?limit=50&kind=walk_up")
    codes = ids_of(*pages)
    assert codes == sorted(set(codes))
    assert [page["numberReturned"] for page in pages] == [50, 50, len(codes) - 100]
    assert pages[0]["numberMatched"] == len(codes)
    assert all("numberMatched" not in page for page in pages[1:])
    assert codes == ids_of(found(ogc.get(f"{ITEMS}?limit=1000&kind=walk_up")))


def test_link_header(ogc: TestClient) -> None:
    """/rec/core/link-header"""
    answer = ogc.get(f"{ITEMS}?limit=1")
    for link in answer.json()["links"]:
        assert f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"' in answer.headers["link"]


@pytest.mark.parametrize(
    ("box", "count"),
    [
        (f"{town.WEST},{town.SOUTH},{town.WEST + town.SIDE},{town.SOUTH + town.SIDE}", 36),
        (f"{town.WEST},{town.SOUTH},-100,{town.WEST + town.SIDE},{town.SOUTH + town.SIDE},900", 36),
        (f"{town.WEST + 0.0006},{town.SOUTH + 0.0005},{town.WEST + 0.0006},{town.SOUTH + 0.0005}", 1),
        ("0,0,1,1", 0),
        ("170,-10,-170,10", 0),
        (f"170,-90,{town.WEST + town.SIDE},90", 36),
    ],
)
def test_bbox(ogc: TestClient, box: str, count: int) -> None:
    """/conf/core/fc-bbox-response; four or six numbers, and over the 180th meridian"""
    told = found(ogc.get(f"{ITEMS}?limit=1000&bbox={box}"))
    assert (told["numberReturned"], told["numberMatched"]) == (count, count)


@pytest.mark.parametrize(
    ("time", "finds"),
    [
        ("2020-01-01T00:00:00Z/..", True),
        ("2020-01-01T00:00:00Z/", True),
        ("../2999-01-01", True),
        ("2020-01-01/2999-01-01T00:00:00+08:00", True),
        ("../2020-01-01T00:00:00Z", False),
        ("2020-01-01", False),
        ("2999-01-01/..", False),
    ],
)
def test_datetime(ogc: TestClient, time: str, finds: bool) -> None:
    """/conf/core/fc-time-response: what has no time is always there"""
    answer = ogc.get("/ogc/collections/hazards/items", params={"datetime": time})
    assert bool(found(answer)["features"]) is finds
    answer = ogc.get(ITEMS, params={"datetime": time, "limit": 1})
    assert found(answer)["numberMatched"] == town.N_BUILDINGS + 4


def test_one_feature(ogc: TestClient, collections: list[dict[str, Any]]) -> None:
    """/conf/core/f-op, /conf/core/f-success, /conf/core/f-links; A.3 /conf/geojson/content"""
    for collection in collections:
        listed = found(ogc.get(f"/ogc/collections/{collection['id']}/items?limit=1"))["features"][0]
        told = found(ogc.get(f"/ogc/collections/{collection['id']}/items/{listed['id']}"))
        for rel, media in (("self", GEOJSON), ("alternate", "text/html"), ("collection", "application/json")):
            (link,) = links_of(told, rel)
            assert link["type"] == media
            assert ogc.get(link["href"], headers={"Accept": media}).status_code == 200
        assert {name: told[name] for name in listed} == listed


# ── A.4 conformance class HTML ───────────────────────────────────────────────────────────────────────────────────────


def test_every_answer_is_a_page_too(ogc: TestClient, store: tuple[Engine, Planted]) -> None:
    """/conf/html/definition, /conf/html/content"""
    there = f"/ogc/collections/plan-{store[1].places['own'].draft}-grids"
    grid = store[1].places["own"].codes["grid"]
    for path in (
        *("/ogc", "/ogc/conformance", "/ogc/collections", there, f"{there}/queryables", f"{there}/items"),
        f"{there}/items/{grid}",
    ):
        by_accept, by_name = ogc.get(path, headers=PAGE), ogc.get(f"{path}?f=html")
        assert by_accept.status_code == by_name.status_code == 200, path
        assert by_accept.headers["content-type"].startswith("text/html")
        assert "<h1>" in by_name.text
        assert "default-src 'none'" in by_name.headers["content-security-policy"]
    items = ogc.get(f"{there}/items?limit=1", headers=PAGE).text
    assert grid in items
    assert "OWN-grid" in items
    assert f"{there}/items?limit=1&amp;after={grid}" in items


def test_names_are_escaped_in_pages(ogc: TestClient) -> None:
    page = ogc.get("/ogc/collections/compounds/items?f=html").text
    assert "<b>湖畔" not in page
    assert "&lt;b&gt;湖畔" in page


# ── Part 2: coordinate systems ───────────────────────────────────────────────────────────────────────────────────────


def test_systems_of_collections(collections: list[dict[str, Any]]) -> None:
    """/conf/crs/crs-uri, /conf/crs/desc-crs, /conf/crs/storage-crs"""
    for each in collections:
        assert each["crs"] == [CRS84, f"{EPSG}4326", f"{EPSG}4490", ZONE]
        assert each["storageCrs"] == CRS84


@pytest.mark.parametrize("system", [CRS84, f"{EPSG}4326", f"{EPSG}4490", ZONE])
def test_answers_in_another_system(ogc: TestClient, system: str) -> None:
    """/conf/crs/crs-parameter, /conf/crs/content-crs: coordinates are those of pyproj in the system's order of axes"""
    from pyproj import Transformer

    degrees = shape(found(ogc.get(f"{ITEMS}?limit=1"))["features"][0]["geometry"])
    answer = ogc.get(ITEMS, params={"limit": 1, "crs": system})
    assert answer.headers["content-crs"] == f"<{system}>"
    feature = found(answer)["features"][0]
    moved = shape(feature["geometry"])
    turned = Transformer.from_crs("OGC:CRS84", system.replace(CRS84, "OGC:CRS84").replace(EPSG, "EPSG:"))
    expected = shapely.transform(degrees, lambda x, y: turned.transform(x, y), interleaved=False)
    assert moved.equals_exact(expected, 0.02 if system == ZONE else 1e-6)
    alone = ogc.get(f"{ITEMS}/{feature['id']}", params={"crs": system})
    assert alone.headers["content-crs"] == f"<{system}>"
    assert found(alone)["geometry"] == feature["geometry"]


@pytest.mark.parametrize("system", [f"{EPSG}4326", f"{EPSG}4490", ZONE])
def test_boxes_in_another_system(ogc: TestClient, system: str) -> None:
    """/conf/crs/bbox-crs-parameter: a box of the answer's own corners finds the same"""
    community = found(ogc.get("/ogc/collections/communities/items", params={"limit": 1, "crs": system}))["features"][0]
    box = shape(community["geometry"]).buffer(-20 if system == ZONE else -0.0002, join_style="mitre").bounds
    asked = {"bbox": ",".join(f"{side:.9f}" for side in box), "bbox-crs": system, "limit": 1_000}
    codes = ids_of(found(ogc.get(ITEMS, params=asked)))
    assert len(codes) == 36
    assert all(code.startswith(community["id"]) for code in codes)


# ── Part 3: queryables ───────────────────────────────────────────────────────────────────────────────────────────────


def test_queryables(ogc: TestClient, collections: list[dict[str, Any]]) -> None:
    """/conf/queryables/get-queryables-op, get-queryables-response; /conf/queryables-query-parameters/parameters"""
    for collection in collections:
        (link,) = links_of(collection, "http://www.opengis.net/def/rel/ogc/1.0/queryables")
        told = found(ogc.get(link["href"]), "application/schema+json")
        assert told["$id"] == link["href"]
        jsonschema_rs.meta.validate(told)
        first = found(ogc.get(f"/ogc/collections/{collection['id']}/items?limit=1"))["features"][0]
        for name, schema in told["properties"].items():
            if name == "geometry" or first["properties"][name] is None:
                continue
            jsonschema_rs.validate(schema, first["properties"][name])
            if name not in ("name", "kind", "plan_id", "community_code", "number"):
                continue
            asked = {name: first["properties"][name], "limit": 1_000}
            same = found(ogc.get(f"/ogc/collections/{collection['id']}/items", params=asked))["features"]
            assert {feature["properties"][name] for feature in same} == {first["properties"][name]}
            assert first["id"] in {feature["id"] for feature in same}


# ── what is ours ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_households_are_counted_as_plans_count_them(ogc: TestClient) -> None:
    counted = town.building_code(0, 1)
    told = found(ogc.get(f"{ITEMS}/{counted}"))["properties"]
    assert (told["households"], told["households_source"]) == (1, "units")
    assert told["kind_label"] == "商住楼 mixed use"


def test_grids_of_today_and_of_a_plan(ogc: TestClient, store: tuple[Engine, Planted]) -> None:
    own = store[1].places["own"]
    today = found(ogc.get("/ogc/collections/grids/items"))["features"]
    assert {feature["properties"]["plan_id"] for feature in today} == {
        store[1].places[name].adopted for name in ("own", "sibling")
    }
    drafted = found(ogc.get(f"/ogc/collections/plan-{own.draft}-grids/items"))["features"]
    assert [feature["properties"]["name"] for feature in drafted] == ["OWN-grid", "OWN-NEXT-grid"]
    assert {feature["properties"]["plan_id"] for feature in drafted} == {own.draft}


def test_hazards_say_nothing_of_people(ogc: TestClient) -> None:
    told = found(ogc.get("/ogc/collections/hazards/items"))["features"]
    assert {feature["properties"]["kind"] for feature in told} == {"wiring", "gas"}
    for word in ("-hazard", "finder", "reporter", "HOME", "1399000", "summary"):
        assert word not in json.dumps(told)


def test_nobody_sees_more_than_their_scope(ogc_app: FastAPI, store: tuple[Engine, Planted]) -> None:
    engine, rows = store
    own, sibling = rows.places["own"], rows.places["sibling"]
    with client_of(ogc_app, engine, "ogc-staff", ["staff"], [own.community]) as staff:
        listed = found(staff.get("/ogc/collections"), "application/json")["collections"]
        assert f"plan-{sibling.draft}-grids" not in {each["id"] for each in listed}
        assert own.community in ids_of(found(staff.get("/ogc/collections/communities/items")))
        assert sibling.community not in ids_of(found(staff.get("/ogc/collections/communities/items")))
        for path in (
            f"buildings/items/{sibling.codes['building']}",
            f"grids/items/{sibling.codes['grid']}",
            f"plan-{sibling.draft}-grids",
            f"plan-{sibling.draft}-grids/items",
        ):
            assert staff.get(f"/ogc/collections/{path}").status_code == 404, path
        assert not ids_of(found(staff.get(ITEMS, params={"code": sibling.codes["building"]})))
        told = json.dumps(found(staff.get("/ogc/api"), OPENAPI))
        assert f"plan-{sibling.draft}-" not in told


def test_barriers_are_seen_by_all(ogc_app: FastAPI, store: tuple[Engine, Planted]) -> None:
    with client_of(ogc_app, store[0], "ogc-staff", ["staff"], [store[1].places["own"].community]) as staff:
        codes = ids_of(found(staff.get("/ogc/collections/barriers/items")))
        assert any(code.startswith(town.STREET) for code in codes)
        assert all(staff.get(f"/ogc/collections/barriers/items/{code}").status_code == 200 for code in codes)
