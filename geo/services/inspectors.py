"""Who inspects, and which day it is where they do."""

from datetime import date, datetime

from geo.access.actor import Actor
from geo.errors import InputError
from geo.territory.times import CHINA_TIME


def named(actor: Actor | None, who: str | None) -> str:
    """Return in whose name something about inspections is written: the actor's, or at the terminal ``who``.

    Raises
    ------
    InputError
        Nobody was named.
    """
    name = actor.name if actor else who
    if not name:
        raise InputError("检查、分级与检查计划须写明操作人", "whoever inspects, grades or plans has to be named")
    return name


def day_of(moment: datetime) -> date:
    """Return the day of a moment in China."""
    return moment.astimezone(CHINA_TIME).date()


def today() -> date:
    """Return the day that it is in China."""
    return datetime.now(CHINA_TIME).date()
