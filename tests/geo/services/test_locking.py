"""Locks on a draft: whose they are, what is refused, and what goes with them."""

import pytest
from sqlalchemy.orm import Session

from geo.errors import CodeError, ConflictError, InputError, NotFoundError
from geo.services.adopting import adopt_plan
from geo.services.editing import Move, edit_plan
from geo.services.locking import MOST_LOCKS, change_locks, read_locks
from geo.services.sharing import news_of
from geo.storage import events, plans
from geo.territory import codes
from tests import factories, races

MINE, THEIRS = "planner", "李四"


@pytest.fixture
def plan_id(session: Session) -> int:
    races.lay_out(session)
    return races.make_draft(session)


def held(session: Session, plan_id: int) -> list[tuple[str, str]]:
    return [(lock.code, lock.who) for lock in read_locks(session, plan_id)]


def test_a_lock_is_whose_it_was_first_and_lifted_by_anybody_on_record(session: Session, plan_id: int) -> None:
    one, other = races.GRIDS
    compound = factories.make_compound(session, 7)
    change_locks(session, plan_id, lock=[one, compound], who=THEIRS)
    change_locks(session, plan_id, lock=[other, one, one], who=MINE)
    assert held(session, plan_id) == sorted([(one, THEIRS), (other, MINE), (compound, THEIRS)])
    change_locks(session, plan_id, lift=[one, other], who=MINE)
    change_locks(session, plan_id, lift=[one], who=MINE)
    assert held(session, plan_id) == [(compound, THEIRS)]
    told = [(record.what, record.who, record.before or record.after) for record in events.read(session, noun="plan")]
    assert told[:3] == [
        ("lifted", MINE, {"locks": {one: THEIRS, other: MINE}}),
        ("locked", MINE, {"locks": {other: MINE}}),
        ("locked", THEIRS, {"locks": {one: THEIRS, compound: THEIRS}}),
    ]
    assert plans.read_plan(session, plan_id).version == 1  # strokes that are under way are not stale


def test_what_is_not_of_the_plan_is_not_locked(session: Session, plan_id: int) -> None:
    away = factories.make_community(session, 2)
    elsewhere = factories.make_compound(session, 9, community_code=away)
    grid = races.GRIDS[0]
    for wrong in (f"{grid[:12]}777", f"{away}001", codes.make("compound", grid[:12], 555), elsewhere, "x"):
        with pytest.raises(CodeError, match="no grid or compound"):
            change_locks(session, plan_id, lock=[grid, wrong], who=MINE)
    with pytest.raises(InputError, match="locked and lifted"):
        change_locks(session, plan_id, lock=[grid], lift=[grid], who=MINE)
    for lift in ([], [grid] * (MOST_LOCKS + 1)):
        with pytest.raises(InputError, match="1 to"):
            change_locks(session, plan_id, lift=lift, who=MINE)
    with pytest.raises(NotFoundError):
        change_locks(session, 999_999, lock=[grid], who=MINE)
    assert held(session, plan_id) == []


def test_an_edit_says_whose_lock_it_did_not_heed_and_a_lock_goes_with_its_grid(session: Session, plan_id: int) -> None:
    one, other = races.GRIDS
    change_locks(session, plan_id, lock=[one], who=THEIRS)
    change_locks(session, plan_id, lock=[other], who=MINE)
    edited = edit_plan(session, plan_id, [Move(races.MIDDLE[0], other)], who=MINE, version=1)
    assert [notice.en for notice in edited.notices if "locked" in notice.en] == [
        f"grid {one}, which changed, is locked by {THEIRS}"
    ]
    rows = plans.read_assignment(session, plan_id)
    rest = [Move(code, other) for code in rows.loc[rows["grid_code"] == one, "building_code"]]
    edit_plan(session, plan_id, rest, ended_grids=[one], who=THEIRS, version=2)
    assert held(session, plan_id) == [(other, MINE)]


def test_news_come_with_a_lock_and_a_plan_in_force_has_none(session: Session, plan_id: int) -> None:
    before = news_of(session, plan_id)
    change_locks(session, plan_id, lock=races.GRIDS[:1], who=THEIRS)
    after = news_of(session, plan_id)
    assert before.mark != after.mark
    assert [(lock.code, lock.who) for lock in after.locks] == [(races.GRIDS[0], THEIRS)]
    adopt_plan(session, plan_id, who=MINE, version=1)
    assert read_locks(session, plan_id) == []
    assert news_of(session, plan_id).locks == ()
    with pytest.raises(ConflictError, match="nothing to lock"):
        change_locks(session, plan_id, lift=races.GRIDS[:1], who=MINE)
