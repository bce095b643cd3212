"""What locating addresses asks of the store: what lies at a point, names there were, names people use, what changed.

Whoever asks gets what row-level security shows them, of aliases and former names too: those of what they see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError, StaleVersionError
from geo.storage import events, queries
from geo.storage.catalogue import METADATA
from geo.storage.network import CellRecord, GridRecord
from geo.storage.refusals import in_plain_words
from geo.storage.tables import AddressAlias, FormerName

AliasState = Literal["proposed", "accepted", "rejected", "ended"]

#: The noun of events about aliases; their code is that of what the alias is of, so that they are seen with it.
ALIAS = "address_alias"
#: Of these an event says no name: many are homes.
HOUSEHOLD_NOUNS = frozenset({"household_unit", "place"})

#: Where a decision leads from.
DECISIONS: Mapping[str, frozenset[str]] = {
    "accepted": frozenset({"proposed", "rejected"}),
    "rejected": frozenset({"proposed"}),
    "ended": frozenset({"accepted"}),
}

#: Layers whose rows are places with addresses: a write to one of them changes what can be located.
LAYERS = (
    *("street", "community", "compound", "barrier", "building", "stairwell", "household_unit", "place"),
    "city_element",
)
_WRITES = ("created", "changed", "ended", "imported")
_ADOPTED = ("adopted", "superseded")

_HEAD = text("SELECT seq, hash FROM event_chain ORDER BY seq DESC LIMIT 1")
# What was committed after a moment: the chain has the order of commits, so nothing slips in behind it. Where the chain
# does not have that moment any more, another store was put in place of the one there was.
_CHANGED = text("""
SELECT (SELECT c.hash FROM event_chain c WHERE c.seq = :since) IS DISTINCT FROM CAST(:hash AS bytea) OR EXISTS (
  SELECT FROM event_chain c JOIN event e ON e.id = c.event_id
  WHERE c.seq > :since AND (
    (e.noun = ANY (:layers) AND e.what = ANY (:writes)) OR (e.noun = 'plan' AND e.what = ANY (:adopted))
    OR (e.noun = 'address_alias' AND e.what <> 'proposed')
  )
)
""")


@dataclass(frozen=True)
class Moment:
    """An event of the audit trail: its number in the order of commits, and its hash; 0 and None before the first."""

    seq: int
    hash: bytes | None


@dataclass(frozen=True)
class Former:
    """A name or address (``field``) that a thing had."""

    noun: str
    code: str
    field: str
    old: str
    until: datetime
    who: str | None


@dataclass(frozen=True)
class AliasRecord:
    """What people call a thing."""

    id: int
    alias: str
    kind: str
    noun: str
    code: str
    name: str
    state: AliasState
    times: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    version: int


@dataclass(frozen=True)
class Nearby:
    """A community, compound or building at a point; ``metres`` from it, 0 inside."""

    noun: str
    code: str
    name: str | None
    address: str | None
    metres: float


# ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────────────


def head(session: Session) -> Moment:
    """Return the event committed last; only the store's owner may ask."""
    found = session.execute(_HEAD).one_or_none()
    return Moment(0, None) if found is None else Moment(int(found.seq), bytes(found.hash))


def changed_since(session: Session, moment: Moment) -> bool:
    """Tell whether places, their names or who may see them changed after an event; only the store's owner may ask."""
    values = {"since": moment.seq, "hash": moment.hash}
    words = {"layers": list(LAYERS), "writes": list(_WRITES), "adopted": list(_ADOPTED)}
    return bool(session.scalar(_CHANGED, values | words))


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def living(session: Session, noun: str, codes: Sequence[str]) -> set[str]:
    """Return those codes that are of living things which are seen."""
    table = METADATA.tables[noun]
    return set(session.scalars(select(table.c.code).where(table.c.code.in_(list(codes)), table.c.ended_at.is_(None))))


def around(session: Session, lon: float, lat: float, *, reach_m: float) -> list[Nearby]:
    """Read what a point (EPSG:4326) lies in, and the buildings within ``reach_m`` metres, the nearest first."""
    # A degree has 111 km from north to south and less from west to east: half as much at 60°.
    values = {"lon": lon, "lat": lat, "reach_m": reach_m, "reach_degrees": reach_m / 55_000}
    return [Nearby(**row) for row in queries.execute(session, "round_a_point", values).mappings()]


def grids_over(session: Session, shape: bytes) -> list[GridRecord]:
    """Return the grids in force that a shape (WKB, EPSG:4326) lies in, by code."""
    return [GridRecord(**row) for row in queries.execute(session, "grids_over", {"shape": shape}).mappings()]


def cells_over(session: Session, shape: bytes, grids: Sequence[GridRecord]) -> list[CellRecord]:
    """Return the cells of some grids that a point (WKB, EPSG:4326) lies in, by code."""
    values = {"shape": shape, "grids": [grid.id for grid in grids]}
    return [CellRecord(**row) for row in queries.execute(session, "cells_over", values).mappings()]


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_former(session: Session, *, noun: str | None = None, code: str | None = None) -> list[Former]:
    """Read names and addresses that there were, the oldest first."""
    names = Former.__dataclass_fields__
    query = select(*(getattr(FormerName, name) for name in names)).order_by(FormerName.id)
    if noun is not None:
        query = query.where(FormerName.noun == noun)
    if code is not None:
        query = query.where(FormerName.code == code)
    return [Former(*row) for row in session.execute(query)]


def read_aliases(
    session: Session, *, state: AliasState | None = None, limit: int | None = None, after: int | None = None
) -> list[AliasRecord]:
    """Read aliases, the newest first; the next page is ``after`` the last id of this one."""
    query = select(AddressAlias).order_by(AddressAlias.id.desc()).limit(limit)
    if state is not None:
        query = query.where(AddressAlias.state == state)
    if after is not None:
        query = query.where(AddressAlias.id < after)
    return [_record(alias) for alias in session.scalars(query)]


def read_alias(session: Session, alias_id: int) -> AliasRecord:
    """Read one alias.

    Raises
    ------
    NotFoundError
        There is no such alias.
    """
    return _record(_found(session.get(AddressAlias, alias_id), alias_id))


def propose_alias(session: Session, *, alias: str, kind: str, noun: str, code: str, name: str, who: str) -> AliasRecord:
    """Propose an alias, or count once more one that was proposed before, whatever became of it.

    Raises
    ------
    WanggeError
        The database refused: what it is of is not seen, or who asks does not keep the register.
    """
    row = {"alias": alias, "kind": kind, "noun": noun, "code": code, "name": name, "proposed_by": who}
    again = {"times": AddressAlias.times + 1}
    said = (
        insert(AddressAlias)
        .values(row)
        .on_conflict_do_update(
            index_elements=["alias", "kind", "code"], index_where=text("state <> 'ended'"), set_=again
        )
    )
    with in_plain_words():
        found = session.scalars(said.returning(AddressAlias), execution_options={"populate_existing": True}).one()
    record = _record(found)
    events.record(session, who=who, what="proposed", noun=ALIAS, code=code, after=_told(record))
    return record


def decide_alias(
    session: Session, alias_id: int, state: AliasState, *, who: str, version: int | None = None
) -> AliasRecord:
    """Accept or reject a proposed alias, or end one that was accepted.

    Parameters
    ----------
    version
        The version that was seen.

    Raises
    ------
    NotFoundError
        There is no such alias.
    StaleVersionError
        Somebody decided meanwhile.
    ConflictError
        Its state does not lead there.
    """
    query = select(AddressAlias).where(AddressAlias.id == alias_id).with_for_update()
    with in_plain_words():
        before = _record(_found(session.scalars(query).one_or_none(), alias_id))
        if version is not None and version != before.version:
            raise StaleVersionError(
                f"别名“{before.alias}”已由 {before.decided_by} 改为“{before.state}”,您看到的是第 {version} 版;"
                "请刷新后再决定",
                f"{before.decided_by} made alias {alias_id} {before.state} meanwhile, you saw version {version}: "
                "look again, then decide",
            )
        if before.state not in DECISIONS.get(state, ()):
            raise ConflictError(
                f"别名“{before.alias}”现在是“{before.state}”,不能改为“{state}”",
                f"alias {alias_id} is {before.state} and cannot become {state}",
            )
        changes = {"state": state, "decided_by": who, "decided_at": func.now(), "version": before.version + 1}
        changed = update(AddressAlias).where(AddressAlias.id == alias_id).values(changes)
        session.execute(changed, execution_options={"synchronize_session": False})
    session.expire_all()
    record = read_alias(session, alias_id)
    told = {"before": _told(before), "after": _told(record)}
    events.record(session, who=who, what=state, noun=ALIAS, code=record.code, **told)
    return record


def _told(record: AliasRecord) -> dict[str, Any]:
    names = ["id", "kind", "state", "times", "version"]
    names += [] if record.noun in HOUSEHOLD_NOUNS else ["alias", "name"]
    return {name: getattr(record, name) for name in names}


def _found(alias: AddressAlias | None, alias_id: int) -> AddressAlias:
    if alias is None:
        raise NotFoundError(f"没有编号为 {alias_id} 的别名", f"there is no alias {alias_id}")
    return alias


def _record(alias: AddressAlias) -> AliasRecord:
    return AliasRecord(**{name: getattr(alias, name) for name in AliasRecord.__dataclass_fields__})
