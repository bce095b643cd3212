"""Requests (诉求) as the interface takes and answers them."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import MAX_ID, code_pattern
from api.idempotency import KEY_PATTERN
from api.schemas.cases import LONGEST_ADDRESS, LONGEST_TEXT, WORD_PATTERN, CaseItem, ReporterGiven
from api.schemas.geojson import Link

_CHANNEL = Field(default="hotline", pattern=WORD_PATTERN, description="渠道,见 request_channels 字典 How it came")
_KIND = Field(default=None, pattern=WORD_PATTERN, description="类型,不写则按内容研判 Judged by the text if not said")


class WhereGiven(BaseModel):
    """Where something is: a chosen place before a point, a point before an address, that before a community."""

    model_config = ConfigDict(extra="forbid")

    place: str | None = Field(default=None, min_length=1, max_length=70, description="选定候选的 id Id of a candidate")
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False, description="经度(WGS84)")
    lat: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False, description="纬度(WGS84)")


class WhatGiven(WhereGiven):
    """What somebody asks for, and where."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S", description="诉求内容 What is asked for")
    kind: str | None = _KIND
    address: str | None = Field(
        default=None, min_length=1, max_length=LONGEST_ADDRESS, description="所说的地址 The address as it was said"
    )
    community_code: str | None = Field(
        default=None,
        pattern=code_pattern("community"),
        description="地点不明时先登记在此社区 Kept here if unclear",
    )


class RequestHintsGiven(WhatGiven):
    """What somebody asks for or found, before it is taken in."""

    workflow: Literal["request", "hazard"] = Field(default="request", description="诉求或隐患 A request or a hazard")


class RequestGiven(WhatGiven):
    """What somebody asks for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "channel": "hotline",
                "text": "楼下垃圾堆了三天没人清运",
                "address": "荷香路12号锦绣花园1栋",
                "reporter": {"name": "王女士", "phone": "13900000000"},
            }
        },
    )

    channel: str = _CHANNEL
    nature: str | None = Field(default=None, pattern=WORD_PATTERN, description="性质:咨询、求助、投诉… Nature")
    reporter: ReporterGiven | None = None
    joins: int | None = Field(default=None, ge=1, le=MAX_ID, description="并入这件在办诉求(id)The same as this one")
    is_new: bool = Field(default=False, description="已看过相似的,是另一件事 Something else than what is known")
    found_at: AwareDatetime | None = Field(default=None, description="诉求时间,缺省为现在 When; now by default")
    client_key: str | None = Field(
        default=None, pattern=KEY_PATTERN, description="设备自定的唯一键,重复发送只登记一次 The device's own key"
    )


class RoutingGiven(BaseModel):
    """How a request is judged, and to whom it goes where that is not the duty list's choice."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"nature": "help"}})

    nature: str = Field(pattern=WORD_PATTERN, description="性质:咨询、求助、投诉… Nature")
    kind: str | None = Field(default=None, pattern=WORD_PATTERN, description="改判的类型 Another kind")
    assignee: str | None = Field(
        default=None, min_length=1, max_length=100, pattern=r"\S", description="承办人,缺省按职责清单 By the duty list"
    )


class PartyItem(BaseModel):
    """Somebody who may have a duty."""

    code: str
    label: str
    rung: Literal["grid", "community", "street"]


class DutyItem(BaseModel):
    """One line of a duty list."""

    kind: str
    label: str
    party: PartyItem
    helps: list[PartyItem]
    standard_zh: str
    standard_en: str
    limit_zh: str
    limit_en: str
    source: str


class DutyList(BaseModel):
    """A duty list."""

    items: list[DutyItem]


class RouteItem(BaseModel):
    """To whom a case goes."""

    party: PartyItem
    code: str = Field(description="责任主体、网格、社区或街道的编码 Of the body, grid, community or street")
    helps: list[PartyItem]
    reasons: list[str] = Field(description="依据,逐条 Why, sentence by sentence")


class PersonItem(BaseModel):
    """Somebody in charge of the grid."""

    name: str
    role: str
    phone: str | None


class HintItem(BaseModel):
    """A live request that may be of the same thing."""

    id: int
    number: str
    kind: str
    summary: str
    step: str
    state: str
    found_at: datetime
    nearness: Literal["door", "place", "building", "near"]
    distance_m: float
    share: float = Field(ge=0, le=1, description="内容相似程度 How much of the texts is alike")


class RequestHints(BaseModel):
    """What is said of a request before it is taken in; nothing is saved."""

    kind: str
    kind_label: str
    words: list[str] = Field(description="据以研判的词 The words that it was judged by")
    other_kinds: list[str]
    is_placed: bool
    lon: float
    lat: float
    building_code: str | None
    party: PartyItem = Field(description="职责清单:由谁负责 Who answers for it by the duty list")
    in_charge: RouteItem = Field(description="在此处交谁办理 To whom it would go from there")
    standard_zh: str
    standard_en: str
    limit_zh: str = Field(description="职责清单的时限 By the duty list")
    limit_en: str
    due_within_zh: str | None = Field(
        description="登记后答复的期限;未定级的隐患按第一环节 What the answer will say: of a hazard its first step's"
    )
    due_within_en: str | None
    hints: list[HintItem]


class TakenRequest(CaseItem):
    """A request that was taken in: its number, who is in charge, and when it is due."""

    outcome: Literal["opened", "joined", "known"]
    joined_into: str | None = Field(description="并入的诉求编号 Number of the request that it was joined to")
    is_placed: bool = Field(description="地点是否已定 Whether it is known where it is")
    in_charge: RouteItem
    standard_zh: str
    standard_en: str
    people: list[PersonItem] = Field(description="今日负责该网格的人 Who is in charge of the grid today")


class RoutedRequest(CaseItem):
    """A request that was judged and handed on."""

    in_charge: RouteItem


class RequestPage(BaseModel):
    """One page of requests, the newest first."""

    items: list[CaseItem]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


class JoinedRequests(BaseModel):
    """Requests that were joined into one."""

    items: list[CaseItem]
