"""Use case: requests and hazards in and out as sheets.

In: each row is located and becomes a case of its own, once however often the file is read. A row that cannot be taken
spoils no other: it comes back with the reason and what its address could be. Out: what a list shows; nobody's name.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import pandas as pd
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError, ColumnError, InputError, WanggeError
from geo.exchange.address_files import match_columns
from geo.exchange.tables import TextTable
from geo.ledger.workflows import workflow
from geo.services.address_books import AddressBooks
from geo.services.auditing import moment
from geo.services.cases import CaseFilter, CaseRecord, NewCase, Reporter, look_at_cases, open_or_join, take_turns_of
from geo.services.describing_cases import describe
from geo.services.placing_requests import WhereError, find_where, subject_of
from geo.services.requesting import REQUEST, NewRequest, take
from geo.services.sheet_rows import RowsRead, coded, said_by_rows, with_outcomes
from geo.services.walking import pages
from geo.territory.times import CHINA_TIME

#: How cases that come out of files are said to have come.
CHANNEL = "file"
#: Rows of a file that is read, and cases of a file that is written.
MOST_ROWS, MOST_CASES = 10_000, 100_000
_PAGE = 2_000
OUTCOMES = {"opened": "新登记", "joined": "并入", "known": "已登记过", "refused": "未登记"}

T = TypeVar("T")
#: Told how many rows are done.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class _Outcome:
    word: str
    number: str = ""
    reason: str = ""
    choices: str = ""


def import_cases(
    session: Session,
    books: AddressBooks,
    table: TextTable,
    *,
    code: str = REQUEST,
    columns: Mapping[str, str] | None = None,
    source: str,
    community: str | None = None,
    actor: Actor | None = None,
    who: str | None = None,
    progress: Progress | None = None,
) -> RowsRead:
    """Open a case for each row of a sheet, within the session's transaction.

    Parameters
    ----------
    code
        The workflow: ``request`` or ``hazard``.
    columns
        Headings by the codes of ``data/dictionaries/case_columns.toml``; found by their words where not stated.
    source
        What the file is called: with a row's number, or all of the row where it has none, it knows the row again.
    community
        Where rows go whose address is no one place; without it they are not taken, and come back with why.

    Raises
    ------
    ColumnError
        No column tells what the cases are about, or where they are.
    BoundsError
        There are more than :data:`MOST_ROWS` rows.
    InputError
        The workflow is neither.
    """
    if code not in (REQUEST, "hazard"):
        raise InputError(
            f"表格导入只用于诉求(request)和隐患(hazard),不能用于“{code[:40]}”",
            f"sheets are read as requests or hazards, not as {code[:40]!r}",
        )
    if len(table.rows) > MOST_ROWS:
        raise BoundsError(
            f"表格有 {len(table.rows)} 行,最多 {MOST_ROWS} 行;请分成几份",
            f"the sheet has {len(table.rows)} rows, {MOST_ROWS} at most: divide it",
        )
    matched = _matched(table, columns)
    given = []
    for row, said in zip(table.rows, said_by_rows(table, matched), strict=True):
        key = f"{source}:{said.get('key') or hashlib.sha256(chr(31).join(row).encode()).hexdigest()[:24]}"
        given.append(_Row(code, said, f"file-{hashlib.sha256(key.encode()).hexdigest()[:40]}", community))
    hazard = partial(_hazard, session, books, actor=actor, who=who)
    prepare: Callable[[_Row], NewRequest | NewCase] = _request if code == REQUEST else hazard
    prepared = [_unless_refused(session, partial(prepare, row)) for row in given]
    for position, found in table.problems.items():
        prepared[position] = _Outcome("refused", reason=f"{found.zh} {found.en}")
    take_turns_of(session, workflow(code), [new.thing_code for new in prepared if isinstance(new, NewCase)])
    done: list[_Outcome] = []
    for new in prepared:
        done.append(_unless_refused(session, partial(_opened, session, books, new, actor=actor, who=who)))
        if progress is not None:
            progress(len(done))
    return _result(table, done)


def export_cases(
    session: Session, wanted: CaseFilter, *, actor: Actor | None = None, who: str | None = None
) -> pd.DataFrame:
    """Return cases as a sheet, the newest first; a look at those about doors and places is an event.

    Raises
    ------
    BoundsError
        There are more than :data:`MOST_CASES`.
    """
    walked = pages(
        lambda after: look_at_cases(session, wanted, limit=_PAGE, after=after, actor=actor, who=who),
        size=_PAGE,
        most=MOST_CASES,
        zh="件",
        en="cases",
    )
    return pd.DataFrame([row for page in walked for row in _rows(session, page)], columns=list(_COLUMNS))


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Row:
    """A row as it is taken: what it says by the codes of columns, and what it is known by."""

    code: str
    said: Mapping[str, str]
    key: str
    community: str | None


def _matched(table: TextTable, columns: Mapping[str, str] | None) -> dict[str, str]:
    matched = match_columns(table.headings, "case_columns", columns)
    somewhere = "address" in matched or {"lon", "lat"} <= set(matched) or "community" in matched
    if "text" not in matched or not somewhere:
        missing = "内容" if "text" not in matched else "地址"
        raise ColumnError(
            f"没有找到“{missing}”列;请写明是哪一列。表头:{'、'.join(table.headings[:20])}",
            f"no column says {'what it is about' if missing == '内容' else 'where it is'}: "
            f"name it; there are: {', '.join(table.headings[:20])}",
        )
    return matched


def _opened(
    session: Session,
    books: AddressBooks,
    prepared: NewRequest | NewCase | _Outcome,
    *,
    actor: Actor | None,
    who: str | None,
) -> _Outcome:
    """Take one row, as far as it was not refused before."""
    if isinstance(prepared, _Outcome):
        return prepared
    if isinstance(prepared, NewRequest):
        taken = take(session, books, prepared, actor=actor, who=who)
        return _Outcome(taken.outcome, taken.case.number)
    opening = open_or_join(session, prepared, actor=actor, who=who)
    return _Outcome(opening.outcome, opening.case.number)


def _unless_refused(session: Session, do: Callable[[], T]) -> T | _Outcome:
    """Do something for a row; what it wrote is undone where it is refused, and the reason is its outcome."""
    try:
        with session.begin_nested():
            return do()
    except WhereError as error:
        offered = (*error.found.candidates, *error.found.nearest)
        choices = ";".join(f"{place.address}[{place.id}]" for place in offered)
        return _Outcome("refused", reason=f"{error.zh} {error.en}", choices=choices)
    except WanggeError as error:
        return _Outcome("refused", reason=f"{error.zh} {error.en}")


def _request(row: _Row) -> NewRequest:
    return NewRequest(
        row.said["text"],
        channel=CHANNEL,
        kind=coded("request_kinds", row.said.get("kind")),
        nature=_nature(row),
        address=row.said.get("address") or None,
        point=_point(row),
        community_code=row.said.get("community") or row.community,
        reporter=Reporter(row.said.get("name") or None, row.said.get("phone") or None),
        is_new=True,
        found_at=_moment(row.said.get("found_at")),
        client_key=row.key,
    )


def _hazard(session: Session, books: AddressBooks, row: _Row, *, actor: Actor | None, who: str | None) -> NewCase:
    where = find_where(
        session,
        books,
        address=row.said.get("address") or None,
        point=_point(row),
        community=row.said.get("community") or row.community,
        actor=actor,
        who=who,
    )
    return NewCase(
        "hazard",
        coded("hazard_kinds", row.said.get("kind")) or "other",
        row.said["text"],
        **subject_of(where),
        nature=_nature(row),
        source=CHANNEL,
        found_at=_moment(row.said.get("found_at")),
        client_key=row.key,
    )


def _nature(row: _Row) -> str | None:
    text = row.said.get("nature")
    if not text:
        return None
    named = workflow(row.code).natures
    found = next((one.code for one in named if text.casefold() in (one.code, one.zh, one.en.casefold())), None)
    if found is None:
        raise InputError(
            f"没有性质“{text[:40]}”;可用:{'、'.join(one.zh for one in named)}",
            f"there is no nature {text[:40]!r}; one of: {', '.join(one.code for one in named)}",
        )
    return found


def _point(row: _Row) -> tuple[float, float] | None:
    lon, lat = row.said.get("lon"), row.said.get("lat")
    if not lon and not lat:
        return None
    try:
        return float(lon or ""), float(lat or "")
    except ValueError:
        raise InputError(
            f"经纬度“{(lon or '')[:20]},{(lat or '')[:20]}”不是度数",
            f"{(lon or '')[:20]!r}, {(lat or '')[:20]!r} are no degrees",
        ) from None


def _moment(text: str | None) -> datetime | None:
    return moment(text.strip().replace("/", "-").replace(" ", "T")) if text else None


def _result(table: TextTable, done: list[_Outcome]) -> RowsRead:
    told = {"登记编号": "number", "原因": "reason", "候选": "choices"}
    added = {heading: [getattr(one, name) for one in done] for heading, name in told.items()}
    return with_outcomes(table, OUTCOMES, [one.word for one in done], added)


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_COLUMNS = (
    *(
        "编号",
        "流程",
        "类型",
        "性质",
        "内容",
        "环节",
        "状态",
        "灯",
        "层级",
        "社区编码",
        "网格",
        "楼栋",
        "户",
        "场所",
        "要素",
    ),
    *("责任主体", "经度", "纬度", "来源", "时间", "登记", "时限", "办结", "承办人", "次数", "重开", "评价"),
)


def _rows(session: Session, found: list[CaseRecord]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in describe(session, found, now=datetime.now(CHINA_TIME)):
        case = one.case
        words = (one.workflow, one.kind, one.nature)
        stands = (one.step, one.state, one.light_words, one.rung)
        where = (case.community_code, case.grid_code, case.building_code, case.household_unit_code, case.place_code)
        moments = (case.found_at, case.opened_at, case.due_at, case.closed_at)
        cells = (
            case.number,
            *(word.zh if word else "" for word in words),
            case.summary,
            *(word.zh if word else "" for word in stands),
            *where,
            case.city_element_code,
            case.responsible_body_code,
            round(case.lon, 6),
            round(case.lat, 6),
            case.source,
            *(f"{at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}" if at else "" for at in moments),
            case.assignee,
            case.sightings,
            case.reopened,
            case.rating,
        )
        rows.append(dict(zip(_COLUMNS, cells, strict=True)))
    return rows
