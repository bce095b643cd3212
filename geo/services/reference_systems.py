"""The coordinate reference systems in which features are given out, by the names that OGC has for them.

Coordinates follow the axis order of each system as the EPSG registry has it (OGC API – Features Part 2): latitude
before longitude, northing before easting; only CRS84 begins with the longitude.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from geo.crs import Datum, from_wgs84, metric_crs, parse_datum, to_wgs84
from geo.storage.layers import Bounds

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
#: Sides of a box are cut into so many pieces before it is moved: straight lines bend in another system.
_PIECES = 16


@dataclass(frozen=True)
class ReferenceSystem:
    """One system: its address, what its coordinates mean, and whether the north comes first in them."""

    uri: str
    datum: Datum
    north_first: bool

    def geometries(self, degrees: NDArray[Any]) -> NDArray[Any]:
        """Move geometries from EPSG:4326 (lon, lat) into this system and its order of axes."""
        return self._ordered(from_wgs84(degrees, self.datum))

    def bounds(self, box: Bounds) -> Bounds:
        """Return what a box of this system, in its order of axes, takes up in degrees: west, south, east, north."""
        across, up = np.linspace(box[0], box[2], _PIECES + 1), np.linspace(box[1], box[3], _PIECES + 1)
        sides = [(x, y) for x in across for y in (box[1], box[3])] + [(x, y) for x in (box[0], box[2]) for y in up]
        degrees = to_wgs84(self._ordered(shapely.points(sides)), self.datum)
        west, south, east, north = shapely.total_bounds(degrees).tolist()
        return west, south, east, north

    def _ordered(self, geometries: NDArray[Any]) -> NDArray[Any]:
        if not self.north_first:
            return geometries
        swapped: NDArray[Any] = shapely.transform(geometries, lambda x, y: (y, x), interleaved=False)
        return swapped


DEFAULT = ReferenceSystem(CRS84, parse_datum("wgs84"), False)


def of_epsg(code: int) -> ReferenceSystem:
    """Return a system of the EPSG registry."""
    crs = CRS.from_epsg(code)
    return ReferenceSystem(f"{_EPSG}{code}", parse_datum(f"EPSG:{code}"), crs.axis_info[0].direction == "north")


def offered(extent: Bounds | None) -> Sequence[ReferenceSystem]:
    """Return the systems for what lies in an extent: degrees, national degrees, and the metres of its zone."""
    degrees = [DEFAULT, of_epsg(4326), of_epsg(4490)]
    if extent is None:
        return degrees
    zone = metric_crs((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2).to_epsg()
    return degrees if zone is None else [*degrees, of_epsg(zone)]
