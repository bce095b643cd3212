"""Reports for meetings as the interface shows them, and resolutions as it takes them."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import code_pattern
from api.idempotency import KEY_PATTERN
from api.schemas.cases import LONGEST_TEXT, WORD_PATTERN, CaseDetail
from api.schemas.figures import CountedCase, SpotProperties


class AgendaItem(BaseModel):
    """Something on the agenda."""

    code: str
    zh: str
    en: str


class MeetingItem(BaseModel):
    """A meeting that reports are made for."""

    code: str
    zh: str
    en: str
    tier: Literal["street", "community"]
    every_months: int
    agenda: list[AgendaItem]


class MeetingList(BaseModel):
    """The meetings that reports are made for."""

    items: list[MeetingItem]


class ComparedItem(BaseModel):
    """A figure of the period and of the one before."""

    figure: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    value: float | None
    before: float | None
    is_met: bool | None = Field(description="是否达到目标,没有目标则为空 Null for what has no goal")
    is_better: bool | None
    href: str | None = Field(description="打开为事项 Opens to exactly the cases that were counted")


class OverdueItem(CountedCase):
    """A case that is late."""

    days: int = Field(description="超期天数 Whole days past its limit when the period ended")


class PlacedSpotItem(SpotProperties):
    """A hot spot and where it is."""

    community: str
    grid_code: str = Field(description="期末的网格编码,网格之外为空 Code of the grid when the period ended")
    grid: str
    near: str = Field(description="最近楼栋的小区与楼名,或地址 The nearest building: compound and name, or address")
    near_m: float | None = Field(description="中心距该楼栋多少米 Metres from it")
    lon: float
    lat: float


class RankedItem(BaseModel):
    """A part of the scope with its place."""

    code: str
    name: str
    place: int | None = Field(description="名次,1 最好;无可比数据为空 1 is the best; null: nothing to rank by")
    before: int | None
    values: dict[str, float | None]


class ResolvedItem(BaseModel):
    """A resolution as it stands today."""

    id: int
    number: str
    summary: str
    state: str
    step_label: str
    assignee: str | None
    href: str


class ReportAnswer(BaseModel):
    """The report for a meeting."""

    kind: str
    scope: str
    name: str
    period: str = Field(description="时段,如 2026-10、2026-H1 The period's name")
    since: date
    until: date
    has_ended: bool
    is_whole: bool
    agenda: list[AgendaItem]
    goals: list[ComparedItem]
    figures: list[ComparedItem]
    overdue_count: int
    overdue: list[OverdueItem]
    hot_spots: list[PlacedSpotItem] | None = Field(description="事项太多无法查找时为空 Null: too many to look through")
    ranking: list[RankedItem]
    follow_up: list[ResolvedItem]
    resolutions: list[ResolvedItem]


class ResolutionGiven(BaseModel):
    """What a meeting resolved to have done."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "scope": "440399001001",
                "period": "2026-10",
                "text": "在三号楼加装电动车充电桩",
                "kind": "fire_safety",
                "assignee": "南华物业",
            }
        },
    )

    scope: str = Field(pattern="^([0-9]{9}|[0-9]{12})$", description="开会的街道或社区 Whose meeting it is")
    period: str = Field(pattern="^[0-9]{4}-([0-9]{2}|H[12])$", description="会议的时段 The period that it looks at")
    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S", description="要做什么 What is to be done")
    workflow: Literal["request", "hazard"] = Field(
        default="request", description="按哪种流程跟踪 As what it is followed"
    )
    kind: str = Field(default="other", pattern=WORD_PATTERN, description="类型,见 request_kinds、hazard_kinds Kind")
    nature: str | None = Field(default=None, pattern=WORD_PATTERN, description="性质 Nature, of the workflow")
    assignee: str | None = Field(
        default=None, max_length=200, pattern=r"\S", description="由谁负责,缺省按职责清单 Who is in charge"
    )
    until: AwareDatetime | None = Field(default=None, description="一般隐患的整改期限 By when a general hazard goes")
    community_code: str | None = Field(default=None, pattern=code_pattern("community"))
    building_code: str | None = Field(default=None, pattern=code_pattern("building"))
    place_code: str | None = Field(default=None, pattern=code_pattern("place"))
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False, description="经度(WGS84)")
    lat: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False, description="纬度(WGS84)")
    client_key: str | None = Field(
        default=None, pattern=KEY_PATTERN, description="自定的唯一键,重复发送只登记一次 The sender's own key"
    )


class ResolvedCase(CaseDetail):
    """The case that a resolution became."""

    outcome: Literal["opened", "joined", "known"] = Field(
        description="opened 新登记;joined 已有同一隐患在办,与会议关联;known 此前已发送过 "
        "New; linked to the one that is open; or it was sent before"
    )
    report: str = Field(description="会议报告的地址 The report of the meeting")
