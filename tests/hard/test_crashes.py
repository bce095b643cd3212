"""Sixty crashes in the middle of imports, edits and adoptions, and five of a server that is careless with commits."""

import pytest

from tests.crashes import VICTIMS, crashing_store

CRASHES = 60
CARELESS_CRASHES = 5


@pytest.mark.timeout(3_600)
def test_sixty_crashes_lose_nothing() -> None:
    with crashing_store(seed=20261122) as store:
        for number in range(CRASHES):
            # The programs take seconds to start again: every tenth crash is theirs.
            victim = "programs" if number % 10 == 9 else VICTIMS[number % 2]
            store.crash(victim, seconds=(0.0, 1.5))
        verdict = store.judge()
        print(f"{store.kills} kills, told to be done: {store.told.counts()}; {verdict}")
        assert store.kills == CRASHES
        assert verdict.faults == 0, verdict
        assert min(store.told.counts().values()) >= 2 * CRASHES


@pytest.mark.timeout(1_200)
def test_a_server_that_is_careless_with_commits_is_found_out() -> None:
    with crashing_store(seed=20261123) as store:
        store.be_careless()
        for _ in range(CARELESS_CRASHES):
            store.crash("server", seconds=(0.5, 1.5), kinds=("edits",))
        verdict = store.judge()
        print(f"{store.kills} kills, told to be done: {store.told.counts()}; {verdict}")
        assert verdict.lost_edits > 0, "the judge is blind"
        assert verdict.half_imports == 0
