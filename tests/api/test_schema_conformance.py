"""Requests made from the description itself, right and wrong: no 5xx, and every answer as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from tests.api.people import bearing, token_of
from tests.examples import TIMES

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
#: Of each operation and way of making requests.
EXAMPLES = 6


@pytest.fixture(scope="module")
def described(town_engine: Engine) -> BaseSchema:
    app = create_app(AppSettings(allowed_hosts=("testserver",)), town_engine)
    schema: BaseSchema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=bearing(token_of(town_engine)))
    return schema


@pytest.fixture(scope="module")
def headers(town_engine: Engine) -> dict[str, str]:
    """Who asks: without anybody every answer would be the same."""
    return bearing(token_of(town_engine))


@pytest.mark.parametrize(
    ("mode", "checks"),
    [(GenerationMode.POSITIVE, CHECKS), (GenerationMode.NEGATIVE, (*CHECKS, negative_data_rejection))],
    ids=["right", "wrong"],
)
def test_answers_are_as_described(
    described: BaseSchema, headers: dict[str, str], mode: GenerationMode, checks: tuple[object, ...]
) -> None:
    tried = 0
    for found in described.get_all_operations():
        operation = found.ok()
        takes_nothing = not {"parameters", "requestBody"} & set(operation.definition.raw)
        if mode is GenerationMode.NEGATIVE and takes_nothing:
            continue

        @settings(
            max_examples=EXAMPLES * TIMES,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def answers_as_described(case: Case) -> None:
            case.call_and_validate(checks=checks, headers=headers)

        answers_as_described()
        tried += 1
    assert tried >= 15
