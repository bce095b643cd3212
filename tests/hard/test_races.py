"""Ten thousand concurrent edits, and hundreds of drafts made, edited and adopted at once."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from geo.storage.database import session_scope
from tests import races
from tests.databases import Databases

EDITS, THREADS = 10_000, 8
PLANS = 2


@pytest.fixture
def ground(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("races", races.settle)) as engine:
        yield engine


@pytest.mark.timeout(7_200)
def test_of_ten_thousand_edits_racing_none_is_lost(ground: Engine) -> None:
    with session_scope(ground) as session:
        plan_ids = [races.make_draft(session, f"方案 {number}") for number in range(PLANS)]
    started = time.monotonic()
    tallies = races.race_edits(ground, plan_ids, attempts=EDITS, threads=THREADS, seed=20261122)
    seconds = time.monotonic() - started
    refused: Counter[str] = sum((tally.refused for tally in tallies.values()), Counter())
    acknowledged = sum(len(tally.acknowledged) for tally in tallies.values())
    with session_scope(ground) as session:
        verdicts = [races.judge(session, plan_id, tally) for plan_id, tally in tallies.items()]
    lost, overlaps = (sum(getattr(verdict, name) for verdict in verdicts) for name in ("lost", "overlaps"))
    print(
        f"{EDITS:,} edits by {THREADS} threads on {PLANS} plans in {seconds:.0f} s: {acknowledged:,} acknowledged, "
        f"refused {dict(refused)}; {lost} lost, {overlaps} overlapping grids"
    )
    assert acknowledged + refused.total() == EDITS
    assert set(refused) <= {"StaleVersionError"}
    assert acknowledged > EDITS / THREADS
    assert sum(verdict.faults for verdict in verdicts) == 0, verdicts


@pytest.mark.timeout(3_600)
def test_of_hundreds_of_drafts_made_and_adopted_at_once_each_has_its_turn(ground: Engine) -> None:
    tallies, adopted = races.race_adoptions(ground, plans_each=50, threads=THREADS)
    with session_scope(ground) as session:
        faults = races.judge_adoptions(session, list(tallies), adopted)
        verdicts = [races.judge(session, plan_id, tally) for plan_id, tally in tallies.items()]
    edits = sum(verdict.edits for verdict in verdicts)
    print(f"{len(tallies)} drafts made, {edits} edits of them, {len(adopted)} adopted; {len(faults)} faults")
    assert faults == []
    assert sum(verdict.faults for verdict in verdicts) == 0, [verdict for verdict in verdicts if verdict.faults]
    assert len(tallies) == 50 * THREADS
    assert len(adopted) >= 50
