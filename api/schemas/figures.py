"""Figures of the ledger, and hot spots, as the interface shows them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.geojson import Link


class FigureItem(BaseModel):
    """What a figure is."""

    code: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    better: Literal["less", "more", "none"]
    goal: float | None = Field(description="目标值,没有则为空 What it is held to")
    how_zh: str
    how_en: str


class FigureValue(BaseModel):
    """One figure of one row."""

    value: float | None = Field(description="无可统计或不能看时为空 Null: nothing to count, or not for your role")
    href: str | None = Field(
        description="打开为所统计的事项、网格,或未覆盖的楼栋 Opens to what was counted, or what a share leaves out"
    )


class FigureRowItem(BaseModel):
    """One row of figures."""

    key: str | None
    label: str
    values: dict[str, FigureValue]


class FigureTableItem(BaseModel):
    """Figures of a street, community or grid over a period."""

    scope: str
    workflow: str | None
    since: date
    until: date
    by: str
    is_whole: bool = Field(description="是否统计了全部事项;只见部分者为否 False for who sees a part of the cases alone")
    figures: list[FigureItem]
    rows: list[FigureRowItem]
    total: FigureRowItem


class CountedCase(BaseModel):
    """A case that a figure counts."""

    id: int
    number: str
    workflow: str
    kind: str
    nature: str | None
    step: str
    state: str
    rung: str | None
    community_code: str
    grid_code: str | None
    building_code: str | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    href: str


class CountedPage(BaseModel):
    """One page of the cases that a figure counts, the newest first."""

    items: list[CountedCase]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class GridInChargeItem(BaseModel):
    """A grid with its grid workers."""

    code: str
    name: str
    people: list[str] | None = Field(description="网格员;不能看时为空 Null: not for your role")


class BuildingLeftOutItem(BaseModel):
    """A building into which nobody got in a period."""

    code: str
    name: str
    community_code: str
    grids: list[GridInChargeItem] = Field(description="期末所在网格;跨网格时有几个 Where it was when the period ended")
    last_seen: date | None = Field(description="此前最后一次入内,从未则为空 When somebody got in before; null: never")
    days: int | None = Field(description="距期末(未到期末则距今)天数 Days until the period ended, or today")
    tried: date | None = Field(description="期内最后一次无人应门 When nobody opened in the period, at last")
    href: str


class BuildingsLeftOutPage(BaseModel):
    """One page of the buildings that the coverage of a period leaves out, by code."""

    buildings: int = Field(description="楼栋总数 Of so many buildings")
    inspected: int = Field(description="期内入内检查过的 So many were inspected")
    left_out: int = Field(description="其余,即列出的 The others: those that are listed")
    items: list[BuildingLeftOutItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class GridLeftOutItem(BaseModel):
    """A grid that nobody was in charge of when a period ended."""

    code: str
    name: str
    households: int | None
    since: date = Field(description="自此日无人在岗 Without anybody since this day")
    had_somebody: bool = Field(description="此前是否有人在岗 Whether somebody was in charge before")
    href: str


class GridsLeftOutPage(BaseModel):
    """One page of the grids that nobody was in charge of, by code."""

    items: list[GridLeftOutItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class SpotGeometry(BaseModel):
    """The middle of a hot spot."""

    type: Literal["Point"]
    coordinates: list[float]


class SpotProperties(BaseModel):
    """What a hot spot has; places and counts, nobody's name."""

    count: int
    kinds: dict[str, int]
    radius_m: float
    first: date
    last: date
    chance: float = Field(description="偶然出现的可能 How likely as many are in this place by chance")


class SpotFeature(BaseModel):
    """A hot spot."""

    type: Literal["Feature"]
    geometry: SpotGeometry
    properties: SpotProperties


class SpotCollection(BaseModel):
    """Hot spots, the least likely by chance first."""

    type: Literal["FeatureCollection"]
    features: list[SpotFeature]
