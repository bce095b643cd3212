"""Drafts in one process and in several: the same plans, whoever dies, stops or is stopped."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from multiprocessing import active_children

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ExecutionError, InputError
from geo.regionalization.communities import Community
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.execution import draft_communities, stream_drafts
from geo.regionalization.execution.tasks import GridWork, Handout, in_tasks
from tests.geo.regionalization.drawn import GRIDS, community


def drawn_city(communities: int, side: int = 5, seed: int = 3) -> list[Community]:
    rng = np.random.default_rng(seed)
    return [
        community(rng.integers(10, 120, (side, side)).tolist(), code=f"4403990010{number:02d}")
        for number in range(communities)
    ]


def assert_same(some: list[CommunityDraft], others: list[CommunityDraft]) -> None:
    assert [draft.code for draft in some] == [draft.code for draft in others]
    for a, b in zip(some, others, strict=True):
        assert a.assignment.equals(b.assignment)
        assert a.grids.equals(b.grids)


@pytest.fixture(scope="module")
def city() -> list[Community]:
    return drawn_city(6)


@pytest.fixture(scope="module")
def alone(city) -> list[CommunityDraft]:
    return draft_communities(city, GRIDS, workers=1)


class TestAnyNumberOfWorkers:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_draws_the_same_plan_and_tells_shares_that_never_go_back(self, city, alone, workers):
        calls = []
        assert_same(draft_communities(city, GRIDS, workers=workers, progress=lambda *call: calls.append(call)), alone)
        told = [done for _, done, _ in calls]
        assert told == sorted(told)
        assert {total for _, _, total in calls} == {len(city)}
        assert told[-1] == len(city)
        assert any(done % 1 for done in told)
        assert {code for code, _, _ in calls} >= {c.code for c in city}

    @pytest.mark.parametrize("workers", [1, 2])
    def test_stopped_keeps_the_best_so_far_of_every_community(self, city, workers):
        drafts = draft_communities(city, GRIDS, workers=workers, progress=lambda *_: False)
        assert [draft.code for draft in drafts] == [c.code for c in city]
        assert all(len(draft.assignment) == 25 for draft in drafts)
        assert {draft.metrics["cancelled"] for draft in drafts} == {1.0}
        assert not active_children()

    @pytest.mark.parametrize("workers", [1, 2])
    def test_says_in_which_community_it_went_wrong(self, city, workers):
        degrees = replace(city[1], buildings=city[1].buildings.to_crs(4326))
        with pytest.raises(InputError, match=f"社区 {degrees.code}") as caught:
            draft_communities([city[0], degrees, city[2]], GRIDS, workers=workers)
        assert f"community {degrees.code}" in caught.value.en
        assert not active_children()

    @pytest.mark.parametrize("workers", [1, 2])
    def test_an_error_of_the_program_itself_carries_the_community_too(self, city, workers):
        broken = replace(city[1], buildings=city[1].buildings.drop(columns="households"))
        with pytest.raises(KeyError) as caught:
            draft_communities([city[0], broken], GRIDS, workers=workers)
        assert any(broken.code in note for note in caught.value.__notes__)

    @pytest.mark.parametrize("workers", [0, -1])
    def test_less_than_one_is_refused(self, city, workers):
        with pytest.raises(InputError, match=str(workers)):
            draft_communities(city, GRIDS, workers=workers)


class TestWorkerThatDies:
    def test_is_replaced_and_the_plan_is_the_same(self, city, alone):
        killed = []

        def kill_one(_code: str, done: float, _total: int) -> None:
            if done and not killed:
                killed.append(active_children()[0].pid)
                os.kill(killed[0], signal.SIGKILL)

        assert_same(draft_communities(city, GRIDS, workers=2, progress=kill_one), alone)
        assert killed

    def test_over_the_same_community_twice_is_given_up(self, city):
        deadly = replace(city[0], tiles=Deadly())
        with pytest.raises(ExecutionError, match=deadly.code) as caught:
            draft_communities([deadly, city[1]], GRIDS, workers=2)
        assert "--workers 1" in caught.value.en
        assert not active_children()


class Deadly:
    """Whoever unpickles it dies, as a process does for which there is no memory left."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (9,)


def test_an_interrupt_ends_all_workers_at_once(city):
    def interrupt(_code: str, done: float, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draft_communities(city, GRIDS, workers=2, progress=interrupt)
    assert not active_children()


class TestStream:
    def test_yields_the_same_drafts_in_order(self, city, alone):
        assert_same(list(stream_drafts(iter(city), GRIDS, workers=1)), alone)

    def test_of_two_workers_too_and_takes_no_more_communities_than_are_wanted(self, city, alone):
        taken = Counter()

        def endless() -> Iterator[Community]:
            small = community([[80] * 3])
            for one in chain(city, repeat(small)):
                taken["communities"] += 1
                yield one

        stream = stream_drafts(endless(), GRIDS, workers=2)
        assert_same([next(stream) for _ in city], alone)
        for _ in range(20 - len(city)):
            next(stream)
        stream.close()
        assert taken["communities"] <= 20 + 2 * 4 + 1
        assert not active_children()

    def test_without_communities_is_empty(self):
        assert list(stream_drafts([], GRIDS, workers=2)) == []
        assert draft_communities([], GRIDS) == []


ONE = community([[80] * 3])


@given(st.lists(st.integers(1, 6), max_size=12), st.integers(0, 9))
def test_tasks_hold_every_community_once_and_small_ones_together(sizes, wanted):
    communities = [replace(ONE, buildings=ONE.buildings.iloc[:size]) for size in sizes]
    tasks = list(in_tasks(enumerate(communities), GridWork(GRIDS), size=wanted))
    assert [position for task in tasks for position in task.positions] == list(range(len(sizes)))
    held = [sum(len(c.buildings) for c in task.places) for task in tasks]
    assert all(size >= wanted for size in held[:-1])
    # One community fewer would have been too few.
    assert all(size - len(t.places[-1].buildings) < wanted for size, t in zip(held, tasks, strict=True) if wanted)


@given(st.integers(0, 20), st.integers(1, 5), st.integers(1, 4), st.randoms(use_true_random=False))
def test_handout_gives_every_task_once_and_none_too_far_ahead(n, ahead, workers, chance):
    handout = Handout(in_tasks([(i, ONE) for i in range(n)], GridWork(GRIDS)), ahead)
    out, done, died = [], [], set()
    while not handout.over:
        while len(out) < workers and (task := handout.next()):
            out.append(task)
        assert out, "nothing is given out though not all is done"
        numbers = [task.number for task in out]
        assert max(numbers) - min(numbers) <= ahead
        task = out.pop(chance.randrange(len(out)))
        if task.number not in died and chance.random() < 0.2:
            died.add(task.number)
            handout.again(task)
        else:
            done.append(task.number)
            handout.done(task)
    assert sorted(done) == list(range(n))
