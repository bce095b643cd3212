"""Inspections as the interface takes and shows them: checklists, plans, grades, records, and a day's round."""

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import code_pattern
from api.idempotency import KEY_PATTERN
from api.schemas.geojson import Link

#: A word of a dictionary.
WORD_PATTERN = "^[a-z][a-z0-9_]{0,40}$"
SCOPE_PATTERN = "^([0-9]{9}|[0-9]{12})$"
LONGEST_NOTE = 2_000
LONGEST_ITEM_NOTE = 500
#: Inspections in one request: a shift's worth.
MOST_AT_ONCE = 200

ItemResult = Literal["ok", "fault", "not_applicable"]
Result = Literal["clear", "findings", "no_access"]


class Checkpoint(BaseModel):
    """One item of a checklist."""

    code: str
    zh: str = Field(description="合格的样子 What is right")
    en: str
    fault_zh: str = Field(description="不合格时隐患的描述 What is wrong, as the hazard says it")
    fault_en: str
    hazard: str = Field(description="不合格时成为哪种隐患 The kind of hazard that a fault is")


class ChecklistItem(BaseModel):
    """A checklist."""

    code: str
    zh: str
    en: str
    place_kinds: list[str]
    element_kinds: list[str]
    source: str
    items: list[Checkpoint]


class ChecklistList(BaseModel):
    """All checklists."""

    items: list[ChecklistItem]


class AnsweredItem(BaseModel):
    """What was found at one item."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(pattern=WORD_PATTERN)
    result: ItemResult
    note: str | None = Field(default=None, max_length=LONGEST_ITEM_NOTE)


class SentInspection(BaseModel):
    """One look at one place."""

    model_config = ConfigDict(extra="forbid")

    client_key: str = Field(pattern=KEY_PATTERN, description="设备自定的唯一键;重复发送只记一次 Sent twice it is one")
    inspected_at: AwareDatetime = Field(description="检查时间,须带时区 When, with a time zone")
    party: str = Field(default="grid_worker", pattern=WORD_PATTERN, description="检查方,见 inspection_parties 字典")
    place_code: str | None = Field(default=None, pattern=code_pattern("place"))
    household_unit_code: str | None = Field(default=None, pattern=code_pattern("household_unit"))
    building_code: str | None = Field(default=None, pattern=code_pattern("building"))
    city_element_code: str | None = Field(default=None, pattern=code_pattern("city_element"))
    checklist: str | None = Field(
        default=None, pattern=WORD_PATTERN, description="检查表,缺省按场所或要素类型 By default that of the kind"
    )
    no_access: bool = Field(default=False, description="无人开门 Nobody opened")
    items: list[AnsweredItem] = Field(default_factory=list, max_length=100)
    note: str | None = Field(default=None, max_length=LONGEST_NOTE)
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False)
    lat: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False)


class SentInspections(BaseModel):
    """What a device sends when it has signal again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "inspections": [
                    {
                        "client_key": "6f1c2a52-4a6f-4a5e-9a59-0d6b9c1f7f10",
                        "inspected_at": "2026-11-22T09:30:00+08:00",
                        "place_code": "440304006P000001",
                        "no_access": True,
                    }
                ]
            }
        },
    )

    inspections: list[SentInspection] = Field(min_length=1, max_length=MOST_AT_ONCE)


class HazardFound(BaseModel):
    """What became of the faults of one kind."""

    case_id: int
    number: str
    kind: str
    items: list[str]
    is_new: bool = Field(description="新登记的,或并入已有的隐患 New, or joined to one that was known")


class TakenInspection(BaseModel):
    """What became of one inspection that was sent."""

    client_key: str
    outcome: Literal["recorded", "known", "refused"] = Field(
        description="已记录、早已收到、未接受 Recorded, sent before, refused"
    )
    id: int | None = Field(description="检查记录编号 Number of the record")
    result: Result | None
    hazards: list[HazardFound]
    reason_zh: str | None
    reason_en: str | None


class TakenInspections(BaseModel):
    """What became of each, in the order in which they were sent."""

    items: list[TakenInspection]


class TakenRow(TakenInspection):
    """What became of one row of a sheet."""

    row: int = Field(description="表格中的行号,从 1 起 Row of the sheet, from 1")


class TakenSheet(BaseModel):
    """What became of each row, in the order of the sheet."""

    items: list[TakenRow]


class RecordedItem(BaseModel):
    """An item as it was answered, with the hazard that it became."""

    code: str
    result: ItemResult
    note: str | None = None
    case_id: int | None = None


class InspectionItem(BaseModel):
    """One look as it is kept."""

    id: int
    plan_id: int | None
    street_code: str
    community_code: str
    grid_code: str | None
    building_code: str | None
    household_unit_code: str | None
    place_code: str | None
    city_element_code: str | None
    lon: float
    lat: float
    party: str
    checklist: str
    result: Result
    items: list[RecordedItem]
    note: str | None
    inspected_at: datetime
    recorded_at: datetime
    inspector: str


class InspectionDetail(InspectionItem):
    """One look with its photos; those of hazards are with the hazards."""

    photos: list[int] = Field(description="照片编号,见 /evidence/{id} Numbers of photos")


class InspectionPage(BaseModel):
    """One page of inspections, the newest first."""

    items: list[InspectionItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class PhotoItem(BaseModel):
    """A photo that was kept."""

    id: int
    case_id: int | None
    inspection_id: int | None
    item: str | None


class PlanItem(BaseModel):
    """What is inspected how often by whom."""

    id: int
    name: str
    scope_code: str
    place_kind: str
    grade: str | None
    party: str
    cycle_days: int
    checklist: str
    since: date
    until: date | None
    created_by: str
    version: int


class PlanPage(BaseModel):
    """One page of plans of inspections."""

    items: list[PlanItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class PlanList(BaseModel):
    """Plans that were made."""

    items: list[PlanItem]


class NewPlan(BaseModel):
    """A plan to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"scope": "440304006001", "place_kind": "small_shop", "party": "grid_worker", "cycle_days": 60}
        },
    )

    scope: str = Field(pattern=SCOPE_PATTERN, description="街道或社区 Street or community")
    place_kind: str = Field(pattern=WORD_PATTERN)
    grade: str | None = Field(default=None, pattern=WORD_PATTERN)
    party: str = Field(pattern=WORD_PATTERN)
    cycle_days: int = Field(ge=1, le=1_830)
    checklist: str | None = Field(default=None, pattern=WORD_PATTERN)
    name: str | None = Field(default=None, min_length=1, max_length=100)
    since: date | None = None


class DefaultPlans(BaseModel):
    """For which street or community the dictionary's plans are made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"scope": "440304006"}})

    scope: str = Field(pattern=SCOPE_PATTERN)


class PlanChange(BaseModel):
    """What is changed of a plan."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"cycle_days": 45}})

    name: str | None = Field(default=None, min_length=1, max_length=100)
    cycle_days: int | None = Field(default=None, ge=1, le=1_830)
    checklist: str | None = Field(default=None, pattern=WORD_PATTERN)


class GradeItem(BaseModel):
    """A grade that a place has or had."""

    grade: str
    since: date
    until: date | None
    reason: str | None
    who: str


class PlaceGrade(BaseModel):
    """The grade of a place and how it came to it."""

    place_code: str
    current: GradeItem | None
    history: list[GradeItem]
    version: int


class NewGrade(BaseModel):
    """A grade to be given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"grade": "strict", "reason": "多次违规"}})

    grade: str = Field(pattern=WORD_PATTERN)
    reason: str = Field(min_length=1, max_length=500)
