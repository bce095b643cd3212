"""Codes of drafted grids: new numbers from north to south, old ones where a grid continues one of the plan in force."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geo.territory.codes import make, number_grids

_DIGITS = 3


def grid_code(community: str, number: int) -> str:
    """Return the 15-digit code of a community's grid, or ``community-number`` where the community has no code."""
    if len(community) == 12 and community.isdigit():
        return make("grid", community, number)
    return f"{community}-{number:03d}"


def grid_number(community: str, code: str) -> int | None:
    """Return the number of which ``code`` is the community's grid code; None when it is no such code."""
    tail = code[-_DIGITS:]
    if not (tail.isascii() and tail.isdigit() and int(tail) > 0):
        return None
    return int(tail) if grid_code(community, int(tail)) == code else None


def number_drafted(
    xy: NDArray[np.float64], community: str, continued: Mapping[int, str], taken: frozenset[str] = frozenset()
) -> NDArray[np.int64]:
    """Number the grids of one community: those that continue an old grid keep its number, for its worker keeps it.

    Parameters
    ----------
    xy
        float[k, 2], an inner point of each grid, metres.
    continued
        The code of the old grid that a grid continues, by the grid's label.
    taken
        Codes of all old grids. The numbers of those that end are not given to others while there are numbers left.

    Returns
    -------
    int[k]
        From 1, each once; from north to south where no old number is kept.
    """
    fresh = number_grids(xy)
    kept = {label: number for label, code in continued.items() if (number := grid_number(community, code)) is not None}
    if not kept:
        return fresh
    used = {number for code in taken if (number := grid_number(community, code)) is not None} | set(kept.values())
    spare = [number for number in range(1, 10**_DIGITS) if number not in used]
    spare += sorted(used - set(kept.values()))
    numbers = np.zeros(len(xy), np.int64)
    numbers[list(kept)] = list(kept.values())
    order = [label for label in np.argsort(fresh) if label not in kept]
    numbers[order] = spare[: len(order)]
    return numbers
