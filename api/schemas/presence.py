"""Who works on a plan, and what others did to it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.edits import GridCode
from api.schemas.locks import PlanLock
from api.schemas.plans import State


class Here(BaseModel):
    """That one has a plan open, and where in it one is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    here: bool = Field(description="正打开着;false 为离开 Whether it is open; false when it was closed")
    grid_code: GridCode | None = Field(default=None, description="正在看或改的网格 The grid that is worked on")


class Present(BaseModel):
    """Somebody who has the plan open."""

    who: str = Field(description="账户名 The account's name")
    grid_code: str | None
    since: datetime
    me: bool = Field(description="就是提问的账户 The account that asks")


class PlanPresence(BaseModel):
    """Who has a plan open."""

    present: list[Present]


class Change(BaseModel):
    """One change of a plan."""

    version: int = Field(description="改后的版本 The version that it made")
    who: str
    at: datetime
    what: str = Field(description="edited、changed(改名)、adopted …")
    grids: list[str] = Field(description="有变化的网格 Grids that changed")


class PlanNews(BaseModel):
    """What there is to know of a plan that others work on as well."""

    version: int
    state: State
    mark: str = Field(description="下次请求带上它,有变化才答复 To be sent with the next request, which waits for news")
    changes: list[Change] = Field(description="所见版本之后的改动 What changed after the version seen, oldest first")
    present: list[Present]
    locks: list[PlanLock] = Field(description="锁定的网格和小区 Grids and compounds that are locked")
    comments: int = Field(description="批注数 Remarks on the plan")
    comments_mark: str = Field(description="有批注新增或处理时改变 Differs once a remark was made or resolved")
