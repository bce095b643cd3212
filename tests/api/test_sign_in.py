"""Signing in over HTTP: pages that need no script, and tokens for programs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.access.lockout import wait_at_address
from geo.services import accounts
from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import ADDRESS

PASSWORD, OTHER = "correct horse battery", "another good sentence"
FROM_HERE = {"Origin": ADDRESS}


@pytest.fixture
def app(empty_store: Engine) -> FastAPI:
    with session_scope(empty_store) as session:
        for login, roles, scopes in (("li.hua", ["planner"], [town.STREET]), ("admin", ["administrator"], [])):
            accounts.make_ready(session, login, "某人某某", roles=roles, scopes=scopes, password=PASSWORD, who="test")
    return create_app(AppSettings(), empty_store)


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    """A browser: keeps cookies, follows nothing by itself, says where its forms come from."""
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as browser:
        yield browser


def enter(browser: TestClient, login: str = "li.hua", password: str = PASSWORD, **fields: str) -> Response:
    form = {"login": login, "password": password, "code": "", "to": "/"} | fields
    return browser.post("/sign-in", data=form, headers=FROM_HERE)


def test_the_page_says_what_it_is_in_both_languages_and_has_no_script(browser: TestClient) -> None:
    answer = browser.get("/sign-in")
    assert answer.status_code == 200
    assert '<html lang="zh-CN">' in answer.text
    assert re.search(r"<h1>登录 <span lang=\"en\">Sign in</span></h1>", answer.text)
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self'" in policy
    # Otherwise browsers post "Origin: null", which is refused.
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    for name in ("login", "password", "code"):
        assert f'<label for="{name}">' in answer.text
        assert f'id="{name}"' in answer.text


def test_in_and_out(browser: TestClient) -> None:
    answer = enter(browser, to=f"/map?scope={town.STREET}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/map?scope={town.STREET}")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"wangge=[A-Za-z0-9_-]{43}; HttpOnly; Path=/; SameSite=strict", cookie), cookie
    page = browser.get("/")
    assert page.status_code == 200
    assert "li.hua" in page.text
    assert browser.get("/sign-ins/current").json()["login"] == "li.hua"
    token = browser.cookies["wangge"]

    out = browser.post("/sign-out", headers=FROM_HERE)
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert "wangge" not in browser.cookies
    assert browser.get("/streets", headers={"Cookie": f"wangge={token}"}).status_code == 401


def test_over_tls_the_cookie_never_leaves_it(app: FastAPI) -> None:
    with TestClient(app, base_url="https://localhost", follow_redirects=False) as browser:
        form = {"login": "li.hua", "password": PASSWORD}
        answer = browser.post("/sign-in", data=form, headers={"Origin": "https://localhost"})
    assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("login", "password", "code"),
    [("li.hua", "typed amiss", ""), ("nobody", PASSWORD, ""), ("admin", "typed amiss", "123456"), ("<b>", "", "")],
)
def test_wrong_tries_are_answered_alike(browser: TestClient, login: str, password: str, code: str) -> None:
    answer = enter(browser, login, password, code=code)
    assert answer.status_code == 401
    assert "登录名、密码或动态码不对" in answer.text
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    assert "<b>" not in answer.text
    assert not password or password not in answer.text


def test_too_many_tries(browser: TestClient) -> None:
    for _ in range(5):
        assert enter(browser, password="wrong").status_code == 401
    answer = enter(browser)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert "秒后再试" in answer.text
    by_program = browser.post("/sign-ins", json={"login": "li.hua", "password": PASSWORD})
    assert by_program.status_code == 429
    assert by_program.json()["type"] == "urn:wangge:problem:locked-out"
    assert wait_at_address([datetime.now(UTC)] * 5, datetime.now(UTC)) > timedelta(0)


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/a\\b",
    "x",
    "",
    "/" + "a" * 600,
    "/a\r\nSet-Cookie: x=1",
]


def test_nobody_is_led_elsewhere(browser: TestClient) -> None:
    for to in ELSEWHERE:
        assert enter(browser, to=to).headers["location"] == "/"
        assert browser.get("/sign-in", params={"to": to}).status_code == 422


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_other_site_signs_a_browser_in_or_out(browser: TestClient, headers: dict[str, str]) -> None:
    form = {"login": "li.hua", "password": PASSWORD}
    refused = browser.post("/sign-in", data=form, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:wangge:problem:other-site")
    enter(browser)
    assert browser.post("/sign-out", headers=headers).status_code == 403
    assert browser.post("/password", data={"password": PASSWORD}, headers=headers).status_code == 403
    assert browser.get("/sign-ins/current").status_code == 200


UNREADABLE = [
    b"login=a&login=b&password=c",
    b"login=%ff&password=c",
    b"login=%00&password=c",
    b"\xff\xfe",
    b"login",
    b"login=" + b"a" * 2_000,
    b"&".join(b"f%d=1" % number for number in range(50)),
]


def test_forms_that_cannot_be_read(browser: TestClient) -> None:
    for body in UNREADABLE:
        headers = FROM_HERE | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = browser.post("/sign-in", content=body, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:wangge:problem:invalid-request"


def test_forms_are_for_pages_alone(browser: TestClient) -> None:
    assert browser.post("/plans", data={"scope": town.STREET}, headers=FROM_HERE).status_code == 415


# ── one's own account ────────────────────────────────────────────────────────────────────────────────────────────────


def test_changing_the_password(browser: TestClient, app: FastAPI) -> None:
    enter(browser)
    elsewhere = TestClient(app, base_url=ADDRESS, follow_redirects=False)
    enter(elsewhere)
    form = {"password": PASSWORD, "new_password": OTHER, "new_password_again": OTHER}
    differs = browser.post("/password", data=form | {"new_password_again": "x"}, headers=FROM_HERE)
    assert differs.status_code == 422
    assert "两次输入的密码不同" in differs.text
    weak = {"password": PASSWORD, "new_password": "password1234", "new_password_again": "password1234"}
    assert browser.post("/password", data=weak, headers=FROM_HERE).status_code == 422
    done = browser.post("/password", data=form, headers=FROM_HERE)
    assert done.status_code == 200
    assert "密码已修改" in done.text
    assert browser.get("/").status_code == 200
    assert elsewhere.get("/streets").status_code == 401


def test_an_administrator_enrols_a_second_factor_at_the_first_sign_in(browser: TestClient) -> None:
    first = enter(browser, "admin")
    assert (first.status_code, first.headers["location"]) == (303, "/second-factor")
    assert browser.get("/accounts").json()["type"] == "urn:wangge:problem:second-factor-required"
    led = browser.get("/", headers={"Accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "/second-factor")
    page = browser.get("/second-factor")
    assert "<svg" in page.text
    assert "<script" not in page.text
    key = re.search(r'<code id="key">([A-Z2-7 ]+)</code>', page.text)
    assert key is not None
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    wrong = browser.post("/second-factor", data={"code": "abc"}, headers=FROM_HERE)
    assert (wrong.status_code, "动态码不对" in wrong.text) == (401, True)
    right = browser.post("/second-factor", data={"code": totp.now()}, headers=FROM_HERE)
    assert (right.status_code, right.headers["location"]) == (303, "/")
    assert browser.get("/accounts").status_code == 200
    assert browser.get("/second-factor").status_code == 409

    browser.post("/sign-out", headers=FROM_HERE)
    assert enter(browser, "admin").status_code == 401
    later = totp.at(datetime.now(UTC) + timedelta(seconds=30))
    assert enter(browser, "admin", code=f"{later[:3]} {later[3:]}").headers["location"] == "/"


def test_the_page_of_a_link_asks_the_first_administrator_for_a_name(
    fresh_database_url: str, empty_store: Engine
) -> None:
    link = accounts.first_link(empty_store)
    assert link is not None
    with TestClient(create_app(AppSettings(), empty_store), base_url=ADDRESS, follow_redirects=False) as browser:
        page = browser.get(f"/invitation?link={link.token}")
        assert "建立系统管理员" in page.text
        assert "<script" not in page.text
        form = {
            "link": link.token or "",
            "login": "chen",
            "person": "陈静",
            "new_password": PASSWORD,
            "new_password_again": PASSWORD,
        }
        bad = browser.post("/invitation", data=form | {"login": "陈"}, headers=FROM_HERE)
        assert (bad.status_code, "登录名应为" in bad.text) == (422, True)
        assert PASSWORD not in bad.text
        assert browser.post("/invitation", data=form).status_code == 403
        done = browser.post("/invitation", data=form, headers=FROM_HERE)
        assert (done.status_code, done.headers["location"]) == (303, "/sign-in?fresh=true")
        assert browser.post("/invitation", data=form, headers=FROM_HERE).status_code == 404
        assert enter(browser, "chen").headers["location"] == "/second-factor"


# ── programs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_gets_a_token_and_gives_it_back(browser: TestClient) -> None:
    made = browser.post("/sign-ins", json={"login": "li.hua", "password": PASSWORD})
    assert made.status_code == 201
    said = made.json()
    assert (said["login"], said["roles"], said["scopes"]) == ("li.hua", ["planner"], [town.STREET])
    assert not said["needs_second_factor"]
    assert "set-cookie" not in made.headers
    bearer = {"Authorization": f"Bearer {said['token']}"}
    current = browser.get("/sign-ins/current", headers=bearer).json()
    assert current == {name: value for name, value in said.items() if name != "token"}
    assert browser.delete("/sign-ins/current", headers=bearer).status_code == 204
    assert browser.get("/sign-ins/current", headers=bearer).status_code == 401


MALFORMED: list[dict[str, object]] = [
    {},
    {"login": "li.hua"},
    {"login": "li.hua", "password": ""},
    {"login": "li.hua", "password": "x" * 513},
    {"login": 1, "password": "x"},
    {"login": "li.hua", "password": "x", "roles": ["administrator"]},
    {"login": "li.hua", "password": "x", "code": ["123456"]},
]


def test_tries_that_are_malformed(browser: TestClient) -> None:
    for body in MALFORMED:
        answer = browser.post("/sign-ins", json=body)
        assert answer.status_code == 422
        assert "xxx" not in answer.text


def test_a_wrong_password_of_a_program(browser: TestClient) -> None:
    answer = browser.post("/sign-ins", json={"login": "li.hua", "password": "wrong"})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:wangge:problem:wrong-sign-in")
