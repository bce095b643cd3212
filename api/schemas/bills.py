"""Bills and statements as the interface shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.cases import CaseItem


class KindCount(BaseModel):
    """Hazards of one kind and nature."""

    kind: str
    kind_label: str
    nature: str | None
    nature_label: str | None
    number: int = Field(description="件数,作废的不计 How many, void ones left out")
    live: int = Field(description="未办结 Not done with")
    overdue: int = Field(description="超期 Past a limit")
    ended: int = Field(description="已办结 Done with")


class BillAnswer(BaseModel):
    """All hazards of a thing."""

    noun: str
    code: str
    name: str
    on: datetime = Field(description="账单的时刻 The moment that it is of")
    number: int
    live: int
    overdue: int
    oldest_days: int | None = Field(description="未办结中最久的天数 Age of the oldest that is not done with")
    kinds: list[KindCount]
    is_whole: bool = Field(description="是否列全 Whether all items are listed; the counts are of all")
    items: list[CaseItem]


class StatementFigures(BaseModel):
    """What changed in a month: opening + found + reopened - closed - voided = closing."""

    opening: int = Field(description="期初 When the month began")
    found: int = Field(description="新增 Found")
    reopened: int = Field(description="复发 Came back")
    closed: int = Field(description="销号:当月的次数,之后复发的也计 Closed: times in the month, also of what came back")
    voided: int = Field(description="作废 Voided")
    closing: int = Field(description="期末 When it ended")
    fixed: int = Field(description="报整改完成 Reported as fixed, closed or not")


class StatementLine(StatementFigures):
    """What changed in one community or grid, or of one kind."""

    code: str
    label: str


class StatementAnswer(BaseModel):
    """The month's statement of a street, community or grid."""

    code: str
    name: str
    month: str
    by: Literal["community", "grid", "kind"]
    workflow: str
    is_whole: bool = Field(description="是否为全部:否则只含您范围之内的 Or only what is in your scope")
    total: StatementFigures
    rows: list[StatementLine]
