"""Concurrent edits, creates and adoptions on a real server: nothing gets lost, no grids overlap.

Some dozens of each race's operations run here; ``make test-hard`` runs 10,000 (``tests/hard/test_races.py``).
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.services.adopting import adopt_plan
from geo.storage import plans
from geo.storage.database import session_scope
from tests import races
from tests.databases import Databases

THREADS = 4


@pytest.fixture
def ground(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("races", races.settle)) as engine:
        yield engine


@pytest.fixture
def plan_id(ground: Engine) -> int:
    with session_scope(ground) as session:
        return races.make_draft(session)


def test_of_edits_racing_none_is_lost(ground: Engine, plan_id: int) -> None:
    tallies = races.race_edits(ground, [plan_id], attempts=64, threads=THREADS, seed=1)
    with session_scope(ground) as session:
        verdict = races.judge(session, plan_id, tallies[plan_id])
        assert plans.read_plan(session, plan_id).version == 1 + verdict.edits
    assert verdict.faults == 0, verdict
    assert verdict.edits == len(tallies[plan_id].acknowledged) > 10
    assert set(tallies[plan_id].refused) == {"StaleVersionError"}


def test_in_every_round_one_edit_goes_through(ground: Engine, plan_id: int) -> None:
    tally = races.rounds_of_edits(ground, plan_id, rounds=6, threads=4)
    assert len(tally.acknowledged) == 6
    assert tally.refused == {"StaleVersionError": 18}
    with session_scope(ground) as session:
        assert races.judge(session, plan_id, tally).faults == 0


def test_without_the_check_of_versions_the_judge_finds_losses(
    ground: Engine, plan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = plans.locked_draft

    def unchecked(session: Session, plan_id: int, version: int) -> Any:
        row = session.get_one(plans.Plan, plan_id, with_for_update={"key_share": True}, populate_existing=True)
        return checked(session, plan_id, row.version)

    monkeypatch.setattr(plans, "locked_draft", unchecked)
    tally = races.rounds_of_edits(ground, plan_id, rounds=3, threads=4)
    with session_scope(ground) as session:
        verdict = races.judge(session, plan_id, tally)
    assert len(tally.acknowledged) == 12
    assert verdict.lost > 0
    # What the store itself guards holds all the same: history in order, grids that tile.
    assert verdict.jumps == verdict.overlaps == verdict.uncovered == 0


def test_drafts_made_edited_and_adopted_at_once_take_turns(ground: Engine) -> None:
    tallies, adopted = races.race_adoptions(ground, plans_each=4, threads=THREADS)
    assert len(tallies) == 4 * THREADS
    with session_scope(ground) as session:
        assert races.judge_adoptions(session, list(tallies), adopted) == []
        verdicts = [races.judge(session, plan_id, tally) for plan_id, tally in tallies.items()]
    assert sum(verdict.faults for verdict in verdicts) == 0, [verdict for verdict in verdicts if verdict.faults]
    assert len(adopted) >= 3


def test_who_adopts_while_another_plan_comes_in_force_is_asked_to_compare_first(ground: Engine) -> None:
    with session_scope(ground) as session:
        first, second = (races.make_draft(session, name) for name in ("甲", "乙"))
    started, outcome = threading.Event(), []

    def adopt_second() -> None:
        try:
            with session_scope(ground) as session:
                plans.read_plan(session, second)
                started.set()
                adopt_plan(session, second, who="乙", version=1)
            outcome.append("adopted")
        except ConflictError as error:
            outcome.append(error.en)

    with session_scope(ground) as session:
        adopt_plan(session, first, who="甲", version=1)
        thread = threading.Thread(target=adopt_second)
        thread.start()
        assert started.wait(30)
        thread.join(0.5)
        assert thread.is_alive()  # waits for the first adoption
    thread.join(30)
    assert len(outcome) == 1
    assert "adopted just now" in outcome[0]
