"""Which cases are resolutions of which meeting: kept with the case, as what it came from."""

from datetime import datetime, timedelta

from sqlalchemy import Boolean, literal_column, select
from sqlalchemy.orm import Session

from geo.storage import cases, divisions
from geo.storage.cases import CaseRecord
from geo.storage.catalogue import METADATA

_CASES = METADATA.tables["ledger_case"]

#: The member of a case's details that names the meetings it was resolved at.
MEETINGS = "meetings"
#: Few cases are: an index of those alone finds them. As it stands there, since a parameter could be anything.
_WAS_RESOLVED = literal_column(f"details ? '{MEETINGS}'", Boolean)
#: A resolution is about what was opened so long before the period at most, or becomes a case so long after it.
AROUND = timedelta(days=366)


def reference(meeting: str, scope: str, period: str) -> dict[str, str]:
    """Return what a case's details say of a meeting."""
    return {"meeting": meeting, "scope": scope, "period": period}


def mark(session: Session, record: CaseRecord, resolved_at: dict[str, str], *, who: str) -> CaseRecord:
    """Put a meeting to those that a case was resolved at."""
    known = record.details.get(MEETINGS, [])
    if resolved_at in known:
        return record
    details = {**record.details, MEETINGS: [*known, resolved_at]}
    return cases.change_case(session, record, {"details": details}, what="resolved", who=who)


def read_resolved(
    session: Session, scope: str, resolved_at: dict[str, str], *, since: datetime, until: datetime
) -> list[int]:
    """Return the ids of the cases that were resolved at a meeting, in the order in which they were opened.

    Parameters
    ----------
    since, until
        The period that the meeting looked at.
    """
    row = _CASES.c
    query = select(row.id).where(
        row.community_code.in_(divisions.community_codes(session, scope)),
        row.opened_at >= since - AROUND,
        row.opened_at < until + AROUND,
        _WAS_RESOLVED,
        row.details.contains({MEETINGS: [resolved_at]}),
    )
    return list(session.scalars(query.order_by(row.id)))
