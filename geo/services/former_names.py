"""Use case: what a thing was called, and where it was said to be, before its name or address was changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import InputError, NotFoundError
from geo.services.households import LOOKED
from geo.storage import addresses, events
from geo.storage.addresses import HOUSEHOLD_NOUNS, LAYERS
from geo.territory.codes import problem
from geo.territory.nouns import NOUNS

__all__ = ["FormerName", "former_names"]


@dataclass(frozen=True)
class FormerName:
    """A name or address that a thing had until a moment.

    Attributes
    ----------
    field, label
        The column that had it: ``name`` or ``address``, and what it is called in Chinese.
    who
        Who changed it; None where that is not on record.
    """

    field: str
    label: str
    old: str
    until: datetime
    who: str | None


def former_names(
    session: Session, code: str, *, actor: Actor | None = None, who: str | None = None
) -> list[FormerName]:
    """Return the names and addresses that a thing had, the oldest first; of a door or a place it is a look, on record.

    Raises
    ------
    InputError
        Nobody asks.
    NotFoundError
        There is no such thing, or the actor does not see it.
    """
    name = actor.name if actor else who
    if not name:
        raise InputError("查看曾用名须写明查看人", "whoever looks at former names has to be named")
    noun = next((noun for noun in LAYERS if problem(noun, code) is None), None)
    if noun is None or code not in addresses.living(session, noun, [code]):
        raise NotFoundError(f"没有编码为 {code[:40]} 的对象", f"there is no thing with the code {code[:40]!r}")
    if noun in HOUSEHOLD_NOUNS:
        events.record(session, who=name, what=LOOKED, noun=noun, code=code, after={"former_names": True})
    found = addresses.read_former(session, noun=noun, code=code)
    return [FormerName(each.field, NOUNS[noun].column(each.field).zh, each.old, each.until, each.who) for each in found]
