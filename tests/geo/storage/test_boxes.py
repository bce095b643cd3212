"""Boxes under the rules of rows: found by an index of shapes, for a person too, and only what the person may see."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.storage.boxes import boxes_are_trusted
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, PLANNER

EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)
IN_A_BOX = "FROM building WHERE geom && ST_MakeEnvelope(114.0, 22.0, 114.2, 22.7, 4326)"


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def test_a_person_s_box_is_looked_up_in_the_index_of_shapes(store: Engine) -> None:
    assert boxes_are_trusted(store)
    with session_scope(store, PLANNER) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_indexscan = off"))
        plan = "\n".join(session.scalars(text(f"EXPLAIN SELECT code {IN_A_BOX}")))
    assert "Index Cond: (geom && " in plan


@pytest.mark.parametrize("who", [PLANNER, ASSESSOR])
def test_where_somebody_looks_changes_nothing_of_what_they_see(store: Engine, who: Actor) -> None:
    here = addressed.middle(5)
    boxes = (EVERYWHERE, (here.x - 0.001, here.y - 0.001, here.x + 0.001, here.y + 0.001))
    seen = []
    for around in (None, *boxes):
        with session_scope(store, who, around=around) as session:
            codes = session.scalars(text("SELECT code FROM building ORDER BY code")).all()
            whole = str(session.scalar(text("SELECT current_setting('wangge.whole')")))
            seen.append((codes, sorted(whole.split(","))))
    assert seen[0][0]
    assert seen[0] == seen[1] == seen[2]


def test_communities_near_by_are_told_first(store: Engine) -> None:
    with session_scope(store) as session:
        rows = session.execute(text("SELECT code, ST_X(ST_Centroid(geom)), ST_Y(ST_Centroid(geom)) FROM community"))
        places = {code: (x, y, x, y) for code, x, y in rows}
    assert len(places) > 1
    for code, spot in places.items():
        with session_scope(store, PLANNER, around=spot) as session:
            told = str(session.scalar(text("SELECT current_setting('wangge.whole')"))).split(",")
        assert told[0] == code
        assert sorted(told) == sorted(places)
