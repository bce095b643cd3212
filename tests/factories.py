"""Rows for tests, with sensible defaults: spell out only what the test is about.

Everything lies in one made-up street near Shenzhen. A position is (column, row) on a board of squares: communities
are 0.01 degrees wide, buildings 0.0002, counted eastwards and northwards from the south-west corner.
"""

from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Polygon, box
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.storage import layers, plans
from geo.territory import codes
from geo.territory.nouns import NOUNS

STREET = "440307001"
COMMUNITY = "440307001001"
WEST, SOUTH = 114.10, 22.60
COMMUNITY_DEGREES = 0.01
BUILDING_DEGREES = 0.0002
WHO = "tester"


def square(
    column: float = 0, row: float = 0, size: float = BUILDING_DEGREES, *, height: float | None = None
) -> Polygon:
    """Square of the board whose south-west corner is ``column`` and ``row`` sizes from the board's."""
    tall = size if height is None else height
    west, south = WEST + column * size, SOUTH + row * tall
    return box(west, south, west + size, south + tall)


def frame_of(noun: str, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Canonical frame of some rows; columns left out are missing values."""
    columns = NOUNS[noun].column_names
    data = {name: [row.get(name) for row in rows] for name in columns}
    geometry = gpd.GeoSeries([row.get("geometry") for row in rows], crs=WGS84)
    return gpd.GeoDataFrame(data, geometry=geometry, crs=WGS84)


def make(session: Session, noun: str, **row: Any) -> str:
    """Keep one row and return its code."""
    layers.upsert(session, NOUNS[noun], frame_of(noun, [row]), who=WHO)
    return str(row["code"])


def make_street(session: Session, **row: Any) -> str:
    geometry = box(WEST, SOUTH, WEST + 10 * COMMUNITY_DEGREES, SOUTH + 10 * COMMUNITY_DEGREES)
    return make(session, "street", **({"code": STREET, "name": "南湖街道", "geometry": geometry} | row))


def make_community(session: Session, number: int = 1, **row: Any) -> str:
    """The ``number``-th community of the street, west to east; makes the street when there is none."""
    street = row.setdefault("street_code", STREET)
    if layers.count(session, NOUNS["street"], street_code=street) == 0:
        make_street(session, code=street)
    default = {
        "code": codes.make("community", street, number),
        "name": f"第{number}社区",
        "geometry": square(number - 1, 0, COMMUNITY_DEGREES),
    }
    return make(session, "community", **(default | row))


def make_building(session: Session, number: int = 1, **row: Any) -> str:
    """The ``number``-th building of a community, in rows of forty from its south-west corner."""
    community = row.setdefault("community_code", COMMUNITY)
    if layers.count(session, NOUNS["community"], community_codes=[community]) == 0:
        make_community(session, int(community[-3:]), code=community, street_code=community[:9])
    east = (int(community[-3:]) - 1) * COMMUNITY_DEGREES / BUILDING_DEGREES
    default = {
        "code": codes.make("building", community, number),
        "kind": "walk_up",
        "floors": 6,
        "households": 24,
        "households_source": "register",
        "geometry": square(east + (number - 1) % 40, (number - 1) // 40),
    }
    return make(session, "building", **(default | row))


def make_stairwell(session: Session, building: str, number: int = 1, **row: Any) -> str:
    default = {"code": codes.make("stairwell", building, number), "building_code": building, "name": f"{number}单元"}
    return make(session, "stairwell", **(default | row))


def make_household_unit(session: Session, building: str, floor: int = 1, door: int = 1, **row: Any) -> str:
    default = {
        "code": codes.make_unit(codes.BuildingCode(building), floor, door),
        "building_code": building,
        "floor": floor,
        "room": f"{floor}{door:02d}",
        "kind": "home",
    }
    return make(session, "household_unit", **(default | row))


def make_compound(session: Session, number: int = 1, **row: Any) -> str:
    community = row.setdefault("community_code", COMMUNITY)
    default = {
        "code": codes.make("compound", community, number),
        "name": f"第{number}花园",
        "kind": "managed",
        "geometry": square((int(community[-3:]) - 1) * 2, number - 1, COMMUNITY_DEGREES / 2),
    }
    return make(session, "compound", **(default | row))


def make_barrier(session: Session, number: int = 1, **row: Any) -> str:
    default = {"code": codes.make("barrier", STREET, number), "kind": "road"}
    return make(session, "barrier", **(default | row))


def make_place(session: Session, number: int = 1, **row: Any) -> str:
    default = {
        "code": codes.make("place", STREET, number),
        "name": f"第{number}小店",
        "kind": "small_shop",
        "geometry": square(number - 1).centroid,
    }
    return make(session, "place", **(default | row))


def make_city_element(session: Session, number: int = 1, **row: Any) -> str:
    community = row.setdefault("community_code", COMMUNITY)
    default = {
        "code": codes.make("city_element", community, number),
        "kind": "garbage_point",
        "geometry": square(number - 1).centroid,
    }
    return make(session, "city_element", **(default | row))


def make_responsible_body(session: Session, number: int = 1, **row: Any) -> str:
    default = {
        "code": codes.make("responsible_body", STREET, number),
        "name": f"第{number}物业",
        "kind": "property_company",
    }
    return make(session, "responsible_body", **(default | row))


def make_grid_staff(session: Session, number: int = 1, **row: Any) -> str:
    default = {"code": codes.make("grid_staff", STREET, number), "name": f"网格员{number}", "role": "grid_worker"}
    return make(session, "grid_staff", **(default | row))


def grid_frame(community: str = COMMUNITY, count: int = 2, *, households: int = 250) -> gpd.GeoDataFrame:
    """``count`` upright strips that share a community out, numbered west to east."""
    width = COMMUNITY_DEGREES / count
    east = (int(community[-3:]) - 1) * count
    return gpd.GeoDataFrame(
        {
            "code": [codes.make("grid", community, number) for number in range(1, count + 1)],
            "name": [f"第{number}网格" for number in range(1, count + 1)],
            "community_code": community,
            "households": households,
            "reason": None,
        },
        geometry=[square(east + i, 0, width, height=COMMUNITY_DEGREES) for i in range(count)],
        crs=WGS84,
    )


def assignment_frame(rows: list[tuple[str, str | None, str, int]] | None = None) -> pd.DataFrame:
    """Rows of (building, stairwell, grid, households)."""
    return pd.DataFrame(rows or [], columns=["building_code", "stairwell_code", "grid_code", "households"])


def make_plan(session: Session, **given: Any) -> int:
    """Draft of two grids in one community, with no building assigned; returns the plan's id."""
    community = given.pop("community", COMMUNITY)
    if layers.count(session, NOUNS["community"], community_codes=[community]) == 0:
        make_community(session, int(community[-3:]), code=community, street_code=community[:9])
    default: dict[str, Any] = {
        "name": "方案",
        "scope_code": community,
        "lower": 200,
        "upper": 300,
        "seed": 1,
        "parameters": {},
        "report": {},
        "grids": grid_frame(community),
        "assignment": assignment_frame(),
        "who": WHO,
    }
    return plans.create_draft(session, **(default | given))
