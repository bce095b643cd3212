"""The report that a plan is adopted with."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas.plans import PlanSummary


class ReportedGrid(BaseModel):
    """One grid of the plan."""

    code: str
    name: str
    households: int | None
    in_range: bool | None
    contiguous: bool | None
    compactness: float | None = Field(description="Polsby-Popper,0 至 1,越大越圆 0 to 1, higher is rounder")
    continues: str | None = Field(description="沿用其网格员的原网格 The grid before whose worker it keeps")
    moved: int | None = Field(description="换网格员的户数 Its households that had another grid worker")
    reason_zh: str | None
    reason_en: str | None


class ReportedFlow(BaseModel):
    """Households that change from a grid of the plan before to another."""

    before: str
    after: str
    households: int
    buildings: int


class ReportedDifference(BaseModel):
    """What the plan changes in the one that was in force."""

    plans: list[PlanSummary] = Field(description="原方案 The plans that it was measured against")
    households: int = Field(description="前后都有网格的户数 Households in grids of both")
    moved: int = Field(description="其中换网格员的 Of those, how many change the grid worker")
    ended: list[str] = Field(description="不再延续的原网格 Grids before that nothing goes on with")
    new: list[str] = Field(description="新设的网格 Grids that go on with none")
    flows: list[ReportedFlow]
    further: int = Field(description="未列出的户数 Households of flows left out")


class ReportSignature(BaseModel):
    """Who adopted the plan, when, and the hash of what it said then."""

    who: str
    at: datetime
    content: str | None


class PlanReportAnswer(BaseModel):
    """A plan, told for those who decide on it and for the files."""

    plan: PlanSummary
    is_whole: bool = Field(description="否则只含您范围之内的部分 Else only the part that you see")
    figures: dict[str, float]
    grids: list[ReportedGrid]
    difference: ReportedDifference | None
    signature: ReportSignature | None
    content: str | None = Field(
        description="方案内容的 SHA-256 Of what the plan says now: grids, ground, who is in which"
    )
    is_as_signed: bool | None = Field(description="与采用时一致 Whether the plan says what it said when adopted")
    open_comments: int
