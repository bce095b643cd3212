"""Remarks on plans."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.schemas.edits import GridCode
from api.schemas.geojson import Link
from api.schemas.plans import BuildingCode


def _sayable(text: str) -> str:
    """Refuse blank texts and characters that hide or reorder others; lines may end."""
    plain = text.replace("\r\n", "\n")
    hidden = any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cn") and one not in "\n\t" for one in plain)
    if not plain.strip() or hidden:
        raise ValueError
    return plain.strip()


class NewComment(BaseModel):
    """A remark on a plan, or on one of its grids or buildings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[str, AfterValidator(_sayable)] = Field(
        min_length=1, max_length=2000, description="批注 The remark", examples=["东边两栋的居民习惯走南门"]
    )
    grid_code: GridCode | None = Field(default=None, description="所批注的网格 The grid it is about")
    building_code: BuildingCode | None = Field(default=None, description="所批注的楼栋 The building it is about")

    @model_validator(mode="after")
    def _about_one(self) -> "NewComment":
        if self.grid_code is not None and self.building_code is not None:
            raise ValueError
        return self


class CommentState(BaseModel):
    """Whether a remark was seen to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    resolved: bool = Field(description="已处理 Seen to")


class Comment(BaseModel):
    """A remark that was made."""

    id: int
    plan_id: int
    grid_code: str | None
    building_code: str | None
    text: str
    who: str = Field(description="账户名 The account's name")
    at: datetime
    resolved_by: str | None
    resolved_at: datetime | None
    version: int = Field(description="版本,处理时放入 If-Match Version, for If-Match when resolving it")


class CommentPage(BaseModel):
    """Remarks in the order in which they were made."""

    items: list[Comment]
    numberReturned: int  # noqa: N815 - the name that OGC gives it
    links: list[Link]
