"""What a page's form sends, read strictly: each field once, UTF-8, of a bounded length, none unknown."""

from urllib.parse import parse_qsl

from fastapi import Request

from api import open311
from api.errors import RequestError

FORM = "application/x-www-form-urlencoded"
#: Addresses that take forms; all others take JSON alone.
FORM_PATHS = frozenset({"/sign-in", "/sign-out", "/password", "/second-factor", "/invitation"}) | open311.POSTS
MAX_FIELDS = 8
MAX_CHARACTERS = 1_000


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form.

    Raises
    ------
    RequestError
        It is no form, or a field comes twice, is too long or is not UTF-8.
    """
    body = await request.body()
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=MAX_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise _unreadable() from None
    fields = dict(pairs)
    if len(fields) < len(pairs) or any(len(text) > MAX_CHARACTERS or "\x00" in text for _, text in pairs):
        raise _unreadable()
    return fields


def _unreadable() -> RequestError:
    return RequestError(
        "invalid-request",
        f"表单无法读取:每个字段一次,UTF-8,最多 {MAX_CHARACTERS} 字",
        f"the form cannot be read: each field once, UTF-8, {MAX_CHARACTERS} characters at most",
    )
