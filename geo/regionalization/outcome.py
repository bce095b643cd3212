"""What the engine gives back, and what it is asked to respect."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Prices:
    """The planner's dials: what weighs how much. 1 is the house's own setting of each, 0 switches it off.

    Attributes
    ----------
    boundary
        Cheap borders.
    barrier
        Main roads, rivers, railways and walls kept out of the inside of grids.
    compactness
        Round rather than long grids.
    stability
        Households that keep their grid of the plan in force; says nothing without ``previous``.
    fewer
        Few, full grids. 0 is the house's own setting here: as many grids as serve the rest best.
    """

    boundary: float = 1.0
    barrier: float = 1.0
    compactness: float = 1.0
    stability: float = 1.0
    fewer: float = 0.0


@dataclass(frozen=True)
class Quantity:
    """Something beside households that each grid should hold between two limits: elderly, shops, hazards, posts.

    Attributes
    ----------
    name
        What it is called in messages.
    values
        One number >= 0 per atom.
    lower, upper
        What a grid should hold; None for no limit on that side.
    """

    name: str
    values: NDArray[np.number] | Sequence[float]
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Locks:
    """What a plan must keep, by atom numbers.

    Attributes
    ----------
    fixed
        One label per atom, -1 for free ones. Atoms with the same label are exactly one grid of the result: nothing
        joins it and nothing leaves it, whatever its households.
    together
        Groups of atoms that stay in one grid. A group that does not hang together takes the atoms on the shortest
        ways between its pieces along.
    apart
        Pairs of atoms that must not share a grid, where households and contiguity allow.
    n_grids
        How many grids there should be, where households and contiguity allow; None for as many as serve best.
    """

    fixed: NDArray[np.integer] | Sequence[int] | None = None
    together: Sequence[Sequence[int]] = ()
    apart: Sequence[tuple[int, int]] = ()
    n_grids: int | None = None


@dataclass(frozen=True)
class Reason:
    """Why a grid is out of range.

    Attributes
    ----------
    code
        ``atom_over_upper``, ``component_under_lower``, ``component_infeasible``, ``pocket_infeasible``,
        ``fixed_by_lock`` or ``not_found``. All but the last are proved.
    zh, en
        The sentence for the planner.
    atoms
        The atoms that the reason is about: the building, the island, the pocket.
    households
        Households of those atoms.
    """

    code: str
    zh: str
    en: str
    atoms: tuple[int, ...]
    households: int

    @property
    def proved(self) -> bool:
        """Whether no plan at all could avoid it under the same input."""
        return self.code != "not_found"


@dataclass(frozen=True)
class Regionalization:
    """Atoms assigned to grids.

    Attributes
    ----------
    labels
        The grid of each atom, 0..k-1, numbered by each grid's first atom.
    reasons
        One for every grid out of range, by label.
    metrics
        ``grids``, ``in_range``, ``in_range_share``, ``contiguous`` (grids in one piece), ``lower_bound`` (no plan has
        fewer grids), ``boundary_cost`` (sum over cut edges), ``boundary_cost_share`` (of all edges),
        ``barrier_crossed`` (sum of barrier weights inside grids), ``households_moved`` (against ``previous``),
        ``mean_households``, ``min_households``, ``max_households``, ``seconds``, ``iterations``, ``cancelled``;
        of a repair ``smallest_change_proved``: 1 where no plan in range moves fewer households, and that is proved.
    """

    labels: NDArray[np.int64]
    reasons: dict[int, Reason] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
