"""What a page's form sends, read strictly: each field once, UTF-8, of a bounded length, none unknown."""

from fastapi import Request

from api import open311
from api.errors import RequestError
from api.urlencoded import read_fields

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
    pairs = read_fields(await request.body(), most=MAX_FIELDS, longest=MAX_CHARACTERS)
    fields = dict(pairs or ())
    if pairs is None or len(fields) < len(pairs):
        raise _unreadable()
    return fields


def _unreadable() -> RequestError:
    return RequestError(
        "invalid-request",
        f"表单无法读取:每个字段一次,UTF-8,最多 {MAX_CHARACTERS} 字",
        f"the form cannot be read: each field once, UTF-8, {MAX_CHARACTERS} characters at most",
    )
