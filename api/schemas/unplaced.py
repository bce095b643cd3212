"""Rows of imported lists that wait for somebody to say where they are."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.geojson import Link


class Choice(BaseModel):
    """A place that a row could be."""

    id: str
    level: str = Field(description="级别,见 address_elements 字典 Level")
    address: str = Field(description="地址全文 The whole address")
    apart: str = Field(description="与其他候选的区别 What tells it from the others")
    lon: float | None
    lat: float | None


class UnplacedItem(BaseModel):
    """A row whose address is no one place."""

    id: int
    noun: str = Field(description="导入为哪种对象 What the list is of")
    source: str = Field(description="来自哪个文件 Which file it came from")
    row_number: int = Field(description="文件中的行号 Number of the row in the file")
    file_row: dict[str, str] = Field(description="该行原文,列名 → 内容 The row as the file has it")
    address: str
    outcome: Literal["several", "none"]
    reason_zh: str
    reason_en: str
    choices: list[Choice] = Field(description="可能的地点 What it could be")
    state: Literal["open", "placed", "dropped"]
    code: str | None = Field(description="定位后成为的对象编码 Code of what it became")
    scope_code: str | None
    created_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int


class UnplacedPage(BaseModel):
    """One page of rows that wait, in the order in which they came."""

    items: list[UnplacedItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class UnplacedChoice(BaseModel):
    """Where a row is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"choice": "4403990010110500205"}})

    choice: str | None = Field(
        min_length=1,
        max_length=70,
        description="选中候选的 id;null 为放弃该行(仍留存在案) Id of the choice; null drops the row, on record still",
    )
