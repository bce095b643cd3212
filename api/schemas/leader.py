"""What a leader's questions are answered with, as the interface shows it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.figures import FigureValue
from api.schemas.geojson import Geometry

Values = dict[str, FigureValue]


class MonthItem(BaseModel):
    """One month."""

    month: str = Field(description="月份,如 2026-11 The month, in China")
    values: Values = Field(description="按 leader_figures 字典的代码 By the codes of the dictionary leader_figures")


class MonthsItem(BaseModel):
    """What answers a leader's questions, month by month."""

    scope: str
    name: str
    is_whole: bool = Field(description="是否统计了全部事项;只见部分者为否 False for who sees a part of the cases alone")
    months: list[MonthItem]


class AreaNames(BaseModel):
    """What a community or grid is called."""

    code: str
    name: str


class AreaProperties(AreaNames):
    """A community or grid and its figures of a month."""

    values: Values


class AreaFeature(BaseModel):
    """A community or grid on the map of a month; borders are as coarse as a screen shows them."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry
    properties: AreaProperties


class OtherRow(BaseModel):
    """What is on no map of the month: cases of grids that were redrawn since (key), and of no grid (null)."""

    key: str | None
    values: Values


class AreasItem(BaseModel):
    """What answers a leader's questions in one month, by community or grid as it was in force when the month ended."""

    type: Literal["FeatureCollection"]
    scope: str
    by: str
    month: str
    since: date
    until: date
    is_whole: bool
    features: list[AreaFeature]
    others: list[OtherRow]
    total: Values
