"""Buildings as served: how many households, never who."""

from pydantic import BaseModel, Field

from api.schemas.geojson import Properties


class BuildingProperties(Properties):
    """A building (楼栋)."""

    code: str = Field(description="19 位楼栋编码 19-digit building code")
    name: str | None
    address: str | None
    kind: str
    kind_label: str = Field(json_schema_extra={"x-dictionary": "building_kinds"})
    community_code: str
    compound_code: str | None
    floors: int | None
    households: int | None = Field(description="户数,不明为空 Households; null when unknown")
    households_source: str = Field(description="户数来源 Where the count comes from: counted, estimated …")


class StairwellSummary(BaseModel):
    """A stairwell (单元) of a building."""

    code: str
    name: str | None
    floors: int | None
    households: int | None


class BuildingDetailProperties(BuildingProperties):
    """A building with its stairwells."""

    stairwells: list[StairwellSummary]
