"""Answers to monitoring."""

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class Readiness(BaseModel):
    """The process can work."""

    status: Literal["ready"]
    schema_revision: str
    disk: Literal["enough", "unknown"] = Field(description="数据库服务器在别处时不明 Unknown for a server elsewhere")
    audit: Literal["chained"]
