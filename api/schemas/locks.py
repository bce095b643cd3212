"""What planners locked of a plan."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import code_pattern
from geo.services.locking import MOST_LOCKS

LockedCode = Annotated[str, Field(pattern=f"{code_pattern('grid')}|{code_pattern('compound')}")]


class PlanLock(BaseModel):
    """A grid that stays as it is, or a compound that stays whole."""

    kind: Literal["grid", "compound"]
    code: str
    who: str = Field(description="由谁锁定 The account that locked it")
    at: datetime
    me: bool = Field(description="就是提问的账户 The account that asks")


class PlanLocks(BaseModel):
    """All that is locked of a plan."""

    locks: list[PlanLock]


class LockChange(BaseModel):
    """What to lock, and whose locks to lift."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lock: list[LockedCode] = Field(
        default_factory=list, max_length=MOST_LOCKS, description="要锁定的网格、小区 Grids and compounds to lock"
    )
    lift: list[LockedCode] = Field(
        default_factory=list, max_length=MOST_LOCKS, description="要解锁的 Those to lift the lock of, whoever's it is"
    )
