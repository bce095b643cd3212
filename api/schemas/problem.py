"""Errors as RFC 9457 describes them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ProblemDetails(BaseModel):
    """One error."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="错误种类,稳定不变 Which kind of error; stable", examples=["urn:wangge:problem:not-found"]
    )
    title: str = Field(description="错误名称 The kind's name")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="发现了什么、允许什么、怎么办 What was found, what is allowed, what to do")
    detail_en: str
    instance: str = Field(description="本次请求的编号 This request's id, as in X-Request-ID")
    errors: list[dict[str, Any]] | None = Field(default=None, description="逐项错误 Each thing that is wrong")
    allowed: Any = Field(default=None, description="允许的值 What is allowed")
    found: Any = Field(default=None, description="发现的值 What was found")
