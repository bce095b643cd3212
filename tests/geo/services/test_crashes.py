"""Three crashes in the middle of imports, edits and adoptions; ``make test-hard`` has fifty and more."""

from tests.crashes import KINDS, VICTIMS, crashing_store

#: Crashes in which a careless server loses something for all but certain: each does about every other time.
MOST_CARELESS = 10


def test_what_was_told_to_be_done_is_there_after_a_crash() -> None:
    with crashing_store(seed=1) as store:
        for victim in VICTIMS:
            store.crash(victim, seconds=(0.0, 0.8))
        verdict = store.judge()
        assert verdict.faults == 0, verdict
        assert store.kills == 3
        assert min(store.told.counts()[kind] for kind in KINDS) >= 4

        # The control: a careless server loses something in one of a few crashes, and the judge sees it.
        store.be_careless()
        for _ in range(MOST_CARELESS):
            store.crash("server", seconds=(0.2, 0.8), kinds=("edits",))
            careless = store.judge()
            assert careless.half_imports == 0
            if careless.lost_edits:
                break
        assert careless.lost_edits > 0, "the judge is blind"
