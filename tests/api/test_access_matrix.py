"""Every role × every route × {own, sibling, other street, missing}: nothing of another's place in any answer.

The routes come from the application's own description and its table of access: a new one is tried without anybody
writing a line here. Tried twice: as people meet it, and with all of the application's own checks switched off, so that
row-level security stands alone. A third time without that either, to see that the planted texts would be found.
"""

import asyncio
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from shapely import Point
from sqlalchemy import Engine, text

from api import dependencies
from api.access import ACCESS, ANYBODY, UNSAFE, Access
from api.main import create_app
from api.settings import AppSettings
from api.uploads import XLSX
from geo.access.actor import PUBLIC, Actor
from geo.access.roles import roles, sees_households, sees_phones
from geo.services import households
from geo.services.featuring import LAYERS as COLLECTIONS
from geo.services.tiling import LAYERS, PLAN_LAYERS
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME
from maps import paper
from tests.api import planted
from tests.api.people import ADDRESS, bearing, token_of
from tests.api.planted import NAMES, Place, Planted
from tests.databases import Databases
from tests.examples import TIMES
from tests.vector_tiles import tile_at

OWN = NAMES["own"]

#: Each role with the scope it is tried with; the widest that stays inside the place called own.
SCOPES = {
    "planner": OWN,
    "inspector": f"{OWN}001",
    "staff": OWN,
    "assessor": OWN,
    "leader": OWN,
    "administrator": "",
    "security_officer": "",
    "auditor": "",
    "public": "",
}
OFFICERS = {"administrator", "security_officer", "auditor"}
#: Whom row-level security alone is tried on in a usual run: a street, a grid, an officer, nobody; all where asked for.
ALONE = ("planner", "inspector", "auditor", "public")

#: The forms that Open311 speaks in.
FORMS = ("json", "xml")
#: What a path's {code} names, by the start of the path.
CODES = {
    "/streets/": "street",
    "/communities/": "community",
    "/buildings/": "building",
    "/elements/": "city_element",
    "/compounds/": "compound",
    "/barriers/": "barrier",
    "/statements/": "community",
    "/places/": "place",
    "/former-names/": "compound",
    "/plans/{plan_id}/grids/": "grid",
    "/plans/{plan_id}/cells/": "cell",
}
#: What is tried of routes whose path names a noun beside the code.
OF_NOUNS = {"/bills/{noun}/{code}": ("building", "household_unit", "grid", "community", "compound")}
OF_NOUNS["/responsibility/{noun}/{code}"] = ("building", "household_unit")
TABLES = ("street", "community", "compound", "barrier", "building", "stairwell", "household_unit", "place", "plan")
TABLES += ("address_alias", "former_name", "unplaced_row", "inspection", "inspection_plan", "place_grade")
TABLES += ("plan_comment", "plan_presence", "plan_lock", "plan_job")
TABLES += ("ledger_case", "case_move", "case_reporter", "evidence")
TABLES += ("city_element", "responsible_body", "grid_staff", "grid", "assignment", "cell", "account", "account_role")


@dataclass(frozen=True)
class Person:
    """A role, tried with a token of its own."""

    role: str
    actor: Actor
    headers: dict[str, str]

    @property
    def forbidden(self) -> re.Pattern[str]:
        """What must not be in any answer to them."""
        words = ["SIBLING-", "OTHER-", NAMES["sibling"], planted.OTHER_STREET, "1399001771", "1399002772"]
        if self.role == "inspector":
            words.append("OWN-NEXT")
        if not sees_households(self.actor.roles):
            words.append("OWN-(NEXT-)?HOME")
        if not sees_phones(self.actor.roles):
            words.append("13990007701")
        if not self.actor.scopes:
            words += ["OWN-", "STREET-", planted.STREET]
        return re.compile("|".join(words))


@dataclass(frozen=True)
class Try:
    """One request: a route, filled in for one of the targets."""

    method: str
    template: str
    target: str
    path: str
    query: dict[str, str]
    body: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    sheet: str = ""

    @property
    def access(self) -> Access:
        return ACCESS[self.method, self.template]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query} ({self.target})"


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[tuple[Engine, Planted]]:
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            rows = planted.plant(session)
        yield engine, rows


@pytest.fixture(scope="module")
def matrix_app(store: tuple[Engine, Planted]) -> FastAPI:
    return create_app(AppSettings(rate_factor=10_000), store[0])


@pytest.fixture(scope="module", autouse=True)
def printed_as_written() -> Iterator[None]:
    """Have what is printed answered as it was written: a PDF packs its text, and nothing planted is found in one."""

    def written(page: str, _paper: str, pictures: Mapping[str, str] | None = None) -> bytes:
        return "\n".join([page, *(pictures or {}).values()]).encode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "pdf_of", written)
        yield


@pytest.fixture(scope="module")
def tries(matrix_app: FastAPI, store: tuple[Engine, Planted]) -> list[Try]:
    found: dict[str, Try] = {}
    for each in _tries(matrix_app, store[1]):
        # Where a route names no place, all targets are one.
        found.setdefault(f"{each.method} {each.path} {each.query} {each.body} {each.sheet}", each)
    return list(found.values())


def person_of(engine: Engine, role: str) -> Person:
    scopes = (SCOPES[role],) if SCOPES[role] else ()
    if role == "public":
        return Person(role, PUBLIC, {})
    token = token_of(engine, role.replace("_", "-"), [role], scopes)
    return Person(role, Actor(role, frozenset({role}), scopes), bearing(token))


def is_usual(person: Person, each: Try) -> bool:
    """Whether this is tried in every run; all of it is where more examples are asked for.

    To who has no place of their own all places are alike: two of them will do. What is missing is missing to all.
    """
    if TIMES > 1:
        return True
    if not person.actor.scopes:
        return each.target in ("own", "sibling")
    return each.target != "missing" or person.role == "planner"


def test_every_role_is_tried() -> None:
    assert set(SCOPES) == set(roles())


def test_every_route_is_tried(tries: list[Try]) -> None:
    tried = {(each.method, each.template) for each in tries}
    assert tried == {(method, path) for method, path in ACCESS if path != "/static"}


@pytest.mark.parametrize("role", SCOPES)
def test_nothing_of_others_in_any_answer(
    matrix_app: FastAPI, store: tuple[Engine, Planted], tries: list[Try], role: str
) -> None:
    engine, _ = store
    person, problems = person_of(engine, role), []
    before = digest(engine)
    # The others would sign this very person out.
    asked = [
        each
        for each in tries
        if (person.actor is PUBLIC or each.access.scope != "own" or each.method not in UNSAFE)
        and is_usual(person, each)
    ]
    for each, answer in answers(matrix_app, asked, person.headers):
        problems += [f"{each}: {said}" for said in leaks(person, each, text_of(answer))]
        wanted = statuses(person, each)
        if answer.status_code not in wanted:
            problems.append(f"{each}: {answer.status_code}, not {sorted(wanted)}: {answer.text[:200]}")
    assert not problems, "\n".join(problems)
    assert digest(engine) == before, "something was changed"


@pytest.mark.parametrize("role", SCOPES if TIMES > 1 else ALONE)
def test_row_level_security_alone_leaks_nothing(
    matrix_app: FastAPI,
    store: tuple[Engine, Planted],
    tries: list[Try],
    role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, _ = store
    person, problems = person_of(engine, role), []
    before = digest(engine)
    # What is one's own shows the sign-in itself, which is not read without the checks.
    asked = [each for each in tries if each.access.scope != "own" and is_usual(person, each)]
    with unguarded(person.actor, monkeypatch):
        for each, answer in answers(matrix_app, asked):
            problems += [f"{each}: {said}" for said in leaks(person, each, text_of(answer))]
            if answer.status_code >= 500:
                problems.append(f"{each}: {answer.status_code}")
    assert not problems, "\n".join(problems)
    assert digest(engine) == before, "something was changed"


def test_without_both_the_planted_texts_are_found(
    matrix_app: FastAPI, store: tuple[Engine, Planted], tries: list[Try], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: whoever acts as the store's owner gets others' texts from nearly every route that shows rows."""
    engine, _ = store
    person = person_of(engine, "staff")
    monkeypatch.setattr(dependencies, "session_scope", lambda engine, _actor: session_scope(engine))
    asked = [each for each in tries if each.method == "GET" and each.target in ("own", "sibling")]
    with unguarded(person.actor, monkeypatch):
        leaking = {each.template for each, answer in answers(matrix_app, asked) if leaks(person, each, answer.text)}
    for template in ("/", "/map", "/compare", "/communities/{code}", "/buildings", "/buildings/{code}", "/plans"):
        assert template in leaking
    assert {"/buildings/{code}/household-units", "/grid-staff", "/elements", "/plans/{plan_id}/grids"} <= leaking
    assert {"/cases", "/cases/{case_id}", "/cases/{case_id}/reporter"} <= leaking


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────


def _tries(app: FastAPI, rows: Planted) -> Iterator[Try]:
    described = app.openapi()["paths"]
    missing = replace(
        rows.places["own"],
        name="missing",
        community=f"{planted.MISSING_STREET}001",
        codes={noun: f"{planted.MISSING_STREET}{code[9:]}" for noun, code in rows.places["own"].codes.items()},
        draft=planted.MISSING_PLAN,
        adopted=planted.MISSING_PLAN,
        alias=planted.MISSING_PLAN,
        unplaced=planted.MISSING_PLAN,
        inspection=planted.MISSING_PLAN,
        inspection_plan=planted.MISSING_PLAN,
        case=planted.MISSING_PLAN,
        request="SQ20260101999999",
        evidence=planted.MISSING_PLAN,
        comment=planted.MISSING_PLAN,
        job=planted.MISSING_PLAN,
        point=(10.0, 10.0),
    )
    for method, template in ACCESS:
        if template == "/static":
            continue
        parameters = described.get(template, {}).get(method.lower(), {}).get("parameters", [])
        for target in (*rows.places.values(), missing):
            for path in _paths(template, target, rows):
                yield from _filled(method, template, path, target, parameters)


def _paths(template: str, target: Place, rows: Planted) -> list[str]:
    if template.endswith("/{noun}/{code}"):
        return [template.format(noun=noun, code=target.codes[noun]) for noun in OF_NOUNS[template]]
    if template.startswith("/ogc/"):
        return _paths_of_ogc(template, target)
    codes = [code for start, code in CODES.items() if template.startswith(start + "{code}")]
    paths = [template.replace("{code}", target.codes[codes[0]]) if codes else template]
    paths = [path.replace("{login}", "nobody").replace("{name}", "nothing.js") for path in paths]
    paths = [path.replace("{alias_id}", str(target.alias)) for path in paths]
    if "/tiles/" in template:
        tile = tile_at(Point(target.point), 15)
        names = PLAN_LAYERS if "{plan_id}" in template else tuple(LAYERS)
        start = template.partition("{layers}")[0]
        paths = [f"{start}{layer}/{tile.z}/{tile.x}/{tile.y}" for layer in names]
    paths = [path.replace("{row_id}", str(target.unplaced)) for path in paths]
    paths = [path.replace("{inspection_id}", str(target.inspection)) for path in paths]
    paths = [path.replace("{inspection_plan_id}", str(target.inspection_plan)) for path in paths]
    paths = [path.replace("{case_id}", str(target.case)) for path in paths]
    paths = [path.replace("{kind}", "community_monthly") for path in paths]
    paths = [path.replace("{figure}", "found").replace("{service_code}", "lift") for path in paths]
    paths = [path.replace("{service_request_id}", target.request).replace("{token}", target.request) for path in paths]
    paths = [path.replace("{form}", form) for path in paths for form in FORMS] if "{form}" in template else paths
    paths = [path.replace("{evidence_id}", str(target.evidence)) for path in paths]
    paths = [path.replace("{comment_id}", str(target.comment)).replace("{job_id}", str(target.job)) for path in paths]
    if "{plan_id}" in template:
        ids = [target.adopted, target.draft, *([rows.street_plan] if codes or target.name == "own" else [])]
        paths = [path.replace("{plan_id}", str(plan_id)) for path in paths for plan_id in ids]
    assert not any("{" in path for path in paths), f"say in this test what fills {template}"
    return paths


def _paths_of_ogc(template: str, target: Place) -> list[str]:
    """Features of every collection; of all else one layer and the grids of a draft stand for the others."""
    tile, grid = tile_at(Point(target.point), 15), "WebMercatorQuad"
    path = template.replace("{tile_matrix_set}", grid).replace("{layer}.{ending}", "grids.qml")
    path = path.replace("{z}/{y}/{x}", f"{tile.z}/{tile.y}/{tile.x}")
    names = ["buildings", f"plan-{target.draft}-grids"]
    if template.endswith("/items"):
        names += [layer for layer in COLLECTIONS if layer != "buildings"] + [f"plan-{target.adopted}-cells"]
    features = {"buildings": "building", "barriers": "barrier", f"plan-{target.draft}-grids": "grid"}
    if "{feature_id}" in path:
        there = features.items()
        return [
            path.replace("{collection_id}", name).replace("{feature_id}", target.codes[noun]) for name, noun in there
        ]
    return [path.replace("{collection_id}", name) for name in (names if "{collection_id}" in path else names[:1])]


def _filled(method: str, template: str, path: str, target: Place, parameters: list[dict[str, Any]]) -> Iterator[Try]:
    values = {
        "street": target.street,
        "community": target.community,
        "scope": target.community,
        "grid": target.codes["grid"],
        "about": target.codes["building"],
        "plans": f"{target.adopted},{target.draft}",
        "plan": str(target.adopted),
        "link": "x" * 43,
        "text": target.says("compound"),
        "lon": str(target.point[0]),
        "lat": str(target.point[1]),
    }
    named = [parameter for parameter in parameters if parameter["in"] == "query" and parameter["name"] in values]
    needed = {parameter["name"]: values[parameter["name"]] for parameter in named if parameter["required"]}
    # One's own rows are left as they are: without the version seen, and of nowhere, nothing is changed.
    own = target.name == "own"
    wish = {} if own else {"scope": target.community, "name": "x", "departments": ["城管"]}
    body = wish if method in UNSAFE else None
    seen = () if own else (("If-Match", '"1"'),)
    yield Try(method, template, target.name, path, needed, body, seen)
    if method == "PATCH" and template == "/plans/{plan_id}":
        yield Try(method, template, target.name, path, needed, {"name": "x"}, seen)
    if "/aliases/" in template and not own:
        yield Try(method, template, target.name, path, needed, {"state": "accepted"}, seen)
    if "/unplaced/" in template and not own:
        for choice in (target.codes["building"], None):
            yield Try(method, template, target.name, path, needed, {"choice": choice}, seen)
    if method == "POST" and template == "/cases" and not own:
        for where in ({"building_code": target.codes["building"]}, {"lon": target.point[0], "lat": target.point[1]}):
            found = {"workflow": "hazard", "kind": "gas", "summary": "x", **where}
            yield Try(method, template, target.name, path, needed, found)
    if method == "POST" and template == "/cases/{case_id}/moves" and not own:
        yield Try(method, template, target.name, path, needed, {"action": "note", "note": "x"}, seen)
    for said in _sent_about_inspections(method, template, target) if not own else ():
        yield Try(method, template, target.name, path, needed, said, seen)
    for said in _sent_about_plans(method, template) if not own else ():
        yield Try(method, template, target.name, path, needed, said, seen)
    for said in _sent_about_requests(method, template, target) if not own else ():
        yield Try(method, template, target.name, path, needed, said, seen)
    if template == "/requests/batch" and not own:
        lines = "\n".join(["内容,地址", *(f"x,{target.says(word)}" for word in ("compound", "building", "HOME-room"))])
        yield Try(method, template, target.name, path, needed, sheet=lines)
    if template == "/inspections/batch" and not own:
        now = datetime.now(CHINA_TIME)
        columns = ("place", "building", "household_unit", "city_element")
        heads = ",".join(f"{column}_code" for column in columns)
        rows = [["" if other != column else target.codes[column] for other in columns] for column in columns]
        lines = "\n".join(
            [f"检查时间,结果,{heads}", *(f"{now:%Y-%m-%d %H:%M},no_access,{','.join(row)}" for row in rows)]
        )
        yield Try(method, template, target.name, path, needed, sheet=lines)
    if template == "/locate/batch":
        words = ("compound", "building", "NEXT-building", "HOME-room", "HOME-place", "element", "alias")
        lines = "\n".join(["地址", *(target.says(word) for word in words)])
        yield Try(method, template, target.name, path, needed, sheet=lines)
    if template in ("/locate/confirmations", "/aliases") and not own and method in UNSAFE:
        word = "text" if template == "/locate/confirmations" else "alias"
        said = {word: "someone-else", "id": target.codes["building"]}
        yield Try(method, template, target.name, path, needed, said)
    for word in (
        ("building", "NEXT-building", "HOME-room", "HOME-place", "element", "alias") if "text" in needed else ()
    ):
        yield Try(method, template, target.name, path, {**needed, "text": target.says(word)})
    for parameter in named:
        if not parameter["required"]:
            yield Try(method, template, target.name, path, {**needed, parameter["name"]: values[parameter["name"]]})


def _sent_about_inspections(method: str, template: str, target: Place) -> Iterator[dict[str, Any]]:
    """What would be a sound inspection, plan or grade, were it one's own."""
    if (method, template) == ("POST", "/inspections"):
        now = datetime.now(UTC).isoformat()
        look = {"inspected_at": now, "place_code": target.codes["place"], "no_access": True}
        yield {"inspections": [{"client_key": f"{target.name}-look-1", **look}]}
    if (method, template) == ("POST", "/inspection-plans"):
        yield {"scope": target.community, "place_kind": "lift", "party": "street", "cycle_days": 9}
    if (method, template) == ("POST", "/inspection-plans/defaults"):
        yield {"scope": target.community}
    if (method, template) == ("PATCH", "/inspection-plans/{inspection_plan_id}"):
        yield {"cycle_days": 9}
    if (method, template) == ("PUT", "/places/{code}/grade"):
        yield {"grade": "strict", "reason": "x"}


def _sent_about_plans(method: str, template: str) -> Iterator[dict[str, Any]]:
    """What would be a sound remark or the like, were the plan one's own."""
    if (method, template) == ("POST", "/plans/{plan_id}/comments"):
        yield {"text": "x"}
    if (method, template) == ("PATCH", "/plans/{plan_id}/comments/{comment_id}"):
        yield {"resolved": True}
    if (method, template) == ("PUT", "/plans/{plan_id}/presence"):
        yield {"here": True}
    if (method, template) == ("POST", "/plans/{plan_id}/solve"):
        yield {}


def _sent_about_requests(method: str, template: str, target: Place) -> Iterator[dict[str, Any]]:
    """What would be a sound request, were it of one's own place."""
    if (method, template) in (("POST", "/requests"), ("POST", "/requests/hints")):
        yield {"text": "x", "place": target.codes["building"]}
        yield {"text": "x", "lon": target.point[0], "lat": target.point[1]}
        yield {"text": "x", "address": target.says("building")}
        yield {"text": "x", "community_code": target.community}
    if (method, template) == ("POST", "/requests"):
        yield {"text": "x", "joins": target.case}
    if (method, template) == ("POST", "/reports/{kind}/resolutions"):
        yield {"scope": target.community, "period": "2026-01", "text": "x"}
    if (method, template) == ("POST", "/requests/{case_id}/routing"):
        yield {"nature": "help"}
    if (method, template) == ("POST", "/requests/{case_id}/place"):
        yield {"place": target.codes["building"]}


def answers(app: FastAPI, tries: list[Try], headers: dict[str, str] | None = None) -> Iterator[tuple[Try, Response]]:
    """Ask one thing after the other, in this thread: a test client, with a thread of its own, takes longer."""

    async def ask_all() -> list[Response]:
        async with AsyncClient(transport=ASGITransport(app), base_url=ADDRESS, headers=headers) as client:
            return [await ask(client, each) for each in tries]

    return zip(tries, asyncio.run(ask_all()), strict=True)


def signs_out(each: Try) -> bool:
    """Whether this would end the very sign-in that asks."""
    return each.access.scope == "own" and each.method in UNSAFE


async def ask(client: AsyncClient, each: Try) -> Response:
    headers = {**dict(each.headers), "Sec-Fetch-Site": "same-origin"}
    body: dict[str, Any] = {"json": each.body} if each.body is not None else {}
    if each.sheet:
        headers["Content-Type"] = "text/csv"
        body = {"content": each.sheet.encode()}
    return await client.request(each.method, each.path, params=each.query, headers=headers, **body)


# ── what is answered ─────────────────────────────────────────────────────────────────────────────────────────────────


def text_of(answer: Response) -> str:
    """Return an answer's text; of a workbook what is in its parts."""
    if answer.headers.get("content-type") != XLSX:
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        return "\n".join(parts.read(name).decode() for name in parts.namelist())


def leaks(person: Person, each: Try, said: str) -> list[str]:
    """Return what an answer tells and should not; what the request itself said is no news."""
    told = said
    named = ("scope", "id", "building_code", "place", "address", "community_code")
    sent_in_body = ((each.body or {}).get(name, "") for name in named)
    for sent in (*each.path.split("/"), *each.query.values(), *sent_in_body, *re.split("[\n,]", each.sheet)):
        if len(sent) >= 9:
            told = told.replace(sent, "")
    for look in (each.body or {}).get("inspections", ()):
        told = told.replace(look["place_code"], "")
    # Barriers are the base map: all who are signed in see those of any street.
    told = re.sub("[0-9]{9}B[0-9]{5}", "", told)
    if each.template.startswith("/published/"):
        return re.findall("(?:OWN|SIBLING|OTHER)-(?!community|street)[A-Za-z-]+", told)
    if each.template.startswith("/accounts") and person.role in OFFICERS:
        told = re.sub("[0-9]{9,}", "", told)  # they say who may see what, by its code
    if each.template.startswith("/audit") and person.role == "auditor":
        return re.findall("[A-Z-]+-HOME-[a-z]+|(?<![0-9a-f])1399[0-9]{7}(?![0-9a-f])", told)
    return [told[max(0, found.start() - 40) : found.end() + 30] for found in person.forbidden.finditer(told)][:3]


def statuses(person: Person, each: Try) -> set[int]:
    """Return the statuses that an answer may have."""
    access = each.access
    if access.is_public:
        return {200, 303, 400, 401, 403, 404, 410, 415, 422}
    if each.template.startswith("/open311/"):
        return _statuses_of_open311(person, each)
    if person.actor is PUBLIC:
        return {401, 303}
    if access.scope == "own":
        return {200, 303, 409}
    if not person.actor.may(access.roles):
        return {403}
    if each.template == "/plans/{plan_id}/cells/{code}" or re.search("/assets/|{login}", each.template):
        return {404, 422, 428}  # none of these is planted
    if each.sheet:
        return {200}  # what is not there is none of the places
    if each.template == "/inspections" and "inspections" in (each.body or {}):
        return {200}  # each is refused by itself
    if each.method in UNSAFE:
        return {422, 428, 409, 400, 403} if each.target == "own" else {404, 403, 422}
    return _looks(person, each)


def _statuses_of_open311(person: Person, each: Try) -> set[int]:
    """It knows no 401, 422 and the like; whatever is wrong with a request is 400."""
    if person.actor is PUBLIC or not person.actor.may(each.access.roles):
        return {403}
    if each.method in UNSAFE:
        return {400}
    return {200} if each.target == "own" or each.template == "/open311/v2/requests.{form}" else {404}


def _looks(person: Person, each: Try) -> set[int]:
    """Of looks by roles that may: found in one's own place, not there in others'."""
    names_something = "{" in each.template or bool(each.query)
    if each.template.startswith("/ogc"):
        return _looks_of_ogc(person, each)
    if each.template.startswith("/barriers/"):
        return {404} if each.target == "missing" else {200}
    if each.template == "/grid-staff" and not each.query:
        return {422}
    if each.template == "/rounds/today" and "grid" not in each.query:
        return {200} if person.role == "inspector" else {422}  # who has no grid says which
    if "/household_unit/" in each.path and not sees_households(person.actor.roles):
        return {404}
    if each.template == "/cases/{case_id}/reporter" and each.target == "own":
        return {200 if sees_phones(person.actor.roles) else 404}
    if not names_something or "text" in each.query or each.template.startswith("/tiles/"):
        return {200}  # what is not there is none of the places
    if each.target == "own":
        # A draft of the community is not for who sees one grid of it, nor is a list that nothing was asked of; a
        # department's plan has no ground.
        found = {200, 409} if each.template == "/plans/{plan_id}/ground" else {200}
        return {404} | found if person.role == "inspector" else found
    if each.target == "sibling" and (
        each.template.startswith("/streets/") or set(each.query) in ({"street"}, {"about"})
    ):
        return {200}
    return {404}


def _looks_of_ogc(person: Person, each: Try) -> set[int]:
    """Of collections: layers are everybody's, with what they may see in them; plans and features are somewhere."""
    if "/barriers/items/" in each.path:
        return {404} if each.target == "missing" else {200}
    if "/plan-" not in each.path and "{feature_id}" not in each.template:
        return {200}
    if each.target == "own":
        return {200, 404} if person.role == "inspector" else {200}
    return {404}


def digest(engine: Engine) -> dict[str, str]:
    """Return a fingerprint of each table's rows."""
    with session_scope(engine) as session:
        return {
            table: str(session.scalar(text(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")))
            for table in TABLES
            if table not in ("account", "account_role")
        }


@contextmanager
def unguarded(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the application check nothing: everyone is let in as this actor, every scope is near."""

    async def anybody(*_: object) -> Actor:
        return actor

    with monkeypatch.context() as patch:
        patch.setattr(households, "_may_look", lambda *_: True)
        read = households.households.read_staff
        patch.setattr(
            households.households, "read_staff", lambda session, **given: read(session, **{**given, "within": None})
        )
        patch.setattr(dependencies, "_actor", anybody)
        patch.setattr(dependencies, "access_of", lambda *_: Access(ANYBODY, "none"))
        yield
