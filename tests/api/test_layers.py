"""What all layers of features have in common: pages, boxes, filters, coordinates, and what is never served."""

import re
from itertools import chain
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from tests.api import town

SIZES = {"/buildings": town.N_BUILDINGS, "/elements": 12, "/compounds": 3, "/barriers": 1, "/communities": 3}


def walk(client: TestClient, path: str) -> list[dict[str, Any]]:
    """Follow ``next`` to the end."""
    pages = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["numberReturned"] == len(page["features"])
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        in_header = re.findall(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert following == in_header
        pages.append(page["features"])
        path = following[0] if following else ""
    return list(chain.from_iterable(pages))


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/elements", 1), *(("/buildings", limit) for limit in (7, 36, 107, 108, 109, 1000))],
)
def test_pages_hold_every_item_exactly_once(client: TestClient, path: str, limit: int) -> None:
    codes = [feature["id"] for feature in walk(client, f"{path}?limit={limit}")]
    assert codes == sorted(set(codes))
    assert len(codes) == SIZES[path]


@pytest.mark.parametrize("path", SIZES)
def test_sizes(client: TestClient, path: str) -> None:
    assert len(walk(client, f"{path}?limit=5")) == SIZES[path]


def test_pages_keep_their_filters(client: TestClient) -> None:
    found = walk(client, f"/buildings?community={town.COMMUNITIES[2]}&kind=walk_up&limit=10")
    assert len(found) == 35
    assert {feature["properties"]["community_code"] for feature in found} == {town.COMMUNITIES[2]}


def test_a_page_is_100_things_unless_asked_otherwise(client: TestClient) -> None:
    assert client.get("/buildings").json()["numberReturned"] == 100


@pytest.mark.parametrize("path", SIZES)
def test_a_box_far_away_is_empty_and_the_whole_box_is_full(client: TestClient, path: str) -> None:
    assert walk(client, f"{path}?bbox=0,0,1,1") == []
    assert len(walk(client, f"{path}?bbox=114,22,115,23")) == SIZES[path]


def test_a_box_takes_what_it_touches(client: TestClient) -> None:
    x, y = town.WEST + 0.0005, town.SOUTH + 0.0004
    found = walk(client, f"/buildings?bbox={x},{y},{x + 0.0001},{y + 0.0001}")
    assert [feature["id"] for feature in found] == [town.building_code(0, 1)]


@pytest.mark.parametrize("path", ["/buildings", "/elements", "/compounds"])
def test_street_and_community_filters(client: TestClient, path: str) -> None:
    everything = walk(client, path)
    assert walk(client, f"{path}?street={town.STREET}") == everything
    parts = [walk(client, f"{path}?community={code}") for code in town.COMMUNITIES]
    assert list(chain.from_iterable(parts)) == everything


def test_kinds(client: TestClient) -> None:
    (garden, *_) = walk(client, "/elements?kind=garden")
    assert garden["properties"]["kind_label"] == "花园 garden"
    assert len(walk(client, "/elements?kind=garden")) == 3
    assert walk(client, "/elements?kind=hydrant") == []
    assert client.get("/elements?kind=gardens").status_code == 422


@pytest.mark.parametrize("path", SIZES)
def test_coordinates_have_at_most_seven_decimals(client: TestClient, path: str) -> None:
    coordinates = re.findall(r"\d+\.(\d+)", client.get(path).text.split('"features":')[1])
    assert coordinates
    assert max(map(len, coordinates)) <= 7


@pytest.mark.parametrize("path", SIZES)
def test_each_item_can_be_had_alone(client: TestClient, path: str) -> None:
    listed = walk(client, path)[0]
    alone = client.get(f"{path}/{listed['id']}").json()
    alone["properties"].pop("stairwells", None)
    assert alone == listed


@pytest.mark.parametrize("path", ["/buildings/4403040060010100099", "/elements/440304006001E9999"])
def test_unknown_items(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=1001",
        "limit=1e2",
        "limit=99999999999999999999",
        "limit=",
        "limit=10&limit=20",
        "after=%00",
        "after=a",
        "after=" + "1" * 41,
        "bbox=1,2,3",
        "bbox=1,2,3,4,5,6",
        "bbox=nan,0,1,1",
        "bbox=0,0,inf,1",
        "bbox=1,0,0,1",
        "bbox=0,1,1,0",
        "bbox=-181,0,1,1",
        "bbox=0,0,1,91",
        "bbox=0;0;1;1",
        "community=440304006",
        "kind=%27%20OR%201%3D1",
        "offset=10",
        "Limit=10",
    ],
)
def test_bad_queries_are_refused_in_both_languages(client: TestClient, query: str) -> None:
    answer = client.get(f"/buildings?{query}")
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["detail"]
    assert problem["detail_en"]


def test_an_unknown_parameter_is_told_what_is_known(client: TestClient) -> None:
    problem = client.get("/barriers?communty=1").json()
    assert problem["type"] == "urn:wangge:problem:unknown-parameter"
    assert sorted(problem["allowed"]) == ["after", "as", "bbox", "kind", "limit"]


def test_a_building_with_its_stairwells(client: TestClient) -> None:
    properties = client.get(f"/buildings/{town.building_code(0, 1)}").json()["properties"]
    assert [stairwell["name"] for stairwell in properties["stairwells"]] == ["1单元", "2单元"]
    assert properties["floors"] is None


def test_doors_on_record_count_before_declared_numbers(client: TestClient) -> None:
    with_one_door = client.get(f"/buildings/{town.building_code(0, 1)}").json()["properties"]
    assert (with_one_door["households"], with_one_door["households_source"]) == (1, "units")
    assert [stairwell["households"] for stairwell in with_one_door["stairwells"]] == [1, 5]
    declared = client.get(f"/buildings/{town.building_code(0, 2)}").json()["properties"]
    assert (declared["households"], declared["households_source"]) == (10, "register")


def test_names_are_served_as_they_are(client: TestClient) -> None:
    answer = client.get("/compounds?limit=1")
    assert answer.json()["features"][0]["properties"]["name"] == "<b>湖畔</b>花园"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_large_answers_are_compressed(client: TestClient) -> None:
    answer = client.get("/buildings?limit=1000", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["numberReturned"] == town.N_BUILDINGS


@pytest.mark.parametrize("path", ["/buildings?limit=1000", "/elements?limit=1000", "/streets/440304006/communities"])
def test_a_page_takes_few_queries_however_long_it_is(client: TestClient, town_engine: Engine, path: str) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(town_engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(town_engine, "before_cursor_execute", note)
    assert 2 <= len(statements) <= 4  # one says who asks to the database; who it is is remembered, or two say it
