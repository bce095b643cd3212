"""What is published of a street, as served."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

_LEFT_OUT = "null:不公开 null: not shown"


class PublishedFigures(BaseModel):
    """Numbers of one community, or of the street."""

    model_config = ConfigDict(extra="forbid")

    households: int | None = Field(description=f"户数 Households;{_LEFT_OUT}")
    buildings: int | None = Field(description=f"楼栋数 Buildings;{_LEFT_OUT}")
    grids: int | None = Field(description=f"现行网格数 Grids in force;{_LEFT_OUT}")
    city_elements: int | None = Field(description=f"城市管理要素总数 City elements of all kinds;{_LEFT_OUT}")
    city_elements_by_kind: dict[str, int | None] = Field(description=f"按类型 By kind;{_LEFT_OUT}")


class PublishedCommunity(PublishedFigures):
    """One community."""

    code: str = Field(description="12 位社区编码 12-digit community code")
    name: str


class PublishedCommunities(BaseModel):
    """The communities of a street with their published numbers, and the street's totals."""

    model_config = ConfigDict(extra="forbid")

    street_code: str
    street_name: str
    on: date = Field(description="统计日期 Date of the count")
    least: int = Field(
        description="最小可公开数;小于它的数,以及可推算出这类数的数,为 null "
        "The smallest number shown; smaller ones, and those that would tell them, are null"
    )
    communities: list[PublishedCommunity]
    totals: PublishedFigures


class PublishedHazardNumbers(BaseModel):
    """Hazards of one community, or of the street."""

    model_config = ConfigDict(extra="forbid")

    open: int | None = Field(description=f"期末在办 Open when the period ended;{_LEFT_OUT}")
    ended: int | None = Field(description=f"期末已办结 Dealt with by then;{_LEFT_OUT}")
    found: int | None = Field(description=f"期内发现 Found in the period;{_LEFT_OUT}")


class PublishedHazardsOfCommunity(PublishedHazardNumbers):
    """Hazards of one community."""

    code: str


class PublishedHazardsOfGrid(BaseModel):
    """Hazards of one grid."""

    model_config = ConfigDict(extra="forbid")

    code: str
    found: int | None = Field(description=f"期内发现 Found in the period;{_LEFT_OUT}")


class PublishedSpot(BaseModel):
    """A coarse hot spot: its middle on a net of 200 m, cases in tens, months."""

    lon: float
    lat: float
    radius_m: float
    count: int
    first: date
    last: date


class PublishedHazardsAnswer(BaseModel):
    """What is published of a street's hazards."""

    model_config = ConfigDict(extra="forbid")

    street_code: str
    street_name: str
    since: date
    until: date
    least: int = Field(description="最小可公开数 The smallest number shown")
    communities: list[PublishedHazardsOfCommunity]
    grids: list[PublishedHazardsOfGrid]
    totals: PublishedHazardNumbers
    hot_spots: list[PublishedSpot] | None = Field(description="事项太多时为空 Null: too many to look through")
