"""Edits of plans as asked for, and what came of them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.dependencies import code_pattern
from api.schemas.geojson import Feature
from api.schemas.plans import BuildingCode, GridProperties, PlanSummary, printable
from geo.services.editing import MOST_MOVES, Move
from geo.territory.plan_names import LONGEST_NAME

#: Floors below and above ground that a building may have.
LOWEST, HIGHEST = -99, 999

GridCode = Annotated[str, Field(pattern=code_pattern("grid"))]
Floor = Annotated[int, Field(ge=LOWEST, le=HIGHEST)]


class MoveAsked(BaseModel):
    """One building, or one part of a building that the plan divides, and the grid that it goes to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    building_code: BuildingCode = Field(description="楼栋编码 Code of the building")
    stairwell_code: Annotated[str, Field(pattern=code_pattern("stairwell"))] | None = Field(
        default=None, description="只移此单元,空为整栋 Only this stairwell; empty for the whole building"
    )
    floor_from: Floor | None = Field(
        default=None, description="起始楼层,空为全部楼层 First floor; empty for all floors"
    )
    floor_to: Floor | None = Field(default=None, description="终止楼层 Last floor")
    grid_code: GridCode = Field(description="移到哪个网格 Grid that it goes to")

    @model_validator(mode="after")
    def _both_ends(self) -> "MoveAsked":
        if (self.floor_from is None) != (self.floor_to is None):
            raise ValueError
        return self

    def asked(self) -> Move:
        """Return it as services take it."""
        both = self.floor_from is not None and self.floor_to is not None
        floors = (self.floor_from, self.floor_to) if both else None
        return Move(self.building_code, self.grid_code, self.stairwell_code, floors)  # type: ignore[arg-type]


class PlanEdit(BaseModel):
    """What changes at once: all of it or nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    moves: list[MoveAsked] = Field(
        default_factory=list, max_length=MOST_MOVES, description="移动的楼栋、单元或楼层 What goes where"
    )
    new_grids: list[GridCode] = Field(
        default_factory=list, max_length=MOST_MOVES, description="新建的网格编码 Codes of grids to make"
    )
    ended_grids: list[GridCode] = Field(
        default_factory=list, max_length=MOST_MOVES, description="撤销的网格编码 Codes of grids to end"
    )


class PlanNaming(BaseModel):
    """What a plan is to be called."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(printable)] = Field(
        min_length=1, max_length=LONGEST_NAME, description="方案名称 The plan's name", examples=["2026 年调整方案"]
    )


class EditNotice(BaseModel):
    """Something to know about an edit that was made."""

    zh: str
    en: str


class EditedPlan(PlanSummary):
    """A plan in its new version, with the grids that changed."""

    changed_grids: list[Feature[GridProperties]] = Field(
        description="有变化的网格(新建的也在内) Grids that changed, new ones among them"
    )
    ended_grids: list[str] = Field(description="已撤销的网格 Grids that ended")
    notices: list[EditNotice] = Field(
        description="提醒:户数超出范围、联户网格已撤下等 Grids out of range, cells that went, and the like"
    )
