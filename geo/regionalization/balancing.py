"""Quantities beside households that grids should hold alike: shops, elderly, hazards, posts of grid workers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import BoundsError
from geo.regionalization.outcome import Quantity


@dataclass(frozen=True)
class Balance:
    """A quantity that each grid should hold between two limits.

    Attributes
    ----------
    name
        The column of ``Community.buildings`` that holds it, whole numbers >= 0.
    lower, upper
        What a grid should hold, both included; None for no limit on that side.
    """

    name: str
    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        low, high = self.lower or 0, self.upper
        if low < 0 or (high is not None and high < low):
            raise BoundsError(
                f"“{self.name}”的范围 {self.lower}:{self.upper} 无效:下限应不小于 0 且不超过上限",
                f"{self.name}: {self.lower}:{self.upper} is no range; the lower end is at least 0 and not above the "
                f"upper one",
            )

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float | np.number) and bool(
            value >= (self.lower or 0) and (self.upper is None or value <= self.upper)
        )


def of_atoms(balance: Balance, atoms: pd.DataFrame, buildings: pd.DataFrame) -> Quantity:
    """Give each atom its share of what its building holds.

    A divided building's is shared out by households in whole numbers, so that nothing is lost.

    Parameters
    ----------
    atoms
        Columns ``building`` and ``households``.
    buildings
        Index: building key; a column named like the quantity.
    """
    values = buildings[balance.name].reindex(atoms["building"]).to_numpy(np.int64).copy()
    for rows in atoms.groupby("building", sort=False).indices.values():
        if len(rows) > 1:
            values[rows] = _shared(int(values[rows[0]]), atoms["households"].to_numpy(np.int64)[rows])
    return Quantity(balance.name, values, balance.lower, balance.upper)


def _shared(total: int, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Share a whole number out in proportion, the largest remainders first."""
    weights = weights if weights.sum() else np.ones_like(weights)
    exact = total * weights / weights.sum()
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    shares[np.argsort(shares - exact, kind="stable")[: total - int(shares.sum())]] += 1
    return shares
