"""Open311 GeoReport v2 as another system's client meets it: over a real port, in both forms."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.exchange.open311 import fetch_requests
from geo.ledger.deeds import Deed
from geo.services import cases, requesting
from geo.storage.database import session_scope
from geo.territory.dictionaries import dictionary
from tests.api.people import ADDRESS, bearing, token_of
from tests.browser.serving import serving
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import DOOR, FIRST, FLAG, GRIDS, SECOND, STAFF

V2 = "/open311/v2"
RUBBISH = {"service_code": "rubbish", "description": "垃圾没人清运", "address_string": "荷香路30号红旗楼"}


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture
def client(store: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(AppSettings(), store), base_url=ADDRESS) as client:
        yield client


def key(engine: Engine, role: str = "staff", scope: str = FIRST) -> str:
    return token_of(engine, f"{role}-{scope}", [role], (scope,))


class Client:
    """What a mobile app does with such a server: services, definition, a request, its number, how it stands."""

    def __init__(self, at: str, api_key: str) -> None:
        self.at, self.key = at, api_key

    def get(self, address: str, **query: str) -> Xml.Element:
        asked = urlencode({**query, "api_key": self.key})
        with urllib.request.urlopen(f"{self.at}{V2}/{address}.xml?{asked}") as answer:
            assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
            content: bytes = answer.read()
        assert content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
        return Xml.fromstring(content)

    def post(self, **fields: str) -> Xml.Element:
        form = urlencode({**fields, "api_key": self.key}).encode()
        with urllib.request.urlopen(f"{self.at}{V2}/requests.xml", form) as answer:
            assert answer.status == 201
            return Xml.fromstring(answer.read())


def finish(engine: Engine, number: str) -> None:
    """Have the office do all that a request needs until it is closed."""
    helper, boss = addressed.actor("inspector", GRIDS[1]), addressed.actor("leader", STREET)
    with session_scope(engine, STAFF) as session:
        record, *_ = requesting.hand_on(session, requesting.numbered(session, number).id, nature="help", actor=STAFF)
    for actor, action, fields in (
        (helper, "solved", {"note": "清运完毕"}),
        (STAFF, "tell", {"note": "已告知"}),
        (boss, "rate", {"rating": 5}),
    ):
        with session_scope(engine, actor) as session:
            cases.act_on_case(session, record.id, Deed(action, datetime.now(UTC), fields=fields), actor=actor)


def test_a_client_walks_from_services_to_a_closed_request(store: Engine) -> None:
    with serving(store) as at:
        client = Client(at, key(store))
        services = client.get("services")
        codes = [service.findtext("service_code") for service in services]
        assert (services.tag, services[0].tag) == ("services", "service")
        assert codes == list(dictionary("request_kinds").entries)
        asks = next(one for one in services if one.findtext("metadata") == "true").findtext("service_code") or ""
        definition = client.get(f"services/{asks}")
        attribute = definition.find("attributes/attribute")
        assert (definition.tag, definition.findtext("service_code")) == ("service_definition", asks)
        assert attribute is not None
        chosen = attribute.findtext("values/value/key") or ""
        made = client.post(
            **{**RUBBISH, "service_code": asks, f"attribute[{attribute.findtext('code')}]": chosen},
            first_name="小明", last_name="王", phone="13912345678", email="w@example.org",
        )  # fmt: skip
        number = made.findtext("request/service_request_id") or ""
        assert made.tag == "service_requests"
        assert client.get(f"tokens/{number}").findtext("request/service_request_id") == number
        stands = client.get(f"requests/{number}")
        assert stands.findtext("request/status") == "open"
        assert stands.findtext("request/agency_responsible") == "作业单位 operating contractor"
        assert stands.findtext("request/address") == f"{addressed.ABOVE}荷香路30号红旗楼"
        assert float(stands.findtext("request/lat") or 0) == pytest.approx(addressed.middle(40).y, abs=1e-4)
        assert [one.findtext("service_request_id") for one in client.get("requests", status="open")] == [number]
        finish(store, number)
        assert client.get(f"requests/{number}").findtext("request/status") == "closed"
        assert client.get(f"requests/{number}").findtext("request/status_notes") == "已办结 closed"
        assert len(client.get("requests", status="open")) == 0
        # A server of ours is read by a client of ours.
        found, unreadable = fetch_requests(f"{at}{V2}", status=None, key=client.key)
        assert ([one.id for one in found], unreadable) == ([number], 0)
    with session_scope(store) as session:
        record = requesting.numbered(session, number)
        asked = cases.look_at_reporter(session, record.id, who="test")
    assert record.details["attributes"] == {attribute.findtext("code"): chosen}
    assert asked is not None
    contact = {"email": "w@example.org", "address": RUBBISH["address_string"]}  # as it was said
    assert (asked.name, asked.phone, asked.contact) == ("王 小明", "13912345678", contact)


def test_json_is_what_xml_is(client: TestClient, store: Engine) -> None:
    made = client.post(f"{V2}/requests.json", data={**RUBBISH, "api_key": key(store)})
    assert (made.status_code, made.headers["content-type"]) == (201, "application/json; charset=utf-8")
    number = made.json()[0]["service_request_id"]
    asked = {"api_key": key(store)}
    (told,) = client.get(f"{V2}/requests/{number}.json", params=asked).json()
    spoken = Xml.fromstring(client.get(f"{V2}/requests/{number}.xml", params=asked).content)[0]
    assert {part.tag: part.text for part in spoken} == {
        name: None if value is None or value == "" else str(value) for name, value in told.items()
    }
    assert told["requested_datetime"].endswith("+08:00")
    assert client.get(f"{V2}/services/rubbish.json").json()["attributes"][0]["required"] is False
    assert client.get("/open311/discovery.json").json()["endpoints"][0]["url"] == f"{ADDRESS}/open311/v2"
    assert Xml.fromstring(client.get("/open311/discovery.xml").content).findtext("endpoints/endpoint/type")


def test_nothing_personal_goes_out(client: TestClient, store: Engine) -> None:
    said = {**RUBBISH, "description": "我家101没水,电话13912345678,身份证44030119800101123X", "phone": "13912345678"}
    said["address_string"] = "荷香路12号锦绣花园1栋1单元101"
    number = client.post(f"{V2}/requests.json", data={**said, "api_key": key(store)}).json()[0]["service_request_id"]
    answer = client.get(f"{V2}/requests.json", params={"api_key": key(store)})
    assert answer.json()[0]["service_request_id"] == number
    assert "13912345678" not in answer.text
    assert "198001" not in answer.text
    assert DOOR not in answer.text
    assert answer.json()[0]["address"].endswith("1栋")
    # Who sees no households is told nothing of homes, and no texts.
    client.post(f"{V2}/requests.json", data={**RUBBISH, "api_key": key(store)})
    (told,) = client.get(f"{V2}/requests.json", params={"api_key": key(store, "assessor")}).json()
    assert told["description"] == "暴露垃圾 rubbish"


def test_keys_show_and_take_what_their_account_may(client: TestClient, store: Engine) -> None:
    number = client.post(f"{V2}/requests.json", data=RUBBISH, headers=bearing(key(store))).json()[0][
        "service_request_id"
    ]
    other = key(store, "staff", SECOND)
    assert client.get(f"{V2}/requests.json", params={"api_key": other}).json() == []
    assert client.get(f"{V2}/requests/{number}.json", params={"api_key": other}).status_code == 404
    far = {"service_code": "lift", "description": "x", "lat": "22.6002", "long": "114.1081", "api_key": other}
    assert client.post(f"{V2}/requests.json", data=far).status_code == 404
    assert client.post(f"{V2}/requests.json", data={**RUBBISH, "api_key": key(store, "assessor")}).status_code == 403
    mine = {"api_key": key(store), "jurisdiction_id": FIRST}
    assert len(client.get(f"{V2}/requests.json", params=mine).json()) == 1
    assert client.get(f"{V2}/requests.json", params={**mine, "jurisdiction_id": SECOND}).status_code == 404


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"service_code": None}, 400),
        ({"service_code": "nothing"}, 404),
        ({"description": " "}, 400),
        ({"address_string": None}, 400),
        ({"lat": "ninety", "long": "1"}, 400),
        ({"lat": "91", "long": "114.1"}, 400),
        ({"jurisdiction_id": "city.gov"}, 404),
        ({"attribute[NOTHING]": "1"}, 400),
        ({"attribute[RUBBISH_KIND]": "other"}, 400),
        ({"media_url": "javascript:alert(1)"}, 400),
        ({"more": "1"}, 400),
        ({"api_key": "wrong"}, 403),
        ({"api_key": None}, 403),
    ],
)
def test_errors_are_said_as_the_interface_says_them(
    client: TestClient, store: Engine, form: str, given: dict[str, str | None], status: int
) -> None:
    fields = {**RUBBISH, "api_key": key(store), **given}
    answer = client.post(
        f"{V2}/requests.{form}", data={name: text for name, text in fields.items() if text is not None}
    )
    assert answer.status_code == status
    if form == "json":
        (error,) = answer.json()
        assert error["code"] == status
        assert error["description"]
    else:
        errors = Xml.fromstring(answer.content)
        assert (errors.tag, errors[0].tag, errors.findtext("error/code")) == ("errors", "error", str(status))
    assert client.get(f"{V2}/requests.json", params={"api_key": key(store)}).json() == []


@pytest.mark.parametrize(
    ("address", "query", "status"),
    [
        ("requests.json", {}, 403),
        ("requests.csv", {"api_key": ""}, 400),
        ("nothing.json", {"api_key": ""}, 404),
        ("requests/SQ1.json", {"api_key": ""}, 404),
        ("tokens/SQ1.xml", {"api_key": ""}, 404),
        ("services/nothing.xml", {}, 404),
        ("requests.json", {"api_key": "", "status": "lost"}, 400),
        ("requests.json", {"api_key": "", "start_date": "yesterday"}, 400),
        ("requests.json", {"api_key": "", "colour": "red"}, 400),
    ],
)
def test_what_is_asked_wrongly_is_answered_in_its_forms(
    client: TestClient, store: Engine, address: str, query: dict[str, str], status: int
) -> None:
    if query.get("api_key") == "":
        query = {**query, "api_key": key(store)}
    answer = client.get(f"{V2}/{address}", params=query)
    assert answer.status_code == status
    code = (
        Xml.fromstring(answer.content).findtext("error/code") if address.endswith("xml") else answer.json()[0]["code"]
    )
    assert int(code or 0) == status


def test_filters_choose(client: TestClient, store: Engine) -> None:
    asked = {"api_key": key(store)}
    numbers = [
        client.post(f"{V2}/requests.json", data={**RUBBISH, "service_code": code, **asked}).json()[0][
            "service_request_id"
        ]
        for code in ("rubbish", "lift", "noise")
    ]

    def found(**query: str) -> list[str]:
        told = client.get(f"{V2}/requests.json", params={**asked, **query}).json()
        return [one["service_request_id"] for one in told]

    assert found() == numbers[::-1]
    assert found(service_code="lift,noise") == [numbers[2], numbers[1]]
    assert found(service_request_id=f"{numbers[0]},{numbers[2]}") == [numbers[2], numbers[0]]
    assert found(status="closed") == []
    assert found(status="open,closed") == numbers[::-1]
    assert found(end_date="2026-01-01T00:00:00+08:00") == []
    assert found(start_date="2026-01-01T00:00:00Z", end_date="2026-02-01T00:00:00Z") == []
    today = datetime.now(UTC).isoformat(timespec="seconds")
    assert found(start_date=today[:10] + "T00:00:00+08:00") in (numbers[::-1], [])


def test_hostile_texts_stay_texts(client: TestClient, store: Engine) -> None:
    said = "</description><x>&\u0001]]>\ufffe\x0b{{7*7}}<script>"
    asked = {"api_key": key(store)}
    client.post(f"{V2}/requests.json", data={**RUBBISH, "description": said, **asked})
    told = Xml.fromstring(client.get(f"{V2}/requests.xml", params=asked).content)
    assert (told.findtext("request/description") or "").startswith("</description><x>&")
    assert told.find("request/x") is None
    assert json.loads(client.get(f"{V2}/requests.json", params=asked).content)[0]["description"] == said


def test_an_address_that_is_no_one_place_is_kept_with_the_accounts_community(client: TestClient, store: Engine) -> None:
    lost = {**RUBBISH, "address_string": "不存在路999号"}
    made = client.post(f"{V2}/requests.json", data={**lost, "api_key": key(store)})
    assert (made.status_code, "待核实" in made.json()[0]["service_notice"]) == (201, True)
    whole = key(store, "planner", STREET)
    assert client.post(f"{V2}/requests.json", data={**lost, "api_key": whole}).status_code == 400
    point = {"lat": f"{addressed.middle(40).y}", "long": f"{addressed.middle(40).x}"}
    made = client.post(f"{V2}/requests.json", data={**lost, **point, "api_key": whole})
    with session_scope(store) as session:
        record = requesting.numbered(session, made.json()[0]["service_request_id"])
    assert record.building_code == FLAG


def test_a_form_is_a_form(client: TestClient, store: Engine) -> None:
    bearer = bearing(key(store))
    for content, kind in (
        (b"service_code=lift&service_code=noise&description=x", "application/x-www-form-urlencoded"),
        (b"description=%ff", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"x", "multipart/form-data"),
        (b"&".join(b"a%d=1" % number for number in range(99)), "application/x-www-form-urlencoded"),
    ):
        answer = client.post(f"{V2}/requests.json", content=content, headers={**bearer, "Content-Type": kind})
        assert (answer.status_code, answer.json()[0]["code"]) == (400, 400), content
