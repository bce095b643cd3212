"""Who acts: the person behind a request, with the roles they hold and the scope they see."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from geo.errors import CodeError, InputError

#: Digits of the codes that a scope may be.
SCOPE_DIGITS = {"street": 9, "community": 12, "grid": 15}
#: So many different scopes are remembered in parts.
_MOST_SCOPES = 10_000


@dataclass(frozen=True)
class Actor:
    """Who acts in a transaction, with what, and from where.

    Attributes
    ----------
    name
        The account's login; events are written in this name.
    roles
        Codes of ``data/dictionaries/roles.toml``.
    scopes
        Codes of streets (9 digits), communities (12) or grids (15); without any, nothing that has a scope is seen.
    account_id, sign_in_id
        The account, and the sign-in that the request came with.
    address, request_id
        The network address that the request came from, and the request's own number.

    Raises
    ------
    InputError
        The name is blank.
    CodeError
        A scope has none of these structures.
    """

    name: str
    roles: frozenset[str]
    scopes: tuple[str, ...]
    account_id: int | None = None
    sign_in_id: int | None = None
    address: str | None = None
    request_id: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("操作者没有登录名", "who acts has no login")
        _parts(self.scopes)  # refuses what is no scope

    @property
    def streets(self) -> tuple[str, ...]:
        """The streets that are seen whole."""
        return _parts(self.scopes)["street"]

    @property
    def communities(self) -> tuple[str, ...]:
        """The communities that are seen whole, those of seen streets left out."""
        return _parts(self.scopes)["community"]

    @property
    def grids(self) -> tuple[str, ...]:
        """The grids that are seen without the rest of their community."""
        return _parts(self.scopes)["grid"]

    def may(self, roles: Iterable[str]) -> bool:
        """Whether one of the roles is held."""
        return not self.roles.isdisjoint(roles)


def check_scope(code: str) -> str:
    """Return the level of a scope's code: street, community or grid.

    Raises
    ------
    CodeError
        The code is none of these.
    """
    for level, digits in SCOPE_DIGITS.items():
        if re.fullmatch(rf"[0-9]{{{digits}}}", code, re.ASCII):
            return level
    raise CodeError(
        f"范围“{code[:40]}”不是编码;应为街道 9 位、社区 12 位或网格 15 位数字",
        f"scope {code[:40]!r} is no code: a street has 9 digits, a community 12, a grid 15",
    )


@lru_cache(_MOST_SCOPES)
def _parts(scopes: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the codes of each level in order, without those that lie in another; once for all requests."""
    of_level: dict[str, list[str]] = {level: [] for level in SCOPE_DIGITS}
    for code in sorted(set(scopes)):
        of_level[check_scope(code)].append(code)
    streets = frozenset(of_level["street"])
    communities = [code for code in of_level["community"] if code[:9] not in streets]
    whole = streets.union(communities)
    grids = [code for code in of_level["grid"] if code[:9] not in whole and code[:12] not in whole]
    return {"street": tuple(of_level["street"]), "community": tuple(communities), "grid": tuple(grids)}


#: Whoever has not signed in: sees what is published, and no row that has a scope.
PUBLIC = Actor("public", frozenset({"public"}), ())
