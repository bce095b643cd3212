"""Codes of divisions, grids, buildings and household units: built, taken apart, checked.

========  ======  =====================================================================================
code      digits  made of
========  ======  =====================================================================================
county         6  GB/T 2260
street         9  county 6 + street 3 (街道 001-099, 镇 100-199, 乡 200-399, others such as farms and
                  development zones 400-599)
community     12  street 9 + community 3 (居委 001-199, 村委 200-399, others alike 400-599)
grid          15  community 12 + sequence 3, numbered from north to south, each row west to east
                  (GB/T 30428.1 practice)
building      19  community 12 + basic grid 2 + building 5 (first 19 digits of the Shenzhen house code)
unit          25  building 19 + room 6 (Shenzhen house code)
========  ======  =====================================================================================

Things no standard numbers (compounds, barriers, places ...) get a code of our own: the division's code, one
capital letter for the noun, and a sequence.
"""

import re
from collections.abc import Sequence
from typing import Literal, NewType

import numpy as np
from numpy.typing import NDArray

from geo.errors import CodeError
from geo.territory.dictionaries import dictionary

StreetCode = NewType("StreetCode", str)
CommunityCode = NewType("CommunityCode", str)
GridCode = NewType("GridCode", str)
BuildingCode = NewType("BuildingCode", str)
UnitCode = NewType("UnitCode", str)

#: Digits of each standard code, and the letter and sequence digits of each code of our own.
DIGITS = {"street": 9, "community": 12, "grid": 15, "building": 19, "household_unit": 25}
#: Digits of the code under which each standard code is made.
PARENT_DIGITS = {"street": 6, "community": 9, "grid": 12, "building": 12, "household_unit": 19}
#: Highest number of a street in its county and of a community in its street.
LAST_DIVISION = 599
LETTERS = {
    "compound": ("X", 12, 3),
    "barrier": ("B", 9, 5),
    "stairwell": ("U", 19, 2),
    "place": ("P", 9, 6),
    "city_element": ("E", 12, 4),
    "responsible_body": ("R", 9, 4),
    "grid_staff": ("S", 9, 4),
    "cell": ("L", 15, 2),
}


def problem(noun: str, code: str) -> tuple[str, str] | None:
    """Say what is wrong with a code, in Chinese and English, or None when its structure is right."""
    if noun in DIGITS:
        return _digits_problem(noun, code)
    letter, stem, sequence = LETTERS[noun]
    if not re.fullmatch(rf"[0-9]{{{stem}}}{letter}[0-9]{{{sequence}}}", code):
        return (
            f"编码“{code[:40]}”应为 {stem} 位数字 + {letter} + {sequence} 位序号",
            f"code {code[:40]!r} should be {stem} digits + {letter} + {sequence}-digit sequence",
        )
    return _stem_problem(code[:stem])


def check(noun: str, code: str) -> str:
    """Return ``code`` when its structure is right.

    Raises
    ------
    CodeError
        Wrong length, letters where digits belong, or a part out of its range.
    """
    found = problem(noun, code)
    if found:
        raise CodeError(*found)
    return code


def make(noun: str, parent: str, sequence: int, *, basic_grid: int = 0) -> str:
    """Build the code of the ``sequence``-th (from 1) ``noun`` under ``parent``.

    The parent is the street for a community, the community for a grid or building, the building for a
    household unit, and for codes of our own the division that :data:`LETTERS` names by its length.

    Raises
    ------
    CodeError
        The parent's code is wrong, or the sequence does not fit its digits.
    """
    _check_parent(noun, parent)
    if noun == "building":
        stem, width = f"{parent}{basic_grid:02d}", 5
    elif noun in DIGITS:
        stem, width = parent, DIGITS[noun] - len(parent)
    else:
        letter, _, width = LETTERS[noun]
        stem = parent + letter
    if not 0 < sequence < 10**width:
        raise CodeError(
            f"{parent} 下的序号 {sequence} 超出 {width} 位数字",
            f"sequence {sequence} under {parent} needs over {width} digits",
        )
    return check(noun, f"{stem}{sequence:0{width}d}")


def make_unit(building: str, floor: int, door: int) -> UnitCode:
    """Build a 25-digit house code: room part = 1 digit below-ground flag, 2 digits floor, 3 digits door."""
    if not (abs(floor) < 100 and 0 <= door < 1000):
        raise CodeError(f"楼层 {floor} 或门号 {door} 超出范围", f"floor {floor} or door {door} is out of range")
    return UnitCode(check("household_unit", f"{building}{int(floor < 0)}{abs(floor):02d}{door:03d}"))


def place_of_unit(code: str) -> tuple[int, int]:
    """Take a 25-digit house code apart: the floor (below ground negative) and the door on it.

    Raises
    ------
    CodeError
        The code is no house code, or its room part was not built by :func:`make_unit`.
    """
    check("household_unit", code)
    below, floor, door = code[19], int(code[20:22]), int(code[22:])
    if below not in "01":
        raise CodeError(
            f"户编码“{code}”的室号部分 {code[19:]} 应以 0(地上)或 1(地下)开头",
            f"{code!r}: room part {code[19:]} should start with 0 (above ground) or 1 (below)",
        )
    return (-floor if below == "1" else floor), door


def division_of(code: str, level: Literal["street", "community"]) -> str:
    """Return the street or community that a code is under, from its digits.

    Raises
    ------
    CodeError
        The code names no division of that level: it has too few digits before its letter.
    """
    digits = re.match("[0-9]*", code)
    if digits is None or len(digits[0]) < DIGITS[level]:
        raise CodeError(
            f"编码“{code[:40]}”不含{'街道' if level == 'street' else '社区'}部分",
            f"code {code[:40]!r} names no {level}",
        )
    return code[: DIGITS[level]]


def number_grids(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number grids from north to south in rows, and in each row from west to east.

    Parameters
    ----------
    xy
        float[n, 2], one inner point per grid, x east and y north, in metres.

    Returns
    -------
    int[n]
        1..n, each once. A row is as high as a mean grid is wide.
    """
    n = len(xy)
    if n == 0:
        return np.zeros(0, np.int64)
    span = np.ptp(xy, axis=0)
    row_height = max(np.sqrt(max(span[0], 1.0) * max(span[1], 1.0) / n), 1.0)
    row = np.floor((xy[:, 1].max() - xy[:, 1]) / row_height)
    order = np.lexsort((-xy[:, 1], xy[:, 0], row))
    numbers = np.empty(n, np.int64)
    numbers[order] = np.arange(1, n + 1)
    return numbers


def free_sequences(taken: Sequence[str], width: int, count: int) -> list[int]:
    """Return the ``count`` numbers following the highest last ``width`` digits of ``taken``."""
    last = max((int(code[-width:]) for code in taken), default=0)
    return list(range(last + 1, last + 1 + count))


def _check_parent(noun: str, parent: str) -> None:
    width = LETTERS[noun][1] if noun in LETTERS else PARENT_DIGITS[noun]
    if not re.fullmatch(rf"[0-9]{{{width}}}", parent):
        raise CodeError(
            f"上级编码“{parent[:40]}”有 {len(parent)} 位,{noun} 的上级应为 {width} 位数字",
            f"parent code {parent[:40]!r} has {len(parent)} characters; under it a {noun} needs {width} digits",
        )


def _digits_problem(noun: str, code: str) -> tuple[str, str] | None:
    width = DIGITS[noun]
    if not re.fullmatch(rf"[0-9]{{{width}}}", code):
        return (
            f"{width} 位编码“{code[:40]}”有 {len(code)} 位,应为 {width} 位数字",
            f"code {code[:40]!r} has {len(code)} characters; {width} digits are needed",
        )
    return _stem_problem(code)


def _stem_problem(code: str) -> tuple[str, str] | None:
    if code[:2] not in dictionary("provinces"):
        return (
            f"编码“{code}”的省级代码 {code[:2]} 不在 GB/T 2260 中",
            f"{code!r}: {code[:2]} is no province of GB/T 2260",
        )
    if not 1 <= int(code[6:9]) <= LAST_DIVISION:
        return (
            f"编码“{code}”的街道部分 {code[6:9]} 应为 001-{LAST_DIVISION}",
            f"{code!r}: street part {code[6:9]} is not 001-{LAST_DIVISION}",
        )
    if len(code) >= 12 and not 1 <= int(code[9:12]) <= LAST_DIVISION:
        return (
            f"编码“{code}”的社区部分 {code[9:12]} 应为 001-{LAST_DIVISION}",
            f"{code!r}: community part {code[9:12]} is not 001-{LAST_DIVISION}",
        )
    if len(code) == 15 and int(code[12:]) == 0:
        return (f"网格编码“{code}”的序号不能为 000", f"{code!r}: a grid's sequence is never 000")
    return None
