"""Communities as plans draw them, and how a plan of communities takes force.

Communities are redrawn as grids are: a plan of the tier ``community`` is drafted, adopted, superseded, and never edited
once adopted. Its communities lie in ``drawn_community``; what is in force is, as ever, the table ``community``, which
adopting brings to what the plan drew. Things keep their codes: a building's code names the community that it was
registered in, ``building.community_code`` the one that it is in. Who was where before is in the plans of communities
(``community_at``), and in the events of every row that changed.
"""

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.storage import queries
from geo.storage.tables import Community, CommunityAssignment, DrawnCommunity

DRAWN_COLUMNS = ["code", "name", "community_code", "households", "reason_code", "reason"]


def insert_drawn(session: Session, plan_id: int, drawn: gpd.GeoDataFrame, assignment: pd.DataFrame) -> None:
    """Write the communities of a draft and which of them each building is in.

    Parameters
    ----------
    drawn
        EPSG:4326, :data:`DRAWN_COLUMNS`.
    assignment
        ``building_code``, ``grid_code`` (the drawn community's) and ``households``.
    """
    values: dict[str, list[Any]] = {name: _plain(drawn[name]) for name in DRAWN_COLUMNS}
    values["geom"] = shapely.to_wkb(drawn.geometry.to_numpy()).tolist()
    queries.execute(session, "insert_drawn_communities", {"plan_id": plan_id, **values})
    rows = {name: _plain(assignment[name]) for name in ("building_code", "grid_code", "households")}
    queries.execute(session, "insert_community_assignment", {"plan_id": plan_id, **rows})


def read_drawn(session: Session, plan_id: int) -> list[Any]:
    """Read the communities that a plan draws, by code: :data:`DRAWN_COLUMNS` and the geometry as WKB."""
    columns = [getattr(DrawnCommunity, name) for name in DRAWN_COLUMNS]
    geometry = func.ST_AsBinary(DrawnCommunity.geom, type_=None)
    query = select(*columns, geometry).where(DrawnCommunity.plan_id == plan_id).order_by(DrawnCommunity.code)
    return list(session.execute(query).all())


def read_assigned(session: Session, plan_id: int) -> list[tuple[Any, ...]]:
    """Read which community each building is drawn into: building, community, households; by building."""
    query = (
        select(CommunityAssignment.building_code, DrawnCommunity.code, CommunityAssignment.households)
        .join(DrawnCommunity, DrawnCommunity.id == CommunityAssignment.drawn_id)
        .where(CommunityAssignment.plan_id == plan_id)
        .order_by(CommunityAssignment.building_code)
    )
    return [tuple(row) for row in session.execute(query)]


def versions(session: Session, scope_code: str, *, wait: bool = False) -> dict[str, int]:
    """Return the version of each living community of a street, or of the one community.

    With ``wait`` nobody can change them until the end of the transaction.
    """
    query = select(Community.code, Community.version).where(
        func.starts_with(Community.code, scope_code), Community.ended_at.is_(None)
    )
    if wait:
        query = query.with_for_update()
    return {str(code): int(version) for code, version in session.execute(query.order_by(Community.code)).all()}


def grids_astray(session: Session, plan_id: int) -> list[str]:
    """Return the grids of a plan that do not fit the communities as they are now, by code.

    Their community ended, or they reach beyond it: no draft could be written so.
    """
    return [str(row[0]) for row in queries.execute(session, "astray", {"plan": plan_id})]


def _plain(values: "pd.Series[Any]") -> list[Any]:
    """Values as the driver takes them: None for missing, no numpy scalars."""
    return values.astype(object).where(values.notna(), None).tolist()
