"""Where a direction leads from a place: "50 metres to the south of it"."""

import math

import geopandas as gpd
import shapely

from geo.addresses.answers import Relation
from geo.crs import WGS84, metric_crs
from geo.territory.dictionaries import dictionary

#: How far "to the south" may lead away from a place, metres; what is told over the telephone is within sight.
FARTHEST_MOVE_M = 5_000.0


def led_to(lon: float, lat: float, relation: Relation | None) -> tuple[float, float] | None:
    """Return the point that a relation leads to from a point (EPSG:4326).

    None where it tells no direction or no distance, or one of more than :data:`FARTHEST_MOVE_M`, or the point is not
    known.
    """
    if relation is None or relation.bearing is None or relation.metres is None or not math.isfinite(lon + lat):
        return None
    if not 0 <= relation.metres <= FARTHEST_MOVE_M:
        return None
    return moved_point(lon, lat, relation.bearing, relation.metres)


def is_at(relation: Relation | None) -> bool:
    """Tell whether what was said is at the place itself (楼下, 门口), and not beside or opposite."""
    words = dictionary("whereabouts")["at_the_place"].extra["words"]
    return relation is None or any(word in relation.text for word in words)


def moved_point(lon: float, lat: float, bearing: float, metres: float) -> tuple[float, float]:
    """Return the point so many metres away in a direction, degrees clockwise from north; in the local zone.

    >>> lon, lat = moved_point(114.0, 22.6, 180.0, 50.0)
    >>> round(lon, 6), round(lat, 6)
    (114.0, 22.599549)
    """
    angle = math.radians(bearing)
    here = gpd.GeoSeries([shapely.Point(lon, lat)], crs=WGS84).to_crs(metric_crs(lon, lat))
    there = here.translate(metres * math.sin(angle), metres * math.cos(angle)).to_crs(WGS84)
    return float(there.x.iloc[0]), float(there.y.iloc[0])
