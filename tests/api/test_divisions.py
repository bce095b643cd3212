import pytest
from fastapi.testclient import TestClient

from tests.api import town


def test_streets(client: TestClient) -> None:
    answer = client.get("/streets")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    (street,) = answer.json()["features"]
    assert street["id"] == town.STREET
    assert street["properties"] == {"code": town.STREET, "name": "南湖街道"}
    assert street["geometry"]["type"] == "Polygon"


def test_one_street(client: TestClient) -> None:
    answer = client.get(f"/streets/{town.STREET}")
    assert answer.json() == client.get("/streets").json()["features"][0]


def test_communities_of_a_street(client: TestClient) -> None:
    found = client.get(f"/streets/{town.STREET}/communities").json()
    assert [feature["id"] for feature in found["features"]] == town.COMMUNITIES
    assert found["numberReturned"] == 3
    assert found["features"] == client.get(f"/communities?street={town.STREET}").json()["features"]


def test_one_community(client: TestClient) -> None:
    found = client.get(f"/communities/{town.COMMUNITIES[1]}").json()
    assert found["properties"] == {"code": town.COMMUNITIES[1], "name": "社区1", "street_code": town.STREET}


@pytest.mark.parametrize(
    "path",
    ["/streets/440304007", "/streets/440304007/communities", "/communities/440304006099"],
)
def test_unknown_codes_are_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:wangge:problem:not-found"
    assert "没有编码为" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/streets/44030400",
        "/streets/44030400a",
        "/streets/440304006%00",
        "/streets/440304006%0A",
        "/streets/%EF%BC%94440304006",
        "/communities/440304006",
        "/communities/440304006001/",
        "/communities?street=440304006001",
    ],
)
def test_malformed_codes_are_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 422)
    assert client.get(path).json()["type"].startswith("urn:wangge:problem:")
