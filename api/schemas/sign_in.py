"""Signing in over HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

LOGIN_PATTERN = r"^[a-z0-9][a-z0-9._-]{1,31}$"


class Credentials(BaseModel):
    """Login, password, and the code of the second factor where the account has one."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(min_length=1, max_length=64, description="登录名 Login", examples=["planner"])
    password: str = Field(min_length=1, max_length=512, description="密码 Password")
    code: str | None = Field(
        default=None, max_length=16, description="动态码(管理员、安全员、审计员) Code of the second factor"
    )


class CurrentSignIn(BaseModel):
    """Who is signed in, as what, and for how long."""

    login: str = Field(description="登录名 Login")
    roles: list[str] = Field(description="角色 Roles; none until a needed second factor is enrolled")
    scopes: list[str] = Field(description="范围:街道、社区或网格编码 Codes of streets, communities or grids")
    expires_at: datetime = Field(description="最迟到此时结束;期间长时间无操作也会结束 Ends then at the latest")
    needs_second_factor: bool = Field(description="须先启用动态码 A second factor has to be enrolled first")


class NewSignIn(CurrentSignIn):
    """A sign-in just made, with its token; the token is never shown again."""

    token: str = Field(description="令牌,放入 Authorization: Bearer Token, for Authorization: Bearer")
