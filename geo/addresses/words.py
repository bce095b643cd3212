"""Word lists of addresses, from ``data/dictionaries/address_words.toml``, as the patterns that use them."""

import re
from functools import cache

from geo.territory.dictionaries import dictionary


@cache
def words(code: str) -> tuple[str, ...]:
    """Return a list of the dictionary, longest first, so that a pattern takes the longest."""
    listed = dictionary("address_words")[code].extra["words"]
    return tuple(sorted(dict.fromkeys(listed), key=len, reverse=True))


@cache
def either(*codes: str) -> str:
    """Return a pattern, without groups, of any word of these lists."""
    found = sorted({word for code in codes for word in words(code)}, key=len, reverse=True)
    return "(?:" + "|".join(map(re.escape, found)) + ")"
