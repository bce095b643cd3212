"""The last look at each city element in the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from geo.storage.catalogue import METADATA

_INSPECTIONS = METADATA.tables["inspection"]


@dataclass(frozen=True)
class ElementLook:
    """When a city element was looked at last, and what came of it."""

    inspected_at: datetime
    result: str


def read_element_looks(session: Session, codes: Sequence[str]) -> dict[str, ElementLook]:
    """Read the last look at each of some city elements, by code; those never looked at are left out."""
    columns = _INSPECTIONS.c
    code = columns.city_element_code
    query = (
        select(code.label("code"), columns.inspected_at, columns.result)
        .where(code.in_(list(codes)))
        .ext(distinct_on(code))
        .order_by(code, columns.inspected_at.desc(), columns.id.desc())
    )
    return {row.code: ElementLook(row.inspected_at, row.result) for row in session.execute(query)}
