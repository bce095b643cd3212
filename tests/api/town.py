"""A town one can count on one's fingers, with things in it that must never be served.

Three communities side by side, each a square of 600 m with a hamlet of 6 × 6 buildings of 10 households::

    440304006001   440304006002   440304006003
    ┌──────────┐   ┌──────────┐   ┌──────────┐
    │ ▫▫▫▫▫▫   │   │ ▫▫▫▫▫▫   │   │ ▫▫▫▫▫▫   │   each: 36 buildings, 360 households, 1 compound, 4 elements
    │   ...    │   │   ...    │   │   ...    │
    └──────────┘   └──────────┘   └──────────┘
    ══════════════════ 南湖大道 ════════════════
"""

import geopandas as gpd
import pandas as pd
from shapely import LineString, Point, box
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.storage import layers
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.nouns import NOUNS

STREET = "440304006"
COMMUNITIES = [codes.make("community", STREET, number) for number in (1, 2, 3)]
WEST, SOUTH, SIDE = 114.05, 22.53, 0.006
ROWS = 6
N_BUILDINGS = len(COMMUNITIES) * ROWS * ROWS

#: Told to the store, never to be told by the interface.
PERSONAL = ("13800001234", "姓名不外传", "9988室不外传")


def build(session: Session) -> None:
    """Write the town."""
    for noun, rows in _rows().items():
        geometry = [row.pop("geometry", None) for row in rows]
        frame: pd.DataFrame = pd.DataFrame(rows)
        if NOUNS[noun].geometry:
            frame = gpd.GeoDataFrame(frame, geometry=geometry, crs=WGS84)
        layers.upsert(session, NOUNS[noun], frame, who="test")


def settle(engine: Engine) -> None:
    """Write the town into a store of its own."""
    with session_scope(engine) as session:
        build(session)


def building_code(community: int, number: int) -> str:
    """The ``number``-th building (from 1) of the ``community``-th community (from 0)."""
    return codes.make("building", COMMUNITIES[community], number, basic_grid=1)


def _rows() -> dict[str, list[dict[str, object]]]:
    body = codes.make("responsible_body", STREET, 1)
    first = building_code(0, 1)
    return {
        "responsible_body": [{"code": body, "name": "南湖物业", "kind": "property_company", "phone": PERSONAL[0]}],
        "street": [
            {"code": STREET, "name": "南湖街道", "geometry": box(WEST, SOUTH, WEST + 3 * SIDE, SOUTH + SIDE)},
        ],
        "community": [
            {"code": code, "name": f"社区{place}", "street_code": STREET, "geometry": _square(place)}
            for place, code in enumerate(COMMUNITIES)
        ],
        "compound": [
            {
                "code": codes.make("compound", code, 1),
                "name": "<b>湖畔</b>花园",
                "kind": "managed",
                "community_code": code,
                "responsible_body_code": body,
                "geometry": _square(place).buffer(-0.002),
            }
            for place, code in enumerate(COMMUNITIES)
        ],
        "barrier": [
            {
                "code": codes.make("barrier", STREET, 1),
                "name": "南湖大道",
                "kind": "main_road",
                "geometry": LineString([(WEST, SOUTH), (WEST + 3 * SIDE, SOUTH)]),
            }
        ],
        "building": [row for place in range(3) for row in _buildings(place)],
        "stairwell": [
            {
                "code": codes.make("stairwell", first, number),
                "name": f"{number}单元",
                "building_code": first,
                "floors": 5,
                "households": 5,
                "geometry": None,
            }
            for number in (1, 2)
        ],
        "household_unit": [
            {
                "code": codes.make_unit(first, 1, 1),
                "building_code": first,
                "stairwell_code": codes.make("stairwell", first, 1),
                "floor": 1,
                "room": PERSONAL[2],
                "kind": "home",
                "address": PERSONAL[2],
            }
        ],
        "city_element": [
            {
                "code": codes.make("city_element", code, number),
                "name": None,
                "kind": kind,
                "community_code": code,
                "address": None,
                "responsible_body_code": body if kind == "market" else None,
                "geometry": Point(WEST + place * SIDE + number * 0.0012345678, SOUTH + 0.0055),
            }
            for place, code in enumerate(COMMUNITIES)
            for number, kind in enumerate(("garbage_point", "market", "public_toilet", "garden"), start=1)
        ],
        "grid_staff": [
            {
                "code": codes.make("grid_staff", STREET, 1),
                "name": PERSONAL[1],
                "role": "grid_worker",
                "phone": PERSONAL[0],
                "grid_code": codes.make("grid", COMMUNITIES[0], 1),
                "since": None,
                "until": None,
            }
        ],
    }


def _square(place: int) -> object:
    return box(WEST + place * SIDE, SOUTH, WEST + (place + 1) * SIDE, SOUTH + SIDE)


def _buildings(place: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(ROWS * ROWS):
        x = WEST + place * SIDE + 0.0005 + (number % ROWS) * 0.0009
        y = SOUTH + 0.0004 + (number // ROWS) * 0.0008
        rows.append(
            {
                "code": building_code(place, number + 1),
                "name": f"{number + 1}栋",
                "address": f"南湖大道{number + 1}号",
                "kind": "walk_up" if number else "mixed",
                "community_code": COMMUNITIES[place],
                "compound_code": None,
                "floors": 5 if number else None,
                "households": 10,
                "households_source": "register",
                "geometry": box(x, y, x + 0.0005, y + 0.0004),
            }
        )
    return rows
