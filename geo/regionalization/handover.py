"""What merging old networks means for people: how many grids there were and are, who keeps whom, who moves.

The report is plain values that JSON can hold and names no person.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.regionalization.communities import Bounds, Community
from geo.regionalization.continuity import old_grids
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.keepable import most_kept, most_together
from geo.regionalization.keeping import NOBODY, Keeping, keeping
from geo.regionalization.old_layers import OldLayer
from geo.regionalization.reporting import grid_code


@dataclass(frozen=True)
class Department:
    """A department whose old grids are merged.

    Attributes
    ----------
    grids
        Codes of all of its old grids, those without any building too.
    weight
        See :class:`~geo.regionalization.communities.OldNetwork`.
    """

    name: str
    grids: tuple[str, ...]
    weight: float = 1.0


def handover(
    departments: Sequence[Department],
    communities: Sequence[Community],
    drafts: Sequence[CommunityDraft],
    *,
    bounds: Bounds,
    afresh: Sequence[CommunityDraft] | None = None,
) -> dict[str, Any]:
    """Report what a merged network keeps of departments' old grids.

    Parameters
    ----------
    departments
        Those of weight 0 are left out.
    communities
        With the departments' ``networks``, in the order of ``drafts``.
    bounds
        Households of a new grid, for what could be kept at best.
    afresh
        The same communities drafted without regard to old grids, to compare with.

    Returns
    -------
    dict
        ``grids_before``, ``grids_after``, ``grids_change`` (a share, below 0 for fewer); ``households`` with ``all``,
        ``kept``, ``moved``, ``uncovered``, ``kept_share`` (of those that had a worker) and ``most_kept`` (no plan in
        range keeps more: :mod:`~geo.regionalization.keepable`);
        ``departments``: per department ``weight``, ``grids``, ``households``, ``together`` and ``together_share``
        (households in the largest part of their old grid), ``most_together`` (no plan in range keeps more),
        ``unmixed`` and ``unmixed_share`` (households in the largest part of their new grid with one old grid),
        ``kept`` and ``kept_share`` (old and new grids matched one to one), ``most_kept``, ``posts_kept`` and
        ``posts_redundant``;
        ``posts``: per old grid ``department``, ``code``, ``households``, ``to`` (the new grid that its worker gets,
        None: the post is redundant), ``kept``, ``moved``, ``together``;
        ``flows``: per old and new grid with households in common ``department``, ``from``, ``to``, ``households``,
        ``kept``; ``grids``: per new grid ``code``, ``households``, ``department`` and ``from`` of the worker it gets
        (None where nobody worked before or all went elsewhere), ``kept``;
        ``afresh``, where it was drafted: ``grids``, ``in_range``, ``households`` and ``departments`` of that plan.
    """
    counted = [department for department in departments if department.weight > 0]
    kept, most, old, new = _kept(counted, communities, drafts, bounds)
    before, after = sum(len(department.grids) for department in counted), len(new)
    posts = _post_rows(kept, old, new)
    found: dict[str, Any] = {
        "grids_before": before,
        "grids_after": after,
        "grids_change": round(after / before - 1, 4) if before else None,
        "households": _households(kept, most),
        "departments": _department_rows(counted, kept, most),
        "posts": posts + _empty_posts(counted, posts),
        "flows": _flow_rows(kept, old, new),
        "grids": _grid_rows(kept, old, new),
    }
    if afresh is not None:
        other, most, _, grids = _kept(counted, communities, afresh, bounds)
        found["afresh"] = {
            "grids": len(grids),
            "in_range": sum(int(draft.grids["in_range"].sum()) for draft in afresh),
            "households": _households(other, most),
            "departments": _department_rows(counted, other, most),
        }
    return found


def _kept(
    departments: Sequence[Department],
    communities: Sequence[Community],
    drafts: Sequence[CommunityDraft],
    bounds: Bounds,
) -> tuple[Keeping, "_Most", dict[str, list[str]], list[str]]:
    """Measure a plan; return also what could be kept, and what the numbers of old and of new grids mean."""
    rows: list[pd.DataFrame] = []
    new: list[str] = []
    for number, draft in enumerate(drafts):
        rows.append(draft.assignment.assign(new=draft.assignment["grid"] + len(new), place=number))
        new += [grid_code(draft.code, int(number) + 1) for number in draft.grids.index]
    assigned = pd.concat(rows, ignore_index=True)
    layers, old = [], {}
    for department in departments:
        codes = np.concatenate(
            [
                old_grids(row, _network(community, department.name))
                for row, community in zip(rows, communities, strict=True)
            ]
        )
        labels, names = pd.factorize(codes, sort=True)
        layers.append(OldLayer(department.name, labels.astype(np.int64), department.weight))
        old[department.name] = [str(name) for name in names]
    kept = keeping(assigned["households"], layers, assigned["new"].to_numpy(np.int64))
    return kept, _most(assigned, layers, kept, bounds), old, new


@dataclass(frozen=True)
class _Most:
    """What no plan in range can beat, in households; a plan with grids out of range may, and then counts itself."""

    kept: int
    together_in: dict[str, int]
    kept_in: dict[str, int]


def _most(assigned: pd.DataFrame, layers: Sequence[OldLayer], kept: Keeping, bounds: Bounds) -> _Most:
    households, places = assigned["households"], assigned["place"]
    limits: dict[str, Any] = {"lower": bounds.lower, "upper": bounds.upper, "places": places}
    together = most_together(households, layers, upper=bounds.upper, places=places)
    alone = {layer.name: most_kept(households, [layer], **limits) for layer in layers}
    reached = kept.layers
    return _Most(
        kept=max(kept.kept, most_kept(households, layers, **limits)),
        together_in={name: max(most, int(reached["together"][name])) for name, most in together.items()},
        kept_in={name: max(most, int(reached["kept"][name])) for name, most in alone.items()},
    )


def _network(community: Community, name: str) -> pd.DataFrame | None:
    return next((network.grids for network in community.networks if network.name == name), None)


def _households(kept: Keeping, most: _Most) -> dict[str, Any]:
    return {
        "all": kept.kept + kept.moved + kept.uncovered,
        "kept": kept.kept,
        "moved": kept.moved,
        "uncovered": kept.uncovered,
        "kept_share": _share(kept.kept, kept.kept + kept.moved),
        "most_kept": most.kept,
    }


def _department_rows(departments: Sequence[Department], kept: Keeping, most: _Most) -> list[dict[str, Any]]:
    rows, measured = [], kept.layers.to_dict("index")
    for department in departments:
        row = measured[department.name]
        total, stayed = row["households"], row["posts_kept"]
        rows.append(
            {
                "department": department.name,
                "weight": float(department.weight),
                "grids": len(department.grids),
                "households": total,
                "together": row["together"],
                "together_share": _share(row["together"], total),
                "most_together": most.together_in[department.name],
                "unmixed": row["unmixed"],
                "unmixed_share": _share(row["unmixed"], total),
                "kept": row["kept"],
                "kept_share": _share(row["kept"], total),
                "most_kept": most.kept_in[department.name],
                "posts_kept": stayed,
                "posts_redundant": len(department.grids) - stayed,
            }
        )
    return rows


def _post_rows(kept: Keeping, old: dict[str, list[str]], new: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "department": row["layer"],
            "code": old[row["layer"]][row["old"]],
            "households": row["households"],
            "to": None if row["new"] == NOBODY else new[row["new"]],
            "kept": row["kept"],
            "moved": row["moved"],
            "together": row["together"],
        }
        for row in kept.posts.to_dict("records")
    ]


def _empty_posts(departments: Sequence[Department], posts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List the old grids without a building: posts as well, and redundant."""
    there = {(row["department"], row["code"]) for row in posts}
    nothing = {"households": 0, "to": None, "kept": 0, "moved": 0, "together": 0}
    return [
        {"department": department.name, "code": code, **nothing}
        for department in departments
        for code in department.grids
        if (department.name, code) not in there
    ]


def _flow_rows(kept: Keeping, old: dict[str, list[str]], new: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "department": row["layer"],
            "from": old[row["layer"]][row["old"]],
            "to": new[row["new"]],
            "households": row["households"],
            "kept": row["kept"],
        }
        for row in kept.flows.to_dict("records")
    ]


def _grid_rows(kept: Keeping, old: dict[str, list[str]], new: list[str]) -> list[dict[str, Any]]:
    # Grids without a building have no row.
    rows = dict(enumerate(kept.grids.to_dict("records")))
    nothing: dict[Hashable, Any] = {"households": 0, "layer": None, "old": NOBODY, "kept": 0}
    return [
        {
            "code": code,
            "households": row["households"],
            "department": row["layer"],
            "from": None if row["layer"] is None else old[row["layer"]][row["old"]],
            "kept": row["kept"],
        }
        for code, row in ((code, rows.get(number, nothing)) for number, code in enumerate(new))
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
