"""The roles there are (``data/dictionaries/roles.toml``), and which of them one person may hold together."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from types import MappingProxyType
from typing import Literal

from geo.errors import InputError
from geo.territory.dictionaries import dictionary

#: What the role is given for: a whole street, a community, single grids, or nothing of the territory.
Level = Literal["street", "community", "grid", "none"]


@dataclass(frozen=True)
class Role:
    """A role that a person may hold.

    Attributes
    ----------
    sees_households, sees_phones
        Whether the role sees who lives where, and telephone numbers of persons.
    keeps_register, draws_plans
        Whether the role writes what is on the register (buildings, doors, places ...), and drafts and adopts plans.
    handles_cases, plans_inspections
        Whether the role works on the ledger, as far as workflows let it, and says what is inspected how often.
    excludes
        Codes of the roles that nobody may hold beside this one.
    second_factor
        Whether a sign-in needs a second factor.
    scope
        The widest level that the role is given for.
    """

    code: str
    zh: str
    en: str
    sees_households: bool
    sees_phones: bool
    keeps_register: bool
    draws_plans: bool
    handles_cases: bool
    plans_inspections: bool
    excludes: frozenset[str]
    second_factor: bool
    scope: Level

    @property
    def label(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}"


@cache
def roles() -> MappingProxyType[str, Role]:
    """Return all roles by code."""
    entries = dictionary("roles").entries.values()
    return MappingProxyType(
        {
            entry.code: Role(
                entry.code,
                entry.zh,
                entry.en,
                sees_households=entry.extra["sees_households"],
                sees_phones=entry.extra["sees_phones"],
                keeps_register=entry.extra["keeps_register"],
                draws_plans=entry.extra["draws_plans"],
                handles_cases=entry.extra["handles_cases"],
                plans_inspections=entry.extra["plans_inspections"],
                excludes=frozenset(entry.extra["excludes"]),
                second_factor=entry.extra["second_factor"],
                scope=entry.extra["scope"],
            )
            for entry in entries
        }
    )


def check_roles(codes: Iterable[str]) -> frozenset[str]:
    """Return the roles when one person may hold them together.

    Raises
    ------
    CodeError
        There is no such role.
    InputError
        Two of them exclude one another.
    """
    held = frozenset(codes)
    known = [dictionary("roles")[code].code for code in sorted(held)]
    for one, other in combinations(known, 2):
        if other in roles()[one].excludes or one in roles()[other].excludes:
            first, second = roles()[one], roles()[other]
            raise InputError(
                f"“{first.zh}”与“{second.zh}”不能由同一人担任;请分给不同的账户",
                f"{first.en} and {second.en} may not be held by one person: give them to different accounts",
            )
    return held


def sees_households(codes: Iterable[str]) -> bool:
    """Whether one of the roles sees who lives where."""
    return any(roles()[code].sees_households for code in codes if code in roles())


def sees_phones(codes: Iterable[str]) -> bool:
    """Whether one of the roles sees telephone numbers of persons."""
    return any(roles()[code].sees_phones for code in codes if code in roles())


def needs_second_factor(codes: Iterable[str]) -> bool:
    """Whether a sign-in with these roles needs a second factor."""
    return any(roles()[code].second_factor for code in codes if code in roles())
