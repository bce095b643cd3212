"""The first page: whoever comes finds the work that their role is for before all else."""

import re

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from geo.access.roles import roles
from tests.api import town
from tests.api.people import client_of

#: What each role comes for.
OWN_WORK = {
    "planner": "/plans",
    "inspector": "/round",
    "staff": "/desk",
    "leader": "/leader",
    "assessor": "/leader",
    "administrator": "/accounts",
    "security_officer": "/accounts",
    "auditor": "/audit",
}
#: The widest that a role is given for.
SCOPES = {
    "street": [town.STREET],
    "community": [town.COMMUNITIES[0]],
    "grid": [f"{town.COMMUNITIES[0]}001"],
    "none": [],
}
#: A tile of the page: whether it stands out, and where it leads.
TILE = re.compile(r'<li( class="first")?>\s*<a href="([^"]+)"')


def test_every_role_has_work_of_its_own() -> None:
    assert set(OWN_WORK) == set(roles()) - {"public"}  # who comes without signing in has no first page


@pytest.mark.parametrize("role", OWN_WORK)
def test_ones_own_work_comes_first(app: FastAPI, town_engine: Engine, role: str) -> None:
    with client_of(app, town_engine, f"first-{role}", [role], SCOPES[roles()[role].scope]) as client:
        page = client.get("/")
        assert page.status_code == 200
        tiles = TILE.findall(page.text.partition('<ul class="works">')[2].partition("</ul>")[0])
        assert tiles[0] == (' class="first"', OWN_WORK[role])
        assert [path for first, path in tiles if first] == [OWN_WORK[role]]
        assert client.get(OWN_WORK[role], headers={"Accept": "text/html"}).status_code == 200


def test_who_has_two_roles_finds_the_work_of_both_before_the_rest(app: FastAPI, town_engine: Engine) -> None:
    with client_of(app, town_engine, "first-of-two", ["planner", "leader"]) as client:
        tiles = TILE.findall(client.get("/").text)
    assert {path for _, path in tiles[:2]} == {"/plans", "/leader"}
    assert [bool(first) for first, _ in tiles[:3]] == [True, True, False]
