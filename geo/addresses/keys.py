"""Keys of numbers, buildings, stairwells and doors: what is compared, whatever way they are written.

``90号之一``, ``90号附1`` and ``90-1号`` have the key ``90-1``; ``1161弄70支弄29号`` has ``1161/70/29``;
``东区第12幢`` has the zone ``东区`` and the mark ``12``. Texts are normalised ones (:mod:`geo.addresses.normalising`).
"""

import re
from typing import NamedTuple

from geo.addresses.numerals import NUMBER, value
from geo.addresses.words import either

SUFFIX = "[甲乙丙丁戊己庚辛]"
SIDE = "[东南西北中前后主副左右]"
#: What a building is called by its number or letter: 3, 3-2, 甲3, b2, a&b, 甲.
MARK = rf"(?:{SUFFIX}?{NUMBER}(?:[-&]{NUMBER})?[a-z]?|[a-z]{{1,3}}-?[0-9]{{0,3}}(?:&[a-z0-9]{{1,3}})*|{SUFFIX})"
#: What a zone is called by: 东区, 一巷, b区, 甲片.
ZONE = rf"(?:{SIDE}{{1,2}}|{NUMBER}|[a-z]|{SUFFIX}|[新老上下内外]){either('zones')}"

_NUMERAL = re.compile(NUMBER)


class BuildingKey(NamedTuple):
    """The part of its compound that a building stands in (empty for none), and what it is called there."""

    zone: str
    mark: str


def arabic(text: str) -> str:
    """Return ``text`` with every number in it in digits: ``一巷`` is ``1巷``."""
    return _NUMERAL.sub(lambda found: _digits(found[0]), text)


def _digits(text: str) -> str:
    number = value(text)
    return text if number is None else str(number)


# ── house numbers ────────────────────────────────────────────────────────────────────────────────────────────────────

_LANE = re.compile(rf"({NUMBER})弄(?:堂|内)?")
_SUBLANE = re.compile(rf"({NUMBER})支?弄")
_DOOR = re.compile(
    rf"(?P<before>{SUFFIX}|附|第)?(?P<first>{NUMBER})(?P<letter>[a-z])?(?P<middle>{SUFFIX})?(?:-(?P<to>{NUMBER}[a-z]?))?"
    rf"(?:号)?(?:院|大院)?\(?(?:(?:之|附|-|号)+(?P<sub>{NUMBER})(?:号)?|(?P<after>{SUFFIX})(?:座|号)?)?\)?"
)


def number_key(text: str) -> str:
    """Return the key of a doorplate; what follows no known way of writing is its own key.

    乙126号 and 126号乙 have one key, 126乙: few roads have both, and those keep them apart (:func:`turned`).
    """
    key = said_key(text)
    return turned(key) if _FIRST_MARKED.search(key) else key


def said_key(text: str) -> str:
    """Return the key of a doorplate with 甲 and the like where they stand: 乙126号 has 乙126."""
    rest, lanes = text.replace(" ", ""), []
    for pattern in (_LANE, _SUBLANE):
        found = pattern.match(rest)
        if found:
            lanes.append(_digits(found[1]))
            rest = rest[found.end() :]
    if lanes and not rest:
        return "/".join(lanes) + "/"
    found = _DOOR.fullmatch(rest)
    if not found:
        return "/".join([*lanes, rest])
    return "/".join([*lanes, door(found)])


_FIRST_MARKED = re.compile(rf"(?:^|(?<=/))({SUFFIX})([0-9]+)(?=-|$)")
_LAST_MARKED = re.compile(rf"(?:^|(?<=/))([0-9]+)({SUFFIX})(?=-|$)")


def turned(key: str) -> str:
    """Return a number's key with 甲 and the like on its other side; "" where it has none.

    Examples
    --------
    >>> turned("乙126"), turned("126乙-1"), turned("126")
    ('126乙', '乙126-1', '')
    """
    for pattern in (_FIRST_MARKED, _LAST_MARKED):
        if pattern.search(key):
            return pattern.sub(r"\2\1", key)
    return ""


def door(found: re.Match[str]) -> str:
    """Return the key of what the pattern of doors matched."""
    parts = found.groupdict()
    before = parts["before"] if parts["before"] not in ("附", "第") else None
    mark = (parts["letter"] or "") + (parts["middle"] or parts["after"] or "")
    subs = [arabic(parts[name]) for name in ("to", "sub") if parts[name]]
    return "-".join([(before or "") + _digits(parts["first"]) + mark, *subs])


# ── inside a compound ────────────────────────────────────────────────────────────────────────────────────────────────

_ZONED = re.compile(rf"(?P<zone>{ZONE})?(?P<rest>.*)")
_BUILDING = re.compile(
    rf"(?:第)?(?P<mark>{MARK}|{SIDE}{{1,2}})"
    rf"(?:{either('building_words')}|号|楼)?"
)
_NAMED = re.compile(
    rf"(?P<name>[\u4e00-\u9fff]{{2,20}})(?P<rest>(?:[a-z]?{NUMBER}|[a-z])(?:&[a-z0-9])?(?:栋|幢|座|号楼))"
)
_UNIT = re.compile(rf"(?P<mark>{NUMBER}|[a-z]|{SUFFIX}|{SIDE})(?:{either('unit_words')}|号|座)?")
_ROOM = re.compile(
    rf"(?:(?P<floor>{NUMBER}){either('floor_words')})?"
    rf"(?P<mark>[a-z]?(?:{NUMBER})?[a-z]?(?:-{NUMBER})?)(?:{either('room_words')}|号)?(?:之(?P<sub>{NUMBER}))?"
)


def building_key(text: str) -> BuildingKey:
    """Return zone and mark of a building; one with a name of its own (综合楼) has the name for its mark.

    What a numbered part of a named building is told by (礼达楼3座) is its zone.
    """
    rest = text.replace(" ", "")
    if _BUILDING.fullmatch(rest):
        return BuildingKey("", _mark(rest))
    found = _ZONED.fullmatch(rest)
    if found and found["zone"] and _BUILDING.fullmatch(found["rest"]):
        return BuildingKey(arabic(found["zone"]), _mark(found["rest"]))
    named = _NAMED.fullmatch(rest)
    if named:
        return BuildingKey(arabic(named["name"]), _mark(named["rest"]))
    return BuildingKey("", arabic(rest))


def _mark(text: str) -> str:
    found = _BUILDING.fullmatch(text)
    return arabic(found["mark"]) if found else arabic(text)


def unit_key(text: str) -> str:
    """Return the key of a stairwell: ``1单元``, ``一号单元门`` and ``1梯`` have ``1``."""
    found = _UNIT.fullmatch(text.replace(" ", ""))
    return arabic(found["mark"]) if found else arabic(text)


def room_key(text: str) -> str:
    """Return the key of a door: ``9层02房`` has ``902``, ``104铺`` has ``104``."""
    found = _ROOM.fullmatch(text.replace(" ", ""))
    if not found or not (found["mark"] or found["floor"]):
        return arabic(text)
    mark = on_floor(found["floor"], found["mark"]) if found["floor"] else arabic(found["mark"])
    return f"{mark}-{_digits(found['sub'])}" if found["sub"] else mark


def on_floor(floor: str, mark: str) -> str:
    """Return the key of a door told by floor and number: 9, 02 is 902; 9, 902 is 902."""
    level, said = _digits(floor), arabic(mark)
    if not said.isdigit():
        return level + said if not said or said.isalpha() else said
    if len(said) > 2:
        return said
    return f"{level}{int(said):02d}"
