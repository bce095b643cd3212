"""Codes for rows that bring none, and keys by which a row is known again when its file comes back."""

import hashlib
import re
from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import CodeError
from geo.exchange.columns import text_of
from geo.exchange.rejections import Checklist, Problem
from geo.territory.codes import DIGITS, LETTERS, free_sequences, make, make_unit

Codes = NDArray[np.object_]

#: Degrees are compared to about 1 cm, so that another version of a projection library gives the same key.
_KEY_DECIMALS = 7


def width_of(noun: str, parent: str) -> int:
    """Return how many digits the sequence in a noun's code has."""
    if noun == "building":
        return 5
    return DIGITS[noun] - len(parent) if noun in DIGITS else LETTERS[noun][2]


def number_rows(noun: str, parents: Codes, taken: Callable[[str], Sequence[str]], checklist: Checklist) -> Codes:
    """Make codes for rows in their order, after the highest that each parent already has.

    Parameters
    ----------
    parents
        The parent's code of each row that needs a code, None for the others.
    taken
        Codes that start with a parent's.

    Returns
    -------
    str[n]
        None where no code was needed, or none was left (the row is rejected).
    """
    codes: Codes = np.full(len(parents), None, object)
    for parent in sorted({parent for parent in parents if parent is not None}):
        rows = np.flatnonzero(parents == parent)
        width = width_of(noun, parent)
        stem = parent if noun in DIGITS else parent + LETTERS[noun][0]
        numbers = free_sequences([code for code in taken(parent) if code.startswith(stem)], width, len(rows))
        for row, number in zip(rows, numbers, strict=True):
            try:
                codes[row] = make(noun, parent, number)
            except CodeError as error:
                checklist.reject(int(row), "code", "", Problem(error.zh, error.en))
    return codes


def number_units(frame: pd.DataFrame, needed: NDArray[np.bool_], taken: set[str]) -> Codes:
    """Make 25-digit codes of household units from floor and room; doors already taken get the next free number."""
    codes: Codes = np.full(len(frame), None, object)
    used = set(taken)
    buildings, floors, rooms = (frame[name].tolist() for name in ("building_code", "floor", "room"))
    for row in np.flatnonzero(needed).tolist():
        building, floor, room = buildings[row], floors[row], rooms[row]
        digits = re.sub(r"\D", "", str(room))[-6:]
        # Room 1203 is door 3 on floor 12; with no floor given the digits before the last two are it.
        level = int(floor) if floor is not None and floor == floor else int(digits[:-2] or 0)
        door = int(digits[-2:] or 0)
        for candidate in (*range(door, 1000), *range(door)):
            code = make_unit(building, level, candidate)
            if code not in used:
                used.add(code)
                codes[row] = code
                break
    return codes


def source_keys(frame: gpd.GeoDataFrame, key: str | None) -> list[str]:
    """Return what identifies each row of a file: its own identifier, or a hash of all it says."""
    if key is not None:
        return [text_of(value) for value in frame[key]]
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, _KEY_DECIMALS))
    shapes = shapely.to_wkb(rounded)
    texts = [[text_of(value) for value in frame[name]] for name in sorted(frame.columns) if name != "geometry"]
    rows = zip(*texts, strict=True) if texts else [()] * len(frame)
    return [
        hashlib.blake2b("\x1f".join(row).encode("utf-8", "replace") + (shape or b""), digest_size=12).hexdigest()
        for row, shape in zip(rows, shapes, strict=True)
    ]


def reject_same_keys(keys: Sequence[str], key: str | None, checklist: Checklist) -> None:
    """Reject good rows whose key an earlier good row has: the same identifier, or the very same row."""
    first: dict[str, int] = {}
    for position in np.flatnonzero(checklist.good).tolist():
        known = first.setdefault(keys[position], position)
        if known == position:
            continue
        number = checklist.row_number(known)
        if key is None:
            found = Problem(f"与第 {number} 行完全相同", f"the very same as row {number}", "删除重复行", "delete it")
        else:
            found = Problem(
                f"标识与第 {number} 行重复",
                f"the same identifier as row {number}",
                "更正标识",
                "correct the identifier",
            )
        checklist.reject(position, key or "", keys[position] if key else "", found)
