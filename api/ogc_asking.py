"""What OGC's requests ask for: boxes, spans of time, coordinate systems, values of properties."""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Any

from fastapi import Query

from api.errors import RequestError
from geo.errors import DatumError
from geo.services.featuring import LAYERS, Collection, Selection, asked_of, selection
from geo.services.reading import Box
from geo.services.reference_systems import CRS84, ReferenceSystem
from geo.territory.times import CHINA_TIME

#: Features on a page: when nothing is said, and at most; who asks for more gets as many as there may be.
USUAL, MOST = 100, 10_000
LARGEST_COUNT = 2**31 - 1
#: Keys of features: codes, numbers of cases.
KEY_PATTERN = "^[0-9A-Za-z]{1,40}$"

_NUMBER = r"[+-]?[0-9]{1,9}(\.[0-9]{0,15})?"
_BOX = re.compile(rf"{_NUMBER}(,{_NUMBER}){{3}}((,{_NUMBER}){{2}})?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_OPEN = ("", "..")


def _system(purpose: str, alias: str) -> Any:
    words = f"{purpose};可用的见数据集的 crs,缺省 CRS84 One of the collection's crs; CRS84 when not said"
    return Query(alias=alias, max_length=100, description=words)


Crs = Annotated[str, _system("所求坐标系 System of the answer", "crs")]


@dataclass(frozen=True)
class Asked:
    """What one request for features says, read but not yet held against a collection."""

    limit: int
    after: str | None
    bbox: str | None
    bbox_crs: str
    crs: str
    datetime: str | None


async def asked(
    limit: Annotated[
        int,
        Query(
            ge=1,
            le=LARGEST_COUNT,
            description=f"每页条数,最多 {MOST},超出按 {MOST} Features on a page: at most {MOST}, whatever is asked for",
        ),
    ] = USUAL,
    after: Annotated[
        str | None,
        Query(pattern=KEY_PATTERN, description="上一页最后一项 Last feature of the page before; in next links"),
    ] = None,
    bbox: Annotated[
        str | None,
        Query(
            max_length=200,
            description="范围:四个数(或六个,含高程),依 bbox-crs 的轴序 Four numbers (six with heights): lower, upper "
            "corner in the order of axes of bbox-crs",
            examples=["114.05,22.53,114.07,22.55"],
        ),
    ] = None,
    bbox_crs: Annotated[str, _system("bbox 的坐标系 System of the bbox", "bbox-crs")] = CRS84,
    crs: Crs = CRS84,
    datetime: Annotated[
        str | None,
        Query(
            max_length=80,
            description="时刻、日期或区间(RFC 3339,.. 为不限);没有时间的数据集不受影响 A moment, a day or an interval; "
            "collections without time take no notice",
            examples=["2026-01-01T00:00:00Z/.."],
        ),
    ] = None,
) -> Asked:
    """Read what all requests for features have in common."""
    return Asked(min(limit, MOST), after, bbox, bbox_crs, crs, datetime)


async def values(**told: str | int | None) -> dict[str, str | int]:
    """Read the values of properties that features are asked for by."""
    return {name: value for name, value in told.items() if value is not None}


def _value(name: str, titles: str, of: str) -> inspect.Parameter:
    words = f"{titles};只用于有此属性的数据集 Only of collections that have it"
    kind: Any = str | None
    limits: dict[str, Any] = {"max_length": 200}
    if of == "integer":
        kind, limits = int | None, {"ge": -LARGEST_COUNT, "le": LARGEST_COUNT}
    annotation = Annotated[kind, Query(description=words, **limits)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


# The catalogue of layers says which properties there are; a collection refuses those that it has not.
values.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        _value(name, f"{told.zh} {told.en}", told.type)
        for name, told in {name: told for layer in LAYERS for name, told in asked_of(layer).items()}.items()
    ]
)


def wanted(
    of: Collection, said: Asked, valued: Mapping[str, str | int], systems: Sequence[ReferenceSystem]
) -> Selection:
    """Hold a request against a collection.

    Raises
    ------
    RequestError
        It asks by a property that the collection has not, or box, time or system are no such.
    """
    strange = sorted(set(valued) - set(of.asked))
    if strange:
        listed = ", ".join(of.asked)
        raise RequestError(
            "unknown-parameter",
            f"{of.zh}没有属性 {', '.join(strange)};可用:{listed}",
            f"{of.id} cannot be asked by {', '.join(strange)}; there are {listed}",
            allowed=list(of.asked),
        )
    since, until = _span(said.datetime)
    system = system_of(said.bbox_crs, systems, "bbox-crs")
    boxes = () if said.bbox is None else _boxes(said.bbox, system)
    return selection(boxes=boxes, values=valued, since=since, until=until)


def system_of(uri: str, systems: Sequence[ReferenceSystem], parameter: str) -> ReferenceSystem:
    """Return the system with this address.

    Raises
    ------
    RequestError
        It is none of those offered.
    """
    for system in systems:
        if system.uri == uri:
            return system
    listed = [system.uri for system in systems]
    raise _wrong(
        parameter, f"可用的坐标系:{'、'.join(listed)}", f"systems offered: {', '.join(listed)}", allowed=listed
    )


def _boxes(text: str, system: ReferenceSystem) -> list[Box]:
    """Read a bbox as boxes in degrees: two where it goes over the 180th meridian."""
    if not _BOX.fullmatch(text):
        raise _wrong("bbox", "应为四个数,以逗号分开(六个则含高程)", "four numbers with commas, six with heights")
    numbers = [float(part) for part in text.split(",")]
    x1, y1, x2, y2 = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if system.uri == CRS84 and x1 > x2:
        return [_in_degrees((x1, y1, 180.0, y2), system), _in_degrees((-180.0, y1, x2, y2), system)]
    return [_in_degrees((x1, y1, x2, y2), system)]


def _in_degrees(box: Box, system: ReferenceSystem) -> Box:
    if not (box[0] <= box[2] and box[1] <= box[3]):
        raise _wrong("bbox", "前一角的数不得大于后一角", "the first corner is the lower one")
    try:
        west, south, east, north = system.bounds(box)
    except DatumError:
        west, south, east, north = 999.0, 999.0, 999.0, 999.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _wrong("bbox", "超出此坐标系的范围", "it lies outside of its coordinate system")
    return west, south, east, north


def _span(text: str | None) -> tuple[datetime | None, datetime | None]:
    """Read RFC 3339 moments and intervals; both ends belong to a span, and a day is one of China's."""
    if text is None:
        return None, None
    first, separator, last = text.partition("/")
    if not separator:
        last = first
        if first in _OPEN:
            raise _wrong_time()
    since = None if first in _OPEN else _moment(first, time.min)
    until = None if last in _OPEN else _moment(last, time.max)
    if since is not None and until is not None and since > until:
        raise _wrong("datetime", "开始晚于结束", "it ends before it begins")
    return since, until


def _moment(text: str, of_day: time) -> datetime:
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(datetime.fromisoformat(text), of_day, CHINA_TIME)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper().replace(" ", "T")).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _wrong_time()


def _wrong_time() -> RequestError:
    return _wrong(
        "datetime",
        "应为 2026-01-31T08:00:00+08:00、日期,或以 / 分开的两端(.. 为不限)",
        "a moment such as 2026-01-31T08:00:00+08:00, a day, or two of them with a slash between, .. for open",
    )


def _wrong(parameter: str, zh: str, en: str, **more: Any) -> RequestError:
    errors = [{"location": f"query.{parameter}", "zh": zh, "en": en}]
    return RequestError("invalid-request", f"{parameter}:{zh}", f"{parameter}: {en}", errors=errors, **more)
