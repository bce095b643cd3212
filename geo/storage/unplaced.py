"""Rows of imported lists whose addresses are no one place: kept, read, and decided on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError, StaleVersionError
from geo.storage import events
from geo.storage.refusals import in_plain_words
from geo.storage.tables import UnplacedRow

State = Literal["open", "placed", "dropped"]

#: The noun of events about these rows; they tell what was decided, never what the list says of a place.
UNPLACED = "unplaced_row"
_TOLD = ("noun", "source", "row_number", "state", "code", "version")
_RENEWED = ("row_number", "file_row", "manner", "address", "outcome", "reason_zh", "reason_en", "choices")


@dataclass(frozen=True)
class NewUnplaced:
    """A row to be kept; see :class:`geo.storage.tables.UnplacedRow`."""

    noun: str
    source: str
    source_key: str
    row_number: int
    file_row: dict[str, str]
    manner: dict[str, Any]
    scope_code: str | None
    address: str
    outcome: str
    reason_zh: str
    reason_en: str
    choices: list[dict[str, Any]]


@dataclass(frozen=True)
class UnplacedRecord(NewUnplaced):
    """A row that is kept, and what became of it."""

    id: int
    state: State
    code: str | None
    created_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int


def keep(session: Session, rows: Sequence[NewUnplaced], *, who: str) -> int:
    """Keep rows; one that is open already says what was found now, one that was decided on stays as it is.

    Returns
    -------
    int
        How many rows are new.
    """
    kept = 0
    for row in rows:
        values = {name: getattr(row, name) for name in NewUnplaced.__dataclass_fields__}
        said = insert(UnplacedRow).values(**values, created_by=who)
        renewed = {name: said.excluded[name] for name in _RENEWED} | {"version": UnplacedRow.version + 1}
        known = said.on_conflict_do_update(
            index_elements=["noun", "source", "source_key"],
            set_=renewed,
            where=(UnplacedRow.state == "open") & (UnplacedRow.choices != said.excluded.choices),
        )
        with in_plain_words():
            version = session.scalar(known.returning(UnplacedRow.version))
        kept += version == 1
    if kept:
        told = {"noun": rows[0].noun, "source": rows[0].source, "rows": kept}
        events.record(session, who=who, what="imported", noun=UNPLACED, after=told)
    session.expire_all()
    return kept


def read(
    session: Session, *, state: State = "open", noun: str | None = None, limit: int | None = None, after: int = 0
) -> list[UnplacedRecord]:
    """Read rows in the order in which they came; the next page is ``after`` the last id of this one."""
    query = select(UnplacedRow).where(UnplacedRow.state == state, UnplacedRow.id > after)
    if noun is not None:
        query = query.where(UnplacedRow.noun == noun)
    return [_record(row) for row in session.scalars(query.order_by(UnplacedRow.id).limit(limit))]


def read_one(session: Session, row_id: int) -> UnplacedRecord:
    """Read one row.

    Raises
    ------
    NotFoundError
        There is no such row.
    """
    return _record(_found(session.get(UnplacedRow, row_id), row_id))


def hold(session: Session, row_id: int, *, version: int | None) -> UnplacedRecord:
    """Read an open row and keep others from deciding on it until the transaction ends.

    Parameters
    ----------
    version
        The version that was seen; None takes any.

    Raises
    ------
    NotFoundError
        There is no such row.
    StaleVersionError
        It changed meanwhile.
    ConflictError
        Somebody decided on it before.
    """
    query = select(UnplacedRow).where(UnplacedRow.id == row_id).with_for_update()
    with in_plain_words():
        row = _record(_found(session.scalars(query, execution_options={"populate_existing": True}).first(), row_id))
    if version is not None and version != row.version:
        raise StaleVersionError(
            f"第 {row_id} 号未定位行已改变(第 {row.version} 版,您看到的是第 {version} 版);请刷新后再选",
            f"unplaced row {row_id} changed: it has version {row.version}, you saw {version}; look again, then choose",
        )
    if row.state != "open":
        raise ConflictError(
            f"第 {row_id} 号未定位行已由 {row.decided_by} 处理",
            f"unplaced row {row_id} is {row.state} already, by {row.decided_by}",
        )
    return row


def decide(session: Session, row: UnplacedRecord, state: State, *, code: str | None = None, who: str) -> UnplacedRecord:
    """Say what became of a row that is held: placed as the thing ``code``, or dropped."""
    changes = {
        "state": state,
        "code": code,
        "decided_by": who,
        "decided_at": func.now(),
        "version": row.version + 1,
    }
    with in_plain_words():
        changed = update(UnplacedRow).where(UnplacedRow.id == row.id).values(changes)
        session.execute(changed, execution_options={"synchronize_session": False})
    session.expire_all()
    after = read_one(session, row.id)
    # By the code of what it became, so that whoever sees the one sees the other.
    told = {"before": _told(row), "after": _told(after)}
    events.record(session, who=who, what=state, noun=UNPLACED, code=code or row.scope_code, **told)
    return after


def settle(session: Session, noun: str, source: str, codes: Mapping[str, str], *, who: str) -> int:
    """Mark open rows placed whose list came again and named one place; ``codes`` are those of things, by source key."""
    query = select(UnplacedRow).where(
        UnplacedRow.noun == noun,
        UnplacedRow.source == source,
        UnplacedRow.state == "open",
        UnplacedRow.source_key.in_(list(codes)),
    )
    found = [_record(row) for row in session.scalars(query.order_by(UnplacedRow.id).with_for_update())]
    for row in found:
        decide(session, row, "placed", code=codes[row.source_key], who=who)
    return len(found)


def _told(row: UnplacedRecord) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _TOLD}


def _found(row: UnplacedRow | None, row_id: int) -> UnplacedRow:
    if row is None:
        raise NotFoundError(f"没有编号为 {row_id} 的未定位行", f"there is no unplaced row {row_id}")
    return row


def _record(row: UnplacedRow) -> UnplacedRecord:
    return UnplacedRecord(**{name: getattr(row, name) for name in UnplacedRecord.__dataclass_fields__})
