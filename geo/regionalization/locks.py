"""What a planner wants kept, by the codes that planners know."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class CodeLocks:
    """Locks by codes of buildings, compounds and grids.

    Attributes
    ----------
    keep_grids
        Grids of the plan in force that stay exactly as they are.
    whole_compounds
        Compounds that stay in one grid; ``"fitting"`` for all of at most as many households as a grid may have.
    together
        Groups of buildings of one community that stay in one grid.
    apart
        Pairs of buildings that must not share a grid.
    n_grids
        How many grids a community shall have, by its code; as many as serve best where it is not named.
    posts
        Buildings at which a grid worker sits: each grid holds exactly one.
    """

    keep_grids: tuple[str, ...] = ()
    whole_compounds: tuple[str, ...] | Literal["fitting"] = ()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    n_grids: dict[str, int] = field(default_factory=dict)
    posts: tuple[str, ...] = ()
