"""Six hazards of the made-up town over three months, counted on fingers.

====  ==================  ==========  =====================================================
name  where               found       what became of it
====  ==================  ==========  =====================================================
YH1   1st building        5 Sep       major; near from 29 Sep, overdue from 5 Oct, still open
YH2   1st building        10 Oct      closed on 20 Oct
YH3   3rd building        25 Oct      open, due on 30 Nov
YH4   5th building        2 Nov       not judged yet; paused since 10 Nov
YH5   7th building        20 Aug      closed on 10 Sep, came back on 12 Oct, overdue from 20 Oct
YH6   1st building        5 Nov       closed on 15 Nov
====  ==================  ==========  =====================================================
"""

from datetime import date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.crs import WGS84
from geo.territory.ledger_content import LedgerContent
from geo.territory.map_content import MapContent
from geo.territory.times import CHINA_TIME
from tests.maps.content import area, buildings, content, frame

AT = datetime(2026, 11, 21, 18, 30, tzinfo=CHINA_TIME)

#: number, kind, nature, place of the building, found, ended, paused, near, due, reopened; days of 2026 at noon.
ROWS: list[tuple[Any, ...]] = [
    ("YH1", "gas", "major", 0, (9, 5), None, None, (9, 29), (10, 5), None),
    ("YH2", "wiring", "general", 0, (10, 10), (10, 20), None, None, (11, 10), None),
    ("YH3", "wiring", "general", 2, (10, 25), None, None, (11, 25), (11, 30), None),
    ("YH4", "wiring", None, 4, (11, 2), None, (11, 10), None, (11, 20), None),
    ("YH5", "extinguisher", "general", 6, (8, 20), None, None, None, (10, 20), [((9, 10), (10, 12))]),
    ("YH6", "gas", "general", 0, (11, 5), (11, 15), None, None, (12, 5), None),
]


def noon(day: tuple[int, int] | None) -> Any:
    """A moment of 2026, or NaT."""
    return pd.NaT if day is None else pd.Timestamp(datetime(2026, *day, 12, tzinfo=CHINA_TIME))


def hazards() -> gpd.GeoDataFrame:
    places = buildings()
    rows = []
    for number, kind, nature, building, found, ended, paused, near, due, back in ROWS:
        moments = {"found": found, "ended": ended, "paused": paused, "near": near, "due": due}
        rows.append(
            {
                "number": number,
                "kind": kind,
                "nature": nature,
                "grid_code": places["grid_code"].iloc[building],
                **{f"{name}_at": noon(day) for name, day in moments.items()},
                "reopened": None if back is None else [(noon(closed), noon(again)) for closed, again in back],
                "geometry": places.geometry.iloc[building].centroid,
            }
        )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)


def seen() -> pd.DataFrame:
    """The first building was seen in September and last week, the second last December, the others never."""
    codes = buildings()["code"]
    looks = [
        (codes[0], noon((9, 3))),
        (codes[0], noon((9, 20))),
        (codes[0], noon((11, 16))),
        (codes[1], pd.Timestamp("2025-12-24T04:00Z")),
    ]
    return pd.DataFrame(looks, columns=["building_code", "seen_at"])


def ledger(**given: Any) -> LedgerContent:
    default: dict[str, Any] = {
        "since": date(2026, 9, 1),
        "at": AT,
        "hazards": hazards(),
        "seen": seen(),
        "hot_spots": frame(
            [
                {
                    "cases": 3,
                    "kind": "gas",
                    "since": date(2026, 9, 5),
                    "until": date(2026, 11, 5),
                    "geometry": area(0, 0),
                }
            ]
        ),
    }
    return LedgerContent(**(default | given))


def with_ledger(**given: Any) -> MapContent:
    return content(ledger=ledger(), **given)
