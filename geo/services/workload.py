"""What grid workers have to do beside households: places and city elements, counted building by building."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.errors import CodeError
from geo.storage import layers
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import CITY_ELEMENT, PLACE, Noun

#: Which dictionary lists the kinds of what can be counted.
COUNTED = {"place_kinds": PLACE, "element_kinds": CITY_ELEMENT}


def kind_named(name: str) -> tuple[Noun, str]:
    """Return the noun and the kind that a planner's word names: a code, a Chinese or an English name.

    Raises
    ------
    CodeError
        No kind of place or city element is called so; the message lists them.
    """
    for book, noun in COUNTED.items():
        entry = dictionary(book).find(name)
        if entry is not None:
            return noun, entry.code
    known = [f"{entry.zh} {code}" for book in COUNTED for code, entry in dictionary(book).entries.items()]
    raise CodeError(
        f"没有名为“{name[:40]}”的场所或要素类型;可用:{'、'.join(known)}",
        f"no kind of place or city element is called {name[:40]!r}; there are: {', '.join(known)}",
    )


def count_by_building(session: Session, names: Sequence[str], buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count things of some kinds at each building.

    A place counts at its building; one without, and every city element, at the nearest building.

    Parameters
    ----------
    names
        Kinds as planners name them.
    buildings
        ``code``, ``community_code`` and ``geometry`` in a projected CRS.

    Returns
    -------
    DataFrame
        One column per name, on the index of ``buildings``; whole numbers.

    Raises
    ------
    CodeError
        A kind is unknown.
    """
    counts = {}
    communities = sorted(set(buildings["community_code"]))
    at = pd.Series(buildings.index, index=buildings["code"])
    for name in names:
        noun, kind = kind_named(name)
        things = layers.read(session, noun, community_codes=communities, kind=kind)
        stated = things["building_code"] if noun is PLACE else pd.Series(None, index=things.index, dtype=object)
        known = stated.isin(at.index)
        rows = at.reindex(stated[known]).tolist() + _nearest(things[~known], buildings)
        counts[name] = np.bincount(buildings.index.get_indexer(pd.Index(rows)), minlength=len(buildings))
    return pd.DataFrame(counts, index=buildings.index)


def _nearest(things: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> list[object]:
    if things.empty or buildings.empty:
        return []
    points = shapely.point_on_surface(things.geometry.to_crs(buildings.crs).to_numpy())
    return list(buildings.index[buildings.sindex.nearest(points, return_all=False)[1]])
