"""Use case: inspections in from a sheet, one look a row, as :mod:`geo.services.inspection_sheets` writes them.

A row names what was wrong; every other item of its checklist was in order where somebody got in. A row that cannot be
taken comes back with the reason and keeps no other from being recorded. Whoever sends a sheet is the inspector on
record, as with everything that is entered: another name in a row goes into the note.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError, ColumnError, InputError, NotFoundError, WanggeError
from geo.exchange.address_files import match_columns
from geo.exchange.tables import TextTable
from geo.exchange.values import suspicious
from geo.ledger.answers_in_words import read
from geo.ledger.checklists import Answered, Checklist, checklist
from geo.services.auditing import moment
from geo.services.inspecting import (
    REFUSALS,
    InspectionRecord,
    Progress,
    Sent,
    Taken,
    checklist_of,
    record_many,
)
from geo.services.inspectors import named
from geo.services.sheet_rows import TAKEN, RowsRead, coded, said_by_rows, with_outcomes
from geo.storage import inspections
from geo.territory import codes
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

#: Rows that are taken at once: more would keep others waiting who send inspections of the same places.
MOST_ROWS = 2_000
#: How outcomes are said.
OUTCOMES = {"recorded": "已记录 recorded", "known": "早已收到 known", "refused": "未接受 refused"}
#: What was looked at, the nearest first, and how it is said.
SUBJECTS = {"place": "场所", "household_unit": "户", "building": "楼栋", "city_element": "要素"}
_MOST_ID = 2**63 - 1
_WHEN = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]{1,3}(\d{1,2})[:时](\d{1,2})分?(?::(\d{2})(?:\.\d+)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class TakenRow:
    """What became of a row; ``number`` is the one that it has in the file, from 1."""

    number: int
    taken: Taken


def import_inspections(
    session: Session,
    table: TextTable,
    *,
    actor: Actor | None = None,
    who: str | None = None,
    progress: Progress | None = None,
) -> list[TakenRow]:
    """Record an inspection for each row of a sheet, within the session's transaction.

    The same look is recorded once however often its row is sent: it is known by when, what, which party and whose it
    was, and by its number where it came out of a store.

    Returns
    -------
    list[TakenRow]
        In the order of the rows.

    Raises
    ------
    ColumnError
        No column says when, what, or with which result.
    BoundsError
        There are more than :data:`MOST_ROWS` rows.
    """
    if len(table.rows) > MOST_ROWS:
        raise BoundsError(
            f"表格有 {len(table.rows)} 行,最多 {MOST_ROWS} 行;请分成几份",
            f"the sheet has {len(table.rows)} rows, {MOST_ROWS} at most: divide it",
        )
    rows = said_by_rows(table, _matched(table))
    done: dict[int, Taken] = {}
    given: dict[int, Sent] = {}
    for position, said in enumerate(rows):
        try:
            _refuse_unreadable(table, position, said)
            sent = _sent(session, said, inspector=named(actor, who))
        except REFUSALS as error:
            done[position] = _refused("", error)
        else:
            kept = _on_record(session, said, sent)
            if kept is None:
                given[position] = sent
            else:
                done[position] = _as_it_was(said, sent, Taken(sent.client_key, "known", kept))
    told = record_many(session, list(given.values()), actor=actor, who=who, progress=progress)
    for position, taken in zip(given, told, strict=True):
        done[position] = _as_it_was(rows[position], given[position], taken)
    return [TakenRow(number, done[position]) for position, number in enumerate(table.row_numbers)]


def rows_read(table: TextTable, taken: list[TakenRow]) -> RowsRead:
    """Return a sheet with what became of each row: its outcome, the number of the record, hazards, and why not."""
    told = [row.taken for row in taken]
    added: dict[str, list[object]] = {
        "登记编号": [each.inspection.id if each.inspection else None for each in told],
        "隐患编号": ["、".join(hazard.number for hazard in each.hazards) for each in told],
        "原因": [f"{each.reason_zh} {each.reason_en}" if each.outcome == "refused" else "" for each in told],
    }
    return with_outcomes(table, OUTCOMES, [each.outcome for each in told], added)


# ── one row ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _matched(table: TextTable) -> dict[str, str]:
    # What a sheet got back with its outcomes is no part of what was seen.
    matched = match_columns([name for name in table.headings if name != TAKEN], "inspection_columns")
    missing = [dictionary("inspection_columns")[code] for code in ("inspected_at", "result") if code not in matched]
    listed = "、".join(table.headings[:20])
    if missing:
        raise ColumnError(
            f"没有找到“{missing[0].zh}”列;表头:{listed}", f"no column says {missing[0].en!r}; there are: {listed}"
        )
    if not set(SUBJECTS) & set(matched):
        wanted = [dictionary("inspection_columns")[code] for code in SUBJECTS]
        raise ColumnError(
            f"没有写明检查了什么的列,应为其中之一:{'、'.join(one.zh for one in wanted)};表头:{listed}",
            f"no column says what was inspected: one of {', '.join(one.en for one in wanted)}; there are: {listed}",
        )
    return matched


def _refuse_unreadable(table: TextTable, position: int, said: Mapping[str, str]) -> None:
    found = table.problems.get(position)
    if found is not None:
        raise InputError(found.zh, found.en)
    for code, text in said.items():
        # A note is words: what a spreadsheet would run is kept as text and goes out as text.
        problem = suspicious(text.lstrip("=@+-") if code in ("note", "faults", "not_applicable") else text)
        if problem is not None:
            label = dictionary("inspection_columns")[code]
            raise InputError(f"“{label.zh}”{problem.zh}", f"{label.en}: {problem.en}")


def _sent(session: Session, said: Mapping[str, str], *, inspector: str) -> Sent:
    """Return the look that a row tells of, every item of its checklist answered."""
    when = _when(said.get("inspected_at", ""))
    party = coded("inspection_parties", said.get("party"), zh="检查方", en="party") or "grid_worker"
    result = coded("inspection_results", said.get("result"), zh="结果", en="result")
    if result is None:
        known = dictionary("inspection_results").entries.values()
        raise InputError(
            f"没有写结果;应为:{'、'.join(one.zh for one in known)}",
            f"the result is not said; one of: {', '.join(one.code for one in known)}",
        )
    subject = _subject(said)
    bare = Sent(
        _key(said, when, party, subject),
        when,
        party=party,
        checklist=coded("checklists", said.get("checklist"), zh="检查表", en="checklist"),
        no_access=result == "no_access",
        note=_note(said, inspector),
        place_code=subject.get("place"),
        household_unit_code=subject.get("household_unit"),
        building_code=subject.get("building"),
        city_element_code=subject.get("city_element"),
    )
    found = checklist(bare.checklist) if bare.checklist else checklist_of(session, bare)
    items = _items(found, said, result)
    _check_counts(said, items)
    return replace(bare, checklist=found.code, items=items)


def _when(text: str) -> datetime:
    """Return a moment, China's time where it says no other."""
    found = _WHEN.fullmatch(text)
    if found is None:
        return moment(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return moment(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")


def _subject(said: Mapping[str, str]) -> dict[str, str]:
    """Return the codes of what was looked at, by nouns."""
    subject = {noun: said[noun] for noun in SUBJECTS if said.get(noun)}
    for noun, code in subject.items():
        wrong = codes.problem(noun, code)
        if wrong is not None:
            raise InputError(f"{SUBJECTS[noun]}:{wrong[0]}", f"{noun}: {wrong[1]}")
    if not subject:
        raise InputError(
            f"没有写明检查了什么:{'、'.join(SUBJECTS.values())}的编码至少填一个",
            f"what was inspected is not said: give the code of a {', '.join(SUBJECTS)}",
        )
    return subject


def _key(said: Mapping[str, str], when: datetime, party: str, subject: Mapping[str, str]) -> str:
    """Return what a look is known by: when, what, which party and whose it was, and its number in another store."""
    parts = (_minute(when), party, said.get("inspector", ""), said.get("number", ""))
    whole = "\x1f".join((*parts, *(subject.get(noun, "") for noun in SUBJECTS)))
    return f"sheet-{hashlib.sha256(whole.encode()).hexdigest()[:40]}"


def _note(said: Mapping[str, str], inspector: str) -> str | None:
    name, note = said.get("inspector", ""), said.get("note", "")
    named_other = [f"检查人:{name}"] if name and name != inspector else []
    return ";".join([*named_other, *([note] if note else [])]) or None


def _items(found: Checklist, said: Mapping[str, str], result: str) -> tuple[Answered, ...]:
    """Return what was found item by item: faults, what is not there, and all others in order."""
    items = found.items.values()
    wrong = {word: item.code for item in items for word in (item.fault_zh, item.fault_en, item.code)}
    there = {word: item.code for item in items for word in (item.zh, item.en, item.code)}
    faults = [Answered(code, "fault", note) for code, note in read(said.get("faults", ""), wrong)]
    absent = [Answered(code, "not_applicable", note) for code, note in read(said.get("not_applicable", ""), there)]
    label = dictionary("inspection_results")[result]
    if result == "findings" and not faults:
        raise InputError(f"结果是“{label.zh}”,但没有写问题", f"the result is {label.en!r}, but no fault is said")
    if result == "clear" and faults:
        raise InputError(
            f"结果是“{label.zh}”,却写了 {len(faults)} 项问题",
            f"the result is {label.en!r}, but {len(faults)} faults are said",
        )
    named_items = {item.code for item in (*faults, *absent)}
    rest = [Answered(code, "ok") for code in found.items if code not in named_items and result != "no_access"]
    return (*faults, *absent, *rest)


def _check_counts(said: Mapping[str, str], items: tuple[Answered, ...]) -> None:
    """Refuse a row whose counts, where it says them, are others: the checklist changed, or a fault was not read."""
    for column, result in (("ok_count", "ok"), ("fault_count", "fault")):
        count = sum(item.result == result for item in items)
        stated = said.get(column) or str(count)
        if stated != str(count):
            label = dictionary("inspection_columns")[column]
            raise InputError(
                f"{label.zh}写的是“{stated[:20]}”,按检查表和所写问题应为 {count};请改正,或留空",
                f"{label.en} are said to be {stated[:20]!r}, by the checklist and the faults they are {count}: "
                "correct it or leave it empty",
            )


# ── what is on record ────────────────────────────────────────────────────────────────────────────────────────────────


def _on_record(session: Session, said: Mapping[str, str], sent: Sent) -> InspectionRecord | None:
    """Return the inspection that a row came out of this store as; the number of another store means another one."""
    number = said.get("number", "")
    if not re.fullmatch("[0-9]{1,18}", number):
        return None
    try:
        kept = inspections.read_one(session, int(number))
    except NotFoundError:
        return None
    is_it = (
        _minute(kept.inspected_at) == _minute(sent.inspected_at)
        and kept.party == sent.party
        and kept.inspector == said.get("inspector", kept.inspector)
        and all(getattr(kept, f"{noun}_code") == getattr(sent, f"{noun}_code") for noun in SUBJECTS)
    )
    return kept if is_it else None


def _as_it_was(said: Mapping[str, str], sent: Sent, taken: Taken) -> Taken:
    """Refuse a row that is on record and said something else then: what is on record stays."""
    kept = taken.inspection
    if taken.outcome != "known" or kept is None or _says_the_same(said, sent, kept):
        return taken
    error = InputError(
        f"同一时间、同一对象的检查已记录为 {kept.id},内容不同;检查记录不能更改,另一次检查请写另一时间",
        f"the inspection of this at this time is on record as {kept.id} and says something else; records do not "
        "change: give another inspection its own time",
    )
    return _refused(sent.client_key, error)


def _says_the_same(said: Mapping[str, str], sent: Sent, kept: InspectionRecord) -> bool:
    """Whether a row says what was recorded, as far as sheets tell it: remarks on what is in order they do not."""
    then = {item["code"]: (item["result"], item["result"] != "ok" and item.get("note")) for item in kept.items}
    now = {item.code: (item.result, item.result != "ok" and item.note) for item in sent.items}
    note = kept.note or None
    return kept.checklist == sent.checklist and then == now and note in (sent.note, said.get("note") or None)


def _minute(when: datetime) -> str:
    return f"{when.astimezone(CHINA_TIME):%Y-%m-%dT%H:%M}"


def _refused(client_key: str, error: WanggeError) -> Taken:
    return Taken(client_key, "refused", reason_zh=error.zh, reason_en=error.en)
