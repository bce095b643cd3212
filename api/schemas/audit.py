"""The audit trail as served."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.geojson import Link


class EventItem(BaseModel):
    """One event: who did what to which thing, when and from where."""

    id: int
    at: datetime
    who: str
    account_id: int | None
    address: str | None
    request_id: str | None
    what: str
    noun: str
    code: str | None
    before: dict[str, Any] | None = Field(
        description="之前的内容;住户数据只列字段 The row before; of homes fields alone"
    )
    after: dict[str, Any] | None = Field(description="之后的内容;住户数据只列字段 The row after; of homes fields alone")


class EventPage(BaseModel):
    """A page of events, the newest first."""

    items: list[EventItem]
    numberReturned: int  # noqa: N815 - the word of OGC API
    links: list[Link]


class TrailFinding(BaseModel):
    """One place where the trail is not as it was written."""

    problem: str
    seq: int | None
    event_id: int | None
    zh: str
    en: str


class TrailState(BaseModel):
    """Whether the trail is whole, and where it stands: note the head elsewhere, and hold the trail against it later."""

    state: Literal["whole", "tampered"]
    head: str | None
    findings: list[TrailFinding]
