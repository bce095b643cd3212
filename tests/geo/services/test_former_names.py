"""What things were called before: for whoever sees them, and on record where it is a household."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import InputError, NotFoundError
from geo.services.former_names import former_names
from geo.storage import events
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, COMPOUND, FLAG, NEXT, SHOP, STAFF


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def rename(engine: Engine, noun: str, code: str, name: str) -> None:
    with session_scope(engine) as session:
        session.execute(text(f"UPDATE {noun} SET name = :name WHERE code = :code"), {"name": name, "code": code})


def former(engine: Engine, code: str, who: Actor = STAFF) -> list[tuple[str, str, str]]:
    with session_scope(engine, who) as session:
        return [(each.field, each.label, each.old) for each in former_names(session, code, actor=who)]


def looks(engine: Engine) -> list[str | None]:
    with session_scope(engine) as session:
        return [event.code for event in events.read(session, limit=100) if event.what == "looked"]


def test_the_oldest_first(store: Engine) -> None:
    assert former(store, COMPOUND) == []
    for name in ("春晖苑", "夏荷苑"):
        rename(store, "compound", COMPOUND, name)
    assert [old for *_, old in former(store, COMPOUND)] == ["锦绣花园", "春晖苑"]
    rename(store, "building", FLAG, "丰收大厦")
    assert former(store, FLAG) == [("name", "名称", "红旗楼")]
    assert looks(store) == []


def test_a_place_is_looked_at(store: Engine) -> None:
    rename(store, "place", SHOP, "大李便利店")
    assert [old for *_, old in former(store, SHOP)] == ["小李便利店"]
    assert looks(store) == [SHOP]


def test_what_is_not_seen_is_not_there(store: Engine) -> None:
    rename(store, "compound", COMPOUND, "春晖苑")
    rename(store, "place", SHOP, "大李便利店")
    for who, code in ((NEXT, COMPOUND), (ASSESSOR, SHOP), (STAFF, f"{COMPOUND[:12]}X999"), (STAFF, "no code")):
        with pytest.raises(NotFoundError):
            former(store, code, who)
    with pytest.raises(InputError), session_scope(store) as session:
        former_names(session, COMPOUND)
