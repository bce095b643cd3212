"""Use case: one plan into a file: its grids, which building is in which, and its cells.

What leaves is on record, and the file says by whom it was taken, when, and what of.
"""

from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.exchange.stamps import stamp_now
from geo.exchange.writing import write_frames
from geo.storage import cells, divisions, events, plans

#: Files that have shapes and only one layer: the grids alone.
ONE_LAYER = frozenset({".geojson"})
#: Files that people read: no shapes.
SHEETS = frozenset({".xlsx"})


def export_plan(session: Session, plan_id: int, path: Path, *, who: str) -> list[Path]:
    """Write a plan to a file: layers ``grid``, ``assignment`` and, where there are any, ``cell``.

    Parameters
    ----------
    path
        ``.gpkg``, ``.geojson`` (grids alone) or ``.xlsx`` (without shapes).
    who
        Who takes the file: said in it, and in an event.

    Raises
    ------
    NotFoundError
        There is no such plan, or nothing of it that is seen.
    """
    plan = plans.read_plan(session, plan_id)
    grids = plans.read_grids(session, plan_id)
    if grids.empty:
        raise NotFoundError(f"方案 {plan_id} 在您的范围内没有网格", f"plan {plan_id} has no grid that you see")
    frames: dict[str, pd.DataFrame] = {"grid": grids}
    if path.suffix not in ONE_LAYER:
        frames["assignment"] = plans.read_assignment(session, plan_id)
        drafted = cells.read_cells(session, plan_id)
        if not drafted.empty:
            frames["cell"] = drafted
    if path.suffix in SHEETS:
        frames = {name: pd.DataFrame(frame.drop(columns="geometry", errors="ignore")) for name, frame in frames.items()}
    told = {"rows": len(grids), "plan": plan_id, "personal": False}
    events.record(session, who=who, what="exported", noun="grid", code=plan.scope_code, after=told)
    scope = divisions.find(session, plan.scope_code)
    stamp = stamp_now(who, scope=f"{scope.name} {scope.code}", plan=f"{plan.id} {plan.name}")
    return write_frames(frames, path, datum="wgs84", stamp=stamp)
