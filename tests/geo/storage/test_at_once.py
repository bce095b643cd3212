"""What is asked at once is asked as the actor, of whom nothing is left, whatever came of it."""

import pytest
from sqlalchemy import Engine, column, func, literal, select, text

from geo.access.actor import Actor
from geo.errors import InputError, ServerError
from geo.storage.at_once import ask_at_once, lent
from geo.storage.database import session_scope
from geo.storage.tables import Community

FIRST, SECOND, THIRD = "440307001001", "440307001002", "440307001003"
LI = Actor("li", frozenset({"planner"}), (FIRST, SECOND), account_id=7, request_id="r1")
WHO = select(
    literal(1),
    func.current_setting("role"),
    func.current_setting("wangge.who"),
    func.current_setting("transaction_read_only"),
)
SEEN = select(func.array_agg(Community.code.op("ORDER BY")(Community.code)))


def left_of_it(engine: Engine) -> tuple[object, ...]:
    """What the connection that was used is afterwards: the pool hands it out first."""
    with lent(engine) as connection:
        found = connection.execute("SELECT current_user = session_user, current_setting('wangge.who', true)").fetchone()
    assert found is not None
    return tuple(found)


def test_it_is_the_actor_who_asks_and_nobody_afterwards(three_communities: Engine) -> None:
    who, (seen,) = ask_at_once(three_communities, LI, [WHO, SEEN], {})
    assert tuple(who) == (1, "wangge_app", "li", "on")
    assert seen == [FIRST, SECOND]
    assert left_of_it(three_communities) in {(True, ""), (True, None)}
    with session_scope(three_communities) as session:
        assert session.scalar(SEEN) == [FIRST, SECOND, THIRD]


def test_often_is_as_once(three_communities: Engine) -> None:
    """From the fifth time on the driver has queries prepared; each actor sees their own all the same."""
    one, other = (Actor(name, LI.roles, (scope,)) for name, scope in (("li", FIRST), ("wang", THIRD)))
    for _ in range(8):
        assert [ask_at_once(three_communities, who, [SEEN], {})[0][0] for who in (one, other)] == [[FIRST], [THIRD]]


def test_values_and_lists_are_given(three_communities: Engine) -> None:
    codes = select(func.count()).where(Community.code.in_([FIRST, THIRD]), Community.name != text(":name"))
    assert [tuple(row) for row in ask_at_once(three_communities, LI, [codes, codes], {"name": "x"})] == [(1,), (1,)]


def test_what_is_refused_is_said_and_harms_nobody(three_communities: Engine) -> None:
    broken = select(literal(1) / column("none")).select_from(text("(SELECT 0 AS none) x"))
    for _ in range(2):
        with pytest.raises(InputError, match="division by zero"):
            ask_at_once(three_communities, LI, [WHO, broken, SEEN], {})
        assert left_of_it(three_communities) in {(True, ""), (True, None)}
        assert ask_at_once(three_communities, LI, [SEEN], {})[0][0] == [FIRST, SECOND]


def test_a_connection_that_breaks_is_told_and_not_used_again(three_communities: Engine) -> None:
    with pytest.raises(ServerError), lent(three_communities) as connection:
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert ask_at_once(three_communities, LI, [SEEN], {})[0][0] == [FIRST, SECOND]
