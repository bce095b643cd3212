"""A small made-up town for maps: two communities of two grids each, counted on fingers."""

from dataclasses import replace
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import LineString, Point, box

from geo.crs import WGS84
from geo.territory.map_content import ComparisonContent, MapContent, PlanSide

WEST, SOUTH = 114.10, 22.60
STEP = 0.002  # degrees; one grid is two steps wide and three high
COMMUNITIES = ("440307001001", "440307001002")
HOUSEHOLDS = (150, 250, 280, 320)  # below, in range twice, above


def area(column: float, row: float, width: float = 1, height: float = 1) -> Any:
    """Rectangle on a board of steps counted from the south-west corner."""
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return box(west, south, west + width * STEP, south + height * STEP)


def frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)


def grids() -> gpd.GeoDataFrame:
    return frame(
        [
            {
                "code": f"{COMMUNITIES[i // 2]}{i % 2 + 1:03d}",
                "name": f"第{i + 1}网格",
                "community_code": COMMUNITIES[i // 2],
                "households": households,
                "reason": None if 200 <= households <= 300 else "被河流隔开",
                "geometry": area(2 * i, 0, 2, 3),
            }
            for i, households in enumerate(HOUSEHOLDS)
        ]
    )


def cells() -> gpd.GeoDataFrame:
    """The two cells of the first grid, one of them out of range."""
    code = grids()["code"].iloc[0]
    return frame(
        [
            {
                "code": f"{code}L{i + 1:02d}",
                "grid_code": code,
                "households": households,
                "in_range": households <= 40,
                "reason": None if households <= 40 else "楼栋没有楼层资料",
                "geometry": area(i, 0, 1, 3),
            }
            for i, households in enumerate((36, 114))
        ]
    )


def buildings() -> gpd.GeoDataFrame:
    """Two buildings per grid that share its households out; the second of each is estimated."""
    rows = []
    for i, (code, households) in enumerate(zip(grids()["code"], HOUSEHOLDS, strict=True)):
        for j, part in enumerate((households // 2, households - households // 2)):
            number = 2 * i + j + 1
            rows.append(
                {
                    "code": f"{code[:12]}01{number:05d}",
                    "name": f"{number}栋",
                    "address": f"南湖路{number}号",
                    "kind": "tower" if j else "walk_up",
                    "floors": 6,
                    "households": part,
                    "households_source": "estimated" if j else "register",
                    "grid_code": code,
                    "geometry": area(2 * i + 0.4 + 0.8 * j, 0.8, 0.4, 0.5),
                }
            )
    return frame(rows)


def stairwells() -> pd.DataFrame:
    code = buildings()["code"].iloc[0]
    rows = [(code, "1单元", 6, 40), (code, "2单元", 6, 35)]
    return pd.DataFrame(rows, columns=["building_code", "name", "floors", "households"])


def content(**given: Any) -> MapContent:
    """Everything a map can show; a keyword replaces one part."""
    default: dict[str, Any] = {
        "title": "南湖街道网格图",
        "subtitle": "示例",
        "plan_name": "调整方案",
        "plan_state": "draft",
        "plan_date": date(2026, 11, 21),
        "lower": 200,
        "upper": 300,
        "grids": grids(),
        "communities": frame(
            [
                {"code": code, "name": name, "geometry": area(4 * i, 0, 4, 3)}
                for i, (code, name) in enumerate(zip(COMMUNITIES, ("东湖社区", "西湖社区"), strict=True))
            ]
        ),
        "compounds": frame([{"name": "翠园小区", "kind": "managed", "geometry": area(0.2, 1.6, 1.5, 1)}]),
        "buildings": buildings(),
        "stairwells": stairwells(),
        "barriers": frame(
            [
                {"kind": "main_road", "name": "南湖路", "geometry": line(0, 0.4, 8, 0.4)},
                {"kind": "lane", "name": "后巷", "geometry": line(1, 0, 1, 3)},
                {"kind": "river", "name": "布吉河", "geometry": line(4, 0, 4, 3)},
            ]
        ),
        "city_elements": frame(
            [
                {"kind": "public_toilet", "name": "南湖公厕", "address": "南湖路9号", "geometry": point(1.5, 2.4)},
                {"kind": "market", "name": "东湖菜市场", "address": None, "geometry": area(2.2, 2.2, 0.5, 0.4)},
            ]
        ),
        "old_grids": {"综治": frame([{"code": "Z1", "households": 400, "geometry": area(0, 0, 3, 3)}])},
    }
    return MapContent(**(default | given))


def line(*steps: float) -> LineString:
    return LineString([(WEST + x * STEP, SOUTH + y * STEP) for x, y in zip(steps[::2], steps[1::2], strict=True)])


def point(column: float, row: float) -> Point:
    return Point(WEST + column * STEP, SOUTH + row * STEP)


def comparison(**given: Any) -> ComparisonContent:
    """Two plans: the second gives building 2 (75 households) of grid 1 to grid 2, and joins grids 3 and 4."""
    ground = content(grids=None, old_grids={}, plan_name="", plan_state="", plan_date=None, title="南湖街道方案比较")
    ground = replace(ground, buildings=buildings().drop(columns="grid_code").assign(key=buildings()["code"]))
    first = buildings()["grid_code"].tolist()
    codes = grids()["code"].tolist()
    second = [first[0], codes[1], *first[2:6], codes[2], codes[2]]
    joined = frame(
        [
            {"code": codes[0], "households": 75, "reason": "户数不足", "geometry": area(0, 0, 1, 3)},
            {"code": codes[1], "households": 325, "reason": None, "geometry": area(1, 0, 3, 3)},
            {"code": codes[2], "households": 600, "reason": None, "geometry": area(4, 0, 4, 3)},
        ]
    )
    default: dict[str, Any] = {
        "ground": ground,
        "plans": (
            PlanSide(
                name="现行方案",
                note="已采用 · 2026-01-05",
                grids=grids(),
                assignment=assigned(first),
                lower=200,
                upper=300,
            ),
            PlanSide(name="网格最少", note="草案", grids=joined, assignment=assigned(second), lower=200, upper=300),
        ),
    }
    return ComparisonContent(**(default | given))


def assigned(codes: list[str]) -> pd.DataFrame:
    """Every building whole, in the grids given in order."""
    rows = buildings()
    return pd.DataFrame({"building": rows["code"], "grid": codes, "households": rows["households"]})
