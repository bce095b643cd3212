"""Use case: who lives or works where. Every look is an event, written before anything is shown.

The event is in the transaction that reads. Where it cannot be written the look fails, and where the transaction cannot
be committed nobody has seen anything: callers show what they got after the transaction has ended.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.access.roles import sees_households, sees_phones
from geo.errors import InputError, NotFoundError
from geo.storage import events, households
from geo.storage.households import StaffRow, UnitRow
from geo.territory.codes import DIGITS

__all__ = ["StaffRow", "UnitRow", "look_at_household_units", "look_at_staff", "mask_phone"]

#: How events call a look.
LOOKED = "looked"

Row = TypeVar("Row", UnitRow, StaffRow)


def look_at_household_units(
    session: Session,
    building_code: str,
    *,
    limit: int | None = None,
    after: str | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> list[UnitRow]:
    """Return the doors of a building, and record the look.

    Parameters
    ----------
    limit, after
        One page: at most ``limit`` doors whose codes follow ``after``.
    actor
        Who looks: within their scope alone. None for the store's owner, who is ``who``.

    Raises
    ------
    NotFoundError
        There is no such building, the actor's scope does not reach it, or their roles see no households.
    """
    community = households.read_community_of(session, building_code)
    if community is None or not _may_look(actor, community):
        raise NotFoundError(f"没有编码为 {building_code} 的楼栋", f"there is no building {building_code}")
    units = households.read_units(session, building_code, limit=_limit(limit), after=after)
    _record(session, "building", building_code, "household_unit", units, actor=actor, who=who)
    return units


def look_at_staff(
    session: Session,
    within: str,
    *,
    limit: int | None = None,
    after: str | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> list[StaffRow]:
    """Return the people in charge of the grids of a street, community or grid, and record the look.

    Telephone numbers are masked for those whose roles do not see them.

    Raises
    ------
    InputError
        ``within`` is the code of nothing that has grids.
    """
    noun = {DIGITS[name]: name for name in ("street", "community", "grid")}.get(len(within))
    if noun is None or not within.isdecimal():
        raise InputError(
            f"“{within[:40]}”不是街道(9 位)、社区(12 位)或网格(15 位)编码",
            f"{within[:40]!r} is no code of a street (9 digits), community (12) or grid (15)",
        )
    scopes = None if actor is None else (*actor.streets, *actor.communities, *actor.grids)
    if actor is not None and not sees_households(actor.roles):
        scopes = ()
    staff = households.read_staff(session, under=within, within=scopes, limit=_limit(limit), after=after)
    _record(session, noun, within, "grid_staff", staff, actor=actor, who=who)
    if actor is None or sees_phones(actor.roles):
        return staff
    return [replace(person, phone=mask_phone(person.phone)) for person in staff]


def mask_phone(phone: str | None) -> str | None:
    """Keep of a telephone number what tells it from others of an office, and not what reaches the person.

    >>> mask_phone("13812345678")
    '138****5678'
    >>> mask_phone("0755-25512345")
    '075*****2345'
    >>> mask_phone("110")
    '****'
    """
    if phone is None:
        return None
    digits = re.sub(r"[^0-9]", "", phone)
    # Short ones would be guessed from what is left; anything that is no number is not shown at all.
    if len(digits) < 11:
        return "****"
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"


def _may_look(actor: Actor | None, community: str) -> bool:
    """Whether an actor's scope has something of the community; of grids' buildings the database decides."""
    if actor is None:
        return True
    near = (
        community[:9] in actor.streets
        or community in actor.communities
        or any(grid.startswith(community) for grid in actor.grids)
    )
    return near and sees_households(actor.roles)


def _limit(limit: int | None) -> int:
    return 2**31 - 1 if limit is None else limit


def _record(
    session: Session, noun: str, code: str, shown: str, rows: Sequence[Row], *, actor: Actor | None, who: str | None
) -> None:
    name = actor.name if actor else who
    if not name:
        raise InputError("查看住户信息须写明查看人", "whoever looks at households has to be named")
    events.record(session, who=name, what=LOOKED, noun=noun, code=code, after={shown: len(rows)})
