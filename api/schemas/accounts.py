"""Accounts over HTTP: never a password, a key or a token of anybody."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.sign_in import LOGIN_PATTERN

SCOPE_PATTERN = "^([0-9]{9}|[0-9]{12}|[0-9]{15})$"
#: Text that a person reads: no control characters, not blank.
PERSON_PATTERN = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"


class NewAccount(BaseModel):
    """An account to be made; the person sets the password through a one-time link."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(pattern=LOGIN_PATTERN, description="登录名:小写字母、数字 Login", examples=["li.hua"])
    person: str = Field(max_length=40, pattern=PERSON_PATTERN, description="姓名 The person's name", examples=["李华"])


class Grants(BaseModel):
    """What an account may do, and where: every role counts in every scope."""

    model_config = ConfigDict(extra="forbid")

    roles: list[str] = Field(max_length=9, description="角色 Roles", examples=[["planner"]])
    scopes: list[str] = Field(
        max_length=200,
        description="范围:街道、社区或网格编码 Codes of streets, communities, grids",
        examples=[["440304006"]],
    )


class Account(BaseModel):
    """An account as its administrators see it."""

    login: str
    person: str
    roles: list[str] = Field(description="角色 Roles")
    scopes: list[str] = Field(description="范围 Scopes")
    password_changed_at: datetime | None = Field(description="密码设定或取消的时间 When the password was set or taken")
    has_second_factor: bool = Field(description="已启用动态码 A second factor is enrolled")
    version: int
    created_at: datetime
    ended_at: datetime | None


class AccountPage(BaseModel):
    """One page of accounts, ordered by login."""

    items: list[Account]
    numberReturned: int  # noqa: N815 - as in feature collections


class AccountLink(BaseModel):
    """A one-time link by which a person sets the password; shown once, to be handed over in person."""

    login: str
    link: str | None = Field(
        description="一次性链接的地址;还缺另一位管理员确认时为空 Address to open once; empty while another officer "
        "still has to agree"
    )
    expires_at: datetime | None
    still_needed: int = Field(description="还需几位管理员确认 How many other officers still have to agree")
