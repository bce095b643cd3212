"""One way of writing for every way of typing: simplified characters, half width, lower case, no invisible signs."""

import unicodedata
from functools import cache
from typing import Any

from geo.territory.dictionaries import dictionary

#: Longer texts are no addresses; nothing is searched in them.
MOST_CHARACTERS = 500

#: Whatever parts one element from the next.
SEPARATORS = " ,;:()[]{}<>\"'|·×*、。!?…_+=~"

_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—―−－ー﹣"), "-")
_KEPT = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No"}
_SIGNS = "-#/.&"


def normalise(text: str) -> str:
    """Return ``text`` as all of this package compares it.

    Compatibility forms are folded (NFKC), traditional characters simplified, letters lowered; control characters, marks
    of direction, joiners and surrogates vanish; whatever else is neither letter nor number becomes a blank, but
    ``- # / . &`` and separators, which stay; blanks are single. Variants of a character that OpenCC keeps apart
    (邨 for 村) are in ``data/dictionaries/address_words.toml``.
    """
    folded = unicodedata.normalize("NFKC", "".join(sign for sign in text if not _dropped(sign)))
    folded = folded.translate(_HYPHENS).lower()
    simple = _simplifier().convert(folded).translate(_variants())
    kept = "".join(sign if _stays(sign) else " " for sign in simple)
    return " ".join(kept.split())


def _dropped(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cf", "Cs", "Co", "Cn", "Mn", "Me") or (
        unicodedata.category(sign) == "Cc" and not sign.isspace()
    )


def _stays(sign: str) -> bool:
    return sign in _SIGNS or sign in SEPARATORS or unicodedata.category(sign) in _KEPT


@cache
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _variants() -> dict[int, str]:
    words = dictionary("address_words")["variants"].extra["words"]
    return {ord(pair[0]): pair[1] for pair in words}
