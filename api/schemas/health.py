"""Answers to monitoring."""

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class Readiness(BaseModel):
    """The process can work."""

    status: Literal["ready"]
    schema_revision: str
