"""Ways to write and say the numbers of an address: buildings, rooms, house numbers, lanes."""

import re

import numpy as np

from tests.geo.addresses.invented.towns import DIGITS, numeral

_BUILDING = re.compile(r"(甲?)(\d+|[A-Z])(栋|幢|座|号楼|号)")
_UNIT = re.compile(r"(\d+)单元")
_ROOM = re.compile(r"(\d{3,4})(室?)")
_DIVIDED = re.compile(r"(\d+)(?:号之([一二三])|-(\d)号|号附(\d)号)")
_STEM = re.compile(r"(?:([甲乙])(\d+)号|(\d+)号([甲乙])|(\d+)([AB])号)")
_LANES = re.compile(r"(\d+)弄(?:(\d+)支弄)?(\d+)号")


def _one(rng: np.random.Generator, *ways: str) -> str:
    return str(rng.choice(ways))


def building(written: str, rng: np.random.Generator) -> str | None:
    """Another way to write a building, or None for one that bears a name."""
    found = _BUILDING.fullmatch(written)
    if not found:
        return None
    first, number, last = found.groups()
    ways = [f"{first}{number}{other}" for other in ("栋", "幢", "座", "号楼", "#", "#楼", "号栋")]
    if last == "号" and not first:
        ways += [f"第{number}号", f"{number}号楼"]
    elif not first:
        ways += [f"第{number}栋", f"第{number}幢"]
    if number.isalpha():
        ways = [f"{number}{other}" for other in ("栋", "幢", "座", "楼")] + [f"{number.lower()}座"]
    return _one(rng, *(way for way in ways if way != written))


def unit(written: str, rng: np.random.Generator) -> str | None:
    """Another way to write a stairwell."""
    found = _UNIT.fullmatch(written)
    return _one(rng, f"{found[1]}号单元", f"{found[1]}门", f"{found[1]}梯", f"第{found[1]}单元") if found else None


def room(written: str, rng: np.random.Generator) -> str | None:
    """Another way to write a room whose number begins with its floor."""
    found = _ROOM.fullmatch(written)
    if not found:
        return None
    number, last = found.groups()
    floor, door = number[:-2], number[-2:]
    ways = [
        f"{number}房",
        f"{floor}楼{number}",
        f"{floor}楼{number}室",
        f"{floor}层{door}室",
        f"{floor}F{door}",
        f"{number}号",
    ]
    ways += [f"{number}户", f"{floor}楼{door}", number if last else f"{number}室"]
    return _one(rng, *ways)


def divided(written: str, rng: np.random.Generator) -> str | None:
    """Another way to write 12号之一, 12-1号 or 12号附1号, which all say the same."""
    found = _DIVIDED.fullmatch(written)
    if not found:
        return None
    base = found[1]
    part = str("一二三".index(found[2]) + 1) if found[2] else found[3] or found[4]
    cn = DIGITS[int(part)]
    ways = [
        f"{base}号之{cn}",
        f"{base}之{cn}",
        f"{base}之{part}",
        f"{base}-{part}号",
        f"{base}-{part}",
        f"{base}号-{part}",
    ]
    ways += [f"{base}号附{part}", f"{base}附{part}号", f"{base}号附{part}号", f"{base}之{cn}号", f"{base}号之{part}"]
    return _one(rng, *(way for way in ways if way != written))


def is_stemmed(written: str) -> bool:
    """Whether a number has 甲 or the like: 甲12号 and 12号甲 are one door, so that neither is nowhere."""
    return bool(_STEM.fullmatch(written))


def stemmed(written: str, rng: np.random.Generator) -> str | None:
    """Another way to write 甲12号, 12号甲 or 12A号."""
    found = _STEM.fullmatch(written)
    if not found:
        return None
    if found[6]:
        return _one(rng, f"{found[5]}号{found[6]}", f"{found[5]}{found[6].lower()}号", f"{found[5]}{found[6]}")
    base, stem = (found[2], found[1]) if found[1] else (found[3], found[4])
    ways = [
        f"{stem}{base}号",
        f"{base}号{stem}",
        f"{base}{stem}号",
        f"{base}号（{stem}）",
        f"{base}{stem}",
        f"{base}号{stem}座",
    ]
    return _one(rng, *(way for way in ways if way != written))


def lanes(written: str, rng: np.random.Generator) -> str | None:
    """Another way to write 286弄35号 or 142弄33支弄22号."""
    found = _LANES.fullmatch(written)
    if not found:
        return None
    lane, inner, house = found.groups()
    if not inner:
        return _one(
            rng,
            f"{lane}弄堂{house}号",
            f"{lane}-{house}",
            f"{lane}弄{house}",
            f"{lane}-{house}号",
            spoken(written, rng),
        )
    return _one(
        rng,
        f"{lane}弄堂{inner}支弄{house}号",
        f"{lane}-{inner}-{house}",
        f"{lane}弄{inner}支弄{house}",
        spoken(written, rng),
    )


def spoken(written: str, rng: np.random.Generator, *, one: str = "一", room: bool = False) -> str:
    """Write the digits of a number as they are said: 一百三十五, 一三五; a room's one by one."""
    return re.sub(r"\d+", lambda found: _said(found[0], rng, one, room), written)


def _said(digits: str, rng: np.random.Generator, one: str, room: bool) -> str:
    number = int(digits)
    if not room and number < 100:
        return numeral(number)
    if not room and number < 1000 and rng.random() < 0.5:
        hundreds, rest = divmod(number, 100)
        tail = "" if not rest else "零" + DIGITS[rest] if rest < 10 else ("一" if rest < 20 else "") + numeral(rest)
        return f"{DIGITS[hundreds]}百{tail}"
    zero = "〇" if rng.random() < 0.2 else "零"
    return "".join(DIGITS[int(digit)] for digit in digits).replace("零", zero).replace("一", one)


def compact(building: str, unit: str, room: str, rng: np.random.Generator) -> str | None:
    """Building, stairwell and room without their words: 3-1-801, 3#1-801; None where the building is no number."""
    found = _BUILDING.fullmatch(building)
    door = re.fullmatch(r"(\d{3,4})室?", room)
    if not found or found[1] or found[3] == "号" or (room and not door):
        return None
    if unit:
        stair = unit.removesuffix("单元")
        if not door:
            return f"{found[2]}#{stair}单元"
        return _one(
            rng,
            *(
                way.format(found[2], stair, door[1])
                for way in ("{}-{}-{}", "{}#{}-{}", "{}#-{}-{}", "{}/{}/{}", "{}栋{}-{}")
            ),
        )
    return (
        _one(rng, f"{found[2]}#{door[1]}", f"{found[2]}-{door[1]}", f"{found[2]}栋{door[1]}")
        if door
        else f"{found[2]}#"
    )
