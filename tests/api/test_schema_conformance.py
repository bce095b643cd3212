"""Requests made from the description itself, right and wrong: no 5xx, and every answer as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
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
#: Of each operation and way of making requests; and in a usual run, where there are so many operations.
EXAMPLES, USUAL = 4, 3


@pytest.fixture(scope="module")
def described(town_engine: Engine) -> BaseSchema:
    app = create_app(AppSettings(allowed_hosts=("testserver",)), town_engine)
    app.openapi()  # the loader waits ten seconds for it, which is little on a busy machine
    schema: BaseSchema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=bearing(token_of(town_engine)))
    return schema


@pytest.mark.parametrize(
    ("mode", "checks"),
    [(GenerationMode.POSITIVE, CHECKS), (GenerationMode.NEGATIVE, (*CHECKS, negative_data_rejection))],
    ids=["right", "wrong"],
)
def test_answers_are_as_described(
    described: BaseSchema, town_engine: Engine, mode: GenerationMode, checks: tuple[object, ...]
) -> None:
    tried, turned_away = 0, set()
    for found in described.get_all_operations():
        operation = found.ok()
        takes_nothing = not {"parameters", "requestBody"} & set(operation.definition.raw)
        if mode is GenerationMode.NEGATIVE and takes_nothing:
            continue
        # A sign-in for each operation: to sign out is among them.
        statuses = statuses_of(operation, mode, checks, bearing(token_of(town_engine)))
        tried += 1
        if statuses <= {401}:
            turned_away.add(operation.path)
    assert tried >= 15
    assert turned_away <= {"/sign-ins"}


def statuses_of(
    operation: APIOperation, mode: GenerationMode, checks: tuple[object, ...], headers: dict[str, str]
) -> set[int]:
    """Try an operation a few times, and return the statuses that it answered with."""
    statuses: set[int] = set()

    @settings(
        max_examples=USUAL if TIMES == 1 else EXAMPLES * TIMES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Case) -> None:
        statuses.add(case.call_and_validate(checks=checks, headers=headers).status_code)

    answers_as_described()
    return statuses
