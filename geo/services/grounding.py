"""Use case: the ground of a plan, once and whole, for somebody who works on it by hand; and what was done to it.

::

    ground = ground_of_plan(session, plan_id)          # a planner's page works out every figure from it
    plan, strokes = strokes_of_plan(session, plan_id)  # ... and takes back what was done

The rows are those that the next edit starts from: buildings that ended since the draft are left out, new ones are in
the grid that they stand in (:func:`geo.services.editing.edit_plan`).
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.regionalization.communities import Community
from geo.regionalization.edited_grids import Ground, ground_of
from geo.regionalization.editing import Notice
from geo.regionalization.ground_columns import CommunityGround, GroundColumns, ground_columns
from geo.services.editing import open_draft
from geo.storage import buildings as building_rows
from geo.storage import edits, events, layers, plans
from geo.storage.plans import PlanRecord
from geo.territory.nouns import COMPOUND

#: Communities whose tiles are remembered, at most: two streets and some.
REMEMBERED = 64


@dataclass(frozen=True)
class PlanGround:
    """A plan and its ground.

    Attributes
    ----------
    columns
        Units, edges and what they number.
    grid_names, building_names, compound_names, community_names
        By code; buildings without a name are left out.
    notices
        What changed in the register since the plan was drafted.
    """

    plan: PlanRecord
    columns: GroundColumns
    grid_names: dict[str, str]
    building_names: dict[str, str]
    compound_names: dict[str, str]
    community_names: dict[str, str]
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Stroke:
    """What one edit did to a plan: for each row that changed grid where it was and went, grids made and ended."""

    version: int
    who: str
    at: datetime
    moves: dict[str, tuple[str, str]]
    new_grids: tuple[str, ...]
    ended_grids: tuple[str, ...]


def ground_of_plan(session: Session, plan_id: int) -> PlanGround:
    """Read the ground of a plan of grids as it is today.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        It is a plan of communities or a department's, of communities that are no more, or without any building.
    """
    opened = open_draft(session, plan_id)
    codes = [community.code for community in opened.gathered.communities]
    today, notices = opened.today(set(codes))
    parts = []
    for community in opened.gathered.communities:
        rows = today[today["grid"].astype(str).str[:12] == community.code].reset_index(drop=True)
        if len(rows):
            parts.append(CommunityGround(_TILES.ground(community, rows), rows))
    if not parts:
        raise ConflictError(
            f"方案 {plan_id} 的范围内没有楼栋,无从编辑", f"plan {plan_id} has no building to work on in its area"
        )
    columns = ground_columns(parts, opened.stored["code"].tolist())
    compounds = layers.read(session, COMPOUND, codes=columns.compounds)
    return PlanGround(
        opened.record,
        columns,
        _names(opened.stored),
        building_rows.read_names(session, community_codes=codes),
        _names(compounds),
        opened.gathered.names,
        tuple(notices),
    )


def strokes_of_plan(session: Session, plan_id: int, *, after: int = 0) -> tuple[PlanRecord, list[Stroke]]:
    """Return a plan, and what edits did to it after it had version ``after``, the oldest first.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plan = plans.read_plan(session, plan_id)
    records = events.changes_since(session, "plan", str(plan_id), after)
    # What came in between the two looks is told next time.
    known = [record for record in records if record.what == edits.EDITED and _version(record) <= plan.version]
    return plan, [_stroke(record) for record in known]


def _version(record: events.EventRecord) -> int:
    return int((record.after or {})["version"])


def _stroke(record: events.EventRecord) -> Stroke:
    before, now = record.before or {}, record.after or {}
    was, became = before.get("assignment", {}), now.get("assignment", {})
    grids_were, grids_became = before.get("grids", {}), now.get("grids", {})
    return Stroke(
        _version(record),
        record.who,
        record.at,
        {key: (was[key], grid) for key, grid in became.items() if key in was and was[key] != grid},
        tuple(sorted(set(grids_became) - set(grids_were))),
        tuple(sorted(set(grids_were) - set(grids_became))),
    )


def _names(frame: pd.DataFrame) -> dict[str, str]:
    known = frame[frame["name"].notna()]
    return {str(code): str(name) for code, name in zip(known["code"], known["name"], strict=True)}


class _Tiles:
    """Remembers how communities were tessellated: the same ground gives the same tiles, and takes seconds of work."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Ground] = OrderedDict()
        self._lock = Lock()

    def ground(self, community: Community, rows: pd.DataFrame) -> Ground:
        key = _fingerprint(community, rows)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
        if known is None:
            known = ground_of(community, rows)
            with self._lock:
                self._known[key] = known
                while len(self._known) > self._most:
                    self._known.popitem(last=False)
        # Which grid a building was in may have changed since; its ground has not.
        return Ground(community, known.atoms, known.tiles, known.touching, known.costs)


def _fingerprint(community: Community, rows: pd.DataFrame) -> bytes:
    """Hash all that tiles, neighbours, border costs and atoms follow from."""
    told = hashlib.sha256(community.code.encode())
    parts: list[bytes] = [community.boundary.wkb]
    for frame in (community.buildings, community.stairwells, community.barriers, community.floors):
        if frame is not None:
            parts += _told(frame.index.to_series())
            parts += [part for name in frame.columns for part in _told(frame[name])]
    for name in ("building", "stairwell", "floor_from", "floor_to", "households"):
        parts += _told(rows[name])
    for part in parts:
        told.update(len(part).to_bytes(8, "big") + part)
    return told.digest()


def _told(column: "pd.Series[Any]") -> tuple[bytes, ...]:
    """A column as bytes: equal columns give the same, whatever else others do."""
    if isinstance(column, gpd.GeoSeries):
        return tuple(b"" if shape is None else shape for shape in column.to_wkb().to_numpy())
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return (column.dtype.str.encode(), column.to_numpy().tobytes())
    return ("\0".join(map(repr, column.tolist())).encode(),)


_TILES = _Tiles(REMEMBERED)
