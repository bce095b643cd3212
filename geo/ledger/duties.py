"""The duty list (职责清单): of each kind of request and hazard who answers for it, who helps, and how well by when.

The lists are ``data/dictionaries/duties/*.toml``: a street replaces them by its own.
"""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from geo.errors import CodeError
from geo.ledger.working_time import Limit
from geo.territory.dictionaries import dictionary

#: Who is asked first, next and last: 网格发现、社区呼叫、街道兜底.
RUNGS = ("grid", "community", "street")
Rung = Literal["grid", "community", "street"]

#: The list of each workflow whose cases have duties.
LISTS = MappingProxyType({"request": "duties/requests", "hazard": "duties/hazards"})
#: What a kind that is on no list is dealt with as.
OTHERWISE = "other"


@dataclass(frozen=True)
class Party:
    """Somebody who may have a duty.

    Attributes
    ----------
    rung
        The rung that the party is of.
    roles
        Codes of the roles that act for it in the system.
    bodies
        Kinds of responsible bodies that are it; a place or compound that has one knows which.
    """

    code: str
    zh: str
    en: str
    rung: Rung
    roles: frozenset[str]
    bodies: frozenset[str]

    @property
    def label(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Duty:
    """One line of a duty list.

    Attributes
    ----------
    party
        Who answers for it.
    helps
        Who helps, in the order in which they are asked.
    standard_zh, standard_en
        When it is done well.
    limit
        By when, from when it is taken.
    source
        Where the list is from.
    """

    workflow: str
    kind: str
    zh: str
    en: str
    party: Party
    helps: tuple[Party, ...]
    standard_zh: str
    standard_en: str
    limit: Limit
    source: str


@cache
def parties() -> MappingProxyType[str, Party]:
    """Return all who may have duties, by code."""
    entries = dictionary("duties/parties").entries.values()
    return MappingProxyType(
        {
            entry.code: Party(
                entry.code,
                entry.zh,
                entry.en,
                rung=entry.extra["rung"],
                roles=frozenset(entry.extra["roles"]),
                bodies=frozenset(entry.extra.get("body", ())),
            )
            for entry in entries
        }
    )


@cache
def duties(workflow: str) -> MappingProxyType[str, Duty]:
    """Return a workflow's duty list, by kind.

    Raises
    ------
    CodeError
        Cases of this workflow have no duty list, or the list names a party that there is not.
    """
    if workflow not in LISTS:
        raise CodeError(
            f"流程“{workflow}”没有职责清单;有清单的流程:{'、'.join(LISTS)}",
            f"workflow {workflow!r} has no duty list; these have one: {', '.join(LISTS)}",
        )
    listed = dictionary(LISTS[workflow])
    return MappingProxyType(
        {
            entry.code: Duty(
                workflow,
                entry.code,
                entry.zh,
                entry.en,
                party=_party(entry.extra["party"]),
                helps=tuple(_party(code) for code in entry.extra["helps"]),
                standard_zh=entry.extra["standard_zh"],
                standard_en=entry.extra["standard_en"],
                limit=Limit(entry.extra["limit"], entry.extra["unit"]),
                source=listed.source,
            )
            for entry in listed.entries.values()
        }
    )


def of(kind: str, *, workflow: str = "request") -> Duty:
    """Return the duty for a kind of request or hazard; what is on no list is dealt with as :data:`OTHERWISE`.

    >>> of("lift").party.code
    'property_company'
    """
    listed = duties(workflow)
    return listed.get(kind, listed[OTHERWISE])


def _party(code: str) -> Party:
    if code not in parties():
        raise CodeError(
            f"职责清单中的“{code}”不在 duties/parties 字典里",
            f"the duty list names {code!r}, which is not in the dictionary duties/parties",
        )
    return parties()[code]
