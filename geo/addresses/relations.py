"""Where from a place: 对面, 楼下, 往南50米, 东北角."""

import re
from functools import cache

from geo.addresses.answers import Relation
from geo.addresses.numerals import NUMBER, value
from geo.addresses.words import either

#: Degrees clockwise from north.
BEARINGS = {"东北": 45.0, "东南": 135.0, "西北": 315.0, "西南": 225.0, "东": 90.0, "南": 180.0, "西": 270.0, "北": 0.0}


@cache
def _pattern() -> re.Pattern[str]:
    side = "东北|东南|西北|西南|东|南|西|北"
    return re.compile(
        rf"(?P<word>(?:往|向|朝|以|偏)?(?P<side>{side})(?:边|侧|面|方向|方|角|走)?(?=[^\u4e00-\u9fff]|约|大概|大约|的|$|{NUMBER})|{either('relations')})"
        rf"(?:的|约|大概|大约|走|方向|处| )*(?:(?P<metres>{NUMBER}) ?(?P<unit>米|m|公里|km))?"
    )


def relation(text: str) -> Relation | None:
    """Return the first word of place in ``text``, with bearing and metres where it tells them."""
    found = _pattern().search(text[:60])
    if not found:
        return None
    word = found["word"]
    side = found["side"] or next((name for name in BEARINGS if name in word and _points(word)), None)
    metres = value(found["metres"]) if found["metres"] else None
    if metres is not None and found["unit"] in ("公里", "km"):
        metres *= 1000
    return Relation(found[0].strip(), BEARINGS[side] if side else None, None if metres is None else float(metres))


def _points(word: str) -> bool:
    return word[0] in "往向" or word[-1] in "侧边面角"
