"""Plans as served and as asked for."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.dependencies import MAX_ID, code_pattern
from api.schemas.geojson import Link, Properties
from geo.regionalization.balancing import Balance
from geo.regionalization.choices import BALANCED
from geo.regionalization.locks import FITTING
from geo.services.wishes import MOST_DIAL, Wishes
from geo.territory.plan_names import LONGEST_NAME, hides_signs

State = Literal["draft", "adopted", "superseded"]
MAX_HOUSEHOLDS = 100_000
MAX_SEED = 2**31 - 1
#: Locks of one kind, at most.
MANY = 1_000


def printable(text: str) -> str:
    """Refuse blank names and characters that hide or reorder others (controls, bidirectional marks)."""
    if not text.strip() or hides_signs(text):
        raise ValueError
    return text.strip()


#: Of a grid, or in a plan of communities of a community.
UNIT_PATTERN = "^([0-9]{12}|[0-9]{15})$"

GridCode = Annotated[str, Field(pattern=UNIT_PATTERN)]
CompoundCode = Annotated[str, Field(pattern=code_pattern("compound"))]
BuildingCode = Annotated[str, Field(pattern=code_pattern("building"))]
StyleName = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(printable)]
Dial = Annotated[float | None, Field(ge=0, le=MOST_DIAL, allow_inf_nan=False)]
Amount = Annotated[float | None, Field(ge=0, le=MAX_HOUSEHOLDS, allow_inf_nan=False)]


class Dials(BaseModel):
    """Single dials over the style's: 1 is the house's setting, 0 switches off."""

    model_config = ConfigDict(extra="forbid", strict=True)

    boundary: Dial = Field(default=None, description="边界短而清 Cheap borders")
    barrier: Dial = Field(default=None, description="不跨道路、河流、围墙 No barrier inside a grid")
    compactness: Dial = Field(default=None, description="紧凑 Round grids")
    stability: Dial = Field(default=None, description="少换网格员 Few change their grid worker")
    fewer: Dial = Field(default=None, description="网格少而满 Few, full grids")


class BalanceWish(BaseModel):
    """A quantity beside households that each grid should hold between two limits."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: StyleName = Field(
        description="场所或要素类型的代码或名称 Kind of place or city element", examples=["small_shop"]
    )
    lower: Amount = Field(default=None, description="每格最少 Least per grid")
    upper: Amount = Field(default=None, description="每格最多 Most per grid")


class PlanWishes(BaseModel):
    """What a planner asks of a plan beside the range of households."""

    model_config = ConfigDict(extra="forbid", strict=True)

    style: StyleName = Field(default=BALANCED, description="风格,见 plan_styles 字典 Style of plan")
    dials: Dials = Field(default_factory=Dials, description="单独调节 Single dials")
    keep_grids: list[GridCode] = Field(
        default_factory=list, max_length=MANY, description="原样保留的现行网格 Grids in force that stay as they are"
    )
    whole_compounds: list[CompoundCode] | Literal["fitting"] = Field(
        default_factory=list,
        max_length=MANY,
        description="不拆分的小区;fitting 为所有放得下的 Compounds kept whole; fitting: all that fit",
    )
    together: list[Annotated[list[BuildingCode], Field(min_length=2, max_length=MANY)]] = Field(
        default_factory=list, max_length=MANY, description="须同格的楼栋 Buildings that share a grid"
    )
    apart: list[Annotated[list[BuildingCode], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list, max_length=MANY, description="不得同格的两栋楼 Pairs of buildings kept apart"
    )
    grids: Annotated[int, Field(ge=1, le=MAX_HOUSEHOLDS)] | None = Field(
        default=None, description="网格总数 Number of grids in all"
    )
    posts: list[BuildingCode] = Field(
        default_factory=list, max_length=MANY, description="固定岗位所在楼栋,每格一个 Buildings with a post, one a grid"
    )
    balance: list[BalanceWish] = Field(default_factory=list, max_length=10, description="另需均衡的量 Quantities")
    repair: bool = Field(default=False, description="只作最小变动使现行方案达标 Smallest change back into range")
    settle_borders: bool = Field(
        default=False,
        description="另存社区边界调整草案,使跨界可解的网格达标 Draft also the communities with those buildings moved "
        "that would bring grids into range",
    )

    def asked(self) -> Wishes:
        """Return them as services take them."""
        return Wishes(
            style=self.style,
            dials=self.dials.model_dump(exclude_none=True),
            keep_grids=tuple(self.keep_grids),
            whole_compounds=FITTING if self.whole_compounds == FITTING else tuple(self.whole_compounds),
            together=tuple(tuple(group) for group in self.together),
            apart=tuple((pair[0], pair[1]) for pair in self.apart),
            grids=self.grids,
            posts=tuple(self.posts),
            balances=tuple(Balance(wish.name, wish.lower, wish.upper) for wish in self.balance),
            repair=self.repair,
            settle_borders=self.settle_borders,
        )


class PlanDraft(BaseModel):
    """What to draft."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scope: str = Field(
        pattern="^([0-9]{9}|[0-9]{12})$",
        description="街道(9 位)或社区(12 位)编码 Code of a street (9 digits) or community (12)",
        examples=["440304006"],
    )
    tier: Literal["grid", "community"] = Field(
        default="grid",
        description="层级:grid 在社区内划网格,community 重划社区 Grids inside of communities, or communities anew",
    )
    lower: Annotated[int, Field(ge=1, le=MAX_HOUSEHOLDS)] | None = Field(
        default=None, description="每格最少户数,缺省按层级 Fewest households in a unit; the tier's by default"
    )
    upper: Annotated[int, Field(ge=1, le=MAX_HOUSEHOLDS)] | None = Field(
        default=None, description="每格最多户数,缺省按层级 Most households in a unit; the tier's by default"
    )
    seed: int = Field(default=0, ge=0, le=MAX_SEED, description="随机种子,同种子同结果 Same seed, same plan")
    name: Annotated[str, AfterValidator(printable)] | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_NAME,
        description="方案名称 The plan's name",
        examples=["2026 年调整方案"],
    )

    wishes: PlanWishes = Field(default_factory=lambda: PlanWishes(), description="对方案的要求 What is asked of it")
    previous: Annotated[int, Field(ge=1, le=MAX_ID)] | Literal["none"] | None = Field(
        default=None,
        description="作为现行方案的方案编号;none 为不考虑;缺省为现行方案 Plan that counts as the one in force",
    )


class AlternativesDraft(PlanDraft):
    """What to draft in several ways."""

    styles: list[StyleName] | None = Field(
        default=None, max_length=20, description="比较哪些风格,缺省为全部 Styles to compare; all by default"
    )


class PlanSummary(BaseModel):
    """A plan (网格划分方案) without its grids."""

    id: int
    name: str
    scope_code: str
    department: str = Field(description="部门;统一网格为空 Department; empty for the one merged network")
    tier: str = Field(description="层级:grid 或 community;cell 为旧草案 What its units are")
    state: State
    lower: int | None
    upper: int | None
    seed: int | None
    grids: int = Field(description="网格(或社区)数 Grids, or communities")
    households: int = Field(description="户数 Households in all of them")
    version: int = Field(description="版本,采用时放入 If-Match Version, for If-Match when adopting")
    created_at: datetime
    adopted_at: datetime | None
    superseded_at: datetime | None


class PlanDetail(PlanSummary):
    """A plan with the report of how it came out."""

    report: dict[str, Any] = Field(
        description="划分报告:atoms、households、grids、in_range、contiguous、lower_bound、grid_list … The report"
    )


class GridToRedraw(BaseModel):
    """A grid in force that does not fit communities that were drawn anew."""

    plan: int = Field(description="现行网格方案 The plan of grids in force")
    grid: str
    communities: dict[str, int] = Field(description="各社区的户数 Its households by drawn community")
    straddles: bool = Field(description="跨社区 In several communities")


class AdoptedPlan(PlanDetail):
    """A plan that was just put in force, with the departments' plans that this ended and the grids to draw anew."""

    grids_to_redraw: list[GridToRedraw] = Field(
        description="社区方案:须重划的现行网格 Of communities: grids in force that have to be drawn anew"
    )
    retired: list[PlanSummary] = Field(description="随之结束的各部门方案 Departments' plans that ended with it")


class PlanPage(BaseModel):
    """One page of plans, newest first."""

    items: list[PlanSummary]
    numberReturned: int  # noqa: N815 - as in feature collections
    links: list[Link]


class AlternativePlans(BaseModel):
    """Several drafts of one scope, each saved, and the table that weighs them."""

    items: list[PlanSummary]
    alternatives: dict[str, Any] = Field(
        description="比较表:figures 各列,plans 各方案,same 相同而略去的,price_of_stability 稳定的代价 "
        "Table of trade-offs: columns, plans, those left out as the same, the price of stability"
    )


class GridProperties(Properties):
    """A grid (网格) of a plan."""

    code: str = Field(description="15 位网格编码 15-digit grid code")
    name: str | None
    community_code: str
    households: int | None
    reason: str | None = Field(description="户数不在范围内的原因 Why its households are out of range")


class AssignmentRow(BaseModel):
    """One building, or one stairwell or run of floors of a divided building, in its grid."""

    building_code: str
    stairwell_code: str | None
    floor_from: int | None = Field(description="起始楼层,空为全部楼层 First floor; empty for all floors")
    floor_to: int | None = Field(description="终止楼层 Last floor")
    grid_code: str
    households: int


class AssignmentPage(BaseModel):
    """One page of an assignment, ordered by building and stairwell."""

    items: list[AssignmentRow]
    numberReturned: int  # noqa: N815 - as in feature collections
    links: list[Link]
