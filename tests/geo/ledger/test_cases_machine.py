"""Whatever anybody does to cases of a shipped workflow is legal or refused, and their ledger stays whole."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from geo.ledger.workflows import workflow
from tests.examples import examples
from tests.geo.ledger import machine
from tests.geo.ledger.tables import TABLES, read


@pytest.mark.parametrize("code", sorted(TABLES))
def test_any_sequence_of_deeds_is_legal_or_refused(code: str) -> None:
    run_state_machine_as_test(machine.of(code), settings=settings(examples(30), stateful_step_count=12))


@pytest.mark.parametrize("code", sorted(TABLES))
def test_every_row_of_the_tables_is_taken_and_refused(code: str) -> None:
    """The machine gets everywhere: were a part of a workflow out of its reach, it would prove nothing of it."""
    rows = read(TABLES[code])
    accepted: set[str] = set()
    refused: set[str] = set()
    for seed in range(40):
        ledger = machine.of(code)()
        ledger.begin()
        for number, by in enumerate(("甲", "丙", "丁", "戊")):
            ledger.open(by, nature=False, data=None)
            for turn in range(3):
                ledger.go_on(seed * 100 + number * 10 + turn)
                ledger.try_anything(seed * 100 + number * 10 + turn)
        ledger.teardown()
        accepted |= set(ledger.accepted)
        refused |= {action for action, _ in ledger.refused}
        if accepted == set(rows) and refused == {*rows, "bribe"}:
            break
    assert accepted == set(rows)
    assert refused == {*rows, "bribe"}


@pytest.mark.parametrize("code", sorted(TABLES))
def test_tables_and_files_name_the_same_actions(code: str) -> None:
    flow, table = workflow(code), read(TABLES[code])
    assert set(flow.actions) == set(table)
    assert {step for row in table.values() for step in row.sources} <= set(flow.steps)
