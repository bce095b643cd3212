"""The only place that transforms coordinates.

Axis order is always (lon, lat) in degrees and (x east, y north) in metres.

A *datum* is what a file's coordinates mean. Five can be named, and any EPSG code:

=============  =======================================================================================
wgs84          GPS longitude and latitude
cgcs2000       the national longitude and latitude (EPSG:4490); taken as equal to WGS84, as the field does
cgcs2000-gk    CGCS2000 Gauss-Krüger metres; the zone comes from the file, from the zone prefix in the
               eastings, or from the name: ``cgcs2000-gk:114`` is the 3-degree zone on 114°E
gcj02          the encrypted degrees of Chinese web maps (Amap, Tencent)
bd09           Baidu's degrees, encrypted once more
=============  =======================================================================================
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.errors import DatumError

WGS84 = CRS.from_epsg(4326)
CHINA_BOUNDS = (73.0, 3.0, 136.0, 54.0)  # lon, lat, lon, lat: with the South China Sea

#: EPSG of the first zone, its number, degrees between zones: with zone prefix, then named by central meridian.
_GK_PREFIXED = ((4491, 13, 6), (4513, 25, 3))
_GK_EPSG = range(4491, 4555)

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Shift = Callable[[Floats, Floats], Pair]

DATUM_CHOICES = "wgs84, cgcs2000, cgcs2000-gk, cgcs2000-gk:114, gcj02, bd09, EPSG:nnnn"


@dataclass(frozen=True)
class Datum:
    """What coordinates mean: one of the names of this module, or an EPSG code.

    Attributes
    ----------
    name
        The name in its canonical spelling; :func:`parse_datum` gives the same datum back.
    crs
        The CRS pyproj knows for it. None for gcj02 and bd09, which no registry has, and for
        Gauss-Krüger metres whose zone is still to be found in the data.
    """

    name: str
    crs: CRS | None = None

    @property
    def in_degrees(self) -> bool:
        """Whether coordinates are longitude and latitude."""
        return self.name in ("gcj02", "bd09") or (self.crs is not None and bool(self.crs.is_geographic))

    @property
    def label(self) -> str:
        """The name as a Chinese reader knows it."""
        words = {
            "wgs84": "WGS84",
            "cgcs2000": "国家 2000(CGCS2000)",
            "gcj02": "火星坐标 GCJ-02",
            "bd09": "百度坐标 BD-09",
        }
        if self.name in words:
            return words[self.name]
        return f"{self.crs.name}({self.name})" if self.crs else "国家 2000 高斯-克吕格(带号未知)"


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


def parse_datum(text: str) -> Datum:
    """Read a datum's name as a user writes it (case, blanks and the usual dashes ignored).

    Raises
    ------
    DatumError
        The name is not known, or the EPSG code is none that pyproj has.
    """
    name = re.sub(r"[\s_]", "", text).casefold().replace("gcj-02", "gcj02").replace("bd-09", "bd09")
    if name in ("wgs84", "wgs-84", "epsg:4326"):
        return Datum("wgs84", WGS84)
    if name in ("cgcs2000", "epsg:4490"):
        return Datum("cgcs2000", CRS.from_epsg(4490))
    if name in ("gcj02", "bd09"):
        return Datum(name)
    if name == "cgcs2000-gk":
        return Datum(name)
    meridian = re.fullmatch(r"cgcs2000-gk:(\d{2,3})", name)
    if meridian and int(meridian[1]) % 3 == 0 and 75 <= int(meridian[1]) <= 135:
        return _epsg_datum(4534 + int(meridian[1]) // 3 - 25)
    epsg = re.fullmatch(r"epsg:(\d{4,6})", name)
    if epsg:
        return _epsg_datum(int(epsg[1]))
    raise DatumError(
        f"不认识坐标基准“{text[:40]}”;可用:{DATUM_CHOICES}", f"unknown datum {text[:40]!r}; use one of {DATUM_CHOICES}"
    )


def datum_of_crs(crs: CRS) -> Datum:
    """Return the datum that a file's own CRS states."""
    epsg = crs.to_epsg(min_confidence=70)
    if epsg == 4326 or crs.to_authority() == ("OGC", "CRS84"):
        return Datum("wgs84", WGS84)
    if epsg == 4490:
        return Datum("cgcs2000", CRS.from_epsg(4490))
    return Datum(f"EPSG:{epsg}" if epsg else crs.name, crs)


def is_gauss_kruger(crs: CRS) -> bool:
    """Whether a CRS is one of the CGCS2000 Gauss-Krüger zones (EPSG:4491 to 4554)."""
    return crs.to_epsg(min_confidence=70) in _GK_EPSG


def zone_from_eastings(x: Floats) -> CRS:
    """Read the CGCS2000 zone from eastings that carry a zone prefix (38 512 345 m: zone 38, 114°E).

    Raises
    ------
    DatumError
        There is no prefix, or there are several; 6-degree zones are 13-23, 3-degree zones 25-45.
    """
    zones = np.unique(np.floor(x[np.isfinite(x)] / 1e6).astype(np.int64))
    if len(zones) == 1:
        for first_epsg, first_zone, degrees in _GK_PREFIXED:
            last_zone = first_zone + 60 // degrees
            if first_zone <= zones[0] <= last_zone:
                return CRS.from_epsg(first_epsg + int(zones[0]) - first_zone)
    raise DatumError(
        "从横坐标看不出高斯-克吕格带号;请写明,例如 --datum cgcs2000-gk:114 或 --datum EPSG:4547",
        "the eastings carry no single Gauss-Krüger zone prefix; state the zone, e.g. cgcs2000-gk:114 or EPSG:4547",
    )


def looks_swapped(lon: Floats, lat: Floats) -> bool:
    """Whether most points are outside China as they stand and inside when lon and lat are exchanged."""
    finite = np.isfinite(lon) & np.isfinite(lat)
    if not finite.any():
        return False
    lon, lat = lon[finite], lat[finite]
    return bool(in_china(lon, lat).mean() < 0.5 < in_china(lat, lon).mean())


def in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Whether each point is inside :data:`CHINA_BOUNDS`; False for NaN."""
    west, south, east, north = CHINA_BOUNDS
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def to_wgs84(geometries: NDArray[Any], datum: Datum) -> NDArray[Any]:
    """Move shapely geometries from a datum to WGS84 (lon, lat).

    Z is dropped. None stays None; NaN and infinite coordinates stay as they are.

    Raises
    ------
    DatumError
        The zone of Gauss-Krüger metres cannot be found, or coordinates called degrees are none.
    """
    if datum.name == "cgcs2000-gk" and datum.crs is None:
        datum = Datum(datum.name, zone_from_eastings(shapely.get_coordinates(geometries)[:, 0]))
    if datum.in_degrees:
        _check_degrees(geometries, datum)
    return _transform(geometries, _shift_to_wgs84(datum))


def from_wgs84(geometries: NDArray[Any], datum: Datum) -> NDArray[Any]:
    """Move shapely geometries from WGS84 (lon, lat) to a datum.

    ``cgcs2000-gk`` without a zone takes the 3-degree zone (no prefix) of their middle.
    """
    if datum.name == "cgcs2000-gk" and datum.crs is None:
        datum = Datum(datum.name, gauss_kruger_for(geometries))
    return _transform(geometries, _shift_from_wgs84(datum))


def gauss_kruger_for(geometries: NDArray[Any]) -> CRS:
    """Return the CGCS2000 3-degree zone (no prefix) that fits WGS84 geometries.

    Raises
    ------
    DatumError
        They are not in China, where these zones are.
    """
    west, south, east, north = shapely.total_bounds(geometries)
    lon, lat = np.array([(west + east) / 2]), np.array([(south + north) / 2])
    if not in_china(lon, lat)[0]:
        raise DatumError("数据不在中国,没有高斯-克吕格带可用", "the data is not in China: no Gauss-Krüger zone fits it")
    return metric_crs(float(lon[0]), float(lat[0]))


def gcj02_from_wgs84(lon: Floats, lat: Floats) -> Pair:
    """Encrypt degrees the way Chinese web maps do; points outside :data:`CHINA_BOUNDS` stay.

    The formula is not published; this is the one in common use, which agrees with map services to centimetres.
    """
    inside = in_china(lon, lat)
    east, north = _gcj_offset(np.where(inside, lon, 105.0), np.where(inside, lat, 35.0))
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def wgs84_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Undo :func:`gcj02_from_wgs84` by iteration, to less than 1 mm away from the border of China."""
    return _invert(gcj02_from_wgs84, lon, lat)


def bd09_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Apply Baidu's second encryption; points outside :data:`CHINA_BOUNDS` stay."""
    inside = in_china(lon, lat)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_WAVE)
    return (
        np.where(inside, radius * np.cos(angle) + 0.0065, lon),
        np.where(inside, radius * np.sin(angle) + 0.006, lat),
    )


def gcj02_from_bd09(lon: Floats, lat: Floats) -> Pair:
    """Undo :func:`bd09_from_gcj02` by iteration, to less than 1 mm."""
    return _invert(bd09_from_gcj02, lon, lat)


_BD_WAVE = np.pi * 3000.0 / 180.0
_KRASOVSKY_AXIS_M = 6378245.0
_KRASOVSKY_E2 = 0.00669342162296594323


def _gcj_offset(lon: Floats, lat: Floats) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (waves + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (waves + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    radians = np.radians(lat)
    w2 = 1.0 - _KRASOVSKY_E2 * np.sin(radians) ** 2
    meridian_m = _KRASOVSKY_AXIS_M * (1.0 - _KRASOVSKY_E2) / (w2 * np.sqrt(w2))
    parallel_m = _KRASOVSKY_AXIS_M / np.sqrt(w2) * np.cos(radians)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _invert(forward: Shift, lon: Floats, lat: Floats) -> Pair:
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(30):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        error_lon, error_lat = there_lon - lon, there_lat - lat
        guess_lon, guess_lat = guess_lon - error_lon, guess_lat - error_lat
        error = np.maximum(np.abs(error_lon), np.abs(error_lat))
        if not (error[np.isfinite(error)] > 1e-11).any():
            break
    outside = ~in_china(lon, lat)
    return np.where(outside, lon, guess_lon), np.where(outside, lat, guess_lat)


def _shift_to_wgs84(datum: Datum) -> Shift | None:
    if datum.name == "gcj02":
        return wgs84_from_gcj02
    if datum.name == "bd09":
        return lambda lon, lat: wgs84_from_gcj02(*gcj02_from_bd09(lon, lat))
    assert datum.crs is not None
    return _projection(datum.crs, WGS84)


def _shift_from_wgs84(datum: Datum) -> Shift | None:
    if datum.name == "gcj02":
        return gcj02_from_wgs84
    if datum.name == "bd09":
        return lambda lon, lat: bd09_from_gcj02(*gcj02_from_wgs84(lon, lat))
    assert datum.crs is not None
    return _projection(WGS84, datum.crs)


def _projection(source: CRS, target: CRS) -> Shift | None:
    """Return the transformation, or None where CGCS2000 and WGS84 degrees are the same numbers."""
    if {source.to_epsg(), target.to_epsg()} <= {4326, 4490}:
        return None
    transformer = Transformer.from_crs(source, target, always_xy=True)

    def shift(x: Floats, y: Floats) -> Pair:
        east, north = transformer.transform(x, y)
        return np.asarray(east, float), np.asarray(north, float)

    return shift


def _transform(geometries: NDArray[Any], shift: Shift | None) -> NDArray[Any]:
    flat: NDArray[Any] = shapely.force_2d(geometries)
    if shift is None:
        return flat
    with np.errstate(invalid="ignore"):  # NaN coordinates are for the caller to find
        moved: NDArray[Any] = shapely.transform(flat, shift, interleaved=False)
    return moved


def _check_degrees(geometries: NDArray[Any], datum: Datum) -> None:
    coordinates = np.abs(shapely.get_coordinates(geometries))
    finite = coordinates[np.isfinite(coordinates).all(axis=1)]
    if len(finite) and (finite > 360.0).any(axis=1).mean() > 0.5:
        raise DatumError(
            f"坐标不是经纬度(最大值 {finite.max():.0f}),与声明的“{datum.name}”不符;"
            "若是投影坐标,请写 cgcs2000-gk 或 EPSG:nnnn",
            f"the coordinates are no degrees (up to {finite.max():.0f}) though {datum.name} is stated; "
            "for projected ones state cgcs2000-gk or EPSG:nnnn",
        )


def _epsg_datum(epsg: int) -> Datum:
    try:
        return Datum(f"EPSG:{epsg}", CRS.from_epsg(epsg))
    except CRSError:
        raise DatumError(f"没有 EPSG:{epsg} 这个坐标系", f"there is no EPSG:{epsg}") from None
