"""Strings that no address is like, by seed: pasted, leaked in from other programs, or meant to do harm."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from geo.addresses.sounds import readings

MEGABYTE = 1 << 20
#: What programs that trust their input stumble over.
PIECES = (
    "'; DROP TABLE place; --", "1 OR 1=1", '" OR ""="', "%' AND 1=0 UNION SELECT 1--", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "${7*7}", "{{7*7}}", "{0.__class__}", "%s%n%d", "../../../etc/passwd", "\\u0000",
    "=HYPERLINK(\"http://x\")", "@SUM(1)", "\x00", "\x1b[31m", "\r\n\r\n", "NULL", "NaN", "None", "undefined", "-0",
    "1e309", "0x7f", "(?:a+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "[[[[", "))))", "{}", "*" * 40, "+" * 40, "|", "\\",
)  # fmt: skip
#: Signs that change how the text around them is drawn, or are not drawn at all.
UNSEEN = (
    "\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\ufeff",
    "\u2060", "\u00ad", "\u180e", "\u3164", "\ufe0f", "\x7f", "\x85", "\u2028", "\u2029",
)  # fmt: skip
EMOJI = ("😀", "👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "🏠", "🀄", "㊗️", "1️⃣")
#: Signs that are written as many, once their compatibility forms are folded.
GROWING = ("\ufdfa", "\ufdfb", "㍿", "㌀", "㋿", "⑳", "ﬃ", "Ⅷ", "㉑")
SURROGATES = ("\ud800", "\udfff", "\udc80", "\ud83d")
#: Whose long runs make a regular expression, or a reader that tries every way, go through them again and again.
RUNS = (
    "号", "栋", "单元", "室", "-", "#", "1", "一", "十", "百", "之", "附", "甲", "A", "弄", "支弄", "与", "路",
    "和", "、", "/", "1-", "1号", "1栋", "一百", "二十", "路口", "东", "对面", "往东", "社区", "街道", "省", "市",
    "区", "0", "9", "a", "ā", "的", "，", "1栋1", "1单元", "第", "零", "〇", "两", "万亿", "F", "楼", "3楼", "门",
    " ", "\t", "　", "¹", "①", "Ⅷ", "㈠", "½", "🯱", "𠮷",
)  # fmt: skip
DIGITS = "0123456789"
NUMERALS = "零一二三四五六七八九十百千万亿〇两幺廿卅"

Maker = Callable[[np.random.Generator, Sequence[str]], str]


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _length(rng: np.random.Generator) -> int:
    """Mostly within what is read, now and then far beyond."""
    return int(rng.choice([1, 2, 7, 30, 120, 480, 499, 500, 501, 2000, 20_000]))


def _nothing(rng: np.random.Generator, names: Sequence[str]) -> str:
    return _pick(rng, ("", " ", "\n", "\t \r\n", "　", "。", "，，，", "-", "0", "\x00")) * int(rng.integers(1, 4))


def _piece(rng: np.random.Generator, names: Sequence[str]) -> str:
    return _pick(rng, ("", _pick(rng, names))) + _pick(rng, PIECES) * int(rng.integers(1, 5)) + _pick(rng, ("", "1栋"))


def _unseen(rng: np.random.Generator, names: Sequence[str]) -> str:
    return "".join(sign + _pick(rng, UNSEEN) * int(rng.integers(0, 3)) for sign in _pick(rng, names) + "3栋2单元101")


def _combining(rng: np.random.Generator, names: Sequence[str]) -> str:
    marks = [chr(int(code)) for code in rng.integers(0x300, 0x36F, int(rng.choice([1, 3, 60])))]
    return "".join(sign + "".join(marks) for sign in _pick(rng, names))


def _emoji(rng: np.random.Generator, names: Sequence[str]) -> str:
    return "".join(_pick(rng, EMOJI) + sign for sign in _pick(rng, names)) * int(rng.integers(1, 30))


def _surrogates(rng: np.random.Generator, names: Sequence[str]) -> str:
    name = _pick(rng, names)
    place = int(rng.integers(len(name) + 1))
    return name[:place] + _pick(rng, SURROGATES) * int(rng.integers(1, 4)) + name[place:]


def _run(rng: np.random.Generator, names: Sequence[str]) -> str:
    piece, length = _pick(rng, RUNS), _length(rng)
    return _pick(rng, ("", _pick(rng, names))) + (piece * length)[:length] + _pick(rng, ("", "!", "号", "x"))


def _mixed_runs(rng: np.random.Generator, names: Sequence[str]) -> str:
    length = _length(rng)
    return "".join(_pick(rng, RUNS) for _ in range(min(length, 600)))[:length]


def _brackets(rng: np.random.Generator, names: Sequence[str]) -> str:
    depth = _length(rng) // 2
    first, last = _pick(rng, ("()", "（）", "[]", "{}", "【】", "《》", "<>", "“”"))
    return first * depth + _pick(rng, names) + last * int(depth * rng.random())


def _digits(rng: np.random.Generator, names: Sequence[str]) -> str:
    signs = _pick(
        rng, (DIGITS, NUMERALS, DIGITS + "-", DIGITS + "号栋", NUMERALS + "号", "０１２３４５６７８９", "٠١٢٣٤٥")
    )
    return "".join(rng.choice(list(signs), _length(rng)))


def _names(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Names of the place itself, one after the other: every one of them is found."""
    joint = _pick(rng, ("", "与", "、", " ", "和", "/", "1号", "1栋101"))
    return joint.join(_pick(rng, names) for _ in range(min(400, _length(rng))))


def _halves(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Beginnings and ends of names, so that much is nearly found."""
    pieces = (_pick(rng, names) for _ in range(min(200, _length(rng))))
    return "".join(piece[: 1 + int(rng.integers(len(piece)))] for piece in pieces)


def _common(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Characters that names are made of, in any order: what a search that forgives slips has most work with."""
    signs = sorted(set("".join(names)))
    return "".join(_pick(rng, signs) for _ in range(_length(rng)))


def _anything(rng: np.random.Generator, names: Sequence[str]) -> str:
    top = int(rng.choice([0x80, 0x3000, 0xA000, 0x110000]))
    return "".join(chr(int(code)) for code in rng.integers(0, top, _length(rng)))


def _letters(rng: np.random.Generator, names: Sequence[str]) -> str:
    signs = "abcdefghijklmnopqrstuvwxyz" + _pick(rng, ("", " ", "'", "ABC123 "))
    return "".join(rng.choice(list(signs), _length(rng)))


def _zalgo(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Marks heaped upon each sign, and signs that grow twentyfold when compatibility forms are folded."""
    heap = "".join(chr(int(code)) for code in rng.integers(0x300, 0x36F, int(rng.choice([1, 8, 40]))))
    name = _pick(rng, names)
    return "".join(sign + heap + _pick(rng, GROWING) * int(rng.integers(0, 3)) for sign in name) * _length(rng)


def _right_to_left(rng: np.random.Generator, names: Sequence[str]) -> str:
    name = _pick(rng, names) + "3栋2单元101"
    hebrew = "".join(chr(int(code)) for code in rng.integers(0x5D0, 0x5EB, 1 + _length(rng) % 300))
    overridden, isolated = "\u202e" + name[::-1] + "\u202c", "\u2067" + name + "\u2069" + hebrew
    return _pick(rng, (overridden, isolated, hebrew + "\u061c" + name, name[::-1]))


def _separators(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Blanks and commas in endless rows: between names, between the signs of one, and alone."""
    row = (_pick(rng, (" ", ",", "，", "、", ";", "\n", "\t", "- ", ", ", "。")) * _length(rng))[:20_000]
    name = _pick(rng, names)
    return _pick(rng, (row, name + row + _pick(rng, names), row.join(name), row + name, name + row + "1栋"))


def _chained(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Numbers that hang on one another, in digits and in characters, behind a name."""
    joints = ("-", "之", "附", "弄", "支弄", "号", "#", "/", ".", "栋", "、", "至", "&", "百", "千零", "万", "十")
    joint, signs = _pick(rng, joints), _pick(rng, (DIGITS, NUMERALS, "甲乙丙丁" + DIGITS))
    count = min(_length(rng), 400)
    return _pick(rng, names) + joint.join(_pick(rng, signs) for _ in range(count)) + _pick(rng, ("", "号", "室"))


def _repeated(rng: np.random.Generator, names: Sequence[str]) -> str:
    """One name, or one with a slip in it, again and again."""
    name = _pick(rng, names)
    place = int(rng.integers(len(name)))
    slipped = name[:place] + _pick(rng, ("", "大", name[place] * 2)) + name[place + 1 :]
    piece = _pick(rng, (name, slipped, slipped + "1号", name + slipped, slipped + " "))
    return (piece * _length(rng))[: int(rng.choice([60, 240, 500, 1999]))]


def _misheard(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Many names, each with another slip: every search that forgives has something to forgive."""
    said = []
    for _ in range(min(120, _length(rng))):
        name = _pick(rng, names)
        place = int(rng.integers(len(name)))
        said.append(name[:place] + _pick(rng, ("", "一", "中", "x", name[::-1])) + name[place + 1 :])
    return _pick(rng, ("", " ", "和")).join(said)[:500]


def _spelt(rng: np.random.Generator, names: Sequence[str]) -> str:
    """Names in Latin letters without a blank, which divide into syllables in no end of ways."""
    read = [readings(sign)[:1] for name in (_pick(rng, names) for _ in range(min(80, _length(rng)))) for sign in name]
    letters = "".join(syllable for each in read for syllable in each)
    return _pick(rng, (letters, "".join(each[0][0] for each in read if each), "xian" * 125, letters + "3栋"))[:500]


def _huge(rng: np.random.Generator, names: Sequence[str]) -> str:
    piece = _pick(rng, (*RUNS, _pick(rng, names), "\ud800", "\u202e"))
    return piece * (MEGABYTE // len(piece.encode("utf-8", "surrogatepass")))


MAKERS: tuple[Maker, ...] = (
    _nothing, _piece, _unseen, _combining, _emoji, _surrogates, _run, _run, _mixed_runs, _brackets, _digits, _names,
    _halves, _common, _anything, _letters, _zalgo, _right_to_left, _separators, _chained, _repeated, _misheard, _spelt,
)  # fmt: skip
#: One in so many is a megabyte long.
HUGE_ONE_IN = 50


def hostile(seed: int, count: int, names: Sequence[str]) -> Iterator[str]:
    """Yield ``count`` strings; ``names`` are those of the gazetteer that is asked, first all of them."""
    rng = np.random.default_rng([seed, 40])
    yield from ("", "".join(names), "、".join(names), "与".join(names)[:499])
    for number in range(4, count):
        maker = _huge if number % HUGE_ONE_IN == 0 else MAKERS[number % len(MAKERS)]
        yield maker(rng, names)
