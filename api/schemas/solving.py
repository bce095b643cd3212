"""Jobs that solve the rest of a plan: what stays, how far they are, what came of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import code_pattern
from api.schemas.edits import EditNotice, GridCode, PlanEdit
from api.schemas.plans import MANY, MAX_SEED, CompoundCode
from geo.regionalization.locks import FITTING
from geo.services.solving import Kept

CommunityCode = Annotated[str, Field(pattern=code_pattern("community"))]
JobState = Literal["running", "done", "cancelled", "interrupted", "failed"]


class RestToSolve(BaseModel):
    """What stays as it is while the engine divides the rest anew."""

    model_config = ConfigDict(extra="forbid", strict=True)

    keep_grids: list[GridCode] = Field(
        default_factory=list, max_length=MANY, description="锁定的网格,原样保留 Grids of the draft that stay"
    )
    whole_compounds: list[CompoundCode] | Literal["fitting"] | None = Field(
        default=None,
        description="不拆分的小区;fitting 为所有放得下的;缺省为起草时所要求的 Compounds kept whole; fitting: all that "
        "fit; by default those that the draft was asked for with",
    )
    communities: list[CommunityCode] = Field(
        default_factory=list, max_length=MANY, description="只重划这些社区,空为全部 Only these communities; empty: all"
    )
    seed: int = Field(default=0, ge=0, le=MAX_SEED, description="随机种子,同种子同结果 Same seed, same grids")

    def kept(self) -> Kept:
        """Return it as services take it."""
        asked = self.whole_compounds
        compounds: Any = FITTING if asked == FITTING else None if asked is None else tuple(asked)
        return Kept(tuple(self.keep_grids), compounds, tuple(self.communities))


class SolvedRest(BaseModel):
    """What came of it."""

    version: int = Field(
        description="方案版本;没有更好的划分时不变 The plan's version; as before where nothing is better"
    )
    moved: int = Field(description="换了网格的楼栋、单元或楼层段 Buildings or parts that have another grid")
    changed_grids: list[str] = Field(description="有变化的网格 Grids that changed, new ones among them")
    ended_grids: list[str] = Field(description="已撤销的网格 Grids that ended")
    notices: list[EditNotice]
    undo: list[PlanEdit] = Field(description="撤销它的修改,每社区一次 The edits that undo it, one per community")


class JobProblem(BaseModel):
    """Why it failed; of the kinds that answers of routes have."""

    type: str
    title: str
    detail: str
    detail_en: str


class Job(BaseModel):
    """A piece of work on a plan that goes on after it was asked for."""

    id: int
    plan_id: int
    kind: Literal["solve"]
    state: JobState = Field(
        description="running 进行中、done 完成、cancelled 已取消、interrupted 中断(服务重启等)、failed 失败;"
        "除 done 外方案都没有改变 Of all but done the plan is as it was"
    )
    share: float = Field(ge=0, le=1, description="已完成的份额 How much of it is done")
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    result: SolvedRest | None
    problem: JobProblem | None
