"""A plan's report made anew when a part of the plan changed: what did not change is as the report remembers it.

A street's plan is edited in one community at a time, and its report sums up all of them. Drafting the others again
only to count them would take minutes; what the report and the stored grids say of them is enough to sum up.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.regionalization.balancing import Balance
from geo.regionalization.communities import Bounds
from geo.regionalization.drafting import POSTS, CommunityDraft
from geo.regionalization.numbering import grid_number
from geo.regionalization.reporting import report

_MOVES = ("building", "stairwell", "households", "previous", "grid")


def limits_of(told: Mapping[str, Any]) -> tuple[Balance, ...]:
    """Return the limits of the further quantities that a report is about, but for posts."""
    rows = [row for row in told.get("quantities", ()) if row["name"] != POSTS]
    return tuple(Balance(row["name"], row["lower"], row["upper"]) for row in rows)


def remembered(told: Mapping[str, Any], code: str, areas: gpd.GeoSeries, rows: pd.DataFrame) -> CommunityDraft:
    """Return the draft of one community as a report tells it; which household moved where is not in it.

    Parameters
    ----------
    told
        What :func:`~geo.regionalization.reporting.report` returned.
    areas
        The community's grids by code, metres.
    rows
        ``building``, ``stairwell``, ``floor_from``, ``floor_to`` and ``households`` of its assignment.
    """
    row: Mapping[str, Any] = next((one for one in told.get("communities", ()) if one["code"] == code), {})
    listed = [one for one in told.get("grid_list", ()) if one["community"] == code and one["code"] in areas.index]
    number = [(grid_number(code, one["code"]) or 0) - 1 for one in listed]
    names = ("households", "atoms", "in_range", "contiguous", "polsby_popper", "continues", "moved")
    columns = {name: [one.get(name) for one in listed] for name in names}
    columns["reason_code"] = [one.get("reason") for one in listed]
    columns |= {name: [one.get(name) for one in listed] for name in ("reason_zh", "reason_en")}
    shapes = areas.reindex([one["code"] for one in listed]).to_numpy()
    grids = gpd.GeoDataFrame(columns, geometry=shapes, crs=areas.crs, index=pd.Index(number, dtype="int64"))
    held = pd.DataFrame([one.get("quantities", {}) for one in listed], index=grids.index)
    # The report says how many runs of floors are estimated, not which: for counting them again any will do.
    guessed = np.arange(len(rows)) < row.get("estimated_parts", 0)
    return CommunityDraft(
        code,
        grids,
        rows.assign(estimated=guessed),
        row.get("lower_bound", 0),
        dict(row.get("metrics", {})),
        pd.DataFrame({name: [] for name in _MOVES}),
        held,
        {place: tuple(one.get("reason_buildings", ())) for place, one in zip(number, listed, strict=True)},
    )


def renewed_report(
    told: Mapping[str, Any],
    drafts: Sequence[CommunityDraft],
    changed: frozenset[str],
    bounds: Bounds,
    quantities: Sequence[Balance],
) -> dict[str, Any]:
    """Sum up a plan of which some communities changed; entries that are not about its grids stay as they were.

    Parameters
    ----------
    told
        The report until now.
    drafts
        Of all communities in the plan's order, those that did not change as :func:`remembered`.
    changed
        Codes of the communities that did.
    """
    names = {row["code"]: row["name"] for row in told.get("communities", ())}
    summed = report(
        drafts,
        bounds,
        seed=told.get("seed", 0),
        seconds=told.get("seconds", 0.0),
        names=names,
        quantities=quantities,
    )
    kept = [flow for flow in told.get("moves", ()) if flow["to"][:12] not in changed]
    flows = sorted([*kept, *summed["moves"]], key=lambda row: (-row["households"], row["from"], row["to"]))
    asked = {name: told[name] for name in ("seed", "seconds", "cancelled") if name in told}
    # What would have settled borders was found for the grids as they were.
    border_moves = [one for one in told.get("border_moves", ()) if not {code[:12] for code in one["grids"]} & changed]
    return {**told, **summed, "moves": flows, "border_moves": border_moves, **asked}
