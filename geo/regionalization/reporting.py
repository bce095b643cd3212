"""What a draft achieved, grid by grid: the report that a planner reads and a program can check."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.regionalization.communities import Bounds
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.numbering import grid_code

__all__ = ["grid_code", "report"]


def report(
    drafts: Sequence[CommunityDraft], bounds: Bounds, *, seed: int, seconds: float, names: dict[str, str] | None = None
) -> dict[str, Any]:
    """Sum up drafts as plain values that JSON can hold.

    Parameters
    ----------
    seconds
        Wall time of the whole draft.
    names
        Community names by code.

    Returns
    -------
    dict
        Counts over all communities (``atoms``, ``households``, ``grids``, ``in_range``, ``contiguous``,
        ``lower_bound`` ...), ``communities`` with the same per community, ``grid_list`` with one row per grid, and
        ``reasons`` counting why grids are out of range.
    """
    rows = [row for draft in drafts for row in _grid_rows(draft)]
    communities = [_community_row(draft, (names or {}).get(draft.code)) for draft in drafts]
    total = {
        key: sum(row[key] for row in communities)
        for key in ("atoms", "households", "grids", "in_range", "contiguous", "lower_bound", "divided_buildings")
    }
    households = [row["households"] for row in rows]
    reasons: dict[str, int] = {}
    for row in rows:
        if row["reason"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    return {
        **total,
        "in_range_share": round(total["in_range"] / total["grids"], 6) if total["grids"] else None,
        "lower": bounds.lower,
        "upper": bounds.upper,
        "seed": seed,
        "seconds": round(seconds, 3),
        "households_per_grid": _spread(households),
        "polsby_popper_mean": _mean([row["polsby_popper"] for row in rows]),
        "reasons": reasons,
        "communities": communities,
        "grid_list": rows,
    }


def _grid_rows(draft: CommunityDraft) -> list[dict[str, Any]]:
    return [
        {
            "code": grid_code(draft.code, int(number) + 1),
            "community": draft.code,
            "households": int(grid["households"]),
            "atoms": int(grid["atoms"]),
            "in_range": bool(grid["in_range"]),
            "contiguous": bool(grid["contiguous"]),
            "polsby_popper": round(float(grid["polsby_popper"]), 3),
            "reason": None if pd.isna(grid["reason_code"]) else grid["reason_code"],
            "reason_zh": None if pd.isna(grid["reason_zh"]) else grid["reason_zh"],
            "reason_en": None if pd.isna(grid["reason_en"]) else grid["reason_en"],
        }
        for number, grid in draft.grids.iterrows()
    ]


def _community_row(draft: CommunityDraft, name: str | None) -> dict[str, Any]:
    divided = draft.assignment.loc[draft.assignment["stairwell"].notna(), "building"].nunique()
    return {
        "code": draft.code,
        "name": name,
        "atoms": len(draft.assignment),
        "households": int(draft.grids["households"].sum()),
        "grids": len(draft.grids),
        "in_range": int(draft.grids["in_range"].sum()),
        "contiguous": int(draft.grids["contiguous"].sum()),
        "lower_bound": draft.lower_bound,
        "divided_buildings": int(divided),
    }


def _spread(values: Sequence[int]) -> dict[str, float] | None:
    if not values:
        return None
    low, middle, high = np.percentile(values, [0, 50, 100])
    return {"least": int(low), "median": float(middle), "most": int(high), "mean": round(float(np.mean(values)), 1)}


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None
