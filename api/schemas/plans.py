"""Plans as served and as asked for."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.schemas.geojson import Link, Properties

State = Literal["draft", "adopted", "superseded"]
MAX_HOUSEHOLDS = 100_000
MAX_SEED = 2**31 - 1


def _printable(text: str) -> str:
    """Refuse blank names and characters that hide or reorder others (controls, bidirectional marks)."""
    if not text.strip() or any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn") for character in text):
        raise ValueError
    return text.strip()


class PlanDraft(BaseModel):
    """What to draft."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scope: str = Field(
        pattern="^([0-9]{9}|[0-9]{12})$",
        description="街道(9 位)或社区(12 位)编码 Code of a street (9 digits) or community (12)",
        examples=["440304006"],
    )
    lower: int = Field(default=200, ge=1, le=MAX_HOUSEHOLDS, description="每格最少户数 Fewest households in a grid")
    upper: int = Field(default=300, ge=1, le=MAX_HOUSEHOLDS, description="每格最多户数 Most households in a grid")
    seed: int = Field(default=0, ge=0, le=MAX_SEED, description="随机种子,同种子同结果 Same seed, same plan")
    name: Annotated[str, AfterValidator(_printable)] | None = Field(
        default=None, min_length=1, max_length=100, description="方案名称 The plan's name", examples=["2026 年调整方案"]
    )


class PlanSummary(BaseModel):
    """A plan (网格划分方案) without its grids."""

    id: int
    name: str
    scope_code: str
    department: str = Field(description="部门;统一网格为空 Department; empty for the one merged network")
    state: State
    lower: int | None
    upper: int | None
    seed: int | None
    grids: int = Field(description="网格数 Grids")
    households: int = Field(description="户数 Households in all grids")
    version: int = Field(description="版本,采用时放入 If-Match Version, for If-Match when adopting")
    created_at: datetime
    adopted_at: datetime | None
    superseded_at: datetime | None


class PlanDetail(PlanSummary):
    """A plan with the report of how it came out."""

    report: dict[str, Any] = Field(
        description="划分报告:atoms、households、grids、in_range、contiguous、lower_bound、grid_list … The report"
    )


class PlanPage(BaseModel):
    """One page of plans, newest first."""

    items: list[PlanSummary]
    numberReturned: int  # noqa: N815 - as in feature collections
    links: list[Link]


class GridProperties(Properties):
    """A grid (网格) of a plan."""

    code: str = Field(description="15 位网格编码 15-digit grid code")
    name: str | None
    community_code: str
    households: int | None
    reason: str | None = Field(description="户数不在范围内的原因 Why its households are out of range")


class AssignmentRow(BaseModel):
    """One building, or one stairwell of a divided building, in its grid."""

    building_code: str
    stairwell_code: str | None
    grid_code: str
    households: int


class AssignmentPage(BaseModel):
    """One page of an assignment, ordered by building and stairwell."""

    items: list[AssignmentRow]
    numberReturned: int  # noqa: N815 - as in feature collections
    links: list[Link]
