"""Photos (证据) of cases and inspections: bytes kept once, and what each of them shows, when and where."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.storage import events
from geo.storage.catalogue import METADATA
from geo.storage.refusals import in_plain_words

#: The noun of events about photos; their code is the id of the case or inspection.
EVIDENCE = "evidence"
_EVIDENCE = METADATA.tables["evidence"]
_CONTENT = METADATA.tables["evidence_content"]


@dataclass(frozen=True)
class EvidenceRecord:
    """A photo without its bytes; see :class:`geo.storage.ledger_tables.Evidence`. ``hash`` is their SHA-256."""

    id: int
    case_id: int | None
    inspection_id: int | None
    phase: str
    item: str | None
    hash: bytes
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    who: str
    recorded_at: datetime


def keep(
    session: Session,
    content: bytes,
    media_type: str,
    *,
    phase: str,
    case_id: int | None = None,
    inspection_id: int | None = None,
    item: str | None = None,
    taken_at: datetime | None = None,
    lon: float | None = None,
    lat: float | None = None,
    who: str,
) -> EvidenceRecord:
    """Keep a photo of a case or an inspection; the same one sent again for the same phase and item is the first.

    Parameters
    ----------
    content
        The picture, checked and without what cameras write into it.
    lon, lat
        Where it was taken, EPSG:4326.

    Raises
    ------
    WanggeError
        The database refused: the case is not seen, or who asks does not work on cases.
    """
    fingerprint = hashlib.sha256(content).digest()
    of = {"case_id": case_id, "inspection_id": inspection_id, "phase": phase, "item": item, "hash": fingerprint}
    same = [_EVIDENCE.c[name].is_not_distinct_from(value) for name, value in of.items()]
    known = session.execute(select(*_columns()).where(*same).order_by(_EVIDENCE.c.id).limit(1)).first()
    if known is not None:
        return EvidenceRecord(**known._mapping)
    # Later than what was done before in this very transaction.
    values = {**of, "taken_at": taken_at, "lon": lon, "lat": lat, "who": who, "recorded_at": func.clock_timestamp()}
    _keep_content(session, {"hash": fingerprint, "media_type": media_type, "content": content})
    with in_plain_words():
        written = session.execute(insert(_EVIDENCE).values(values).returning(*_columns())).one()
    record = EvidenceRecord(**written._mapping)
    told = {"id": record.id, "phase": phase, "item": item, "hash": fingerprint.hex()}
    about = case_id if case_id is not None else inspection_id
    events.record(session, who=who, what="attached", noun=EVIDENCE, code=str(about), after=told)
    return record


def read(session: Session, *, case_id: int | None = None, inspection_id: int | None = None) -> list[EvidenceRecord]:
    """Read the photos of a case or an inspection, in the order in which they came."""
    query = select(*_columns()).order_by(_EVIDENCE.c.id)
    if case_id is not None:
        query = query.where(_EVIDENCE.c.case_id == case_id)
    if inspection_id is not None:
        query = query.where(_EVIDENCE.c.inspection_id == inspection_id)
    return [EvidenceRecord(**row._mapping) for row in session.execute(query)]


def read_content(session: Session, evidence_id: int) -> tuple[EvidenceRecord, str, bytes]:
    """Read a photo with its media type and bytes.

    Raises
    ------
    NotFoundError
        There is no such photo, or what it is of is not seen.
    """
    joined = select(*_columns(), _CONTENT.c.media_type, _CONTENT.c.content).join(
        _CONTENT, _CONTENT.c.hash == _EVIDENCE.c.hash
    )
    found = session.execute(joined.where(_EVIDENCE.c.id == evidence_id)).first()
    if found is None:
        raise NotFoundError(f"没有编号为 {evidence_id} 的照片", f"there is no photo {evidence_id}")
    plain = {name: value for name, value in found._mapping.items() if name not in ("media_type", "content")}
    return EvidenceRecord(**plain), str(found.media_type), bytes(found.content)


def _keep_content(session: Session, values: dict[str, Any]) -> None:
    """Keep bytes unless they are kept; whoever sends them may not see that they are, so it is tried."""
    with suppress(ConflictError), in_plain_words(), session.begin_nested():
        session.execute(insert(_CONTENT).values(values))


def _columns() -> list[Any]:
    return [_EVIDENCE.c[item.name] for item in fields(EvidenceRecord)]
