"""Who asks too often is told when to come again, and nobody else notices."""

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from api import metering
from api.errors import install_handlers
from api.guard import Guard
from api.main import create_app
from api.metering import Meter, Metered, Rule, Windows, _address, count_account, read_rules
from api.settings import AppSettings
from geo.territory.dictionaries import dictionary


def small_app(factor: float) -> FastAPI:
    app = FastAPI()
    app.state.meter = Meter(factor)

    @app.get("/things")
    def things(request: Request) -> str:
        account = request.headers.get("account")
        if account:
            count_account(request, account)
        return "ok"

    @app.post("/sign-in")
    @app.post("/plans")
    @app.post("/plans/{plan_id}/cells")
    def strict(request: Request) -> str:
        account = request.headers.get("account")
        if account:
            count_account(request, account)
        return "ok"

    install_handlers(app)
    app.add_middleware(Metered, meter=app.state.meter)
    app.add_middleware(Guard, allowed_hosts=["localhost"])
    return app


def client(app: FastAPI, address: str = "10.0.0.1") -> TestClient:
    return TestClient(app, base_url="http://localhost", client=(address, 1))


def test_an_address_that_asks_too_often() -> None:
    app = small_app(0.01)  # 12 a minute
    first = [client(app).get("/things") for _ in range(14)]
    assert [answer.status_code for answer in first] == [200] * 12 + [429] * 2
    assert first[0].headers["ratelimit-policy"] == '"address";q=12;w=60'
    assert first[0].headers["ratelimit"].startswith('"address";r=11;t=')
    refused = first[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert '"address";r=0;t=' in refused.headers["ratelimit"]
    assert refused.json()["type"] == "urn:wangge:problem:too-many-requests"
    assert refused.headers["x-request-id"] in refused.json()["instance"]
    assert client(app, "10.0.0.2").get("/things").status_code == 200


def test_an_account_counts_wherever_it_asks_from() -> None:
    app = small_app(0.01)  # 6 a minute for an account
    answers = [
        client(app, f"10.0.0.{place}").get("/things", headers={"account": "wang.fang"}).status_code
        for place in range(8)
    ]
    assert answers == [200] * 6 + [429] * 2
    refused = client(app).get("/things", headers={"account": "wang.fang"})
    assert int(refused.headers["retry-after"]) >= 1
    assert '"account";r=0' in refused.headers["ratelimit"]
    assert client(app).get("/things", headers={"account": "li.min"}).status_code == 200


def test_signing_in_and_drafting_are_stricter() -> None:
    app = small_app(0.1)
    tries = [client(app).post("/sign-in").status_code for _ in range(3)]
    assert tries == [200, 200, 429]
    drafts = [client(app).post(f"/plans/{place}/cells", headers={"account": "w"}).status_code for place in (1, 2)]
    assert drafts == [200, 429]
    assert client(app).get("/things", headers={"account": "w"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_whom_a_request_is_counted_for(address: str, counted_as: str) -> None:
    assert _address({"client": (address, 1)}) == counted_as
    assert _address({}) == "-"


def test_every_rule_counts_routes_that_there_are(app: FastAPI) -> None:
    known = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}
    made = {route for rule in read_rules(1.0) for route in rule.routes if route.startswith("POST /plans")}
    assert made
    assert made <= known
    assert "OWASP" in dictionary("rate_limits").source


def test_the_operator_may_multiply_them() -> None:
    assert {rule.code: rule.requests for rule in read_rules(2.5)}["account"] == 1_500
    assert all(rule.requests == 1 for rule in read_rules(1e-9))


def test_the_application_meters_before_anything_else(town_engine: object) -> None:
    app = create_app(AppSettings(rate_factor=1 / 600), town_engine)  # type: ignore[arg-type]
    with client(app) as asking:
        answers = [asking.get("/no-such-place") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[-1].headers["x-content-type-options"] == "nosniff"


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(1_000_000 * 60.0)  # where a window begins
    monkeypatch.setattr(metering, "time", clock)
    return clock


SIX = Rule("x", "请求", "requests", "address", 6, 60, frozenset(), None)


def test_of_the_window_before_as_much_counts_as_the_sliding_one_still_holds(clock: Clock) -> None:
    windows = Windows()
    assert [windows.take(SIX, "li")[0] for _ in range(8)] == [True] * 6 + [False] * 2
    clock.now += 90  # half of the next one: three of the six count
    told = [windows.take(SIX, "li") for _ in range(4)]
    assert [(may, left.remaining) for may, left in told] == [(True, 2), (True, 1), (True, 0), (False, 0)]
    assert told[-1][1].seconds == 1  # a moment later a little less of the window before counts
    clock.now += 1
    may, left = windows.take(SIX, "li")
    assert may
    assert windows.take(SIX, "li") == (False, left._replace(seconds=9))
    clock.now += 119  # nothing does any more
    may, left = windows.take(SIX, "li")
    assert (may, left.remaining, left.seconds) == (True, 5, 30)


def test_a_steady_asker_never_gets_more_than_is_allowed(clock: Clock) -> None:
    windows, let_in = Windows(), []
    for _ in range(6_000):
        clock.now += 0.1
        if windows.take(SIX, "li")[0]:
            let_in.append(clock.now)
    # Of the window before it is not known when its requests came: hence a little more or less than six at times.
    assert all(after - first >= 45 for first, after in zip(let_in, let_in[6:], strict=False))
    assert len(let_in) >= 55


def test_what_counts_for_nothing_is_forgotten(clock: Clock) -> None:
    windows = Windows()
    for number in range(50):
        windows.take(SIX, f"10.0.0.{number}")
    clock.now += 125
    windows.take(SIX, "10.0.0.99")
    assert len(windows) == 1
