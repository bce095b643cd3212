"""How things look, as data: one palette, the catalogue's, for the page, the sheet and their legends.

Household classes are told apart by hue that survives red-green blindness (sand, blue, brick), by lightness, and by a
pattern and a mark, so that a black-and-white copy still reads.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from geo.territory.layer_catalogue import catalogue_layer, map_colours

Pattern = Literal["none", "dots", "hatch"]


@dataclass(frozen=True)
class HouseholdClass:
    """One row of the legend of grids.

    Attributes
    ----------
    at_least, at_most
        Limits in households per grid, both included; None is open.
    fill
        A colour's name.
    mark
        A character before the number of households on the label.
    """

    key: str
    zh: str
    en: str
    at_least: int | None
    at_most: int | None
    fill: str
    pattern: Pattern = "none"
    mark: str = ""

    def holds(self, households: float) -> bool:
        """Say whether a grid of so many households belongs to this class."""
        return (self.at_least is None or households >= self.at_least) and (
            self.at_most is None or households <= self.at_most
        )

    def as_row(self) -> dict[str, object]:
        """Return the class for the page."""
        return asdict(self)


IN_RANGE_FILLS = ("grids_in_0", "grids_in_1", "grids_in_2")

UNKNOWN = HouseholdClass("unknown", "户数不明", "households unknown", None, None, "grids_unknown")


def household_classes(
    lower: int | None, upper: int | None, households: Sequence[float] = ()
) -> tuple[HouseholdClass, ...]:
    """Return the classes of grids by households: below, three shades in range, above.

    Without bounds, three classes of equally many grids. Unit: households per grid.
    """
    if lower is None or upper is None:
        return _shares_of(households)
    first, second = lower + (upper - lower) // 3, lower + 2 * (upper - lower) // 3
    limits = [(low, high) for low, high in ((lower, first), (first + 1, second), (second + 1, upper)) if low <= high]
    inside = [
        HouseholdClass(f"in_{index}", f"{low}–{high} 户", f"{low}–{high}", low, high, fill)
        for index, ((low, high), fill) in enumerate(zip(limits, IN_RANGE_FILLS, strict=False))
    ]
    return (
        HouseholdClass(
            "below", f"少于 {lower} 户", f"below {lower}", None, lower - 1, "grids_below", pattern="dots", mark="▼"
        ),
        *inside,
        HouseholdClass(
            "above", f"多于 {upper} 户", f"above {upper}", upper + 1, None, "grids_above", pattern="hatch", mark="▲"
        ),
    )


def _shares_of(households: Sequence[float]) -> tuple[HouseholdClass, ...]:
    known = np.array([value for value in households if value == value], dtype=float)
    if not len(known):
        return ()
    edges = sorted({int(edge) for edge in np.quantile(known, (0, 1 / 3, 2 / 3, 1), method="lower")})
    lows = [edges[0], *(edge + 1 for edge in edges[1:-1])]
    highs = edges[1:] or edges
    return tuple(
        HouseholdClass(f"share_{index}", f"{low}–{high} 户", f"{low}–{high}", low, high, fill)
        for index, (low, high, fill) in enumerate(zip(lows, highs, IN_RANGE_FILLS, strict=False))
    )


def class_of(households: float | None, classes: Sequence[HouseholdClass]) -> HouseholdClass:
    """Return the class of a grid; :data:`UNKNOWN` for None, NaN or no fitting class."""
    if households is None or households != households:
        return UNKNOWN
    return next((each for each in classes if each.holds(households)), UNKNOWN)


#: Colours on paper by name. Widths of lines on the ground come from ``barrier_kinds``.
PALETTE = {name: colour.day for name, colour in map_colours().items()}

#: Lines of earlier departments' grids, in the order of departments: apart for the colour-blind, and dashed apart.
OLD_GRID_LINES = (
    ("old_grid_0", (8.0, 4.0)),
    ("old_grid_1", (2.0, 4.0)),
    ("old_grid_2", (12.0, 4.0, 2.0, 4.0)),
    ("old_grid_3", (4.0, 4.0)),
    ("old_grid_4", (14.0, 6.0)),
)

#: Building kinds in which nobody is counted as living; drawn paler.
NOT_LIVED_IN = frozenset(catalogue_layer("buildings").paler[1])


@dataclass(frozen=True)
class ChangeClass:
    """One row of the legend of change: the share of a grid's households that change their grid.

    Attributes
    ----------
    at_most
        Upper limit of the share, 0 to 1, included; None for grids that have no counterpart at all.
    fill
        A colour's name.
    """

    key: str
    zh: str
    en: str
    at_most: float | None
    fill: str
    pattern: Pattern = "none"
    mark: str = ""

    def as_row(self) -> dict[str, object]:
        """Return the class for the page."""
        return asdict(self)


#: From pale to dark violet: apart from the classes of households, and apart for the colour-blind by lightness.
CHANGE_CLASSES = (
    ChangeClass("none", "无变动", "no change", 0.0, "change_none"),
    ChangeClass("few", "不超过 5%", "up to 5%", 0.05, "change_few"),
    ChangeClass("some", "5%–20%", "5–20%", 0.20, "change_some"),
    ChangeClass("many", "20%–50%", "20–50%", 0.50, "change_many"),
    ChangeClass("most", "超过 50%", "over 50%", 1.0, "change_most"),
    ChangeClass("alone", "新设或撤销", "new or ended", None, "change_alone", pattern="hatch"),
)
