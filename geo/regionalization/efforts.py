"""What the search weighs and how long it works: prices, and the schedules of its annealing."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.regionalization import kernels

#: Tables of the dynamic program have one entry per household up to the upper limit; above this they are coarsened.
MAX_TABLE = 4000
#: So far they are coarsened for annealing, which meets what rounding makes it miss once more: the program takes a
#: third of the time. Between the limits so many entries are left.
QUICK_TABLE, QUICK_BETWEEN = 100, 30

#: Prices in units of the mean border edge. A grid out of range outweighs any border and any barrier.
BAD_GRID_PRICE = 400.0
BAD_RANGE_PRICE = 60.0
COMPACTNESS_PRICE = 0.004
#: Above a grid out of range, so that the search gets the number first and the range then; of the plans it has met, one
#: in range is kept before one with the wanted number.
MISCOUNT_PRICE = 2000.0


@dataclass(frozen=True)
class Rules:
    """Limits and prices, alike for all components.

    Attributes
    ----------
    compactness
        1 for the house's own price.
    each
        What every grid costs, in mean border edges.
    move
        What each household that leaves the grid that it started in costs.
    limits
        See ``layout.Graph``.
    """

    lower: int
    upper: int
    compactness: float = 1.0
    each: float = 0.0
    move: float = 0.0
    limits: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))

    def numbers(self, n_grids: int | None, *, quick: bool = False) -> NDArray[np.float64]:
        """Return the row of numbers that the kernels take; ``quick`` ones reckon households roundly in the tables."""
        grain = max(1, -(-self.upper // MAX_TABLE))
        if quick:
            grain = max(grain, min(self.upper // QUICK_TABLE, (self.upper - self.lower) // QUICK_BETWEEN))
        numbers = np.zeros(12)
        numbers[kernels.GRAIN] = grain
        numbers[kernels.LOWER], numbers[kernels.UPPER] = self.lower, self.upper
        numbers[kernels.BAD_GRID] = BAD_GRID_PRICE
        numbers[kernels.BAD_HOUSEHOLD] = BAD_RANGE_PRICE / self.lower
        numbers[kernels.COMPACTNESS] = COMPACTNESS_PRICE * self.compactness
        numbers[kernels.WANTED], numbers[kernels.MISCOUNT] = n_grids or 0, MISCOUNT_PRICE
        numbers[kernels.DP_LOWER], numbers[kernels.DP_UPPER] = -(-self.lower // grain), self.upper // grain
        numbers[kernels.EACH], numbers[kernels.MOVE] = self.each, self.move
        return numbers


@dataclass(frozen=True)
class Stage:
    """One annealing.

    Attributes
    ----------
    cluster
        Atoms are joined beforehand into clusters of at most this share of the upper limit; 0 leaves them single.
    moves_per_grid
        Splits and redraws for each grid that the component needs.
    flips_per_move
        Single atoms offered across a border after each of them.
    wide
        Share of moves that redraw three to five grids.
    hot, cold
        First and last temperature, in mean border edges.
    rounds
        How often regions are drawn anew, where there are several.
    """

    cluster: float
    moves_per_grid: int
    flips_per_move: int
    wide: float
    hot: float
    cold: float
    rounds: int


@dataclass(frozen=True)
class Effort:
    """How long to search.

    Attributes
    ----------
    stages
        Annealings one after the other: of clusters, joined anew each time within the grids found, and last of atoms.
    repairs, moves_per_repair
        Rounds of repair while grids stay out of range, and moves in each for every such grid.
    attempts
        How often to begin anew, or to repair on where the component is big, while grids stay out of range.
    patch
        Whether to change the plan in force only where something is wrong.
    """

    stages: tuple[Stage, ...] = (
        Stage(0.1, 60, 5, 1.0, 4.0, 1.0, 6),
        Stage(0.05, 60, 5, 1.0, 1.2, 0.3, 6),
        Stage(0.0, 64, 5, 1.0, 0.4, 0.05, 10),
    )
    repairs: int = 8
    moves_per_repair: int = 500
    attempts: int = 3
    patch: bool = False


EFFORTS = {
    "polished": Effort(),
    "draft": Effort(
        stages=(
            Stage(0.1, 15, 5, 0.5, 2.0, 0.7, 3),
            Stage(0.05, 12, 5, 0.5, 0.7, 0.2, 3),
            Stage(0.0, 8, 10, 0.5, 0.2, 0.05, 3),
        ),
        repairs=4,
        attempts=1,
    ),
    "repair": Effort(attempts=1, moves_per_repair=200, patch=True),
}


def heat_at(stage: Stage, share: float) -> float:
    """Return the temperature when a share of the cooling is done."""
    return float(stage.hot * (stage.cold / stage.hot) ** share)
