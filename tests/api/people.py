"""People for tests of the interface: accounts that are signed in already, without a password check each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from geo.access.roles import needs_second_factor
from geo.access.second_factor import new_key
from geo.access.tokens import fingerprint, new_token
from geo.services.accounts import create, give
from geo.storage import accounts, sign_ins
from geo.storage.database import session_scope
from tests.api import town

ADDRESS = "http://localhost"


def token_of(
    engine: Engine,
    login: str = "planner",
    roles: Sequence[str] = ("planner",),
    scopes: Sequence[str] = (town.STREET,),
) -> str:
    """Make an account, if there is none of this login, and return a token of a new sign-in."""
    token, now = new_token(), datetime.now(UTC)
    with session_scope(engine) as session:
        if accounts.find(session, login) is None:
            create(session, login, "测试人员", who="test")
            give(session, login, roles=roles, scopes=scopes, by=None, who="test")
        account = accounts.find(session, login)
        assert account is not None
        if needs_second_factor(roles) and account.second_factor_confirmed_at is None:
            accounts.set_second_factor(session, account.id, new_key(), who="test")
            accounts.confirm_second_factor(session, account.id, step=0, who="test")
        sign_ins.open_sign_in(
            session,
            account_id=account.id,
            token_hash=fingerprint(token),
            kind="bearer",
            idle_until=now + timedelta(hours=1),
            expires_at=now + timedelta(hours=12),
            address="testclient",
            agent="tests",
        )
    return token


def bearing(token: str) -> dict[str, str]:
    """Return the header that a program signs in with."""
    return {"Authorization": f"Bearer {token}"}


def client_of(
    app: FastAPI,
    engine: Engine,
    login: str = "planner",
    roles: Sequence[str] = ("planner",),
    scopes: Sequence[str] = (town.STREET,),
) -> TestClient:
    """Return a client that is signed in; by default a planner of the town's street."""
    return TestClient(app, base_url=ADDRESS, headers=bearing(token_of(engine, login, roles, scopes)))
