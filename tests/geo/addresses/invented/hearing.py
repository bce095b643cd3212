"""How names are misheard and miswritten, and how far apart two of them are: measured here, never by the engine."""

from functools import cache

import numpy as np
from pypinyin import Style, lazy_pinyin, pinyin

from tests.geo.addresses.invented.words import LOOK_ALIKES

#: Characters of names that say a number: one of them miswritten is another name.
NUMERALS = "一二三四五六七八九十两0123456789"
#: Characters that tell the parts of a road from each other.
SIDES = "东西南北中"
#: Costs of one character in place of another, by how the two are alike; of one too many or too few, and of two swapped.
SOUND, LOOK, LOOSE, OTHER, GAP, SWAP = 0.3, 0.4, 0.5, 1.0, 0.8, 0.6
#: Initials that southern ears, or telephones, do not tell apart; and finals.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))


@cache
def syllable(character: str) -> str:
    """The usual sound of one character, without its tone; what is no Chinese character sounds like itself."""
    return str(lazy_pinyin(character)[0])


@cache
def syllables(name: str) -> tuple[str, ...]:
    """Sounds of a name without tones, a character at a time, as read together."""
    read = tuple(str(part) for part in lazy_pinyin(name, errors=lambda text: list(text)))
    return read if len(read) == len(name) else tuple(syllable(character) for character in name)


@cache
def loose(sound: str) -> str:
    """A syllable as it comes through a bad line: zh is z, n is l, f is h, ang is an."""
    if sound.startswith("f"):
        sound = "hu" + sound[1:].removeprefix("u") if sound != "fu" else "hu"
    for long, short in _INITIALS:
        if sound.startswith(long):
            sound = short + sound[len(long) :]
            break
    for long, short in _FINALS:
        if sound.endswith(long):
            sound = sound[: -len(long)] + short
            break
    return sound


@cache
def _common() -> tuple[dict[str, str], dict[str, str]]:
    """The 3,755 common characters of GB 2312 that have one sound only, by sound and by loose sound."""
    by_sound: dict[str, str] = {}
    by_loose: dict[str, str] = {}
    for row in range(0xB0, 0xD8):
        for cell in range(0xA1, 0xFF):
            try:
                character = bytes((row, cell)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            readings = set(pinyin(character, style=Style.NORMAL, heteronym=True)[0])
            if len(readings) == 1 and character not in NUMERALS:
                sound = readings.pop()
                by_sound[sound] = by_sound.get(sound, "") + character
                by_loose[loose(sound)] = by_loose.get(loose(sound), "") + character
    return by_sound, by_loose


@cache
def look_alikes(character: str) -> str:
    """Characters that are easily written for one, both ways."""
    pairs = LOOK_ALIKES.split()
    return "".join([b for a, b in pairs if a == character] + [a for a, b in pairs if b == character])


@cache
def apart(a: str, b: str) -> float:
    """How far one name is from another: 0 for the same, about 1 for a character that is another altogether."""
    if a == b:
        return 0.0
    heard_a, heard_b = syllables(a), syllables(b)
    before: list[float] = []
    row = [GAP * j for j in range(len(b) + 1)]
    for i in range(1, len(a) + 1):
        earlier, before, row = before, row, [GAP * i]
        for j in range(1, len(b) + 1):
            changed = _changed(a[i - 1], heard_a[i - 1], b[j - 1], heard_b[j - 1])
            way = min(before[j] + GAP, row[j - 1] + GAP, before[j - 1] + changed)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                way = min(way, earlier[j - 2] + SWAP)
            row.append(way)
    return row[-1]


def _changed(a: str, heard_a: str, b: str, heard_b: str) -> float:
    if a == b:
        return 0.0
    if a in NUMERALS or b in NUMERALS:
        return OTHER
    if heard_a == heard_b:
        return SOUND
    if b in look_alikes(a):
        return LOOK
    return LOOSE if loose(heard_a) == loose(heard_b) else OTHER


def homophone(name: str, rng: np.random.Generator, *, loosely: bool = False, most: int = 2) -> str | None:
    """Write one or two characters of a name as others that sound the same (or nearly), or None where there are none."""
    by_sound, by_loose = _common()
    options = {}
    for place, (character, sound) in enumerate(zip(name, syllables(name), strict=True)):
        same = (by_loose.get(loose(sound), "") if loosely else by_sound.get(sound, "")).replace(character, "")
        if character not in NUMERALS and same:
            options[place] = same
    if not options:
        return None
    count = min(len(options), int(rng.integers(1, most + 1)))
    places = rng.choice(sorted(options), count, replace=False)
    return "".join(str(rng.choice(list(options[i]))) if i in places else c for i, c in enumerate(name))


def look_alike(name: str, rng: np.random.Generator) -> str | None:
    """Write one character of a name as one that looks like it, or None where none does."""
    places = [place for place, character in enumerate(name) if character not in NUMERALS and look_alikes(character)]
    if not places:
        return None
    place = int(rng.choice(places))
    return name[:place] + str(rng.choice(list(look_alikes(name[place])))) + name[place + 1 :]


def slip(name: str, rng: np.random.Generator) -> str | None:
    """Leave out, double, swap or put in one character of a name, or return None for what would be another name.

    Numerals and sides (东, 中) are left as they are: a road of another number or side is another road.
    """
    if len(name) < 3:
        return None
    place = int(rng.integers(0, len(name) - 1))
    kind = int(rng.integers(0, 4))
    if any(character in NUMERALS + SIDES for character in name[place : place + 2]):
        return None
    if kind == 0:
        return name[:place] + name[place + 1 :]
    if kind == 1:
        return name[: place + 1] + name[place] + name[place + 1 :]
    if kind == 2:
        return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    return name[: place + 1] + str(rng.choice(list("大小"))) + name[place + 1 :]


def spelt(name: str, separator: str = "") -> str:
    """A name in the Latin letters of its sounds."""
    return separator.join(syllables(name))


def initials(name: str) -> str:
    """First letters of the sounds of a name."""
    return "".join(sound[0] for sound in syllables(name))
