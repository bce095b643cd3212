"""Three crashes in the middle of imports, edits and adoptions; ``make test-hard`` has fifty and more."""

from tests.crashes import VICTIMS, crashing_store


def test_what_was_told_to_be_done_is_there_after_a_crash() -> None:
    with crashing_store(seed=1) as store:
        for victim in VICTIMS:
            store.crash(victim, seconds=(0.0, 0.8))
        verdict = store.judge()
        assert verdict.faults == 0, verdict
        assert store.kills == 3
        assert min(store.told.counts().values()) >= 4

        store.be_careless()
        store.crash("server", seconds=(0.5, 1.0), kinds=("edits",))
        careless = store.judge()
        assert careless.lost_edits > 0, "the judge is blind"
        assert careless.half_imports == 0
