"""Lengths and areas need metres: the door that keeps degrees out."""

import geopandas as gpd

from geo.errors import DatumError, GeographicCRSError, GeometryError


def require_projected(series: gpd.GeoSeries | gpd.GeoDataFrame) -> None:
    """Refuse a series whose CRS is missing, in degrees, or in another unit than metres.

    Raises
    ------
    DatumError
        There is no CRS.
    GeographicCRSError
        The CRS is geographic.
    GeometryError
        The CRS is projected in feet or some other unit.
    """
    if series.crs is None:
        raise DatumError(
            "几何没有坐标系;应先说明坐标系并投影到以米为单位的平面",
            "the geometries have no CRS; state it and project to metres",
        )
    if series.crs.is_geographic:
        raise GeographicCRSError(
            f"坐标以度为单位({series.crs.name});应先投影到以米为单位的平面,见 geo.crs.metric_crs",
            f"coordinates are in degrees ({series.crs.name}); project to metres first, see geo.crs.metric_crs",
        )
    unit = series.crs.axis_info[0].unit_conversion_factor if series.crs.axis_info else 1.0
    if unit != 1.0:
        raise GeometryError(f"坐标系 {series.crs.name} 不以米为单位", f"the unit of {series.crs.name} is not the metre")
