"""What a draft achieved, grid by grid: the report that a planner reads and a program can check."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.regionalization.balancing import Balance
from geo.regionalization.border_cases import border_cases
from geo.regionalization.communities import Bounds
from geo.regionalization.continuity import flows
from geo.regionalization.drafting import POSTS, CommunityDraft
from geo.regionalization.numbering import grid_code

__all__ = ["grid_code", "report"]

_COUNTED = (
    "atoms",
    "households",
    "grids",
    "in_range",
    "contiguous",
    "lower_bound",
    "divided_buildings",
    "estimated_parts",
)
_SUMMED = (
    "compounds",
    "compounds_split",
    "compounds_fitting",
    "compounds_fitting_split",
    "boundary_cost",
    "boundary_cost_total",
    "barrier_crossed",
)


def report(
    drafts: Sequence[CommunityDraft],
    bounds: Bounds,
    *,
    seed: int,
    seconds: float,
    names: dict[str, str] | None = None,
    quantities: Sequence[Balance] = (),
) -> dict[str, Any]:
    """Sum up drafts as plain values that JSON can hold.

    Parameters
    ----------
    seconds
        Wall time of the whole draft.
    names
        Community names by code.
    quantities
        The limits of further quantities that were balanced.

    Returns
    -------
    dict
        Counts over all communities (``atoms``, ``households``, ``grids``, ``in_range``, ``contiguous``,
        ``lower_bound``, ``compounds``, ``compounds_split``, ``compounds_fitting`` (those that a grid could hold),
        ``compounds_fitting_split``, ``boundary_cost``, ``barrier_crossed``, ``estimated_parts`` (runs of floors whose
        households were shared out evenly) ...);
        ``gap``: grids above the lower bound; ``cancelled``: whether the search was stopped before its end;
        ``communities`` with the same per community and ``metrics``, all figures of ``geo.regionalization.metrics``;
        ``grid_list`` with one row per grid: also ``continues`` (the grid of the plan in force whose worker it keeps),
        ``moved`` (its households that had another) and ``reason_buildings`` (those that its reason is about, none
        where it is about a whole place); ``moves``: from which grid to which how many households
        change, and ``households_moved`` of ``households_before`` in all, None without a plan in force;
        ``quantities``: what grids hold of each; ``reasons`` counting why grids are out of range; ``border_cases``:
        grids out of range that touch across a border between communities, and whether together they would solve it.
    """
    limits = {balance.name: balance for balance in quantities} | {POSTS: Balance(POSTS, 1, 1)}
    rows = [row for draft in drafts for row in _grid_rows(draft)]
    communities = [_community_row(draft, (names or {}).get(draft.code)) for draft in drafts]
    total = {key: sum(row[key] for row in communities) for key in _COUNTED}
    total |= {key: round(sum(draft.metrics.get(key, 0.0) for draft in drafts), 3) for key in _SUMMED}
    households = [row["households"] for row in rows]
    reasons: dict[str, int] = {}
    for row in rows:
        if row["reason"]:
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    return {
        **total,
        "in_range_share": round(total["in_range"] / total["grids"], 6) if total["grids"] else None,
        "boundary_cost_share": _share(total["boundary_cost"], total["boundary_cost_total"]),
        "gap": total["grids"] - total["lower_bound"],
        "cancelled": any(draft.metrics.get("cancelled", 0.0) > 0 for draft in drafts),
        "lower": bounds.lower,
        "upper": bounds.upper,
        "seed": seed,
        "seconds": round(seconds, 3),
        "households_per_grid": _spread(households),
        "polsby_popper_mean": _mean([row["polsby_popper"] for row in rows]),
        "reasons": reasons,
        "border_cases": [
            {
                "grids": [grid_code(code, number + 1) for code, number in (case.first, case.second)],
                "households": list(case.households),
                "border_m": round(case.border_m, 1),
                "solves": case.solves,
            }
            for case in border_cases(drafts, bounds)
        ],
        **_continuity(drafts),
        "quantities": _quantities(drafts, limits),
        "communities": communities,
        "grid_list": rows,
    }


def _continuity(drafts: Sequence[CommunityDraft]) -> dict[str, Any]:
    """Who changes the grid worker, against the plan in force."""
    known = [draft for draft in drafts if draft.metrics.get("households_before", 0.0) > 0]
    if not known:
        return {"households_before": None, "households_moved": None, "moves": []}
    moves = pd.concat([draft.moves.assign(code=_codes(draft, draft.moves["grid"])) for draft in known])
    return {
        "households_before": int(sum(draft.metrics["households_before"] for draft in known)),
        "households_moved": int(sum(draft.metrics["households_moved"] for draft in known)),
        "moves": flows(moves),
    }


def _quantities(drafts: Sequence[CommunityDraft], limits: dict[str, Balance]) -> list[dict[str, Any]]:
    held = pd.concat([draft.quantities for draft in drafts]) if drafts else pd.DataFrame()
    found = []
    for name in held.columns:
        values = held[name].dropna()
        limit = limits.get(str(name), Balance(str(name)))
        found.append(
            {
                "name": str(name),
                "lower": limit.lower,
                "upper": limit.upper,
                "in_range": sum(value in limit for value in values),
                "grids": len(values),
                "least": float(values.min()),
                "most": float(values.max()),
                "total": float(values.sum()),
            }
        )
    return found


def _codes(draft: CommunityDraft, numbers: "pd.Series[int]") -> list[str]:
    return [grid_code(draft.code, int(number) + 1) for number in numbers]


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None


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
            "continues": None if pd.isna(grid["continues"]) else grid["continues"],
            "moved": int(grid["moved"]),
            "quantities": {str(name): float(draft.quantities[name][number]) for name in draft.quantities},
            "reason": None if pd.isna(grid["reason_code"]) else grid["reason_code"],
            "reason_zh": None if pd.isna(grid["reason_zh"]) else grid["reason_zh"],
            "reason_en": None if pd.isna(grid["reason_en"]) else grid["reason_en"],
            "reason_buildings": list(draft.reason_buildings.get(int(number), ())),
        }
        for number, grid in draft.grids.iterrows()
    ]


def _community_row(draft: CommunityDraft, name: str | None) -> dict[str, Any]:
    parts = draft.assignment[["stairwell", "floor_from"]].notna().any(axis=1)
    divided = draft.assignment.loc[parts, "building"].nunique()
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
        "estimated_parts": int(draft.assignment["estimated"].astype(bool).sum()),
        "metrics": {name: round(float(value), 6) for name, value in draft.metrics.items() if np.isfinite(value)},
    }


def _spread(values: Sequence[int]) -> dict[str, float] | None:
    if not values:
        return None
    low, middle, high = np.percentile(values, [0, 50, 100])
    return {"least": int(low), "median": float(middle), "most": int(high), "mean": round(float(np.mean(values)), 1)}


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None
