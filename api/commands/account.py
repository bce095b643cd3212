"""``wangge account``: accounts from the terminal, whose owner owns the store and needs no sign-in."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.access.roles import roles as all_roles
from geo.services import accounts
from geo.services.accounts import Link
from geo.storage.database import migrate, open_engine

console = Console()

account_app = typer.Typer(
    help="账户:建立、授权、重置、停用 Accounts: make, give roles, reset, end", no_args_is_help=True
)

LoginArgument = Annotated[str, typer.Argument(help="登录名 Login")]
AddressOption = Annotated[
    str, typer.Option("--address", help="服务的地址,用于链接 Address of the server, for the link")
]
DEFAULT_ADDRESS = "http://127.0.0.1:8000"


@account_app.command("link")
def link_command(
    login: Annotated[
        str | None, typer.Argument(help="登录名;不写则为首位系统管理员 Login; without it, the first administrator")
    ] = None,
    address: AddressOption = DEFAULT_ADDRESS,
) -> None:
    """打印一次性链接(24 小时有效),用于设置密码。 Print a one-time link (24 hours) to set a password with."""
    engine = open_engine()
    try:
        migrate(engine)
        if login is None:
            link = accounts.first_link(engine)
            if link is None:
                console.print(
                    "已有系统管理员;为某个账户生成链接:wangge account link 登录名\n"
                    "There is an administrator; for a link of an account: wangge account link LOGIN",
                    highlight=False,
                )
                return
        else:
            link = accounts.reset(engine, login, by=None, who=who_runs())
    finally:
        engine.dispose()
    say_link(link, address)


@account_app.command("create")
def create_command(
    login: LoginArgument,
    person: Annotated[str, typer.Argument(help="姓名 The person's name")],
    role: Annotated[list[str] | None, typer.Option(help="角色,可多次 Role; repeatable")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="范围编码,可多次 Code of a street, community or grid; repeatable")
    ] = None,
    address: AddressOption = DEFAULT_ADDRESS,
) -> None:
    """建立账户,打印设置密码的链接。 Make an account and print the link to set its password with."""
    with open_store() as session:
        link = accounts.create(session, login, person, who=who_runs())
        if role or scope:
            accounts.give(session, login, roles=role or [], scopes=scope or [], by=None, who=who_runs())
    say_link(link, address)


@account_app.command("give")
def give_command(
    login: LoginArgument,
    role: Annotated[list[str] | None, typer.Option(help="角色,可多次;不写则收回全部 Role; none takes all away")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="范围编码,可多次 Code of a street, community or grid; repeatable")
    ] = None,
) -> None:
    """设定账户的角色与范围,替代原有的。 Say what an account may do and where, in place of what it had."""
    with open_store() as session:
        accounts.give(session, login, roles=role or [], scopes=scope or [], by=None, who=who_runs())
        _show(session_accounts=[accounts.read_account(session, login)])


@account_app.command("end")
def end_command(login: LoginArgument) -> None:
    """停用账户:登录立即失效,登录名不再使用。 End an account: its sign-ins end at once."""
    with open_store() as session:
        accounts.end(session, login, who=who_runs())
    console.print(f"已停用 Ended: {login}", markup=False)


@account_app.command("list")
def list_command() -> None:
    """列出账户及其角色、范围。 List accounts with their roles and scopes."""
    with open_store() as session:
        _show(accounts.read_accounts(session, limit=10_000, after=None))


def say_link(link: Link, address: str) -> None:
    """Print a one-time link: the only time that anybody sees it."""
    # Not through the console, which would wrap a long line.
    typer.echo(f"一次性链接(24 小时内有效) One-time link, valid for 24 hours:\n{address_of(link, address)}")


def address_of(link: Link, address: str) -> str:
    """Return where a browser opens a one-time link."""
    return f"{address.rstrip('/')}/invitation?link={link.token}"


def _show(session_accounts: list[accounts.AccountDetail]) -> None:
    table = Table(title="账户 Accounts", title_justify="left")
    for heading in ("登录名 login", "姓名 person", "角色 roles", "范围 scopes", "状态 state"):
        table.add_column(heading, overflow="fold")
    for account in session_accounts:
        held = "、".join(all_roles()[code].zh for code in account.roles)
        row = (account.login, account.person, held, " ".join(account.scopes), _state(account))
        table.add_row(*(Text(value) for value in row))
    console.print(table)


def _state(account: accounts.AccountDetail) -> str:
    if account.ended_at is not None:
        return "已停用 ended"
    return "待设密码 no password yet" if account.password_changed_at is None else "正常 in use"
