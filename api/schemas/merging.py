"""Merging departments' old grids, as asked for."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.schemas.plans import PlanDraft, PlanSummary, StyleName
from geo.services.merging import MOST_WEIGHT

#: Departments that can be merged at once.
MANY_DEPARTMENTS = 50

Weight = Annotated[float, Field(ge=0, le=MOST_WEIGHT, allow_inf_nan=False)]


class MergeDraft(PlanDraft):
    """What to merge: departments' old grids in force, which lie over each other."""

    departments: Annotated[list[StyleName], Field(min_length=1, max_length=MANY_DEPARTMENTS)] | None = Field(
        default=None,
        description="合并哪些部门的网格,缺省为全部 Whose old grids are merged; all by default",
        examples=[["公安", "城管"]],
    )
    weights: dict[StyleName, Weight] = Field(
        default_factory=dict,
        max_length=MANY_DEPARTMENTS,
        description="部门权重,缺省为 1,0 为不计 How much a department's grids count; 1 by default, 0 leaves it out",
        examples=[{"城管": 2.0}],
    )
    compare: bool = Field(
        default=True, description="另按同样户数重新划分一遍作比较 Draw the same bounds afresh too, to compare"
    )
    tier: Literal["grid"] = Field(default="grid", description="合并只划网格 A merge draws grids")
    previous: Literal["none"] = Field(
        default="none", description="合并看各部门旧网格,不看现行统一网格 A merge follows old grids, no plan in force"
    )


class RetiredPlans(BaseModel):
    """Departments' plans that a merged plan in force replaced."""

    retired: list[PlanSummary] = Field(description="已结束的各部门方案 Departments' plans that ended")
