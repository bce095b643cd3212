"""Sixty crashes in the middle of imports, edits and adoptions, twenty of the web service, and a careless server's."""

import pytest

from tests.crashes import KINDS, VICTIMS, WEB, crashing_store

CRASHES = 60
WEB_CRASHES = 20
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
        assert min(store.told.counts()[kind] for kind in KINDS) >= 2 * CRASHES


@pytest.mark.timeout(3_600)
def test_twenty_crashes_of_the_web_service_and_of_what_is_behind_it_lose_nothing() -> None:
    with crashing_store(seed=20261124) as store:
        for number in range(WEB_CRASHES):
            victim = "server" if number % 5 == 4 else WEB
            store.crash(victim, seconds=(0.0, 1.0), kinds=("requests",))
        verdict = store.judge()
        print(f"{store.kills} kills, told to be done: {store.told.counts()}; {verdict}")
        assert store.kills == WEB_CRASHES
        assert verdict.faults == 0, verdict
        assert store.told.counts()["requests"] >= 2 * WEB_CRASHES


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
