"""The clerk's desk as text; ``tests/browser/test_desk.py`` works at it."""

import json
import re
from html import unescape
from urllib.parse import urljoin

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.access import OFFICE
from geo.access.roles import roles
from geo.territory.dictionaries import dictionary
from maps.assets import installed
from tests.api import town
from tests.api.people import client_of

PAGE = {"Accept": "text/html"}


def as_role(app: FastAPI, engine: Engine, role: str) -> TestClient:
    scopes = {"street": town.STREET, "community": town.COMMUNITIES[0], "grid": f"{town.COMMUNITIES[0]}001"}
    level = roles()[role].scope
    return client_of(app, engine, f"desk-{role}", [role], [] if level == "none" else [scopes[level]])


def test_the_page_loads_from_here_alone_and_says_nothing_inline(client: TestClient) -> None:
    answer = client.get("/desk", headers=PAGE)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(
        policy.split("; ")
    )
    assert answer.headers["cache-control"] == "no-store"
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", answer.text)
    sources = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert len(sources) >= 6
    for source in sources:
        assert source.startswith("/")
        assert client.get(source).status_code == 200, source


def test_scripts_name_only_each_other(client: TestClient) -> None:
    waiting, seen = ["/static/desk/main.js"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("text/javascript"), path
        named = re.findall(r"^import .* from '([^']+)'", answer.text, re.MULTILINE)
        waiting += {urljoin(path, name) for name in named} - seen
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|eval\(", answer.text)
    assert {path.rpartition("/")[0] for path in seen} == {"/static/desk", "/static/common", "/assets"}
    assert len(seen) >= 15


def test_its_words_are_those_of_the_dictionaries(client: TestClient) -> None:
    found = re.search(r"data-words='([^']*)'", client.get("/desk", headers=PAGE).text)
    assert found is not None
    words = json.loads(unescape(found[1]))
    for name, entries in words.items():
        assert {code: [entry.zh, entry.en] for code, entry in dictionary(name).entries.items()} == entries


@pytest.mark.parametrize("role", sorted(set(roles()) - {"public"}))
def test_who_may_open_it(app: FastAPI, town_engine: Engine, role: str) -> None:
    with as_role(app, town_engine, role) as client:
        answer = client.get("/desk", headers=PAGE)
        link = 'href="/desk"' in client.get("/", headers=PAGE).text
    assert answer.headers["content-type"].startswith("text/html")
    assert (answer.status_code, link) == ((200, True) if role in OFFICE else (403, False))
    if role in OFFICE:
        may = "yes" if role in ("planner", "inspector", "staff") else "no"
        assert f'data-may-confirm="{may}"' in answer.text
        registers = role in ("planner", "inspector", "staff", "leader")
        assert f'data-may-register="{"yes" if registers else "no"}"' in answer.text
        assert ('id="intake"' in answer.text) == registers
        assert ('name="phone"' in answer.text) == (registers and roles()[role].sees_phones), "who called is for few"
    else:
        assert "无权进行此操作" in answer.text


def test_who_is_signed_out_is_sent_to_sign_in(anonymous_client: TestClient) -> None:
    answer = anonymous_client.get("/desk", headers=PAGE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=%2Fdesk")
    assert anonymous_client.get("/assets/leaflet.js").status_code == 401


def test_assets(client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    assert "url(" not in client.get("/assets/leaflet.css").text
    assert "sourceMappingURL" not in client.get("/assets/leaflet.js").text
    assert client.get("/assets/package.json").status_code == 422
    installed.cache_clear()
    monkeypatch.setattr("maps.assets._INSTALLED", tmp_path)
    answer = client.get("/desk")
    installed.cache_clear()
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:wangge:problem:assets-missing")
