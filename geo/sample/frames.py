"""From the drawn town to canonical frames: codes, columns, degrees."""

from collections.abc import Mapping
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from geo.crs import WGS84
from geo.sample.lattice import PLAN_CRS
from geo.territory import codes
from geo.territory.nouns import NOUNS

#: Decimals of a degree that are kept: a tenth of a millimetre, so that a seed gives the same bytes everywhere.
DECIMALS = 9


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs(PLAN_CRS, WGS84, always_xy=True)


def in_degrees(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Turn plan metres into longitude and latitude; equal points stay equal, so coverages stay coverages."""
    x, y = shapely.get_coordinates(shapes).T
    lon_lat = np.stack(_to_degrees().transform(x, y), axis=-1).round(DECIMALS)
    return np.asarray(shapely.set_coordinates(np.array(shapes, dtype=np.object_), lon_lat))


def frame(noun: str, columns: Mapping[str, object], shapes: NDArray[np.object_] | None = None) -> gpd.GeoDataFrame:
    """Return a canonical frame of ``noun``: its columns in order, shapes given in plan metres."""
    table = pd.DataFrame(dict(columns))
    text = [column.name for column in NOUNS[noun].columns if column.type == "text"]
    table[text] = table[text].astype(object).where(table[text].notna(), None)
    geometry = in_degrees(shapes) if shapes is not None else np.full(len(table), None, dtype=np.object_)
    return gpd.GeoDataFrame(table[NOUNS[noun].column_names], geometry=geometry, crs=WGS84)


def sequence_codes(noun: str, parents: NDArray[np.object_]) -> NDArray[np.object_]:
    """Number rows under their parents from 1, in their order."""
    numbers = pd.Series(parents).groupby(parents).cumcount().to_numpy() + 1
    made = [codes.make(noun, str(parent), int(number)) for parent, number in zip(parents, numbers, strict=True)]
    return np.array(made, dtype=np.object_)


def looked_up(values: NDArray[np.object_], rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return ``values`` at ``rows``, None where a row is -1."""
    if not len(values):
        return np.full(len(rows), None, dtype=np.object_)
    found = values[np.maximum(rows, 0)].astype(object)
    found[rows < 0] = None
    return np.asarray(found)
