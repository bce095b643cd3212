"""Kept tiles: within their bytes, until something changes, never for others' eyes, in several processes."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import NotFoundError
from geo.services import tiling
from geo.services.tile_cache import OVERHEAD_BYTES, TileCache
from geo.services.tiling import MadeTile, kept_tile, tile_of
from geo.storage import layers
from geo.storage.database import session_scope
from geo.storage.tiles import Piece
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, FIRST, INSPECTOR, NEXT, ONE, PLANNER, actor
from tests.vector_tiles import opened, tile_at

TILE = tile_at(addressed.middle(5), 15)
ROOMY = 10_000_000


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture
def changing(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def asked(cache: TileCache, engine: Engine, who: Actor | None = PLANNER, *names: str) -> MadeTile:
    return kept_tile(cache, engine, who, names or ("buildings", "grids"), TILE)


def misses(cache: TileCache, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is put into a cache from here on."""
    put: list[object] = []
    real = cache._put

    def noted(key: object, kept: object, size: int) -> None:
        put.append(key)
        real(key, kept, size)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "_put", noted)
    return put


def test_what_is_kept_is_what_would_be_cut(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TileCache(ROOMY)
    for who in (PLANNER, ASSESSOR, NEXT, INSPECTOR, None):
        with session_scope(store, who) as session:
            cut = tile_of(session, ["buildings", "grids"], TILE)
        first = asked(cache, store, who)
        again = misses(cache, monkeypatch)
        assert asked(cache, store, who) == first
        assert (first.content, again) == (cut, [])


def test_who_sees_the_same_shares_and_nobody_else(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TileCache(ROOMY)
    asked(cache, store, PLANNER, "buildings")
    put = misses(cache, monkeypatch)
    twin = Actor("another", PLANNER.roles, PLANNER.scopes)
    asked(cache, store, twin, "buildings")
    assert put == []
    for who in (actor("planner", FIRST), actor("leader", make.STREET), INSPECTOR, None):
        before = len(put)
        asked(cache, store, who, "buildings")
        assert len(put) == before + 1


@pytest.mark.parametrize("trusted", [True, False], ids=["boxes trusted", "boxes not trusted"])
def test_who_sees_many_streets_sees_the_same_of_each(
    store: Engine, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """Whether rows are found by their boxes or by what lies there, and in whichever order communities are told."""
    names = ("buildings", "communities", "compounds", "elements", "coverage", "hazards", "inspections", "grids")
    wide = actor("planner", make.STREET, *(f"4403080{number:02}" for number in range(9)))
    seen = asked(TileCache(0), store, PLANNER, *names)
    assert ONE.encode() in seen.content
    monkeypatch.setattr(tiling, "boxes_are_trusted", lambda _: trusted)
    assert asked(TileCache(0), store, wide, *names) == asked(TileCache(0), store, PLANNER, *names) == seen


def test_a_change_is_seen_at_once_by_every_process(changing: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = TileCache(ROOMY), TileCache(ROOMY)
    for cache in (here, there):
        assert ONE.encode() in asked(cache, changing).content
        asked(cache, changing, PLANNER, "communities")
    with session_scope(changing) as session:
        layers.end(session, NOUNS["building"], [ONE], who="test")
    for cache in (here, there):
        put = misses(cache, monkeypatch)
        assert ONE.encode() not in asked(cache, changing).content
        asked(cache, changing, PLANNER, "communities")
        assert len(put) == 1  # grids and communities are what they were


def test_a_look_changes_nothing(changing: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TileCache(ROOMY)
    asked(cache, changing)
    put = misses(cache, monkeypatch)
    with session_scope(changing) as session:
        session.execute(text("INSERT INTO event (who, what, noun, code) VALUES ('x', 'looked', 'building', '1')"))
    asked(cache, changing)
    assert put == []


def test_another_store_in_its_place_is_noticed(changing: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TileCache(ROOMY)
    asked(cache, changing)
    put = misses(cache, monkeypatch)
    with session_scope(changing) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE event_chain SET hash = sha256(hash)"))
    asked(cache, changing)
    assert len(put) == 2


def test_a_plan_that_is_not_ones_own_is_not_there_kept_or_not(store: Engine) -> None:
    cache = TileCache(ROOMY)
    with session_scope(store) as session:
        plan_id = int(session.scalar(text("SELECT id FROM plan")) or 0)
    made = kept_tile(cache, store, PLANNER, ["grids"], TILE, plan_id=plan_id)
    assert {feature.properties["plan_id"] for feature in opened(made.content)["grids"].features} == {plan_id}
    for who, wanted in ((NEXT, plan_id), (PLANNER, plan_id + 1)):
        with pytest.raises(NotFoundError, match=str(wanted)):
            kept_tile(cache, store, who, ["grids"], TILE, plan_id=wanted)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3_000)), max_size=40), st.integers(500, 9_000))
def test_no_more_is_kept_than_may_be_and_what_was_asked_last_stays(asked: list[tuple[int, int]], most: int) -> None:
    cache = TileCache(most)
    for key, size in asked:
        kept = cache.find((key, size)) or cache.keep((key, size), Piece(bytes(size)))
        assert len(kept.piece.content) == size
        assert cache.taken_bytes <= most
        assert cache.find((key, size)) is (kept if size + OVERHEAD_BYTES <= most else None)


def test_small_tiles_are_sent_as_they_are_and_others_are_zipped_once() -> None:
    cache = TileCache(ROOMY)
    assert cache.zipped("small", b"x" * 999) is None
    zipped = cache.zipped("large", b"x" * 5_000)
    assert zipped is not None
    assert len(zipped) < 100
    assert cache.zipped("large", b"x" * 5_000) is zipped
