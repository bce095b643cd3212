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
    fill
        A colour's name.
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
    HazardClass("red", "红灯 · 超期(含环节)", "red: overdue, steps too", "light_red", "full"),
    HazardClass("yellow", "黄灯 · 临期", "yellow: nearly due", "light_yellow", "half"),
    HazardClass("green", "绿灯 · 期内", "green: in time", "light_green", "ring"),
    HazardClass("paused", "挂账", "paused", "light_paused", "pause"),
    HazardClass("closed", "当月销号", "closed in the month", "light_closed", "cross"),
)

#: How many days a hazard has been known (project choice): apart by lightness alone.
AGES = (
    HazardClass("age_3", "3 天内", "up to 3 days", "age_3", at_most=3),
    HazardClass("age_7", "4–7 天", "4–7 days", "age_7", at_most=7),
    HazardClass("age_30", "8–30 天", "8–30 days", "age_30", at_most=30),
    HazardClass("age_90", "31–90 天", "31–90 days", "age_90", at_most=90),
    HazardClass("age_more", "90 天以上", "over 90 days", "age_more"),
)

#: Colours of natures in the order of their dictionary, and of hazards that nobody has judged yet.
NATURE_FILLS = ("nature_0", "nature_1", "nature_2", "nature_3")
UNJUDGED = HazardClass("unjudged", "未判定", "not judged yet", "unjudged", "ring")

#: Colours of kinds, the most frequent first; further kinds share the last one (Okabe & Ito, darker where needed).
KIND_FILLS = tuple(f"kind_{place}" for place in range(9))

#: Since when a building was last seen (project choice): blue is lately, brown long ago.
SEEN = (
    HazardClass("seen_30", "30 天内", "within 30 days", "seen_30", at_most=30),
    HazardClass("seen_90", "31–90 天", "31–90 days", "seen_90", at_most=90),
    HazardClass("seen_180", "91–180 天", "91–180 days", "seen_180", at_most=180),
    HazardClass("seen_more", "180 天以上", "over 180 days", "seen_more"),
    HazardClass("never", "没有检查记录", "no inspection on record", "seen_never", "cross"),
)

#: Results over grids from none to most, each with the share of grids with any that it ends at.
RESULT_FILLS = tuple(f"result_{place}" for place in range(5))
RESULT_SHARES = (0.4, 0.7, 0.9, 1.0)

#: Share of a grid's buildings that were seen within the first class of days, from few to all.
COVERAGE = (
    HazardClass("cover_25", "25% 以下", "below 25%", "cover_25", at_most=24),
    HazardClass("cover_50", "25–49%", "25–49%", "cover_50", at_most=49),
    HazardClass("cover_75", "50–74%", "50–74%", "cover_75", at_most=74),
    HazardClass("cover_90", "75–89%", "75–89%", "cover_90", at_most=89),
    HazardClass("cover_all", "90% 以上", "90% and more", "cover_all"),
)
