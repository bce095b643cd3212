"""Signing in and out: pages for people, tokens for programs, and one's own password and second factor."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import Acting, Database
from api.errors import SignInRequired, problem_of
from api.forms import read_form
from api.openapi import problems
from api.rendering import page
from api.schemas.sign_in import Credentials, CurrentSignIn, NewSignIn
from api.visitor import (
    COOKIE,
    address_of,
    agent_of,
    give_cookie,
    refuse_other_sites,
    take_cookie,
    token_of,
)
from geo.access.limits import figure
from geo.access.second_factor import picture_of
from geo.errors import LockedOutError, WanggeError
from geo.services import signing_in

router = APIRouter()

Form = Annotated[dict[str, str], Depends(read_form)]

HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}

#: A place on this server: one slash, then neither a second one nor a backslash, which browsers take for it.
TO_PATTERN = r"^/([^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?$"
LINK_PATTERN = "^[A-Za-z0-9_-]{43}$"
To = Annotated[str, Query(max_length=500, pattern=TO_PATTERN, description="登录后打开的地址 Where to go afterwards")]
Link = Annotated[str, Query(pattern=LINK_PATTERN, description="一次性链接的令牌 The token of the one-time link")]


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.get(
    "/sign-in",
    tags=["pages"],
    summary="登录页 Sign-in page",
    response_class=HTMLResponse,
    responses={**HTML, **problems(422)},
)
def sign_in_page(
    to: To = "/",
    fresh: Annotated[bool, Query(description="密码刚刚设好 The password was set just now")] = False,
) -> HTMLResponse:
    """Show the form to sign in with."""
    return page("sign_in.html", to=to, login="", complaint=None, fresh=fresh)


@router.post("/sign-in", include_in_schema=False)
def sign_in(request: Request, engine: Database, form: Form) -> Response:
    """Sign in from the page, and go where the person wanted to."""
    refuse_other_sites(request)
    to, login = _place(form.get("to", "/")), form.get("login", "")
    try:
        made = signing_in.sign_in(
            engine,
            login,
            form.get("password", ""),
            form.get("code") or None,
            kind="cookie",
            address=address_of(request),
            agent=agent_of(request),
            replaces=token_of(request),
        )
    except WanggeError as error:
        return _again("sign_in.html", error, to=to, login=login, fresh=False)
    answer = RedirectResponse("/second-factor" if made.needs_second_factor else to, 303)
    give_cookie(request, answer, made)
    return answer


@router.post("/sign-out", include_in_schema=False)
def sign_out(request: Request, engine: Database, actor: Acting) -> Response:
    """End the sign-in and go back to the page for it."""
    signing_in.sign_out(engine, actor)
    answer = RedirectResponse("/sign-in", 303, headers={"Clear-Site-Data": '"cache"'})
    take_cookie(request, answer)
    return answer


@router.get(
    "/password",
    tags=["pages"],
    summary="修改密码页 Page to change the password",
    response_class=HTMLResponse,
    responses={**HTML, **problems(422)},
)
def password_page(actor: Acting) -> HTMLResponse:
    """Show the form to change one's password with."""
    return page("password.html", login=actor.name, least=figure("password_least"), complaint=None, done=False)


@router.post("/password", include_in_schema=False)
def change_password(engine: Database, actor: Acting, form: Form) -> Response:
    """Change one's password; every other sign-in of the account ends."""
    shown: dict[str, Any] = {"login": actor.name, "least": figure("password_least")}
    try:
        signing_in.change_password(engine, actor, form.get("password", ""), _new_password(form))
    except WanggeError as error:
        return _again("password.html", error, done=False, **shown)
    return page("password.html", complaint=None, done=True, **shown)


@router.get(
    "/second-factor",
    tags=["pages"],
    summary="启用动态码页 Page to enrol the second factor",
    response_class=HTMLResponse,
    responses={**HTML, **problems(409, 422)},
)
def second_factor_page(engine: Database, actor: Acting) -> HTMLResponse:
    """Show the key for an authenticator, as a picture and as text, until its first code confirms it."""
    return page("second_factor.html", complaint=None, **_enrolment(signing_in.begin_second_factor(engine, actor)))


@router.post("/second-factor", include_in_schema=False)
def confirm_second_factor(engine: Database, actor: Acting, form: Form) -> Response:
    """Confirm the key with its first code; the account's roles count from then on."""
    try:
        signing_in.confirm_second_factor(engine, actor, form.get("code", ""))
    except WanggeError as error:
        enrolment = _enrolment(signing_in.begin_second_factor(engine, actor))
        return _again("second_factor.html", error, **enrolment)
    return RedirectResponse("/", 303)


@router.get(
    "/invitation",
    tags=["pages"],
    summary="一次性链接页 Page of a one-time link",
    response_class=HTMLResponse,
    responses={**HTML, **problems(404, 422, 503)},
)
def invitation_page(engine: Database, link: Link) -> HTMLResponse:
    """Show the form to set a password with, or to make the first administrator."""
    invited = signing_in.invited(engine, link)
    return page(
        "invitation.html",
        link=link,
        purpose=invited.purpose,
        login=invited.login or "",
        person=invited.person or "",
        least=figure("password_least"),
        complaint=None,
    )


@router.post("/invitation", include_in_schema=False)
def use_invitation(request: Request, engine: Database, form: Form) -> Response:
    """Set the password that a one-time link was made for; the link is used up."""
    refuse_other_sites(request)
    link = form.get("link", "")
    invited = signing_in.invited(engine, link)
    login, person = form.get("login", invited.login or ""), form.get("person", invited.person or "")
    try:
        signing_in.use_link(
            engine, link, login=login, person=person, password=_new_password(form), address=address_of(request)
        )
    except WanggeError as error:
        shown = {"link": link, "purpose": invited.purpose, "login": login, "person": person}
        return _again("invitation.html", error, least=figure("password_least"), **shown)
    return RedirectResponse("/sign-in?fresh=true", 303)


# ── programs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@router.post(
    "/sign-ins",
    tags=["sign-in"],
    status_code=201,
    summary="登录,取得令牌 Sign in and get a token",
    responses=problems(401, 413, 415, 422, 503),
)
def make_sign_in(request: Request, engine: Database, body: Credentials) -> NewSignIn:
    """Sign in for a program. Wrong logins, passwords and codes are answered alike, and after the same time.

    After a few failures an address has to wait before it may try the same account again (429 with `Retry-After`).
    """
    made = signing_in.sign_in(
        engine,
        body.login,
        body.password,
        body.code,
        kind="bearer",
        address=address_of(request),
        agent=agent_of(request),
    )
    return NewSignIn(
        token=made.token,
        login=made.actor.name,
        roles=sorted(made.actor.roles),
        scopes=list(made.actor.scopes),
        expires_at=made.expires_at,
        needs_second_factor=made.needs_second_factor,
    )


@router.get("/sign-ins/current", tags=["sign-in"], summary="当前登录 Who is signed in", responses=problems(422, 503))
def current_sign_in(request: Request, engine: Database, actor: Acting) -> CurrentSignIn:
    """Say who is signed in, with which roles and scopes, and until when."""
    visitor = signing_in.visitor_of(engine, token_of(request) or "", address=actor.address, request_id=actor.request_id)
    if visitor is None:
        raise SignInRequired
    return CurrentSignIn(
        login=actor.name,
        roles=sorted(actor.roles),
        scopes=list(actor.scopes),
        expires_at=visitor.expires_at,
        needs_second_factor=visitor.needs_second_factor,
    )


@router.delete(
    "/sign-ins/current", tags=["sign-in"], status_code=204, summary="退出 Sign out", responses=problems(422, 503)
)
def end_sign_in(request: Request, response: Response, engine: Database, actor: Acting) -> None:
    """End the sign-in: its token is worth nothing from now on."""
    signing_in.sign_out(engine, actor)
    if COOKIE in request.cookies:
        take_cookie(request, response)


# ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────


def _again(template: str, error: WanggeError, **values: Any) -> HTMLResponse:
    """Show a form once more, with what was wrong; nothing secret that was typed comes back."""
    status = problem_of(error).status
    if status >= 500 and status != 503:
        raise error
    headers = {"Retry-After": str(error.wait_s)} if isinstance(error, LockedOutError) else None
    return page(template, status=status, headers=headers, complaint=error, **values)


def _new_password(form: dict[str, str]) -> str:
    signing_in.same_twice(form.get("new_password", ""), form.get("new_password_again", ""))
    return form.get("new_password", "")


def _place(to: str) -> str:
    return to if len(to) <= 500 and re.fullmatch(TO_PATTERN, to) else "/"


def _enrolment(enrolment: signing_in.Enrolment) -> dict[str, Any]:
    key = enrolment.key
    spaced = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    return {"key": spaced, "picture": picture_of(enrolment.address)}
