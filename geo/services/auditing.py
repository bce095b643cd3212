"""Use cases of the auditor: is the trail of events whole, what does it say, and a copy of that for the files."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import InputError
from geo.exchange.writing import write_frame
from geo.storage import audit, events
from geo.storage.audit import Finding, Head
from geo.storage.events import EventRecord
from geo.territory.nouns import NOUNS
from geo.territory.times import CHINA_TIME

#: Rows of an export: what a spreadsheet takes, with room for its heading.
MAX_EXPORT_ROWS = 1_000_000
PAGE_ROWS = 5_000
#: A spreadsheet's cell ends at 32,767; a border in one is cut and says so.
MAX_CELL = 30_000
EXPORT_SUFFIXES = (".csv", ".xlsx")
#: Stands for what is not told.
HIDDEN = "…"
#: The trail of events as a thing that is looked at.
TRAIL = "audit_trail"

_DAY = r"\d{4}-\d{2}-\d{2}"
MOMENT_PATTERN = rf"^{_DAY}(T\d{{2}}:\d{{2}}(:\d{{2}})?(Z|[+-]\d{{2}}:\d{{2}})?)?$"
_YEARS = range(2000, 2101)

#: Told how many events were read.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted; None takes all. ``since`` belongs to it, ``until`` does not."""

    who: str | None = None
    what: str | None = None
    noun: str | None = None
    code: str | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Verified:
    """How the trail was found: what does not fit, and where it stands now, to be noted elsewhere."""

    findings: list[Finding]
    head: Head | None


def verify_trail(session: Session, kept: list[str], *, who: str) -> Verified:
    """Compute the chain of all events anew, hold it against heads that were noted, and record that it was done.

    Raises
    ------
    InputError
        One of ``kept`` is no head.
    """
    found = audit.verify(session, [Head.parse(written) for written in kept])
    head = audit.head(session)
    events.record(session, who=who, what="verified", noun=TRAIL, after={"findings": len(found), "head": str(head)})
    return Verified(found, head)


def search_trail(session: Session, wanted: EventFilter, *, limit: int, after: int | None = None) -> list[EventRecord]:
    """Read events, the newest first; the next page is ``after`` the last id of this one.

    Of rows that say who lives where only the fields' names are told, and of others everything but what is personal.
    """
    found = audit.search(session, **asdict(wanted), limit=limit, after=after)
    return [
        replace(one, before=_impersonal(one.noun, one.before), after=_impersonal(one.noun, one.after)) for one in found
    ]


def _impersonal(noun: str, image: dict[str, Any] | None) -> dict[str, Any] | None:
    """Leave out what a noun's personal columns held, as :func:`geo.storage.audit.search` does with homes."""
    if image is None or noun not in NOUNS:
        return image
    personal = {column.name for column in NOUNS[noun].columns if column.personal}
    return {name: HIDDEN if name in personal and value is not None else value for name, value in image.items()}


def export_trail(
    session: Session, wanted: EventFilter, path: Path, *, who: str, progress: Progress | None = None
) -> int:
    """Write the events wanted, the newest first, into a .csv or .xlsx that runs nothing; return how many.

    Each row says who exported it and when; that it was is an event as well.

    Raises
    ------
    InputError
        Another suffix, or more events than a spreadsheet has rows.
    """
    if path.suffix.casefold() not in EXPORT_SUFFIXES:
        raise InputError(
            f"审计记录只能导出为 .csv 或 .xlsx,不能是“{path.suffix}”",
            f"the audit trail is exported as .csv or .xlsx, not as {path.suffix!r}",
        )
    rows = []
    for record in _all(session, wanted):
        rows.append(_row(record))
        if len(rows) > MAX_EXPORT_ROWS:
            raise InputError(
                f"记录超过 {MAX_EXPORT_ROWS} 条;请用时间等条件缩小范围,分次导出",
                f"there are over {MAX_EXPORT_ROWS} events; narrow them down, by time say, and export in parts",
            )
        if progress is not None and len(rows) % PAGE_ROWS == 0:
            progress(len(rows))
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype=object)
    frame["exported_by"], frame["exported_at"] = who, _china(datetime.now(UTC))
    write_frame(frame, path, layer="audit")
    told = {name: str(value) for name, value in asdict(wanted).items() if value is not None}
    events.record(session, who=who, what="exported", noun=TRAIL, after={"events": len(rows), "wanted": told})
    return len(rows)


def moment(written: str, *, end: bool = False) -> datetime:
    """Read a day or a moment; China's time unless it says another. ``end``: a day means the end of it.

    Raises
    ------
    InputError
        It is neither, or of another century.
    """
    try:
        if not re.fullmatch(MOMENT_PATTERN, written, re.ASCII):
            raise ValueError
        found = datetime.fromisoformat(written)
        if found.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise InputError(
            "时间应写作 2026-11-22 或 2026-11-22T08:30(2000 至 2100 年)",
            "a time is written as 2026-11-22 or 2026-11-22T08:30, of the years 2000 to 2100",
        ) from None
    if end and len(written) == len("2026-11-22"):
        found += timedelta(days=1)
    return found if found.tzinfo else found.replace(tzinfo=CHINA_TIME)


_COLUMNS = ["id", "at", "who", "account_id", "address", "request_id", "what", "noun", "code", "before", "after"]


def _all(session: Session, wanted: EventFilter) -> Iterator[EventRecord]:
    after = None
    while page := search_trail(session, wanted, limit=PAGE_ROWS, after=after):
        yield from page
        after = page[-1].id


def _row(record: EventRecord) -> dict[str, Any]:
    told = {name: getattr(record, name) for name in _COLUMNS}
    return {**told, "at": _china(record.at), "before": _text(record.before), "after": _text(record.after)}


def _china(at: datetime) -> str:
    return at.astimezone(CHINA_TIME).isoformat(timespec="milliseconds")


def _text(image: dict[str, Any] | None) -> str | None:
    if image is None:
        return None
    text = json.dumps(image, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…(共 {len(text)} 字 characters)"
