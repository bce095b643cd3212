"""The only place that transforms coordinates.

Axis order is always (lon, lat) in degrees and (x east, y north) in metres."""

import geopandas as gpd
from pyproj import CRS

WGS84 = CRS.from_epsg(4326)
CHINA_BOUNDS = (73.0, 3.0, 136.0, 54.0)  # lon, lat, lon, lat: with the South China Sea


def metric_crs(lon: float, lat: float) -> CRS:
    """Return the projected CRS in which lengths and areas around a point are computed.

    In China the CGCS2000 3-degree Gauss-Krüger zone without zone prefix (EPSG:4534 for 75°E to EPSG:4554 for
    135°E), elsewhere the UTM zone. Unit metre.
    """
    west, south, east, north = CHINA_BOUNDS
    if west <= lon <= east and south <= lat <= north:
        zone = min(max(round(lon / 3), 25), 45)
        return CRS.from_epsg(4534 + zone - 25)
    zone = int((lon + 180) // 6) % 60 + 1
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def metric_crs_of(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> CRS:
    """Return :func:`metric_crs` for the middle of a frame in degrees."""
    west, south, east, north = frame.to_crs(WGS84).total_bounds
    return metric_crs((west + east) / 2, (south + north) / 2)
