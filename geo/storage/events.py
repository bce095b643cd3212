"""Who did what, when: events are written beside every change and never altered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, cast, insert, select
from sqlalchemy.orm import Session

from geo.storage.catalogue import METADATA
from geo.storage.tables import Event
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

#: What moves with every write and therefore tells nobody what changed.
_BOOKKEEPING = {"version", "changed_at"}
_EVENTS = METADATA.tables["event"]


@dataclass(frozen=True)
class EventRecord:
    """One event. ``before`` and ``after`` are the row as it was and became; geometries in them are GeoJSON."""

    id: int
    who: str
    at: datetime
    what: str
    noun: str
    code: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str | None = None
    request_id: str | None = None
    account_id: int | None = None

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Fields that differ, each with its value before and after."""
        before, after = self.before or {}, self.after or {}
        names = sorted((set(before) | set(after)) - _BOOKKEEPING)
        return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def record(
    session: Session,
    *,
    who: str,
    what: str,
    noun: str,
    code: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append an event to the open transaction. ``what``: created, changed, ended, imported, adopted, superseded, seen.

    Where the transaction has an actor, the event is in their name, from their address, whatever ``who`` says.
    """
    session.flush()
    # Nothing is returned: whoever writes an event need not be allowed to read it.
    told = {"who": who, "what": what, "noun": noun, "code": code, "before": before, "after": after}
    session.execute(insert(_EVENTS).values({name: value for name, value in told.items() if value is not None}).inline())


def read(
    session: Session,
    *,
    noun: str | None = None,
    code: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
    after: int | None = None,
) -> list[EventRecord]:
    """Read events, the newest first; the next page is ``after`` the last id of this one."""
    query = select(Event).order_by(Event.id.desc()).limit(limit)
    if noun is not None:
        query = query.where(Event.noun == noun)
    if code is not None:
        query = query.where(Event.code == code)
    if since is not None:
        query = query.where(Event.at >= since)
    if after is not None:
        query = query.where(Event.id < after)
    return [_record(event) for event in session.scalars(query)]


def changes_since(session: Session, noun: str, code: str, version: int) -> list[EventRecord]:
    """Read what happened to a row after it had ``version``, the oldest first; bulk imports tell no single rows."""
    became = cast(Event.after["version"].astext, BigInteger)
    query = select(Event).where(Event.noun == noun, Event.code == code, became > version).order_by(Event.id)
    return [_record(event) for event in session.scalars(query)]


def told(records: list[EventRecord]) -> tuple[str, str]:
    """Say in one line who changed what, in Chinese and in English; for the message to one who saw an older version."""
    deeds = dictionary("event_deeds").entries
    lines = []
    for record in records[-3:]:
        when = f"{record.who} {record.at.astimezone(CHINA_TIME):%m-%d %H:%M}"
        changes = [_change(name, *values) for name, values in record.changed.items()]
        deed = deeds.get(record.what)
        words = (record.what, record.what) if deed is None else (deed.zh, deed.en)
        more = f" ({', '.join(changes)})" if changes else ""
        lines.append([f"{when} {word}{more}" for word in words])
    return "; ".join(zh for zh, _ in lines), "; ".join(en for _, en in lines)


def _change(name: str, old: Any, new: Any) -> str:
    """Say what a field was and became; of what is no plain value, that it changed."""
    if isinstance(old, list | dict) or isinstance(new, list | dict):
        return name
    return f"{name} {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _record(event: Event) -> EventRecord:
    names = EventRecord.__dataclass_fields__
    return EventRecord(**{name: getattr(event, name) for name in names})
