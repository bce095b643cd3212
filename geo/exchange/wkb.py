"""Well-known binary looked at before shapely opens it.

A geometry collection nested thousands deep, 106 KB of it, crashes the interpreter inside GEOS.
"""

import struct
from collections.abc import Sequence

MAX_DEPTH = 4  # multi-geometry in collection in collection: nothing in the field goes deeper

_COLLECTION = 7


def too_deep(wkb: bytes | None) -> bool:
    """Whether a geometry is a collection nested deeper than :data:`MAX_DEPTH`, or cannot be walked through."""
    if wkb is None or len(wkb) < 9 or not _is_collection(wkb, 0):
        return False
    return _deepest(wkb) > MAX_DEPTH


def too_deep_text(wkt: str) -> bool:
    """The same for well-known text, judged by open brackets: a polygon in a multipolygon has three."""
    depth = deepest = 0
    for sign in wkt:
        if sign == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif sign == ")":
            depth -= 1
    return deepest > MAX_DEPTH + 3


def flag_deep(geometries: Sequence[bytes | None]) -> list[bool]:
    """Apply :func:`too_deep` to a column."""
    return [too_deep(wkb) for wkb in geometries]


def _is_collection(wkb: bytes, at: int) -> bool:
    order = "<" if wkb[at] else ">"
    (kind,) = struct.unpack_from(order + "I", wkb, at + 1)
    return bool((kind & 0x0FFFFFFF) % 1000 == _COLLECTION)


def _deepest(wkb: bytes) -> int:
    """Walk the members with a stack of our own; unreadable bytes count as too deep."""
    open_counts: list[int] = []
    at = deepest = 0
    try:
        while True:
            order = "<" if wkb[at] else ">"
            (raw,) = struct.unpack_from(order + "I", wkb, at + 1)
            at = at + 5 + (4 if raw & 0x20000000 else 0)
            kind, dimensions = _kind_and_dimensions(raw)
            if kind == 1:
                at += 8 * dimensions
            else:
                (count,) = struct.unpack_from(order + "I", wkb, at)
                at += 4
                if kind == 2:
                    at += 8 * dimensions * count
                elif kind == 3:
                    at = _skip_rings(wkb, at, count, dimensions, order)
                else:
                    open_counts.append(count)
                    deepest = max(deepest, len(open_counts))
                    if deepest > MAX_DEPTH:
                        return deepest
                    if count:
                        continue
            while open_counts and _close_one(open_counts):
                pass
            if not open_counts:
                return deepest
    except (struct.error, IndexError):
        return MAX_DEPTH + 1


def _kind_and_dimensions(raw: int) -> tuple[int, int]:
    """Read EWKB flags and ISO thousands alike."""
    iso = (raw & 0x0FFFFFFF) // 1000
    has_z = bool(raw & 0x80000000) or iso in (1, 3)
    has_m = bool(raw & 0x40000000) or iso in (2, 3)
    return (raw & 0x0FFFFFFF) % 1000, 2 + has_z + has_m


def _skip_rings(wkb: bytes, at: int, rings: int, dimensions: int, order: str) -> int:
    for _ in range(rings):
        (points,) = struct.unpack_from(order + "I", wkb, at)
        at += 4 + 8 * dimensions * points
    return at


def _close_one(open_counts: list[int]) -> bool:
    """Count a finished member; True when its collection is finished with it."""
    if open_counts[-1] > 0:
        open_counts[-1] -= 1
    if open_counts[-1] == 0:
        open_counts.pop()
        return True
    return False
