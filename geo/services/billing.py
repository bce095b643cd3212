"""Use case: bills and statements: all hazards of a thing, and what changed in a month.

Counted by the store in sets. A bill shows the gravest items and counts all; a statement is counted from moves in one
look, so that it adds up whatever is done meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import CodeError, InputError
from geo.ledger import bills
from geo.ledger.bills import Bill, Item, KindCount, Statement, month_bounds
from geo.ledger.workflows import parse, workflow
from geo.services.cases import CaseFilter, CaseRecord, kinds_of
from geo.services.describing_cases import Described, Words, describe
from geo.services.households import LOOKED
from geo.services.naming import Named, name_of, names_of
from geo.storage import cases, events
from geo.territory import codes

Noun = Literal["place", "household_unit", "building", "grid", "community", "street", "compound", "responsible_body"]
#: What has a bill, and what has a statement.
NOUNS: tuple[Noun, ...] = (
    *("place", "household_unit", "building", "grid", "community", "street", "compound", "responsible_body"),
)
SCOPES = {9: "street", 12: "community", 15: "grid"}
By = Literal["community", "grid", "kind"]
#: Items that a bill shows; the counts are of all.
MOST_ITEMS = 200
MOST_ITEMS_IN_FILES = 20_000
#: What has doors and places of its own: to look at its bill is to look at a household.
_HOMES = ("place", "household_unit")


@dataclass(frozen=True)
class BillSheet:
    """A bill, ready to be shown.

    Attributes
    ----------
    of
        What it is of.
    items
        Its items in words, in the bill's order; the gravest ones where there are too many.
    is_whole
        Whether all items are shown.
    """

    of: Named
    bill: Bill
    items: list[Described]
    is_whole: bool
    kinds: Mapping[str, Words]
    natures: Mapping[str, Words]


@dataclass(frozen=True)
class StatementRow:
    """A line of a statement: a community, grid or kind, by its code, and what changed there."""

    code: str
    name: Words
    statement: Statement


@dataclass(frozen=True)
class StatementSheet:
    """A month's statement, ready to be shown; its rows add up to the total."""

    of: Named
    month: str
    by: By
    workflow: Words
    total: Statement
    rows: list[StatementRow]


def draw_up_bill(
    session: Session,
    noun: str,
    code: str,
    *,
    now: datetime,
    workflow_code: str = "hazard",
    most: int = MOST_ITEMS,
    actor: Actor | None = None,
    who: str | None = None,
) -> BillSheet:
    """Draw up the bill of a thing, and record the look at the homes that are on it.

    Parameters
    ----------
    noun, code
        One of :data:`NOUNS`, and the code of a thing of it that is seen.
    most
        Items that are shown.

    Raises
    ------
    CodeError
        Such things have no bill.
    NotFoundError
        There is no such thing.
    """
    of = name_of(session, _known(noun), code)
    wanted = _wanted(noun, code, workflow_code, actor)
    found = cases.read_gravest(session, wanted, limit=most + 1)
    shown = describe(session, found[:most], now=now)
    process = workflow(workflow_code)
    drawn = bills.bill(map(_item, shown), now, gravest_first=[nature.code for nature in reversed(process.natures)])
    if len(found) > most:
        counted = cases.count_kinds(session, wanted, moment=now, in_whole=actor is None or not actor.grids)
        drawn = replace(drawn, kinds=[KindCount(**row) for row in counted])
    _record_look(session, noun, code, found[:most], actor=actor, who=who)
    by_number = {one.case.number: one for one in shown}
    return BillSheet(
        of=of,
        bill=drawn,
        items=[by_number[item.number] for item in drawn.items],
        is_whole=len(found) <= most,
        kinds={code: Words(entry.zh, entry.en) for code, entry in (kinds_of(workflow_code) or {}).items()},
        natures={nature.code: Words(nature.zh, nature.en) for nature in process.natures},
    )


def draw_up_statement(
    session: Session, scope: str, month: str, *, by: By = "kind", workflow_code: str = "hazard"
) -> StatementSheet:
    """Draw up the month's statement of a street, community or grid, as far as its cases are seen.

    Parameters
    ----------
    scope
        Its code. Cases belong where they were opened.
    month
        As in ``2026-11``; China's time.

    Raises
    ------
    CodeError, InputError
        The code is of none of these, there is no such workflow, or the month is none.
    NotFoundError
        There is no such thing.
    """
    noun = SCOPES.get(len(scope))
    if noun is None or not scope.isdecimal():
        raise CodeError(
            f"“{scope[:40]}”不是街道(9 位)、社区(12 位)或网格(15 位)编码",
            f"{scope[:40]!r} is no code of a street (9 digits), community (12) or grid (15)",
        )
    since, until = month_bounds(month)
    process = workflow(workflow_code)
    of = name_of(session, noun, scope)
    fixing = _fixing(session, workflow_code)
    counted = cases.count_changes(session, scope, process.code, since=since, until=until, fixing=fixing)
    return StatementSheet(
        of=of,
        month=month,
        by=by,
        workflow=Words(process.zh, process.en),
        total=_sum(month, counted),
        rows=_rows(session, month, by, counted, workflow_code),
    )


def noun_of(code: str) -> str:
    """Return what a code is of, by its structure: one of those that have a bill.

    Raises
    ------
    CodeError
        It has the structure of none of them.
    """
    for noun in NOUNS:
        if codes.problem(noun, code) is None:
            return noun
    raise CodeError(
        f"“{code[:40]}”不是这些对象的编码:{'、'.join(NOUNS)}", f"{code[:40]!r} is no code of: {', '.join(NOUNS)}"
    )


def _known(noun: str) -> str:
    if noun not in NOUNS:
        raise CodeError(
            f"“{noun[:40]}”没有账单;可用:{'、'.join(NOUNS)}",
            f"{noun[:40]!r} has no bill; these have: {', '.join(NOUNS)}",
        )
    return noun


def _wanted(noun: str, code: str, workflow_code: str, actor: Actor | None) -> CaseFilter:
    if noun not in SCOPES.values():
        return CaseFilter(workflow=workflow_code, about=code)
    wanted = CaseFilter(workflow=workflow_code, scope=code)
    if actor is None or actor.streets or noun == "grid":
        return wanted
    # Looked up among all of a street, the few that are seen of it would take the longest.
    seen = [community for community in actor.communities if community.startswith(code)]
    if noun == "street" and not actor.grids and len(seen) == 1:
        return replace(wanted, scope=seen[0])
    return replace(wanted, on_own_ground=bool(actor.grids) and not actor.communities)


def _item(one: Described) -> Item:
    """Return a case as the engine takes it."""
    case = one.case
    return Item(case.number, case.kind, case.nature, case.state, one.light, case.found_at, case.closed_at)


def _record_look(
    session: Session, noun: str, code: str, found: list[CaseRecord], *, actor: Actor | None, who: str | None
) -> None:
    name = actor.name if actor else who
    if not name:
        raise InputError("查看账单须写明查看人", "whoever looks at a bill has to be named")
    homes = sum(1 for case in found if case.household_unit_code or case.place_code)
    if homes or noun in _HOMES:
        events.record(session, who=name, what=LOOKED, noun=noun, code=code, after={"cases": homes})


def _fixing(session: Session, workflow_code: str) -> set[str]:
    """Return the actions that fix, of all versions of a workflow that cases began under."""
    processes = [parse(content) for content in cases.read_workflow_versions(session, workflow_code)]
    return {action.code for one in processes for action in one.actions.values() if action.effect == "fix"}


def _rows(
    session: Session, month: str, by: By, counted: list[dict[str, Any]], workflow_code: str
) -> list[StatementRow]:
    column = {"community": "community_code", "grid": "grid_code", "kind": "kind"}[by]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in counted:
        groups.setdefault(row[column] or "", []).append(row)
    names = _names(session, by, [code for code in groups if code], workflow_code)
    found = [StatementRow(code, names.get(code, Words(code, "")), _sum(month, rows)) for code, rows in groups.items()]
    return sorted((row for row in found if _is_said(row.statement)), key=lambda row: (not row.code, row.code))


def _names(session: Session, by: By, codes: list[str], workflow_code: str) -> dict[str, Words]:
    nowhere = {"": Words("未在网格内", "in no grid")}
    if by == "kind":
        return {code: Words(entry.zh, entry.en) for code, entry in (kinds_of(workflow_code) or {}).items()}
    return nowhere | {code: Words(name, "") for code, name in names_of(session, by, codes).items()}


def _is_said(statement: Statement) -> bool:
    """Whether there is anything to say: nothing open and nothing done is no line."""
    return any(value for name, value in vars(statement).items() if name != "month")


def _sum(month: str, rows: Iterable[Mapping[str, Any]]) -> Statement:
    names = ("opening", "found", "reopened", "closed", "voided", "closing", "fixed")
    totals = dict.fromkeys(names, 0)
    for row in rows:
        for name in names:
            totals[name] += int(row[name])
    return Statement(month=month, **totals)
