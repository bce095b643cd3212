"""Two departments' old grids over one row of houses, in the store."""

import geopandas as gpd

from geo.storage import layers, plans
from geo.territory import codes
from geo.territory.nouns import BUILDING
from tests import factories

WHO = "planner"
#: Columns of the board that a department's grids cover: the community is 12 houses of 50 households in a row.
POLICE = [(0, 2), (2, 6), (6, 9), (9, 12)]
CITY = [(0, 6), (6, 12)]


def old_grids(session, department, spans, first, *, adopt=True):
    """Draw a department's grids, each over some columns of houses and numbered from ``first``."""
    rows = [
        {
            "code": codes.make("grid", factories.COMMUNITY, first + number),
            "name": None,
            "community_code": factories.COMMUNITY,
            "households": (east - west) * 50,
            "geometry": factories.square(west, 0).union(factories.square(east - 1, 0)).envelope,
        }
        for number, (west, east) in enumerate(spans)
    ]
    plan = factories.make_plan(
        session,
        name=f"{department}原有网格",
        department=department,
        lower=None,
        upper=None,
        seed=None,
        grids=gpd.GeoDataFrame(rows, crs="EPSG:4326"),
        assignment=factories.assignment_frame().iloc[:0],
    )
    if adopt:
        plans.adopt(session, plan, who=WHO, version=plans.read_plan(session, plan).version)
    return [row["code"] for row in rows]


def build(session):
    """Police beats of 100, 200, 150 and 150 households under two city management grids of 300; return their codes."""
    factories.make_community(session)
    rows = [
        {
            "code": codes.make("building", factories.COMMUNITY, column + 1),
            "kind": "walk_up",
            "community_code": factories.COMMUNITY,
            "households": 50,
            "households_source": "register",
            "geometry": factories.square(column, 0),
        }
        for column in range(12)
    ]
    layers.upsert(session, BUILDING, factories.frame_of("building", rows), who=WHO)
    return {
        "公安": old_grids(session, "公安", POLICE, 301),
        "城管": old_grids(session, "城管", CITY, 601),
    }
