"""How OGC's interfaces speak: the statuses of their answers, and how their tools sign in.

What is wrong with a request is 400 here, where it is 422 elsewhere (OGC API – Features Part 1, requirements
``query-param-invalid`` and ``query-param-unknown``). Tools that know only a name and a password send the token of a
sign-in as the password: the same secret as a bearer's, for the same time, never in an address.
"""

import base64
import binascii

from fastapi import Request

from geo.access.tokens import looks_like_token

PREFIX = "/ogc"


def speaks_ogc(path: str) -> bool:
    """Tell whether an address is one of these interfaces."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def status_of(path: str, status: int) -> int:
    """Return the status of an answer at an address: what is 422 elsewhere is 400 here."""
    return 400 if status == 422 and speaks_ogc(path) else status


def token_of(request: Request) -> str | None:
    """Return the token that comes as the password of ``Authorization: Basic``; None for what cannot be one.

    The name beside it may be any: the token says whose it is. Only looks are to be had with it, and only here.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or request.method != "GET" or not speaks_ogc(request.scope["path"]):
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    token = pair.partition(":")[2]
    return token if looks_like_token(token) else None
