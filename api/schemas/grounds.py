"""The ground of a plan as columns, and what edits did to it."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from api.schemas.edits import EditNotice
from api.schemas.plans import PlanSummary, State

#: Lines or rings of one thing: each the first point in decimetres from the origin, then the step to each next one.
Paths = Annotated[
    list[list[int]],
    Field(description="分米;首点相对原点,其后为逐点增量 Decimetres: a first point from the origin, then steps"),
]


class Communities(BaseModel):
    """Columns of the communities."""

    code: list[str]
    name: list[str | None]
    path: list[Paths]


class Named(BaseModel):
    """Codes that other columns number, and what they are called."""

    code: list[str]
    name: list[str | None]


class Units(BaseModel):
    """Columns of what the plan assigns: buildings, stairwells, runs of floors."""

    key: list[str] = Field(description="在修改记录中的名称 What edits call it")
    building: list[str]
    stairwell: list[str | None]
    floors: list[tuple[int, int] | None] = Field(description="起止楼层 First and last floor, of a run of floors")
    name: list[str | None] = Field(description="楼栋名称 Of the building")
    households: list[int]
    community: list[int] = Field(description="社区序号 Place among the communities")
    compound: list[int] = Field(description="小区序号,-1 为无 Place among the compounds; -1: none")
    grid: list[int] = Field(description="所在网格序号 Place among the grids")
    before: list[int] = Field(description="现行网格序号,-1 为无 Place among the grids in force; -1: none")
    x: list[int] = Field(description="分米 Decimetres east of the origin")
    y: list[int] = Field(description="分米 Decimetres north of the origin")
    area_m2: list[float] = Field(description="所占地块面积 Area of its tile")
    perimeter_m: list[float] = Field(description="所占地块周长 Perimeter of its tile")
    path: list[Paths] = Field(description="轮廓,点状楼栋为空 Footprint; none of a building that is a point")
    tile: list[Paths] = Field(description="所占地块 Its tile of the community")


class Edges(BaseModel):
    """Columns of the borders between units."""

    first: list[int]
    second: list[int]
    border_m: list[float] = Field(description="公共边界长度 Length of the border they share")
    touches: list[int] = Field(description="1 相邻;0 只在角上相接 1: neighbours; 0: they meet at a corner")
    cost: list[float] = Field(description="沿此划界的代价 Cost of a grid border along it")
    crossing: list[float] = Field(description="跨越屏障的权重 0-1 Weight of the barrier between them")
    kind: list[int] = Field(description="屏障类型序号,-1 为无 Place among the kinds of barriers; -1: none")
    path: list[Paths]


class Barriers(BaseModel):
    """Columns of roads, rivers, railways and walls."""

    kind: list[str]
    path: list[Paths]


class Ground(BaseModel):
    """All that a plan's figures follow from, whatever its assignment."""

    plan: PlanSummary
    crs: str = Field(description="原点所在的投影坐标系 CRS of the origin", examples=["EPSG:32650"])
    origin: tuple[int, int] = Field(description="米 Metres")
    communities: Communities
    grids: Named
    before: list[str] = Field(description="现行网格 Grids of the plan in force")
    compounds: Named
    kinds: list[str] = Field(description="屏障类型 Kinds of barriers")
    units: Units
    edges: Edges
    barriers: Barriers
    notices: list[EditNotice] = Field(description="建方案以来的楼栋变动 What changed in the register since")


class StrokeItem(BaseModel):
    """One edit: what went where, which grids were made and ended."""

    version: int = Field(description="修改后的版本 Version that it made")
    who: str
    at: datetime
    moves: dict[str, tuple[str, str]] = Field(description="由哪个网格到哪个网格 From which grid to which")
    new_grids: list[str]
    ended_grids: list[str]


class StrokeList(BaseModel):
    """Edits of a plan, the oldest first, and what it is now."""

    version: int
    state: State
    name: str
    items: list[StrokeItem]
