"""Who asked (诉求人): kept apart from cases, since more people see cases than people."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.storage import events
from geo.storage.catalogue import METADATA
from geo.storage.refusals import in_plain_words

#: The noun of events about reporters; their code is the case's id, and they tell nothing of the person.
REPORTER = "case_reporter"
_REPORTERS = METADATA.tables["case_reporter"]


@dataclass(frozen=True)
class Reporter:
    """A person who asked; ``contact`` holds further ways to reach them."""

    name: str | None = None
    phone: str | None = None
    contact: dict[str, Any] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether anything at all was said of the person."""
        return bool(self.name or self.phone or self.contact)


def keep(session: Session, case_id: int, reporter: Reporter, *, who: str) -> None:
    """Keep who asked for a case; whoever asked first stays on record.

    Raises
    ------
    WanggeError
        The database refused: the role does not see households, or there is a reporter already.
    """
    values = {"name": reporter.name or None, "phone": reporter.phone or None, "contact": reporter.contact}
    with in_plain_words():
        new = insert(_REPORTERS).values(case_id=case_id, **values).on_conflict_do_nothing(index_elements=["case_id"])
        kept = session.scalar(new.returning(_REPORTERS.c.case_id))
    if kept is not None:
        events.record(session, who=who, what="created", noun=REPORTER, code=str(case_id))


def look(session: Session, case_id: int, *, who: str) -> Reporter | None:
    """Read who asked for a case, and record the look; None where nobody is on record, or the role sees nobody."""
    query = select(_REPORTERS.c.name, _REPORTERS.c.phone, _REPORTERS.c.contact)
    found = session.execute(query.where(_REPORTERS.c.case_id == case_id)).first()
    if found is None:
        return None
    events.record(session, who=who, what="looked", noun=REPORTER, code=str(case_id))
    return Reporter(**found._mapping)
