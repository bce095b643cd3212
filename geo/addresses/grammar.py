"""Pieces of an address that need no list of names: lanes, doors, zones, buildings, stairwells, floors, doors inside.

:func:`pieces` scans a stretch of normalised text between names. What a piece is for may depend on what stands before
it: ``14号`` after a road is a doorplate, after a compound a house. Such pieces say every reading, likeliest first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from geo.addresses.keys import MARK, SIDE, SUFFIX, ZONE, arabic, door, on_floor, room_key, said_key
from geo.addresses.numerals import NUMBER, spelt, value
from geo.addresses.words import either

#: No building has more; 1601楼梯间 is no stairwell.
MOST_STAIRWELLS = 60

Kind = Literal["number", "zone", "building", "unit", "room", "bare", "chain", "letter", "suffix"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One element of the structure.

    Attributes
    ----------
    start, end
        Where it stands in the whole text.
    key
        Its key (:mod:`geo.addresses.keys`); of a chain the numbers with ``/`` between.
    zone
        The zone that was said with a building.
    strong
        A word says what it is (栋, 单元, 室, 号); a bare number or letter is weak.
    """

    kind: Kind
    start: int
    end: int
    key: str
    zone: str = ""
    strong: bool = True


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The pieces in the order in which they are tried: what says most of itself first."""
    building, unit, room = either("building_words"), either("unit_words"), either("room_words")
    heard, floor = either("building_words_heard"), either("floor_words")
    misheard, amount = either("building_words_misheard"), either("not_numbers")
    # 17号楼道 is number 17 and its corridor; 17号楼 is a building.
    stairs = "[道梯上下顶]"
    ended = rf"(?!{NUMBER}|{building}|{unit}|{room}|号|层|楼|弄|[-#/])"
    plate = (
        rf"(?P<before>{SUFFIX}|附)?(?P<first>{NUMBER})(?P<letter>[a-z])?(?P<middle>{SUFFIX})?"
        rf"(?:-(?P<to>{NUMBER}[a-z]?))?"
    )
    # 31号-2 is a plate; 31号-2栋 is number 31, building 2. A group may be named once, so both joints come before it.
    joint = rf"(?:(?:之|附) ?(?!{NUMBER}(?:{building}|{unit}|{room}))|-(?!{NUMBER}{ended.replace('(?!', '(?:', 1)}))"
    appended = rf"(?:{joint}(?P<sub>{NUMBER})号?|(?P<after>{SUFFIX})(?!{NUMBER}{building})(?:座|号(?!楼|院))?)"
    nothing = "(?P<letter>)(?P<middle>)(?P<to>)"
    patterns = {
        "lane": rf"{NUMBER}弄(?:堂|内)? ?(?:{NUMBER}支?弄 ?)?"
        rf"(?:{NUMBER}(?:-{NUMBER})?(?:号|(?=$|[ ,.]))(?:{SUFFIX}|之{NUMBER})?(?!楼(?!{stairs})|房))?",
        "building": rf"(?P<zone>{ZONE}[-,. ]?)?第?(?P<mark>{MARK}) ?{building}(?!(?<=楼){stairs})",
        "side": rf"(?P<zone>{ZONE})?(?P<mark>{SIDE})(?:栋|幢|座|楼)(?!{stairs})",
        "zoned": rf"(?P<zone>{ZONE})[-,. ]?第?(?P<mark>{NUMBER}(?:-{NUMBER})?)号(?!{unit}|房|铺)",
        "ordinal": rf"第(?P<mark>{NUMBER})号",
        "unit": rf"(?P<mark>[0-9]{{1,2}}(?![0-9])|(?![0-9]){NUMBER}|[a-z]|{SUFFIX}) ?{unit}",
        "floor": rf"(?P<floor>{NUMBER}){floor} ?(?P<mark>[a-z]?{NUMBER}|[a-h](?![a-z]))"
        rf"(?! ?{building}|{unit}|{amount})(?:{room}|号)?",
        "room": rf"(?P<mark>[a-z]?{NUMBER}[a-z]?(?:-{NUMBER})?) ?{room}(?:之{NUMBER})?",
        "number": rf"{plate}号(?:院|大院)?(?! ?(?:楼(?!{stairs})|栋|幢|线|口|机|门))\(?{appended}?\)?",
        "number before": rf"(?P<before>{SUFFIX})(?P<first>{NUMBER}){nothing}号?(?P<sub>)(?P<after>)",
        "number appended": rf"(?P<before>)(?P<first>{NUMBER}){nothing}(?:之|附)(?P<sub>{NUMBER})号?(?P<after>)",
        "number after": rf"(?P<before>)(?P<first>{NUMBER}){nothing}(?P<sub>)(?P<after>{SUFFIX})(?=$|[ ,.])",
        "appendix": rf"附 ?(?P<mark>{NUMBER})号?",
        "heard": rf"(?P<zone>{ZONE})?(?P<mark>{NUMBER}|[a-z])"
        rf"(?:{misheard}(?![车物手静态作画能人])|{heard}(?=$|[ ,.]|{NUMBER}|[a-z0-9]|单|的|住))",
        "chain": rf"{NUMBER}(?:[-/#.]{NUMBER}[a-z]?){{1,4}}(?![0-9])(?:室|号|房)?",
        "zone": rf"(?P<zone>{ZONE})(?![\u4e00-\u9fff]{{0,2}}路)",
        "bare": r"(?<![0-9a-z])(?P<mark>[a-z]?[0-9]{1,5}[a-z]?|[零〇一二三四五六七八九幺两]{3,5})"
        rf"(?![0-9a-z]|{amount})",
        "letter": r"(?<![a-z0-9])(?P<mark>[a-z])(?![a-z0-9])",
    }
    return [(name, re.compile(pattern)) for name, pattern in patterns.items()]


#: What a piece may begin with.
_BEGINS = re.compile(rf"[0-9a-z]|{NUMBER}|{SUFFIX}|{SIDE}|[第附新老上下内外]")


@lru_cache(maxsize=4096)
def pieces(text: str, start: int, end: int) -> tuple[Piece, ...]:
    """Return the pieces in ``text[start:end]``, in order; what is none is passed over."""
    found: list[Piece] = []
    at = start
    while at < end:
        begun = _BEGINS.search(text, at, end)
        if not begun:
            break
        at = begun.start()
        inside = text[at].isdigit() and at > start and text[at - 1].isdigit() and (not found or found[-1].end < at)
        piece = None if inside else _piece(text, at, end)
        if piece is None:
            at += 1
        else:
            found.append(piece)
            at = piece.end
    return tuple(found)


def _piece(text: str, at: int, end: int) -> Piece | None:
    for name, pattern in _patterns():
        match = pattern.match(text, at, end)
        if match and match.end() > at:
            piece = _MAKERS.get(name, _building)(match)
            if piece is not None:
                return piece
    return None


# ── what each pattern makes ──────────────────────────────────────────────────────────────────────────────────────────


def _building(match: re.Match[str]) -> Piece | None:
    said = match.groupdict()
    zone = arabic((said.get("zone") or "").strip("-,. "))
    return Piece("building", *match.span(), arabic(said["mark"]), zone) if _counts(said["mark"]) else None


def _lane(match: re.Match[str]) -> Piece:
    return Piece("number", *match.span(), said_key(match[0]))


def _number(match: re.Match[str]) -> Piece | None:
    return Piece("number", *match.span(), door(match)) if _counts(match["first"]) else None


def _unit(match: re.Match[str]) -> Piece | None:
    key = arabic(match["mark"])
    return Piece("unit", *match.span(), key) if not key.isdigit() or int(key) <= MOST_STAIRWELLS else None


def _floor(match: re.Match[str]) -> Piece | None:
    return Piece("room", *match.span(), on_floor(match["floor"], match["mark"])) if _counts(match["floor"]) else None


def _room(match: re.Match[str]) -> Piece:
    return Piece("room", *match.span(), room_key(match[0]))


def _appendix(match: re.Match[str]) -> Piece:
    return Piece("suffix", *match.span(), arabic(match["mark"]))


def _chain(match: re.Match[str]) -> Piece:
    numbers = re.split("[-/#.]", match[0].rstrip("室号房"))
    return Piece("chain", *match.span(), "/".join(spelt(number) for number in numbers), strong=False)


def _bare(match: re.Match[str]) -> Piece | None:
    if len(match["mark"]) <= 2 and re.match(either("not_small_numbers"), match.string[match.end() : match.end() + 3]):
        return None
    return Piece("bare", *match.span(), arabic(match["mark"]), strong=False)


def _letter(match: re.Match[str]) -> Piece:
    return Piece("letter", *match.span(), match["mark"], strong=False)


def _zone(match: re.Match[str]) -> Piece:
    return Piece("zone", *match.span(), arabic(match["zone"]), strong=False)


_MAKERS: dict[str, Callable[[re.Match[str]], Piece | None]] = {
    "lane": _lane,
    "unit": _unit,
    "floor": _floor,
    "room": _room,
    "number": _number,
    "number before": _number,
    "number appended": _number,
    "number after": _number,
    "appendix": _appendix,
    "chain": _chain,
    "bare": _bare,
    "letter": _letter,
    "zone": _zone,
}


def _counts(mark: str) -> bool:
    """Whether what looks like a numeral is one: 十百 is none."""
    return value(mark) is not None if re.fullmatch(NUMBER, mark) else bool(mark)
