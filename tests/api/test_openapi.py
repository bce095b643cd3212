"""The interface describes itself completely: this walks every route of the application."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.errors import PROBLEM_TYPE, PROBLEMS
from api.main import ROUTERS
from api.schemas.barriers import BarrierProperties
from api.schemas.buildings import BuildingProperties
from api.schemas.compounds import CompoundProperties
from api.schemas.divisions import CommunityProperties, StreetProperties
from api.schemas.elements import ElementProperties
from api.schemas.geojson import Properties
from geo.territory.nouns import NOUNS

#: Addresses that belong to the documentation page itself, and where its pages' buttons lead.
UNDESCRIBED = {
    *("/docs", "/docs/assets/{name}", "/assets/{name}", "/favicon.ico", "/openapi.json", "/sign-out"),
    "/round/worker.js",
}
#: Answers without a body.
BARE = {"204", "304"}

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def operations(description: dict[str, Any]) -> list[Operation]:
    return [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_route_is_described(description: dict[str, Any]) -> None:
    routes = {route.path for module in ROUTERS for route in module.router.routes}
    assert routes - set(description["paths"]) == UNDESCRIBED
    assert len(description["paths"]) >= 20


def test_every_operation_has_its_words_in_both_languages(operations: list[Operation]) -> None:
    for path, _, operation in operations:
        assert re.search("[一-鿿]", operation["summary"]), path
        assert re.search("[A-Za-z]", operation["summary"]), path
        assert len(operation["tags"]) == 1, path
        assert operation["description"], path


def test_every_parameter_is_explained(operations: list[Operation]) -> None:
    for path, _, operation in operations:
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (path, parameter["name"])


def test_every_answer_has_a_shape(operations: list[Operation]) -> None:
    for path, _, operation in operations:
        for status, response in operation["responses"].items():
            assert ("content" not in response) == (status in BARE), (path, status)
            for media_type, content in response.get("content", {}).items():
                assert content["schema"], (path, status, media_type)


def test_every_error_of_open311_is_a_list_of_codes(operations: list[Operation]) -> None:
    spoken = [operation for path, _, operation in operations if path.startswith("/open311/")]
    for operation in spoken:
        errors = {status: told for status, told in operation["responses"].items() if int(status) >= 400}
        assert {"400", "403", "404", "500"} <= set(errors)
        assert all(set(told["content"]) == {"application/json", "text/xml"} for told in errors.values())
    assert len(spoken) == 7


def test_every_error_is_a_problem_with_an_example(operations: list[Operation]) -> None:
    for path, method, operation in operations:
        if path.startswith("/open311/"):
            continue  # it has errors of its own
        errors = {int(status): response for status, response in operation["responses"].items() if int(status) >= 400}
        assert {400, 422, 500} <= set(errors), (path, method)
        for status, response in errors.items():
            assert set(response["content"]) == {PROBLEM_TYPE}, (path, status)
            example = response["content"][PROBLEM_TYPE]["example"]
            assert example["status"] == status
            assert example["type"].removeprefix("urn:wangge:problem:") in PROBLEMS


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', re.sub(r"'", '"', str(description))))
    assert references <= set(description["components"]["schemas"])


def test_every_problem_is_listed(description: dict[str, Any]) -> None:
    table = description["components"]["schemas"]["ProblemDetails"]["description"]
    for problem in PROBLEMS.values():
        assert f"`{problem.type}` | {problem.status} |" in table


@pytest.mark.parametrize(
    ("noun", "properties"),
    [
        ("street", StreetProperties),
        ("community", CommunityProperties),
        ("compound", CompoundProperties),
        ("barrier", BarrierProperties),
        ("building", BuildingProperties),
        ("city_element", ElementProperties),
    ],
)
def test_layers_serve_what_the_catalogue_has_and_nothing_personal(noun: str, properties: type[Properties]) -> None:
    public = [column.name for column in NOUNS[noun].columns if not column.personal]
    assert sorted(set(properties.model_fields) - {"kind_label"}) == sorted(public)


def test_operation_ids_are_unique(operations: list[Operation]) -> None:
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names))


def test_the_description_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()
