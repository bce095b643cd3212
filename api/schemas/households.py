"""Doors and people of the grids, as served to those who may see them."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class HouseholdUnitItem(BaseModel):
    """A household unit (户): one door."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    code: str
    building_code: str
    stairwell_code: str | None
    floor: int | None
    room: str
    kind: str
    kind_label: str = Field(description="类型的名称 The kind in words")
    address: str | None


class HouseholdUnits(BaseModel):
    """One page of a building's doors, by code."""

    items: list[HouseholdUnitItem]
    next: str | None = Field(description="下一页从此编码之后开始 The next page follows this code; null: there is none")


class GridStaffItem(BaseModel):
    """A grid worker, cell head or other person of the grids (网格人员)."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    code: str
    name: str
    role: str
    role_label: str = Field(description="岗位的名称 The role in words")
    phone: str | None = Field(description="按角色掩码 Masked for roles that do not see numbers")
    grid_code: str | None
    since: date | None
    until: date | None


class GridStaffPage(BaseModel):
    """One page of people, by code."""

    items: list[GridStaffItem]
    next: str | None = Field(description="下一页从此编码之后开始 The next page follows this code; null: there is none")
