"""Streets and communities, found by code or by name."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.orm import Session

from geo.errors import InputError, NotFoundError
from geo.storage.tables import Community, Street


@dataclass(frozen=True)
class Division:
    """A street or a community; ``parent`` is a community's street."""

    code: str
    name: str
    level: Literal["street", "community"]
    parent: str | None


def streets(session: Session) -> list[Division]:
    """List the living streets by code."""
    return _divisions(session, _STREETS)


def communities(session: Session, street_code: str | None = None) -> list[Division]:
    """List the living communities by code, all or those of one street."""
    query = _COMMUNITIES
    return _divisions(session, query if street_code is None else query.where(Community.street_code == street_code))


def find(session: Session, text: str) -> Division:
    """Find the street or community whose code or name is ``text``; 街道 or 社区 at the end may be left out.

    Raises
    ------
    NotFoundError
        There is none; the message lists some that there are.
    InputError
        There are several of that name; the message lists their codes.
    """
    wanted = text.strip()
    both = union_all(_STREETS, _COMMUNITIES).subquery()
    names = [wanted, f"{wanted}街道", f"{wanted}社区"]
    query = select(both).where((both.c.code == wanted) | both.c.name.in_(names)).order_by(both.c.code)
    found = _divisions(session, query)
    exact = [division for division in found if wanted in (division.code, division.name)]
    found = exact or found
    if not found:
        raise _not_found(session, wanted)
    if len(found) > 1:
        listed = "、".join(f"{division.name} {division.code}" for division in found)
        raise InputError(
            f"“{wanted}”有 {len(found)} 个:{listed};请用编码指明",
            f"{wanted!r} names {len(found)} divisions: {listed}; say which by its code",
        )
    return found[0]


def name_of(session: Session, code: str) -> str:
    """Return the name of the street or community of exactly this code.

    Raises
    ------
    NotFoundError
        There is none.
    """
    both = union_all(_STREETS, _COMMUNITIES).subquery()
    name = session.scalar(select(both.c.name).where(both.c.code == code))
    if name is None:
        raise _not_found(session, code)
    return str(name)


def community_codes(session: Session, scope_code: str | None = None) -> list[str]:
    """Return the communities of a street, the community itself, or all, by code.

    Raises
    ------
    NotFoundError
        There is no such street or community.
    """
    if scope_code is None:
        return [division.code for division in communities(session)]
    division = find(session, scope_code)
    if division.level == "community":
        return [division.code]
    return [community.code for community in communities(session, division.code)]


_STREETS: Select[*tuple[Any, ...]] = (
    select(Street.code, Street.name, literal("street").label("level"), literal(None, Street.code.type).label("parent"))
    .where(Street.ended_at.is_(None))
    .order_by(None)
)
_COMMUNITIES: Select[*tuple[Any, ...]] = select(
    Community.code, Community.name, literal("community").label("level"), Community.street_code.label("parent")
).where(Community.ended_at.is_(None))


def _divisions(session: Session, query: Select[*tuple[Any, ...]]) -> list[Division]:
    rows = sorted(session.execute(query), key=lambda row: row.code)
    return [Division(row.code, row.name, row.level, row.parent) for row in rows]


def _not_found(session: Session, wanted: str) -> NotFoundError:
    known = [*streets(session), *communities(session)]
    if not known:
        return NotFoundError(
            f"没有“{wanted[:40]}”:库中还没有街道和社区,请先导入",
            f"there is no {wanted[:40]!r}: the store has no streets or communities yet; import some first",
        )
    listed = "、".join(f"{division.name} {division.code}" for division in known[:8])
    return NotFoundError(
        f"没有名称或编码为“{wanted[:40]}”的街道或社区;已有:{listed} 等 {len(known)} 个",
        f"no street or community has the name or code {wanted[:40]!r}; there are {len(known)}, such as {listed}",
    )
