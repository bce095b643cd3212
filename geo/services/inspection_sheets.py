"""Use case: inspections out as a sheet, one a row, with what was wrong in words.

How such a sheet comes in: :mod:`geo.services.inspections_from_sheets`.
"""

from typing import Any, Literal

import pandas as pd
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.ledger.answers_in_words import say
from geo.ledger.checklists import checklists
from geo.services.inspecting import InspectionFilter, InspectionRecord, look_at_inspections
from geo.services.walking import pages
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

#: Inspections of a file that is written.
MOST_INSPECTIONS = 100_000
_PAGE = 5_000


def export_inspections(
    session: Session, wanted: InspectionFilter, *, actor: Actor | None = None, who: str | None = None
) -> pd.DataFrame:
    """Return inspections as a sheet, the newest first; the look is an event.

    Raises
    ------
    BoundsError
        There are more than :data:`MOST_INSPECTIONS`.
    """
    walked = pages(
        lambda after: look_at_inspections(session, wanted, limit=_PAGE, after=after, actor=actor, who=who),
        size=_PAGE,
        most=MOST_INSPECTIONS,
        zh="条检查记录",
        en="inspections",
    )
    return pd.DataFrame([_row(record) for page in walked for record in page], columns=headings())


def headings() -> list[str]:
    """Return the headings in the order in which they are written."""
    return [entry.zh for entry in dictionary("inspection_columns").entries.values()]


def _row(record: InspectionRecord) -> dict[str, Any]:
    cells = (
        record.id,
        f"{record.inspected_at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}",
        _word("inspection_parties", record.party),
        record.inspector,
        _word("inspection_results", record.result),
        checklists()[record.checklist].zh if record.checklist in checklists() else record.checklist,
        sum(item["result"] == "ok" for item in record.items),
        sum(item["result"] == "fault" for item in record.items),
        _said(record, "fault", "fault_zh"),
        _said(record, "not_applicable", "zh"),
        record.community_code,
        record.grid_code,
        record.building_code,
        record.household_unit_code,
        record.place_code,
        record.city_element_code,
        round(record.lon, 6),
        round(record.lat, 6),
        record.note,
    )
    return dict(zip(headings(), cells, strict=True))


def _said(record: InspectionRecord, result: str, word: Literal["zh", "fault_zh"]) -> str:
    """Return the items with a result, in the words of a checklist that may have changed since."""
    known = checklists()[record.checklist].items if record.checklist in checklists() else {}
    items = [item for item in record.items if item["result"] == result]
    return say(
        (str(getattr(known[item["code"]], word) if item["code"] in known else item["code"]), item.get("note"))
        for item in items
    )


def _word(name: str, code: str) -> str:
    entry = dictionary(name).entries.get(code)
    return code if entry is None else entry.zh
