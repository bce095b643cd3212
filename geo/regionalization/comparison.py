"""Plans of one area beside each other: what each achieves, and whose grid changes from one to the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ColumnError
from geo.regionalization.communities import Bounds
from geo.regionalization.continuity import continued, old_grids
from geo.territory.compactness import polsby_popper

#: Columns of an assignment: a building, or a part of one, and the code of its grid.
ASSIGNED = ("building", "grid", "households")


@dataclass(frozen=True)
class Figures:
    """What one plan achieves.

    Attributes
    ----------
    grids, out_of_range
        How many there are, and how many hold fewer or more households than they should; None without bounds.
    least, median, most
        Households of a grid.
    compactness
        Mean Polsby-Popper score of the grids, 0 to 1, higher is rounder.
    divided
        Buildings whose households are in several grids.
    """

    grids: int
    out_of_range: int | None
    least: int
    median: float
    most: int
    compactness: float
    divided: int


@dataclass(frozen=True)
class Flow:
    """Households that go from a grid of one plan to a grid of another that does not continue it."""

    before: str
    after: str
    households: int
    buildings: int


@dataclass(frozen=True)
class Change:
    """From one plan to another.

    A grid worker stays with the grid that continues theirs: grids are matched one to one so that as many households
    as possible keep theirs.

    Attributes
    ----------
    continues
        Code of each new grid that continues an old one, to that one's.
    households, compared
        How many change their grid, and how many both plans have a grid for.
    leaving, coming
        Households that each old grid loses and each new grid gets.
    buildings
        Households that change their grid, by building; 0 for one that changes with nobody living there.
    flows
        Most households first.
    """

    continues: dict[str, str]
    households: int
    compared: int
    leaving: dict[str, int] = field(default_factory=dict)
    coming: dict[str, int] = field(default_factory=dict)
    buildings: dict[str, int] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()

    @property
    def share(self) -> float:
        """Of the households compared, those that change their grid: 0 to 1."""
        return self.households / self.compared if self.compared else 0.0


def figures(grids: gpd.GeoDataFrame, assignment: pd.DataFrame, bounds: Bounds | None = None) -> Figures:
    """Sum up one plan.

    Parameters
    ----------
    grids
        At least one, with ``households``, in a projected CRS, metres.
    assignment
        Columns :data:`ASSIGNED`, one row per building or part of one.

    Raises
    ------
    ColumnError
        The assignment lacks a column.
    GeographicCRSError
        ``grids`` is in degrees.
    """
    _check(assignment)
    households = pd.to_numeric(grids["households"], errors="coerce").dropna().to_numpy(float)
    if not len(households):
        households = np.zeros(1)
    out = None if bounds is None else int(((households < bounds.lower) | (households > bounds.upper)).sum())
    in_grids = assignment[assignment["grid"].notna()].groupby("building")["grid"].nunique()
    return Figures(
        grids=len(grids),
        out_of_range=out,
        least=int(households.min()),
        median=float(np.median(households)),
        most=int(households.max()),
        compactness=float(polsby_popper(grids.geometry).mean()),
        divided=int((in_grids > 1).sum()),
    )


def change(before: pd.DataFrame, after: pd.DataFrame) -> Change:
    """Find who changes the grid from one plan to another.

    Parameters
    ----------
    before, after
        Assignments with the columns :data:`ASSIGNED` and, where buildings are divided, ``stairwell``, ``floor_from``
        and ``floor_to``; ``grid`` is missing where a plan has no place for a building. Buildings are matched by key;
        households are those of ``after``.

    Raises
    ------
    ColumnError
        An assignment lacks a column.
    """
    for each in (before, after):
        _check(each)
    then: NDArray[np.object_] = old_grids(after.reset_index(drop=True), before[before["grid"].notna()])
    now = after["grid"].to_numpy(dtype=object)
    known = np.array([old is not None for old in then], bool) & after["grid"].notna().to_numpy()
    rows = after[known].assign(then=then[known].astype(str), now=now[known].astype(str)).reset_index(drop=True)
    if rows.empty:
        return Change({}, 0, 0)
    codes, number = np.unique(rows["now"].to_numpy(dtype=str), return_inverse=True)
    count = rows["households"].to_numpy(np.int64)
    match = continued(rows["then"].to_numpy(dtype=object), number.astype(np.int64), count)
    continues = {str(codes[new]): old for new, old in match.items()}
    moved = rows[rows["now"].map(continues) != rows["then"]]
    return Change(
        continues=continues,
        households=int(moved["households"].sum()),
        compared=int(count.sum()),
        leaving=_summed(moved, "then"),
        coming=_summed(moved, "now"),
        buildings=_summed(moved, "building"),
        flows=_flows(moved),
    )


def _check(assignment: pd.DataFrame) -> None:
    missing = [name for name in ASSIGNED if name not in assignment.columns]
    if missing:
        raise ColumnError(f"分配表缺少列:{'、'.join(missing)}", f"the assignment lacks columns: {', '.join(missing)}")


def _summed(moved: pd.DataFrame, by: str) -> dict[str, int]:
    sums = moved.groupby(by, sort=True)["households"].sum()
    return {str(key): int(value) for key, value in sums.items()}


def _flows(moved: pd.DataFrame) -> tuple[Flow, ...]:
    grouped = moved.groupby(["then", "now"], sort=True).agg(
        households=("households", "sum"), buildings=("building", "nunique")
    )
    found: Sequence[Flow] = [
        Flow(str(old), str(new), int(row["households"]), int(row["buildings"]))
        for (old, new), row in zip(grouped.index, grouped.to_dict("records"), strict=True)
    ]
    return tuple(sorted(found, key=lambda flow: (-flow.households, flow.before, flow.after)))
