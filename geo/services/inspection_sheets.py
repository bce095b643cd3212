"""Use case: inspections out as a sheet, one a row, with what was wrong in words."""

from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError
from geo.ledger.checklists import checklists
from geo.services.inspecting import InspectionFilter, InspectionRecord, look_at_inspections
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

#: Inspections of a file that is written.
MOST_INSPECTIONS = 100_000
_COLUMNS = (
    *("检查编号", "检查时间", "检查方", "检查人", "结果", "检查表", "符合项数", "问题项数", "问题", "社区编码"),
    *("网格编码", "楼栋编码", "户编码", "场所编码", "要素编码", "经度", "纬度", "备注"),
)
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
    rows: list[dict[str, Any]] = []
    after: int | None = None
    while True:
        found = look_at_inspections(session, wanted, limit=_PAGE, after=after, actor=actor, who=who)
        rows += map(_row, found)
        if len(rows) > MOST_INSPECTIONS:
            raise BoundsError(
                f"超过 {MOST_INSPECTIONS} 条检查记录;请缩小范围或时段",
                f"there are more than {MOST_INSPECTIONS} inspections: ask for fewer",
            )
        if len(found) < _PAGE:
            return pd.DataFrame(rows, columns=list(_COLUMNS))
        after = found[-1].id


def _row(record: InspectionRecord) -> dict[str, Any]:
    faults = [item for item in record.items if item["result"] == "fault"]
    cells = (
        record.id,
        f"{record.inspected_at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}",
        _word("inspection_parties", record.party),
        record.inspector,
        _word("inspection_results", record.result),
        checklists()[record.checklist].zh if record.checklist in checklists() else record.checklist,
        sum(item["result"] == "ok" for item in record.items),
        len(faults),
        ";".join(_fault(record.checklist, item) for item in faults),
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
    return dict(zip(_COLUMNS, cells, strict=True))


def _fault(checklist: str, item: dict[str, Any]) -> str:
    """Return what is wrong, in the words of a checklist that may have changed since."""
    known = checklists()[checklist].items.get(item["code"]) if checklist in checklists() else None
    said = known.fault_zh if known else str(item["code"])
    return f"{said}({item['note']})" if item.get("note") else said


def _word(name: str, code: str) -> str:
    entry = dictionary(name).entries.get(code)
    return code if entry is None else entry.zh
