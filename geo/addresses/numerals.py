"""Chinese numerals, read as people write and say them: 二十四, 一零八, 廿二, 两, 幺零一, 〇."""

import re

DIGITS = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    "〇": 0,
    "两": 2,
    "幺": 1,
    "壹": 1,
    "贰": 2,
    "叁": 3,
}
TENS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100}
TWENTIES = {"廿": 20, "卅": 30}

#: A number in either writing; group-free, for use inside other patterns. Bounded, so that no text makes it slow.
NUMBER = r"(?:[0-9]{1,6}|[零〇一二三四五六七八九十百千两幺廿卅壹贰叁拾佰]{1,8})"

_WRITTEN = re.compile(NUMBER)


def value(text: str) -> int | None:
    """Return the number that ``text`` is, or None where it is no well-formed one.

    Examples
    --------
    >>> value("二十四"), value("一零八"), value("十"), value("一百零三"), value("2601"), value("十百")
    (24, 108, 10, 103, 2601, None)
    """
    if not _WRITTEN.fullmatch(text):
        return None
    if text.isascii():
        return int(text)
    if all(sign in DIGITS for sign in text):
        return int("".join(str(DIGITS[sign]) for sign in text))
    return _counted(text)


def spelt(text: str) -> str:
    """Return a number in digits as it is spelt, with its zeros (零二 is 02); what is none stays."""
    if all(sign in DIGITS for sign in text):
        return "".join(str(DIGITS[sign]) for sign in text)
    number = None if text.isascii() else value(text)
    return text if number is None else str(number)


def _counted(text: str) -> int | None:
    total, digit, last = 0, None, 10_000
    for sign in text:
        if sign in TENS:
            unit = TENS[sign]
            if unit >= last or (digit is None and not (unit == 10 and total == 0)):
                return None
            total, digit, last = total + (1 if digit is None else digit) * unit, None, unit
        elif sign in TWENTIES:
            if total % 100 or last <= 10 or digit is not None:
                return None
            total, last = total + TWENTIES[sign], 10
        elif DIGITS[sign] == 0:
            if digit is not None or not total:
                return None
        elif digit is not None:
            return None
        else:
            digit = DIGITS[sign]
    if digit is None:
        return total
    # 一百二 says 120 of people and money, not of doors: what follows a hundred alone is read as ones.
    return total + digit


_LONE = re.compile(r"(?<![0-9])[0-9](?![0-9])")


def with_numerals(text: str) -> str:
    """Return ``text``, as long as before, with lone digits as the numerals that names have (松岭1路: 松岭一路)."""
    return _LONE.sub(lambda digit: "零一二三四五六七八九"[int(digit[0])], text)
