"""What several tests of the store begin with."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from geo.storage.database import session_scope
from tests import factories as make
from tests.databases import Databases


@pytest.fixture(scope="module")
def three_communities(databases: Databases) -> Iterator[Engine]:
    """A store with three communities of one street, 440307001001 to 440307001003, and nothing in them."""
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            for number in (1, 2, 3):
                make.make_community(session, number)
        yield engine
