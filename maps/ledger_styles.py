"""How the ledger looks on maps: classes of hazards, of results over grids, and of how long ago a building was seen.

Lights differ by hue that survives red-green blindness (blue-green, yellow, vermilion; Okabe & Ito 2008), by lightness,
and by what is drawn inside of them, so that a black-and-white copy still reads.
"""

from dataclasses import asdict, dataclass
from typing import Literal

Mark = Literal["ring", "half", "full", "pause", "cross", "none"]


@dataclass(frozen=True)
class HazardClass:
    """One row of a legend of hazards.

    Attributes
    ----------
    mark
        How its disc is filled: a ring, half of it, all of it, two bars, a cross.
    at_most
        Upper limit where the class is one of days, included; None is open.
    """

    key: str
    zh: str
    en: str
    fill: str
    mark: Mark = "full"
    at_most: int | None = None

    def as_row(self) -> dict[str, object]:
        """Return the class for the page."""
        return asdict(self)


#: Where a hazard stands at a moment: its light while it is open, else why it has none.
STATES = (
    HazardClass("red", "红灯 · 超期(含环节)", "red: overdue, steps too", "#c4401a", "full"),
    HazardClass("yellow", "黄灯 · 临期", "yellow: nearly due", "#e8b62c", "half"),
    HazardClass("green", "绿灯 · 期内", "green: in time", "#00806b", "ring"),
    HazardClass("paused", "挂账", "paused", "#5b6573", "pause"),
    HazardClass("closed", "当月销号", "closed in the month", "#9aa1a9", "cross"),
)

#: How many days a hazard has been known (project choice): pale to dark, apart by lightness alone.
AGES = (
    HazardClass("age_3", "3 天内", "up to 3 days", "#e9c6d8", at_most=3),
    HazardClass("age_7", "4–7 天", "4–7 days", "#d28db5", at_most=7),
    HazardClass("age_30", "8–30 天", "8–30 days", "#ae5590", at_most=30),
    HazardClass("age_90", "31–90 天", "31–90 days", "#7c2d6b", at_most=90),
    HazardClass("age_more", "90 天以上", "over 90 days", "#43123d"),
)

#: Colours of natures in the order of their dictionary, and of hazards that nobody has judged yet.
NATURE_FILLS = ("#3d7ab5", "#b3351f", "#7a4fa3", "#6b7b1e")
UNJUDGED = HazardClass("unjudged", "未判定", "not judged yet", "#8a8f98", "ring")

#: Colours of kinds, the most frequent first; further kinds share the last one (Okabe & Ito, darker where needed).
KIND_FILLS = ("#0072b2", "#c4401a", "#00806b", "#a6578a", "#b8860b", "#3f90c0", "#6b4c9a", "#7d5a3c", "#8a8f98")

#: Since when a building was last seen (project choice): blue is lately, brown long ago, hatched never.
SEEN = (
    HazardClass("seen_30", "30 天内", "within 30 days", "#2c7fb8", at_most=30),
    HazardClass("seen_90", "31–90 天", "31–90 days", "#7fb8d8", at_most=90),
    HazardClass("seen_180", "91–180 天", "91–180 days", "#efd9a7", at_most=180),
    HazardClass("seen_more", "180 天以上", "over 180 days", "#c98a3d"),
    HazardClass("never", "没有检查记录", "no inspection on record", "#8c4a1f", "cross"),
)

#: Results over grids from none to most, each with the share of grids with any that it ends at.
RESULT_FILLS = ("#f6f3ea", "#fbe3a6", "#f2b35c", "#dd7a2f", "#a33e12")
RESULT_SHARES = (0.4, 0.7, 0.9, 1.0)

#: Share of a grid's buildings that were seen within the first class of days, from few to all.
COVERAGE = (
    HazardClass("cover_25", "25% 以下", "below 25%", "#8c4a1f", at_most=24),
    HazardClass("cover_50", "25–49%", "25–49%", "#d9a45b", at_most=49),
    HazardClass("cover_75", "50–74%", "50–74%", "#f0e2bd", at_most=74),
    HazardClass("cover_90", "75–89%", "75–89%", "#8fc1dc", at_most=89),
    HazardClass("cover_all", "90% 以上", "90% and more", "#2c7fb8"),
)
