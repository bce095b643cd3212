"""What things are called: the name, the address, or the number on the door."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.storage.catalogue import METADATA
from geo.storage.tables import Grid, Plan

#: Columns that say what a thing is called, the best first.
_CALLED = {"building": ("name", "address"), "household_unit": ("address", "room")}


def read_names(session: Session, noun: str, codes: Sequence[str]) -> dict[str, str]:
    """Return names by code, "" where there is none; things that are not seen are left out, those that ended are not."""
    if noun == "grid":
        return _grid_names(session, codes)
    table = METADATA.tables[noun]
    called = func.coalesce(*(table.c[name] for name in _CALLED.get(noun, ("name",))), "")
    return {
        row.code: str(row[1]) for row in session.execute(select(table.c.code, called).where(table.c.code.in_(codes)))
    }


def _grid_names(session: Session, codes: Sequence[str]) -> dict[str, str]:
    """Return names of grids as the plan says that was adopted last; drafts are not asked."""
    query = (
        select(Grid.code, func.coalesce(Grid.name, ""))
        .join(Plan, Plan.id == Grid.plan_id)
        .where(Grid.code.in_(codes), Plan.state != "draft", Plan.department == "")
        .order_by(Plan.adopted_at, Plan.id)
    )
    return {row[0]: str(row[1]) for row in session.execute(query)}
