"""Who is asking: the token that a request brings, where it came from, and whether a page elsewhere sent it."""

from urllib.parse import urlsplit

from fastapi import Request, Response

from api import ogc
from api.errors import RequestError
from geo.access.tokens import looks_like_token
from geo.services.signing_in import SignedIn

COOKIE = "wangge"

#: Longest name of a program that is kept beside a sign-in.
MAX_AGENT = 200


def token_of(request: Request) -> str | None:
    """Return the token that a request brings, from its header first; None for what cannot be one."""
    found = bearer_of(request) or ogc.token_of(request) or request.cookies.get(COOKIE)
    return found if found and looks_like_token(found) else None


def bearer_of(request: Request) -> str | None:
    """Return the token of the header ``Authorization: Bearer …``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def address_of(request: Request) -> str | None:
    """Return the network address that a request came from."""
    return request.client.host if request.client else None


def agent_of(request: Request) -> str | None:
    """Return the name that the asking program gives itself, cut short and without signs that are not shown."""
    named = "".join(sign for sign in request.headers.get("user-agent", "") if sign.isprintable())
    return named[:MAX_AGENT] or None


def give_cookie(request: Request, response: Response, signed_in: SignedIn) -> None:
    """Hand a sign-in to a browser: not readable by scripts, never sent along from other sites, ended with the window.

    The server ends it by itself when it has been idle, whatever the browser keeps.
    """
    response.set_cookie(
        COOKIE, signed_in.token, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def take_cookie(request: Request, response: Response) -> None:
    """Make a browser forget its sign-in."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https")


def refuse_other_sites(request: Request) -> None:
    """Refuse a change that a page elsewhere had a browser send.

    A request with a bearer token is beyond suspicion: no page can make a browser add one. All others have to say in
    ``Sec-Fetch-Site`` or ``Origin`` that a page of this server sent them; one of the two every browser sends.

    Raises
    ------
    RequestError
        They do not.
    """
    if bearer_of(request) is not None:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        same = site == "same-origin"
    else:
        same = _is_own(request.headers.get("origin", ""), request.headers.get("host", ""))
    if not same:
        raise RequestError(
            "other-site",
            "这个请求不是从本系统的页面发出的,已拒绝;程序请用 Authorization: Bearer 令牌",
            "no page of this server sent this request; programs use Authorization: Bearer with a token",
        )


def _is_own(origin: str, host: str) -> bool:
    # Only the host is compared: behind a proxy that speaks TLS the scheme that is seen here is not the browser's.
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == host.lower()
