"""Stamps: what a file that left the store says of itself: who wrote it, when, of which plan and which place.

Where each format keeps its stamp:

==============  =====================================================================================================
GeoPackage      metadata of each layer, key ``STAMP``
GeoJSON         member ``description`` of the collection
GeoParquet      metadata of the schema, key ``stamp``
CSV             a line above the headings, with one cell of text; ``wangge import`` takes it for a title and skips it
Excel           the same, and the workbook's properties
Shapefile       ``.shp.xml`` beside it, where GIS programs look for what a layer says of itself; a .dbf has no room
HTML, PDF, PNG  a line on the map or sheet
==============  =====================================================================================================

A file beside the file would be the same for all formats, and the first thing to be lost.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from geo.territory.times import CHINA_TIME

_SHOWN_CHARS = 60


@dataclass(frozen=True)
class Stamp:
    """Who took a file out of the store, when, and what is in it.

    Attributes
    ----------
    who
        The account, or whoever ran the terminal.
    scope
        Name and code of the street or community; "" for the whole store.
    plan
        Number and name of the plan; "" where none is in the file.
    """

    who: str
    at: datetime
    scope: str = ""
    plan: str = ""

    @property
    def line(self) -> str:
        """The stamp as one line, Chinese first."""
        said = [
            f"导出 exported: {_short(self.who)}",
            f"{self.at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}",
            f"范围 scope: {_short(self.scope) or '全部 everything'}",
        ]
        if self.plan:
            said.append(f"方案 plan: {_short(self.plan)}")
        return f"网格 wangge · {' · '.join(said)}"


def stamp_now(who: str, *, scope: str = "", plan: str = "") -> Stamp:
    """Stamp what is written at this moment."""
    return Stamp(who, datetime.now(UTC), scope, plan)


def _short(text: str) -> str:
    """One line without signs that are not shown, cut where it grows longer than a line has room for."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return plain if len(plain) <= _SHOWN_CHARS else f"{plain[: _SHOWN_CHARS - 1]}…"
