"""Cells as served and as asked for."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.geojson import Properties
from api.schemas.plans import MAX_HOUSEHOLDS, MAX_SEED


class CellsDraft(BaseModel):
    """How to divide a draft's grids into cells."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lower: int | None = Field(
        default=None, ge=1, le=MAX_HOUSEHOLDS, description="每个联户网格最少户数,默认 30 Fewest households in a cell"
    )
    upper: int | None = Field(
        default=None, ge=1, le=MAX_HOUSEHOLDS, description="每个联户网格最多户数,默认 40 Most households in a cell"
    )
    seed: int = Field(default=0, ge=0, le=MAX_SEED, description="随机种子,同种子同结果 Same seed, same cells")


class CellsReport(BaseModel):
    """How the cells came out."""

    plan: int = Field(description="方案编号 Id of the plan")
    version: int = Field(description="方案的新版本 The plan's new version, for If-Match")
    grids: int
    cells: int
    in_range: int = Field(description="户数在范围内的联户网格 Cells in range")
    in_range_share: float
    households: int
    lower: int
    upper: int
    seed: int
    estimated_parts: int = Field(
        description="户数按楼层均摊的部分(非逐户登记) Runs of floors whose households were shared out, not counted"
    )
    reasons: dict[str, int] = Field(description="超出范围的原因及次数 Why cells are out of range, counted")
    out_of_range: list[dict[str, Any]] = Field(
        description="超出范围的联户网格:code、households、reason、reason_zh、reason_en Cells out of range"
    )
    seconds: float
    notes: list[str]


class CellPart(BaseModel):
    """A building in a cell, or the stairwell or floors of it that are."""

    building_code: str
    stairwell_code: str | None = Field(description="空为整栋 Empty for all stairwells")
    floor_from: int | None = Field(description="起始楼层,空为全部楼层 First floor; empty for all floors")
    floor_to: int | None = Field(description="终止楼层 Last floor")
    households: int
    estimated: bool = Field(description="户数按楼层均摊 Households shared out over the floors, not counted")


class CellProperties(Properties):
    """A linked-household cell (联户网格) of a grid."""

    code: str = Field(description="网格编码 + L + 2 位序号 Grid code, L, 2 digits")
    grid_code: str
    name: str | None
    households: int | None
    in_range: bool = Field(description="户数在范围内 Whether its households are in range")
    reason_code: str | None
    reason: str | None = Field(description="户数不在范围内的原因 Why its households are out of range")


class CellDetail(CellProperties):
    """A cell with what is in it."""

    parts: list[CellPart]
