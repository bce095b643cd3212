"""Anybody tries anything, in any order, at any time, on several cases at once: a machine for any shipped workflow.

What has to come of it is worked out from tables written by hand (``tables.py``) by a model of a few lines.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from pandas import DataFrame

from geo.errors import InputError, WanggeError
from geo.ledger.bills import LIVE, MOVE_COLUMNS, statements
from geo.ledger.cases import Case, Deed, Doer, NotAllowedError, StepError, act, open_case, possible
from geo.ledger.escalation import climb, due_rung
from geo.ledger.lights import light, share_used
from geo.ledger.replaying import Done, replay
from geo.ledger.workflows import workflow
from geo.ledger.working_time import calendar
from geo.territory.times import CHINA_TIME
from tests.geo.ledger.tables import INTERLUDES, NATURES, OPENS, RUNGS, STARTS, STATES, TABLES, Allowed, read

PEOPLE = {
    "甲": {"inspector"},
    "乙": {"inspector"},
    "丙": {"staff"},
    "丁": {"staff", "leader"},
    "戊": {"leader"},
    "己": {"planner", "assessor"},
    "庚": {"public"},
    "辛": {"auditor"},
    "壬": {"inspector", "staff", "leader"},
    "时限": {"clock"},
}
DOERS = {name: Doer(name, frozenset(roles)) for name, roles in PEOPLE.items()}
BEGIN = datetime(2026, 1, 5, 9, tzinfo=CHINA_TIME)
MONTHS = [f"{year}-{month:02}" for year in (2026, 2027) for month in range(1, 13)]
FIELDS = ("nature", "assignee", "until", "measures", "reason", "note", "rating")
#: What the tables call a rating that an action may be done with.
RATINGS = {"good": "rating", "bad": "rating", "any": "rating"}
SEEDS = st.integers(0, 2**32)


@dataclass(frozen=True)
class Model:
    """All that a case is, as far as it decides what may be done to it."""

    step: str
    nature: str | None
    finder: str
    last: str
    fixer: str | None = None
    dealt_with: bool = False
    extended: int = 0
    resume: str | None = None
    rung: int = 0


def refusals(
    model: Model, row: Allowed | None, by: Doer, fields: Mapping[str, Any], photos: frozenset[str], top: int
) -> set[type[WanggeError]]:
    """Return every class of error that there is a reason for."""
    if row is None or model.step not in row.sources:
        return {StepError}
    found: set[type[WanggeError]] = set()
    held = {"fixer": model.fixer, "finder": model.finder, "last": model.last}
    if not row.roles & by.roles or by.name in {held[bar] for bar in row.bars}:
        found.add(NotAllowedError)
    if any(RATINGS.get(need, need) not in fields for need in row.needs) or not row.photos <= photos:
        found.add(InputError)
    if ("good" in row.needs and fields.get("rating", 5) < 3) or ("bad" in row.needs and fields.get("rating", 1) > 2):
        found.add(InputError)
    if row.natures and fields.get("nature", model.nature) not in row.natures:
        found.add(StepError)
    if row.effects & {"once", "extend"} and model.extended >= 1:
        found.add(StepError)
    if "void" in row.effects and model.dealt_with:
        found.add(StepError)
    if "up" in row.effects and model.rung >= top:
        found.add(StepError)
    return found


def after(model: Model, row: Allowed, by: Doer, fields: Mapping[str, Any]) -> Model:
    """Return what an action makes of a case."""
    target = {"-": model.step, "<": model.resume}.get(row.target, row.target)
    assert target is not None
    climbs = [int(effect[3:]) for effect in row.effects if effect.startswith("to:")]
    climbs.append(model.rung + ("up" in row.effects))
    changed = replace(model, step=target, nature=fields.get("nature", model.nature), rung=max(model.rung, *climbs))
    if row.target != "-":
        changed = replace(changed, last=by.name, resume=model.step if target in INTERLUDES else None)
    if "fix" in row.effects:
        changed = replace(changed, fixer=by.name, dealt_with=True)
    if "extend" in row.effects:
        changed = replace(changed, extended=1)
    if "reopen" in row.effects:
        changed = replace(changed, fixer=None, extended=0)
    return changed


class Ledger(RuleBasedStateMachine):
    """Cases of one workflow, and the people around them."""

    code: str

    @initialize()
    def begin(self) -> None:
        self.flow, self.calendar = workflow(self.code), calendar()
        self.table = read(TABLES[self.code])
        self.now = BEGIN
        self.cases: list[Case] = []
        self.models: list[Model] = []
        self.done: list[list[Done]] = []
        self.moves: list[tuple[int, datetime, str, str | None]] = []
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()

    @rule(by=st.sampled_from(sorted(DOERS)), nature=st.booleans(), data=st.data())
    @precondition(lambda self: len(self.cases) < 4)
    def open(self, by: str, nature: bool, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(NATURES[self.code])) if nature else None
        if not OPENS[self.code] & DOERS[by].roles:
            with pytest.raises(NotAllowedError):
                open_case(self.flow, self.calendar, by=DOERS[by], at=self.now, nature=chosen)
            return
        case = open_case(self.flow, self.calendar, by=DOERS[by], at=self.now, nature=chosen)
        self.models.append(Model(STARTS[self.code], chosen, by, by))
        self.done.append([Done("open", self.now, by, fields={} if chosen is None else {"nature": chosen})])
        self.moves.append((len(self.cases), self.now, case.state, None))
        self.cases.append(case)

    @rule(hours=st.one_of(st.integers(0, 30), st.integers(0, 24 * 40)))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(seed=SEEDS)
    @precondition(lambda self: self.cases)
    def try_anything(self, seed: int) -> None:
        """Any actions at all by anybody, with anything filled in."""
        chance = Random(seed)
        for _ in range(6):
            number, action = chance.randrange(len(self.cases)), chance.choice([*self.table, "bribe"])
            filled = set(chance.sample(FIELDS, chance.randint(0, len(FIELDS))))
            self._try(chance, number, action, chance.choice(sorted(DOERS)), filled)

    @rule(seed=SEEDS)
    @precondition(lambda self: self.cases)
    def go_on(self, seed: int) -> None:
        """What leads on from where a case stands, by the right people, nearly always with all of it filled in."""
        chance = Random(seed)
        number = chance.randrange(len(self.cases))
        for _ in range(16):
            here = [row for row in self.table.values() if self.models[number].step in row.sources]
            onward = [row for row in here if row.target not in ("-", "void")]
            row = chance.choice(onward if onward and chance.random() < 0.9 else here or [None])
            if row is None:
                return
            by = chance.choice([name for name in sorted(DOERS) if DOERS[name].roles & row.roles])
            asked = [RATINGS.get(need, need) for need in row.needs]
            left_out = chance.choice(asked) if asked and chance.random() < 0.1 else None
            self._try(chance, number, row.action, by, set(asked) - {left_out})
            self.now += timedelta(hours=chance.choice([0, 0, 1, 5, 30]))

    def _try(self, chance: Random, number: int, action: str, by: str, filled: set[str]) -> None:
        case, model, row = self.cases[number], self.models[number], self.table.get(action)
        taken = set(self.flow.actions[action].requires) | {"note", "reason"} if row is not None else set(FIELDS)
        fields = self._fields(chance, row, filled & taken)
        photos = row.photos if row is not None and chance.random() < 0.95 else frozenset()
        expected = refusals(model, row, DOERS[by], fields, photos, RUNGS[self.code] - 1)
        note = fields.pop("note", None)
        deed = Deed(action, self.now, note, fields, photos)
        if expected:
            with pytest.raises(tuple(expected)) as refused:
                act(self.flow, self.calendar, case, DOERS[by], deed)
            assert all(refused.value.args)
            self.refused[action, refused.type.__name__] += 1
            return
        move = act(self.flow, self.calendar, case, DOERS[by], deed)
        assert row is not None
        self.accepted[action] += 1
        self.models[number] = after(model, row, DOERS[by], fields)
        self.cases[number] = move.case
        self.done[number].append(Done(action, self.now, by, note, move.fields))
        self.moves.append((number, self.now, move.to_state, self.flow.actions[action].effect))
        assert (move.from_step, move.from_state) == (case.step, case.state)
        assert (move.to_step, move.to_state) == (move.case.step, move.case.state)

    def _fields(self, chance: Random, row: Allowed | None, filled: set[str]) -> dict[str, Any]:
        good_rating = 5 if row is None or "bad" not in row.needs else 1
        usual = {"assignee": "某单位", "measures": "方案", "reason": "理由", "note": "说明"}
        fields: dict[str, Any] = {code: usual[code] for code in sorted(filled & set(usual))}
        if "nature" in filled:
            fields["nature"] = chance.choice(NATURES[self.code])
        if "rating" in filled:
            fields["rating"] = chance.choice([good_rating, good_rating, *range(1, 6)])
        if "until" in filled:  # later than any limit there can be
            fields["until"] = self.now + timedelta(days=chance.randint(800, 900))
        return fields

    @rule(data=st.data(), back=st.timedeltas(timedelta(seconds=1), timedelta(days=9)))
    @precondition(lambda self: self.cases)
    def act_in_the_past(self, data: st.DataObject, back: timedelta) -> None:
        case = data.draw(st.sampled_from(self.cases))
        for doer in DOERS.values():
            for action in possible(self.flow, case, doer):
                with pytest.raises(InputError):
                    act(self.flow, self.calendar, case, doer, Deed(action.code, case.moved_at - back))

    @rule(data=st.data())
    @precondition(lambda self: self.cases)
    def let_time_take_it_up(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.cases) - 1))
        due = due_rung(self.flow, self.calendar, self.cases[number], self.now)
        assert due is not None
        for move in climb(self.flow, self.calendar, self.cases[number], self.now):
            row, model = self.table[move.action], self.models[number]
            clock = Doer(move.by, frozenset({"clock"}))
            assert not refusals(model, row, clock, {"reason": "x"}, frozenset(), RUNGS[self.code] - 1)
            self.models[number] = after(model, row, clock, {})
            self.cases[number] = move.case
            self.done[number].append(Done(move.action, move.at, move.by, move.note, move.fields))
            self.moves.append((number, move.at, move.to_state, "escalate"))
            assert move.case.rung is not None
            assert self.flow.rung_number(move.case.rung) <= self.flow.rung_number(due.code)
        assert climb(self.flow, self.calendar, self.cases[number], self.now) == []

    @invariant()
    def stands_where_the_table_says(self) -> None:
        for case, model in zip(self.cases, self.models, strict=True):
            assert (case.step, case.nature, case.fixed_by) == (model.step, model.nature, model.fixer)
            assert (case.found_by, case.last_by, case.extended) == (model.finder, model.last, model.extended)
            assert case.state == STATES.get(model.step, "open")
            assert self.flow.rung_number(case.rung) == model.rung
            assert case.resume_step == model.resume

    @invariant()
    def who_fixed_never_closes(self) -> None:
        for case in self.cases:
            if case.state == "closed":
                assert case.fixed_by is not None
                assert case.closed_by != case.fixed_by

    @invariant()
    def is_whole(self) -> None:
        """What the store asks of a row, too."""
        for number, case in enumerate(self.cases):
            assert (case.closed_at is not None) == (case.state in ("closed", "void"))
            assert (case.paused_at is not None) == (case.state == "paused")
            assert case.version == len(self.done[number])
            assert case.opened_at <= case.step_since <= case.moved_at <= self.now
            assert case.yellow_at is None or (case.red_at is not None and case.yellow_at <= case.red_at)

    @invariant()
    def light_and_share_agree(self) -> None:
        for case in self.cases:
            share, shown = share_used(self.calendar, case, self.now), light(case, self.now)
            assert (shown is None) == (case.state != "open" or share is None)
            if shown is not None and share is not None:
                least, most = {"green": (0, 0.8), "yellow": (0.8, 1), "red": (1, inf)}[shown]
                assert least - 1e-9 <= share <= most + 1e-9

    @invariant()
    def somebody_can_do_something(self) -> None:
        """No case is lost: one that is not at its end can always be moved on by somebody."""
        for case in self.cases:
            if case.is_live:
                moving = {action.code for doer in DOERS.values() for action in possible(self.flow, case, doer)}
                assert any(self.table[code].target != "-" for code in moving)

    def teardown(self) -> None:
        if not getattr(self, "cases", None):
            return
        months = [month for month in MONTHS if month <= f"{self.now + timedelta(days=31):%Y-%m}"]
        found = statements(DataFrame(self.moves, columns=list(MOVE_COLUMNS)), months or MONTHS)
        assert all(one.adds_up for one in found)
        assert all(one.closing == then.opening for one, then in pairwise(found))
        assert found[-1].closing == sum(case.state in LIVE for case in self.cases)
        assert sum(one.found for one in found) == len(self.cases)
        assert sum(one.reopened for one in found) == sum(case.reopened for case in self.cases)
        for case, done in zip(self.cases, self.done, strict=True):
            assert replay(self.flow, self.calendar, done)[-1] == case


def of(code: str) -> type[Ledger]:
    """Return the machine for a workflow."""
    return type(f"LedgerOf_{code}", (Ledger,), {"code": code})
