"""A day's round as the interface shows it: where to go in which order, and what there is around."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.inspections import Result


class StepItem(BaseModel):
    """Something that may be done to a hazard, and what that needs."""

    code: str
    zh: str
    en: str
    effect: str | None
    requires: list[str]
    evidence: list[str]


class VisitItem(BaseModel):
    """One thing to look at."""

    noun: Literal["place", "household_unit", "building", "city_element", "point"]
    code: str
    kind: str = Field(description="场所类型,或隐患类型 Kind of place, or of hazard")
    name: str
    address: str | None
    why: Literal["due", "overdue", "hazard"]
    stairwell_code: str | None
    floor: int | None
    room: str | None
    household_unit_code: str | None
    checklist: str | None
    party: str | None
    due_on: date | None
    last_seen: date | None
    no_access: int = Field(description="上次查到以来无人开门几次 How often nobody opened since")
    case_id: int | None
    case_version: int | None
    number: str | None
    summary: str | None
    actions: list[StepItem] = Field(description="对隐患可办理的事项 What may be done to the hazard")


class StopItem(BaseModel):
    """A building, or a place in the open, with what is to be looked at there from the bottom up."""

    building_code: str | None
    name: str | None
    address: str | None
    lon: float
    lat: float
    visits: list[VisitItem]


class SubjectItem(BaseModel):
    """A place or a door in these grids, due or not, and when it was last seen."""

    noun: Literal["place", "household_unit"]
    code: str
    kind: str
    name: str
    address: str | None
    building_code: str | None
    floor: int | None
    room: str | None
    lon: float
    lat: float
    last_seen: date | None = Field(description="最近一次查到 When somebody last got in")
    result: Result | None = Field(description="最近一次检查的结果 What the last look came to")


class RoundItem(BaseModel):
    """A day's round, in the order of a walk."""

    inspector: str
    day: date
    expires_at: datetime = Field(description="设备应在此后删除 When a device has to forget it")
    grids: list[str]
    stops: list[StopItem]
    left_out: bool = Field(description="还有更多到期的,未列入 More is due than one round takes")
    as_of: datetime = Field(description="何时的情况 When it was so")
    ground: dict[str, Any] = Field(
        description="图层(GeoJSON):网格、楼栋、道路、城市管理要素、在办隐患 Layers of these grids"
    )
    subjects: list[SubjectItem] = Field(description="网格内可检查的场所与户,按编码 What may be inspected there")
    more_hazards: bool = Field(description="在办隐患过多,只列最新的 Only the newest hazards are listed")
