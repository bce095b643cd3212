"""Take a written-out address apart by grammar alone, for registers that have one column of addresses.

``广东省深圳市罗湖区南湖街道南湖大道12号湖畔花园3栋1单元502`` has all its elements in order and each with
its ending, so that no list of names is needed. Texts that people say are not of this kind;
:mod:`geo.addresses.locating` reads those.
"""

import re

from geo.addresses.grammar import Piece, pieces
from geo.addresses.normalising import MOST_CHARACTERS, normalise
from geo.addresses.numerals import NUMBER
from geo.addresses.reading import name_like

ELEMENTS = (
    *("province", "city", "district", "street", "community", "road", "number", "compound", "building", "unit", "room"),
)
_ENDINGS = {
    "province": r"[\u4e00-\u9fff]{2,7}?(?:省|自治区|特别行政区)",
    "city": r"[\u4e00-\u9fff]{2,7}?(?:市(?!场)|自治州|地区|盟)",
    "district": r"[\u4e00-\u9fff]{1,6}?(?:新区|(?<![小园社街])区|县|自治旗|[左右前后中]旗)",
    "street": r"[\u4e00-\u9fff]{1,8}?(?:街道|镇|乡)(?!路)",
    "community": r"[\u4e00-\u9fff]{1,8}?(?:社区|居委会|居民区|村委会)",
}
_ROAD = r"[\u4e00-\u9fff0-9a-z]{1,12}?(?:大道|大街|公路|路|街|道|巷|弄堂|胡同|里|条|径|坊)"


def split(text: str) -> dict[str, str]:
    """Return the elements of a written-out address as they are written; elements that it lacks are absent.

    ``rest`` is what follows the last element that was recognised, where there is something; a text that is too long for
    an address is nothing else.
    """
    if len(text) > MOST_CHARACTERS:
        return {"rest": text}
    left = normalise(text).replace(" ", "")
    found: dict[str, str] = {}
    for name, pattern in _ENDINGS.items():
        match = re.match(pattern, left)
        if match:
            found[name] = match[0]
            left = left[match.end() :]
    left = _street_address(left, found)
    left = _inside(left, found)
    if left:
        found["rest"] = left
    return {name: said.upper() for name, said in found.items()}


def _street_address(text: str, found: dict[str, str]) -> str:
    """Take road and doorplate; a stretch that ends like a road counts only with a doorplate, or as all there is."""
    for match in re.finditer(_ROAD, text):
        road = text[: match.end()]
        plates = [piece for piece in pieces(text, match.end(), len(text))[:1] if piece.kind == "number"]
        if plates and plates[0].start == match.end():
            found["road"], found["number"] = road, text[plates[0].start : plates[0].end]
            return text[plates[0].end :]
    whole = re.fullmatch(_ROAD, text)
    if whole:
        found["road"] = text
        return ""
    return text


def _inside(text: str, found: dict[str, str]) -> str:
    """Take compound, building, stairwell and door; the compound is what stands before the first piece."""
    parts = [
        piece for piece in pieces(text, 0, len(text)) if piece.kind in ("building", "unit", "room", "bare", "number")
    ]
    if not parts:
        if text and (name_like(text) or "number" in found):
            found["compound"] = text
            return ""
        return text
    starts = [piece.start for piece in parts]
    phase = re.match(rf"{NUMBER}期", text[starts[0] :])
    if phase:
        starts[0] += phase.end()
    if starts[0]:
        found["compound"] = text[: starts[0]].strip("-,.;、")
    for piece, start in zip(parts, starts, strict=True):
        kind = _kind(piece, found)
        if kind and kind not in found:
            found[kind] = text[start : piece.end]
    return text[parts[-1].end :]


def _kind(piece: Piece, found: dict[str, str]) -> str:
    if piece.kind == "bare":
        return "room" if "building" in found or "number" in found or "compound" in found else ""
    if piece.kind == "number":
        return "number" if "number" not in found and "compound" not in found else "building"
    return piece.kind
