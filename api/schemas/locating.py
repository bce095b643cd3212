"""Addresses located: what is asked, what is answered, and what people call places."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from api.schemas.geojson import Geometry, Link
from api.schemas.households import GridStaffItem
from api.schemas.plans import printable

#: Characters of a text that is to be located, at most.
MOST_CHARACTERS = 500
#: Characters of an alias as it is sent, at most; names are shorter.
LONGEST_ALIAS = 60
#: Ids of places are codes; those of crossings have two, and names of single buildings have a number behind.
ID_PATTERN = r"^[0-9A-Z]{9,30}(\+[0-9A-Z]{9,30})?(\.[0-9]{1,6})?$"

AliasState = Literal["proposed", "accepted", "rejected", "ended"]


class GridHere(BaseModel):
    """A grid (网格) in force."""

    code: str
    name: str | None
    plan_id: int


class CellHere(BaseModel):
    """A cell (联户网格) in force."""

    code: str
    name: str | None
    grid_code: str


class SpotHere(BaseModel):
    """What is at a point."""

    geometry: Geometry | None = Field(description="点(WGS84) Point; null where none is known")
    grids: list[GridHere] = Field(
        description="现行网格;跨网格的有多个 Grids in force; several for what lies in several"
    )
    cells: list[CellHere] = Field(description="联户网格 Cells")
    people: list[GridStaffItem] = Field(description="这些网格的负责人 People in charge of these grids")


class SuggestedPlace(BaseModel):
    """A place that what was typed may become."""

    id: str = Field(description="地点编号,即编码 Id: the code of what it is")
    level: str = Field(description="级别,见 address_elements 字典 Level")
    level_label: str = Field(description="级别的名称 The level in words")
    noun: str = Field(description="对象种类 What it is: building, compound, barrier (a road), crossing …")
    code: str = Field(description="对象编码 Its code; of a crossing both roads' codes")
    address: str = Field(description="地址全文 The whole address")
    apart: str = Field(description="与其他候选的区别 What tells it from the others")
    geometry: Geometry | None = Field(description="点(WGS84) Point; null where none is known")


class LocatedPlace(SuggestedPlace):
    """A place that was meant, or could be."""

    cost: float = Field(description="疑点,0 为一字不差 Doubt; 0 is what was said word for word")
    grids: list[GridHere] = Field(
        description="现行网格;跨网格的有多个 Grids in force; several for what lies in several"
    )
    cells: list[CellHere] = Field(description="联户网格 Cells")
    people: list[GridStaffItem] = Field(description="这些网格的负责人 People in charge of these grids")
    moved: SpotHere | None = Field(description="所说方位(如往南50米)之处 Where a direction told leads from it")


class HeardElement(BaseModel):
    """One element of the text as it was understood."""

    kind: str
    kind_label: str = Field(description="要素的名称 The element in words")
    text: str = Field(description="所说 As typed")
    name: str = Field(description="登记的名称,没有则为空 As the register has it; empty where it has none")
    how: str = Field(description="如何对上:原文、别名、读音、字形…… How it was matched: exact, alias, sound, shape …")


class RelationSaid(BaseModel):
    """Where from the place."""

    text: str
    bearing: float | None = Field(description="方位角,正北为 0,顺时针 Degrees clockwise from north")
    metres: float | None


class ReasonGiven(BaseModel):
    """Why the answer is what it is."""

    code: str
    zh: str
    en: str


_EXAMPLE: dict[str, JsonValue] = {
    "outcome": "one",
    "text": "柏丽名苑1栋往南50米",
    "candidates": [
        {
            "id": "4403990010110500205",
            "level": "building",
            "level_label": "楼栋 building",
            "noun": "building",
            "code": "4403990010110500205",
            "address": "广东省深圳市南华区南华街道下围社区晒布街77号柏丽名苑1栋",
            "apart": "",
            "geometry": {"type": "Point", "coordinates": [114.1153, 22.5301]},
            "cost": 0.0,
            "grids": [{"code": "440399001011003", "name": "第3网格", "plan_id": 12}],
            "cells": [],
            "people": [],
            "moved": {
                "geometry": {"type": "Point", "coordinates": [114.1153, 22.52965]},
                "grids": [{"code": "440399001011004", "name": "第4网格", "plan_id": 12}],
                "cells": [],
                "people": [],
            },
        }
    ],
    "nearest": [],
    "reason": {"code": "found", "zh": "按所述找到", "en": "found as it was said"},
    "heard": [
        {"kind": "compound", "kind_label": "小区 compound", "text": "柏丽名苑", "name": "柏丽名苑", "how": "exact"},
        {"kind": "building", "kind_label": "楼栋 building", "text": "1栋", "name": "1", "how": "exact"},
    ],
    "failed": "",
    "relation": {"text": "往南50米", "bearing": 180.0, "metres": 50.0},
    "total": 1,
    "version": 1042,
    "current": True,
}


class LocateAnswer(BaseModel):
    """Where a text says that something is: one place, several, or none and which part failed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    outcome: Literal["one", "several", "none"] = Field(description="一处、多处待选、没有 One, several, none")
    text: str = Field(description="规范化后的文字 The text as normalised")
    candidates: list[LocatedPlace] = Field(description="一处或最多 20 处 One place, or up to twenty")
    nearest: list[SuggestedPlace] = Field(description="没有时:存在的相近者 Of none: the nearest things that exist")
    reason: ReasonGiven
    heard: list[HeardElement] = Field(description="逐项理解 What was understood, element by element")
    failed: str = Field(description="没有时:哪一项不存在 Of none: the kind of element that failed")
    relation: RelationSaid | None
    total: int = Field(description="共有几处符合 How many fit, also those not listed")
    version: int = Field(description="地址簿依据的事件序号 Number of the event that the address book is as of")
    current: bool = Field(description="此后没有变化 Nothing has changed since; else a newer book is being read")


class Suggestions(BaseModel):
    """What was typed may become one of these, the likeliest first."""

    items: list[SuggestedPlace]


class NearbyThing(BaseModel):
    """A building, compound or community at a point."""

    code: str
    name: str | None
    address: str | None
    distance_m: float = Field(description="距离(米),在其内为 0 Metres from the point; 0 inside")


class RoundAnswer(BaseModel):
    """What is round a point."""

    address: NearbyThing | None = Field(description="最近的有地址的楼栋 The nearest building with an address, ≤ 500 m")
    building: NearbyThing | None = Field(description="所在或 50 米内的楼栋 The building there, or within 50 m")
    compound: NearbyThing | None
    community: NearbyThing
    grids: list[GridHere]
    cells: list[CellHere]
    people: list[GridStaffItem]


Said = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(printable)]


class ConfirmedPlace(BaseModel):
    """Which place a text meant."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Said = Field(description="来电人所说 What was said", examples=["丽都3栋"])
    id: str = Field(pattern=ID_PATTERN, description="所指地点的编号 Id of the place", examples=["4403990010110500205"])


class ProposedAlias(BaseModel):
    """What people call a place."""

    model_config = ConfigDict(extra="forbid", strict=True)

    alias: Annotated[str, Field(min_length=1, max_length=LONGEST_ALIAS), AfterValidator(printable)] = Field(
        description="叫法:旧名、俗称 What it is called", examples=["老供销社"]
    )
    id: str = Field(pattern=ID_PATTERN, description="所指地点的编号 Id of the place", examples=["4403990010110500205"])
    accept: bool = Field(default=False, description="同时采用,限规划员 Accept it at once; for planners")


class FormerNameItem(BaseModel):
    """A name or address that a thing had."""

    field: Literal["name", "address"]
    label: str = Field(description="名称或地址 The field in words")
    old: str = Field(description="曾用的名称或地址 What it was")
    until: datetime
    who: str | None = Field(description="由谁改动 Who changed it; null where that is not on record")


class FormerNames(BaseModel):
    """Names and addresses that a thing had, the oldest first."""

    code: str
    items: list[FormerNameItem]


class AliasItem(BaseModel):
    """What people call a thing (别名)."""

    id: int
    alias: str
    kind: str = Field(description="是哪种名称:道路、小区、地点…… What it is a name of: road, compound, poi …")
    noun: str
    code: str
    name: str = Field(description="登记的名称 The name on the register")
    state: AliasState
    times: int = Field(description="确认过几次 How often it was confirmed")
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int


class ConfirmationMade(BaseModel):
    """What a confirmation came to."""

    id: str
    noun: str
    code: str
    aliases: list[AliasItem] = Field(description="由此提出的别名 Aliases that were proposed by it")


class AliasPage(BaseModel):
    """One page of aliases, the newest first."""

    items: list[AliasItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class AliasDecision(BaseModel):
    """What becomes of an alias."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: Literal["accepted", "rejected", "ended"] = Field(
        description="采用、不采用;已采用的可终止 Accept or reject it; one that was accepted may be ended"
    )
