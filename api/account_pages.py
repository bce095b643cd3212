"""Accounts as pages for the three administrators: who there is, and what may be done with one of them."""

from collections.abc import Sequence, Set

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.access import access_of
from api.case_pages import ledger_page
from api.links import following
from geo.access.actor import Actor
from geo.access.roles import needs_second_factor, roles
from geo.services.accounts import ADMINISTRATOR, AccountDetail


def accounts_page(request: Request, actor: Actor, shown: Sequence[AccountDetail], *, has_more: bool) -> HTMLResponse:
    """Render one page of the list of accounts."""
    return ledger_page(
        "accounts.html",
        actor,
        shown=shown,
        following=following(request, shown[-1].login if has_more else None),
        roles=roles(),
        may_make=actor.may(access_of("POST", "/accounts").roles),
    )


def account_page(actor: Actor, account: AccountDetail, *, appoints: Set[str]) -> HTMLResponse:
    """Render one account, with what the one who looks may do with it.

    Parameters
    ----------
    appoints
        The roles that they may give to others.
    """
    is_other = account.login != actor.name and account.ended_at is None
    is_officer = needs_second_factor(account.roles)
    return ledger_page(
        "account.html",
        actor,
        account=account,
        roles=roles(),
        given=[role for code, role in roles().items() if code in appoints] if is_other else [],
        resets=is_other and (is_officer or actor.may({ADMINISTRATOR})),
        takes_two=is_officer,
        ends=is_other and actor.may(access_of("DELETE", "/accounts/{login}").roles),
    )
