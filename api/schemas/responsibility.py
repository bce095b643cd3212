"""Answers about responsibility as the interface shows them."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from geo.ledger.verdicts import Question, Verdict


class EventItem(BaseModel):
    """Something on record that a step rests on."""

    noun: str = Field(description="case 事项、inspection 检查、grid_staff 任职 What it is")
    code: str
    at: datetime
    who: str | None


class StepItem(BaseModel):
    """One step of the reasoning."""

    question: Question
    zh: str
    en: str
    verdict: Verdict | None = Field(description="由此得出的结论 What follows from it by itself")
    who: str | None = Field(description="责任人 Who answers for it")
    events: list[EventItem]


class ResponsibilityAnswer(BaseModel):
    """Who answers for a thing on a day."""

    noun: str
    code: str
    name: str
    day: date
    verdict: Verdict
    verdict_label: str
    failed: bool = Field(description="是否有人失责 Whether somebody failed")
    who: list[str] = Field(description="责任人 Who answers for it")
    also: list[Verdict] = Field(description="同时存在的其他问题 What follows besides")
    steps: list[StepItem]
