"""Accounts over HTTP."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from tests.api import town
from tests.api.people import ADDRESS, client_of


@pytest.fixture
def app(empty_store: Engine) -> FastAPI:
    return create_app(AppSettings(), empty_store)


@pytest.fixture
def officers(app: FastAPI, empty_store: Engine) -> dict[str, TestClient]:
    return {
        role: client_of(app, empty_store, role.replace("_", "-"), [role], [])
        for role in ("administrator", "security_officer", "auditor")
    }


def test_from_nothing_to_somebody_who_works(app: FastAPI, officers: dict[str, TestClient]) -> None:
    made = officers["administrator"].post("/accounts", json={"login": "li.hua", "person": "李华"})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "/accounts/li.hua"
    link = made.json()["link"]
    assert link.startswith(f"{ADDRESS}/invitation?link=")

    person = TestClient(app, base_url=ADDRESS)
    token = link.split("=")[1]
    form = {"link": token, "new_password": "correct horse battery", "new_password_again": "correct horse battery"}
    answer = person.post("/invitation", data=form, headers={"Origin": ADDRESS}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?fresh=true"), answer.text
    assert "密码已设好" in person.get(answer.headers["location"]).text
    assert "密码已设好" not in person.get("/sign-in").text
    assert person.get(f"/invitation?link={token}").status_code == 404

    seen = officers["security_officer"].get("/accounts/li.hua")
    assert seen.json()["roles"] == []
    given = officers["security_officer"].put(
        "/accounts/li.hua/roles",
        json={"roles": ["planner"], "scopes": [town.STREET]},
        headers={"If-Match": seen.headers["etag"]},
    )
    assert given.status_code == 200, given.text
    assert (given.json()["roles"], given.json()["scopes"]) == (["planner"], [town.STREET])
    assert given.headers["etag"] != seen.headers["etag"]

    signed_in = person.post("/sign-ins", json={"login": "li.hua", "password": "correct horse battery"}).json()
    person.headers["Authorization"] = f"Bearer {signed_in['token']}"
    assert person.get("/streets").status_code == 200
    assert officers["administrator"].delete("/accounts/li.hua").status_code == 204
    assert person.get("/streets").status_code == 401
    listed = officers["auditor"].get("/accounts").json()["items"]
    assert [account["login"] for account in listed] == ["administrator", "auditor", "li.hua", "security-officer"]
    assert listed[2]["ended_at"]


def test_accounts_come_in_pages(officers: dict[str, TestClient]) -> None:
    first = officers["auditor"].get("/accounts?limit=2").json()
    assert [account["login"] for account in first["items"]] == ["administrator", "auditor"]
    rest = officers["auditor"].get("/accounts?limit=2&after=auditor").json()
    assert [account["login"] for account in rest["items"]] == ["security-officer"]


def test_what_others_did_meanwhile_is_not_overwritten(officers: dict[str, TestClient]) -> None:
    officers["administrator"].post("/accounts", json={"login": "li.hua", "person": "李华"})
    grants = {"roles": ["planner"], "scopes": [town.STREET]}
    security = officers["security_officer"]
    assert security.put("/accounts/li.hua/roles", json=grants).status_code == 428
    version = {"If-Match": security.get("/accounts/li.hua").headers["etag"]}
    assert security.put("/accounts/li.hua/roles", json=grants, headers=version).status_code == 200
    assert security.put("/accounts/li.hua/roles", json=grants, headers=version).status_code == 412


@pytest.mark.parametrize(
    ("grants", "status"),
    [
        ({"roles": ["administrator", "auditor"], "scopes": []}, 422),
        ({"roles": ["planner"], "scopes": []}, 422),
        ({"roles": ["king"], "scopes": []}, 422),
        ({"roles": ["planner"], "scopes": ["x"]}, 422),
        ({"roles": "planner", "scopes": []}, 422),
        ({"roles": []}, 422),
    ],
)
def test_grants_that_do_not_fit(officers: dict[str, TestClient], grants: dict[str, object], status: int) -> None:
    officers["administrator"].post("/accounts", json={"login": "li.hua", "person": "李华"})
    version = {"If-Match": officers["security_officer"].get("/accounts/li.hua").headers["etag"]}
    answer = officers["security_officer"].put("/accounts/li.hua/roles", json=grants, headers=version)
    assert answer.status_code == status


def test_two_officers_reset_the_third(officers: dict[str, TestClient]) -> None:
    asked = officers["security_officer"].post("/accounts/administrator/reset")
    assert asked.status_code == 200, asked.text
    assert (asked.json()["link"], asked.json()["still_needed"]) == (None, 1)
    done = officers["auditor"].post("/accounts/administrator/reset").json()
    assert "/invitation?link=" in done["link"]
    assert officers["administrator"].get("/accounts").status_code == 401


def test_nobody_does_it_to_themselves(officers: dict[str, TestClient]) -> None:
    assert officers["administrator"].delete("/accounts/administrator").status_code == 403
    assert officers["administrator"].post("/accounts/administrator/reset").status_code == 403
    version = {"If-Match": officers["security_officer"].get("/accounts/security-officer").headers["etag"]}
    answer = officers["security_officer"].put(
        "/accounts/security-officer/roles", json={"roles": [], "scopes": []}, headers=version
    )
    assert answer.status_code == 403


def test_a_login_that_is_taken(officers: dict[str, TestClient]) -> None:
    answer = officers["administrator"].post("/accounts", json={"login": "auditor", "person": "别人"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wangge:problem:conflict")


def test_nothing_secret_is_ever_answered(officers: dict[str, TestClient]) -> None:
    for path in ("/accounts", "/accounts/administrator"):
        answer = officers["auditor"].get(path).text
        for word in ("hash", "secret", "argon2", "token"):
            assert word not in answer


def test_pages_offer_what_one_may_do(officers: dict[str, TestClient]) -> None:
    page = {"Accept": "text/html"}
    officers["administrator"].post("/accounts", json={"login": "li.hua", "person": "<b>李华</b>"})
    listed = {role: client.get("/accounts", headers=page) for role, client in officers.items()}
    assert {role: "建立账户" in answer.text for role, answer in listed.items()} == {
        "administrator": True,
        "security_officer": False,
        "auditor": False,
    }
    assert all("&lt;b&gt;李华" in answer.text and "<b>李华" not in answer.text for answer in listed.values())
    does = {
        (role, login): set(re.findall('data-does="([a-z]+)"', client.get(f"/accounts/{login}", headers=page).text))
        for role, client in officers.items()
        for login in ("li.hua", "administrator")
    }
    assert does == {
        ("administrator", "li.hua"): {"reset", "end"},
        ("administrator", "administrator"): set(),
        ("security_officer", "li.hua"): {"give"},
        ("security_officer", "administrator"): {"give", "reset"},
        ("auditor", "li.hua"): set(),
        ("auditor", "administrator"): {"reset"},
    }


def test_an_administrator_alone_appoints_a_security_officer(app: FastAPI, empty_store: Engine) -> None:
    alone = client_of(app, empty_store, "administrator", ["administrator"], [])
    alone.post("/accounts", json={"login": "wang.fang", "person": "王芳"})
    offered = re.findall('name="role" value="([a-z_]+)"', alone.get("/accounts/wang.fang?as=html").text)
    assert offered == ["security_officer"]
    for roles, status in (([], 403), (["auditor"], 403), (["security_officer"], 200)):
        version = {"If-Match": alone.get("/accounts/wang.fang").headers["etag"]}
        given = alone.put("/accounts/wang.fang/roles", json={"roles": roles, "scopes": []}, headers=version)
        assert given.status_code == status


def test_the_next_page_of_accounts(officers: dict[str, TestClient]) -> None:
    first = officers["auditor"].get("/accounts?limit=2&as=html").text
    following = re.findall('href="(/accounts[?][^"]*after=[^"]*)"', first)
    assert len(following) == 1
    rest = officers["auditor"].get(following[0].replace("&amp;", "&")).text
    assert "/accounts/security-officer" in rest
    assert "/accounts/auditor" not in rest
