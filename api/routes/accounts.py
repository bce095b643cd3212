"""Accounts: the administrator makes and ends them, the security officer says what they may do, the auditor looks."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.account_pages import account_page, accounts_page
from api.answering import JSON_OR_PAGE, PageForm, form_of
from api.dependencies import DEFAULT_PAGE, Acting, Database, Limit, Store
from api.errors import RequestError
from api.openapi import problems
from api.routes.plans import IfMatch, seen_version
from api.schemas.accounts import Account, AccountLink, AccountPage, Grants, NewAccount
from api.schemas.sign_in import LOGIN_PATTERN
from geo.services import accounts as account_service
from geo.services.accounts import AccountDetail, Link

router = APIRouter(tags=["accounts"])

Login = Annotated[str, Path(pattern=LOGIN_PATTERN, description="登录名 The account's login")]
AfterLogin = Annotated[
    str | None, Query(pattern=LOGIN_PATTERN, description="上一页最后一个登录名 Last login of the page before")
]


@router.get(
    "/accounts",
    summary="账户列表 List accounts",
    response_model=AccountPage,
    responses=JSON_OR_PAGE | problems(422, 503),
)
def accounts(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    as_: PageForm = None,
    limit: Limit = DEFAULT_PAGE,
    after: AfterLogin = None,
) -> Any:
    """List accounts with their roles and scopes, ended ones too, ordered by login. Browsers get a page."""
    if form_of(request, as_, ("json", "html")) == "html":
        found = account_service.read_accounts(store, limit=limit + 1, after=after)
        return accounts_page(request, actor, found[:limit], has_more=len(found) > limit)
    response.headers["Vary"] = "Accept"
    found = account_service.read_accounts(store, limit=limit, after=after)
    return AccountPage(items=[_shown(account) for account in found], numberReturned=len(found))


@router.post(
    "/accounts",
    status_code=201,
    summary="建立账户 Make an account",
    responses=problems(409, 413, 415, 422, 503),
)
def make_account(request: Request, response: Response, store: Store, actor: Acting, body: NewAccount) -> AccountLink:
    """Make an account without roles, and a one-time link with which its person sets the password.

    The link is shown once; hand it over yourself. The security officer then gives the roles.
    """
    link = account_service.create(store, body.login, body.person, who=actor.name)
    response.headers["Location"] = f"/accounts/{body.login}"
    return _handed_over(request, body.login, link)


@router.get(
    "/accounts/{login}",
    summary="一个账户 One account",
    response_model=Account,
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def account(
    request: Request, response: Response, store: Store, actor: Acting, login: Login, as_: PageForm = None
) -> Any:
    """Show one account; its ETag is the version to give roles with. Browsers get a page."""
    found = account_service.read_account(store, login)
    if form_of(request, as_, ("json", "html")) == "html":
        return account_page(actor, found, appoints=account_service.appoints(store, actor))
    response.headers["Vary"] = "Accept"
    response.headers["ETag"] = f'"{found.version}"'
    return _shown(found)


@router.put(
    "/accounts/{login}/roles",
    summary="设定角色与范围 Say what an account may do",
    responses=problems(404, 409, 412, 413, 415, 422, 428, 503),
)
def give_roles(
    response: Response, store: Store, actor: Acting, login: Login, body: Grants, if_match: IfMatch = None
) -> Account:
    """Replace an account's roles and scopes; every role counts in every scope. Takes effect with the next request.

    The three administrators exclude one another and everybody who sees households (422). Nobody gives roles to
    themselves (403). While there is no security officer, the administrator may appoint one, and nobody else.
    """
    found = account_service.give(
        store, login, roles=body.roles, scopes=body.scopes, by=actor, who=actor.name, version=seen_version(if_match)
    )
    response.headers["ETag"] = f'"{found.version}"'
    return _shown(found)


@router.post(
    "/accounts/{login}/reset",
    summary="重置账户 Reset an account",
    responses=problems(404, 413, 415, 422, 503),
)
def reset(request: Request, engine: Database, actor: Acting, login: Login) -> AccountLink:
    """Take away password, second factor and sign-ins, and make a one-time link to set a new password.

    The administrator does it for everybody but the three administrators. For one of these the two others do it: each
    asks within a day, and the second to ask gets the link.
    """
    link = account_service.reset(engine, login, by=actor, who=actor.name)
    return _handed_over(request, login, link)


@router.delete(
    "/accounts/{login}", status_code=204, summary="停用账户 End an account", responses=problems(404, 409, 422, 503)
)
def end(store: Store, actor: Acting, login: Login) -> None:
    """End an account: its sign-ins end at once, its name stays in the audit trail and is never given again."""
    if login == actor.name:
        raise RequestError("not-allowed", "不能停用自己的账户", "nobody ends their own account")
    account_service.end(store, login, who=actor.name)


def _shown(account: AccountDetail) -> Account:
    return Account(
        login=account.login,
        person=account.person,
        roles=list(account.roles),
        scopes=list(account.scopes),
        password_changed_at=account.password_changed_at,
        has_second_factor=account.has_second_factor,
        version=account.version,
        created_at=account.created_at,
        ended_at=account.ended_at,
    )


def _handed_over(request: Request, login: str, link: Link) -> AccountLink:
    address = None if link.token is None else str(request.url.replace(path="/invitation", query=f"link={link.token}"))
    return AccountLink(login=login, link=address, expires_at=link.expires_at, still_needed=link.still_needed)
