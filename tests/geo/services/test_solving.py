"""The rest of a draft divided anew around what is locked: what stays, what comes back, what is refused."""

import pytest
from sqlalchemy.orm import Session

from geo.errors import CodeError, ConflictError, InputError, StaleVersionError, WanggeError
from geo.services.editing import Move, edit_plan
from geo.services.planning import plan_scope
from geo.services.solving import Kept, solve_rest
from geo.storage import events, layers, plans
from geo.territory.nouns import BUILDING
from tests import factories
from tests.geo.services.test_editing import (
    WHO,
    assert_sums,
    assert_tiles_communities,
    assigned,
    candidates,
    grids_of,
    lay_out,
)

FIRST, SECOND = f"{factories.STREET}001", f"{factories.STREET}002"


@pytest.fixture
def plan_id(session: Session) -> int:
    """A draft of 2 communities x 240 households, 60 to 100 in a grid; two grids of the first became one by hand."""
    made = plan_scope(session, lay_out(session), lower=60, upper=100, who=WHO).plan_id
    homes = assigned(session, made)
    ending, target = next((homes[move.building], move.grid) for move in candidates(session, made, FIRST))
    moves = [Move(code, target) for code in homes.index[homes == ending]]
    edit_plan(session, made, moves, ended_grids=(ending,), who=WHO, version=1)
    return made


def version_of(session: Session, plan_id: int) -> int:
    return plans.read_plan(session, plan_id).version


def out_of_range(session: Session, plan_id: int) -> int:
    return int(grids_of(session, plan_id)["reason_code"].notna().sum())


def test_what_cannot_be_solved_is_refused_and_nothing_changes(session: Session, plan_id: int) -> None:
    version, was = version_of(session, plan_id), assigned(session, plan_id)
    every = tuple(grids_of(session, plan_id).index)
    refused: list[tuple[type[WanggeError], str, Kept]] = [
        (CodeError, "no grid 440307001001777", Kept(grids=("440307001001777",))),
        (CodeError, "no community 440307001007", Kept(communities=("440307001007",))),
        (CodeError, "no such compound", Kept(compounds=("440307001001X777",))),
        (InputError, "nothing is left to divide", Kept(grids=every)),
    ]
    for error, words, kept in refused:
        with pytest.raises(error, match=words):
            solve_rest(session, plan_id, kept, who=WHO, version=version)
    with pytest.raises(StaleVersionError, match="you saw 1"):
        solve_rest(session, plan_id, Kept(), who=WHO, version=version - 1)
    assert solve_rest(session, plan_id, Kept(), who=WHO, version=version, progress=lambda _: False) is None
    assert assigned(session, plan_id).equals(was)
    plans.adopt(session, plan_id, who=WHO, version=version)
    with pytest.raises(ConflictError, match="not a draft"):
        solve_rest(session, plan_id, Kept(), who=WHO, version=version + 1)


def test_the_rest_is_solved_around_what_is_locked_and_one_edit_undoes_it(session: Session, plan_id: int) -> None:
    was, shapes, version = assigned(session, plan_id), grids_of(session, plan_id), version_of(session, plan_id)
    assert out_of_range(session, plan_id) == 1
    fine = shapes[(shapes["community_code"] == FIRST) & shapes["reason_code"].isna()].index
    kept = sorted(fine)[:1]
    seen: list[float] = []
    solved = solve_rest(
        session, plan_id, Kept(grids=tuple(kept), communities=(FIRST,)), who=WHO, version=version, progress=seen.append
    )
    assert solved is not None
    assert solved.edited is not None
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    now = assigned(session, plan_id)
    assert out_of_range(session, plan_id) == 0
    # What is kept holds exactly what it held, under its code; the other community is as it was, to the last digit.
    assert (now.index[now.isin(kept)] == was.index[was.isin(kept)]).all()
    other = grids_of(session, plan_id).query("community_code == @SECOND")
    assert other.geometry.equals(shapes.query("community_code == @SECOND").geometry)
    assert solved.moved == int((now.loc[was.index] != was).sum()) > 0
    assert solved.edited.plan.version == version + 1
    assert_tiles_communities(session, plan_id)
    assert_sums(session, plan_id)
    (told,) = events.changes_since(session, "plan", str(plan_id), version)
    assert (told.what, told.who) == ("edited", WHO)
    (undo,) = solved.undo
    edit_plan(
        session, plan_id, undo.moves, new_grids=undo.new_grids, ended_grids=undo.ended_grids, who=WHO,
        version=version + 1,
    )  # fmt: skip
    assert assigned(session, plan_id).equals(was)
    back = grids_of(session, plan_id)
    assert back.geometry.normalize().equals(shapes.geometry.normalize())
    # Neighbours that were in two grids share one when they are a compound that shall stay whole.
    apart = next(move for move in candidates(session, plan_id, FIRST) if move.grid not in kept)
    pair = [apart.building, next(code for code in was.index[was == apart.grid])]
    compound = factories.make_compound(session)
    rows = layers.read(session, BUILDING, codes=pair).assign(compound_code=compound)
    layers.upsert(session, BUILDING, rows, who=WHO)
    whole = Kept(compounds=(compound,), communities=(FIRST,))
    assert solve_rest(session, plan_id, whole, who=WHO, version=version + 2)
    assert assigned(session, plan_id)[pair].nunique() == 1
