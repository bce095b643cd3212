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
