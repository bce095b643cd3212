"""Use case: what a figure leaves out: the buildings that nobody got into in a period, the grids that have nobody.

Both are told as they stood when the period ended, by the same rules as the figures: as many as those say.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from geo.access.actor import SCOPE_DIGITS, Actor, check_scope
from geo.access.roles import sees_households
from geo.errors import AccessError, BoundsError, InputError
from geo.ledger.figures import Period
from geo.services.answering import IN_CHARGE
from geo.services.figuring import count_inspected
from geo.services.households import LOOKED
from geo.services.inspectors import day_of, today
from geo.services.naming import names_of
from geo.storage import coverage, events, staffing
from geo.storage.network import grids_in_force

#: Buildings or grids of one list that is written whole.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class GridInCharge:
    """A grid, and the names of its grid workers; None for who may not know."""

    code: str
    name: str
    people: Sequence[str] | None


@dataclass(frozen=True)
class BuildingLeftOut:
    """A building into which nobody got in a period.

    Attributes
    ----------
    grids
        Which it was in when the period ended: one, several where the plan divides it, none where it was left out.
    last_seen
        The day on which somebody last got in before the period; None: never.
    days
        Since then until the period ended, or until today while it runs.
    tried
        The day in the period on which somebody last stood before a closed door.
    """

    code: str
    name: str
    community_code: str
    grids: Sequence[GridInCharge]
    last_seen: date | None
    days: int | None
    tried: date | None


@dataclass(frozen=True)
class BuildingsLeftOut:
    """A page of buildings, and what the share is of: ``buildings`` in all, ``inspected`` of them."""

    buildings: int
    inspected: int
    items: Sequence[BuildingLeftOut]

    @property
    def left_out(self) -> int:
        """How many nobody got into."""
        return self.buildings - self.inspected


@dataclass(frozen=True)
class GridLeftOut:
    """A grid that nobody was in charge of when a period ended.

    Attributes
    ----------
    since
        The first day without anybody; of a grid that never had anybody, the day on which its plan came into force.
    had_somebody
        Whether somebody was in charge before.
    """

    code: str
    name: str
    households: int | None
    since: date
    had_somebody: bool


def buildings_left_out(
    session: Session,
    scope: str,
    period: Period,
    *,
    limit: int | None = None,
    after: str | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> BuildingsLeftOut:
    """Return the buildings of a street, community or grid that the coverage of a period leaves out, by code.

    Whoever sees names of people does so on record.

    Parameters
    ----------
    limit
        At most so many; None: all, up to :data:`MOST_ROWS`.
    after
        Only those whose codes come after this one.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    BoundsError
        All are wanted, and they are too many.
    """
    check_scope(scope)
    grids = grids_in_force(session, scope, period.last)
    within = {"since": period.since, "until": period.until}
    found = coverage.read_not_seen(session, scope, grids, **within, limit=_most(limit), after=after)
    _check_most(found, limit)
    codes = [one.code for one in found]
    looks = coverage.read_looks(session, codes, **within)
    lying = _grids_of(session, scope, period, codes)
    named = {code for each in lying.values() for code in each}
    names = names_of(session, "grid", sorted(named))
    told = actor is None or sees_households(actor.roles)
    people = staffing.read_people(session, named, IN_CHARGE, period.last) if told else {}
    if people:
        _record_look(session, scope, sum(map(len, people.values())), actor.name if actor else who)
    charged = {code: GridInCharge(code, names[code], people.get(code, ()) if told else None) for code in named}
    counted = count_inspected(session, scope, period).values()
    return BuildingsLeftOut(
        buildings=sum(buildings for buildings, _ in counted),
        inspected=sum(inspected for _, inspected in counted),
        items=[
            _left_out(one, [charged[code] for code in lying.get(one.code, ())], looks.get(one.code), period)
            for one in found
        ],
    )


def grids_left_out(
    session: Session,
    scope: str,
    period: Period,
    *,
    limit: int | None = None,
    after: str | None = None,
    actor: Actor | None = None,
) -> list[GridLeftOut]:
    """Return the grids of a street, community or grid that had nobody in charge when a period ended, by code.

    Parameters
    ----------
    limit
        At most so many; None: all.
    after
        Only those whose codes come after this one.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    AccessError
        Who asks sees no people.
    """
    check_scope(scope)
    if actor is not None and not sees_households(actor.roles):
        raise AccessError(
            "您的角色不查看网格人员,此指标对您不显示;如需要请联系安全管理员",
            "your role does not see who is in charge of grids; ask the security officer if it has to",
        )
    grids = [grid for grid in grids_in_force(session, scope, period.last) if grid.code > (after or "")]
    staffed = staffing.staffed(session, [grid.code for grid in grids], period.last)
    alone = [grid for grid in grids if grid.code not in staffed][:limit]
    return [
        GridLeftOut(
            code=one.code,
            name=one.name,
            households=one.households,
            since=one.left_on + timedelta(days=1) if one.left_on else one.drawn,
            had_somebody=one.left_on is not None,
        )
        for one in staffing.read_alone(session, alone, period.last)
    ]


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _most(limit: int | None) -> int:
    return MOST_ROWS + 1 if limit is None else limit


def _check_most(found: Sequence[coverage.NotSeen], limit: int | None) -> None:
    if limit is None and len(found) > MOST_ROWS:
        raise BoundsError(
            f"超过 {MOST_ROWS} 栋;请缩小范围", f"there are more than {MOST_ROWS} buildings: ask for a smaller part"
        )


def _grids_of(session: Session, scope: str, period: Period, buildings: Collection[str]) -> dict[str, list[str]]:
    """Return the grids that buildings were in when a period ended, whatever part of them the scope is."""
    if not buildings:
        return {}
    around = scope[: SCOPE_DIGITS["street"]]
    return coverage.read_grids(session, buildings, grids_in_force(session, around, period.last))


def _left_out(
    one: coverage.NotSeen, grids: Sequence[GridInCharge], looks: coverage.Looks | None, period: Period
) -> BuildingLeftOut:
    seen, tried = (_day(looks.seen_at), _day(looks.tried_at)) if looks else (None, None)
    days = None if seen is None else (min(period.last, today()) - seen).days
    return BuildingLeftOut(one.code, one.name, one.community_code, grids, seen, days, tried)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else day_of(moment)


def _record_look(session: Session, scope: str, people: int, who: str | None) -> None:
    if not who:
        raise InputError("查看网格人员须写明查看人", "whoever looks at the people of grids has to be named")
    events.record(session, who=who, what=LOOKED, noun=check_scope(scope), code=scope, after={"grid_staff": people})
