"""Cases as the interface takes and shows them: hazards, requests and whatever else runs through a workflow."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from api.dependencies import code_pattern
from api.idempotency import KEY_PATTERN
from api.schemas.geojson import Geometry, Link

State = Literal["open", "paused", "closed", "void"]
Light = Literal["green", "yellow", "red"]
#: A word of a dictionary or of a workflow's file.
WORD_PATTERN = "^[a-z][a-z0-9_]{0,40}$"
LONGEST_TEXT, LONGEST_ADDRESS = 2_000, 200


class CaseItem(BaseModel):
    """A case as it stands."""

    id: int
    number: str = Field(description="编号,如 YH20261122000017 The number that people call it by")
    workflow: str = Field(description="办理流程 The workflow that it runs through")
    workflow_label: str
    kind: str
    kind_label: str
    nature: str | None
    nature_label: str | None
    summary: str
    step: str
    step_label: str
    state: State
    state_label: str
    rung: str | None = Field(description="由哪一级负责 The level that answers for it")
    rung_label: str | None
    light: Light | None = Field(description="灯:离期限多近 How near it is to the end of its limits")
    light_label: str | None
    turn_label: str = Field(description="轮到谁办理 Whose turn it is")
    age_days: int = Field(description="发现以来的天数,办结的到办结为止 Days since it was found, or that it took")
    street_code: str
    community_code: str
    grid_code: str | None = Field(description="登记时生效的网格 The grid in force when it was opened")
    building_code: str | None
    household_unit_code: str | None
    place_code: str | None
    city_element_code: str | None
    responsible_body_code: str | None
    geometry: Geometry
    source: str
    inspection_id: int | None
    assignee: str | None
    found_by: str
    found_at: datetime
    opened_at: datetime
    step_since: datetime
    step_due_at: datetime | None
    due_at: datetime | None
    paused_at: datetime | None
    fixed_by: str | None
    fixed_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    sightings: int = Field(description="被发现的次数 How often it was seen")
    reopened: int = Field(description="复发次数 How often it came back")
    rating: int | None
    version: int


class CasePage(BaseModel):
    """One page of cases, the newest first."""

    items: list[CaseItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class PossibleAction(BaseModel):
    """What the one who asks may do to a case now."""

    code: str
    label: str
    requires: list[str] = Field(description="须填写,见 case_fields 字典 Fields that have to be filled in")
    evidence: list[str] = Field(description="须有照片,见 evidence_phases 字典 Photos that there have to be")
    natures: list[str] = Field(description="只用于这些性质,空为都可 Only for these natures; empty: all")
    ratings: list[int]
    leads_to: str | None = Field(description="到哪一环节 The step that it leads to")


class EvidenceItem(BaseModel):
    """A photo of a case."""

    id: int
    phase: str
    phase_label: str
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    who: str
    recorded_at: datetime
    href: str


class EvidenceList(BaseModel):
    """The photos of a case."""

    items: list[EvidenceItem]


class CaseDetail(CaseItem):
    """A case with what may be done to it by the one who asks."""

    details: dict[str, Any]
    possible: list[PossibleAction]


class OpenedCase(CaseDetail):
    """What came of finding something."""

    outcome: Literal["opened", "joined", "known"] = Field(
        description="opened 新登记;joined 已有同一隐患在办,并入其中;known 此前已发送过 "
        "New; joined to the one that is open; or it was sent before"
    )


class MoveItem(BaseModel):
    """One thing that was done to a case."""

    id: int
    action: str
    action_label: str
    from_step: str | None
    to_step: str
    to_step_label: str
    state: State
    at: datetime
    recorded_at: datetime
    who: str
    role: str | None
    note: str | None
    details: dict[str, Any]
    grid_code: str | None = Field(description="当日生效的网格 The grid in force on that day")


class MoveList(BaseModel):
    """What was done to a case, in the order in which it was."""

    items: list[MoveItem]


class ReporterItem(BaseModel):
    """Who asked."""

    name: str | None
    phone: str | None
    contact: dict[str, Any]


class ReporterGiven(BaseModel):
    """Who asks, kept apart from the case."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=100, pattern=r"\S")
    phone: str | None = Field(default=None, max_length=40, pattern="^[0-9+() -]{3,40}$")


class NewCaseGiven(BaseModel):
    """What somebody found or asks for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "workflow": "hazard",
                "kind": "wiring",
                "summary": "插座过载,电线老化",
                "building_code": "4403990010110500205",
            }
        },
    )

    workflow: str = Field(pattern=WORD_PATTERN, description="办理流程,如 hazard 安全隐患 A workflow")
    kind: str = Field(pattern=WORD_PATTERN, description="类型,如 hazard_kinds 字典 Of the workflow's kinds")
    summary: str = Field(min_length=1, max_length=LONGEST_TEXT, description="内容 What was found")
    nature: str | None = Field(default=None, pattern=WORD_PATTERN, description="性质,可待定级 If it is known already")
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False, description="经度(WGS84)")
    lat: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False, description="纬度(WGS84)")
    household_unit_code: str | None = Field(default=None, pattern=code_pattern("household_unit"))
    place_code: str | None = Field(default=None, pattern=code_pattern("place"))
    building_code: str | None = Field(default=None, pattern=code_pattern("building"))
    city_element_code: str | None = Field(default=None, pattern=code_pattern("city_element"))
    responsible_body_code: str | None = Field(default=None, pattern=code_pattern("responsible_body"))
    source: str = Field(default="patrol", pattern=WORD_PATTERN, description="从何而来 Where it came from")
    found_at: AwareDatetime | None = Field(default=None, description="发现时间,缺省为现在 When; now by default")
    client_key: str | None = Field(
        default=None, pattern=KEY_PATTERN, description="设备自定的唯一键,重复发送只登记一次 The device's own key"
    )
    reporter: ReporterGiven | None = None
    address: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_ADDRESS,
        description="所说的地址,与诉求人同存(须可见电话的角色)As it was said; kept with who asks",
    )


class NewMoveGiven(BaseModel):
    """What is done to a case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"action": "judge", "fields": {"nature": "general"}}},
    )

    action: str = Field(pattern=WORD_PATTERN, description="possible 中的一项 One of those that are possible")
    note: str | None = Field(default=None, max_length=LONGEST_TEXT)
    fields: dict[str, JsonValue] = Field(default_factory=dict, max_length=20, description="所须填写 What it requires")
    at: AwareDatetime | None = Field(default=None, description="办理时间,缺省为现在 When; now by default")
    client_key: str | None = Field(default=None, pattern=KEY_PATTERN, description="设备自定的唯一键")
