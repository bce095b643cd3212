"""Noisy queries about a large gazetteer, each with the places it means, counted from the gazetteer's own columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from opencc import OpenCC
from rapidfuzz import process
from rapidfuzz.distance import OSA

from tests.geo.addresses.invented import writing
from tests.geo.addresses.invented.hearing import apart, homophone, look_alike, slip
from tests.geo.addresses.invented.truth import MARGIN, TOLERANCE
from tests.geo.addresses.invented.words import AFTER, BEFORE, ELSEWHERE, FOREIGN_STEMS
from tests.geo.addresses.scoring import Query

ELEMENTS = ("street", "community", "road", "number", "compound", "building", "unit", "room", "name")
#: Those by which one row lies in another.
FINE = ("road", "number", "compound", "building", "unit", "room", "name")
NAMED = ("road", "compound")
_TO_TRADITIONAL = OpenCC("s2t")

Said = Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """What a query says, and how each element of it is written."""

    said: dict[str, str]
    texts: dict[str, str]


class CityTruth:
    """Finds the rows of which all is true that is said."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._codes = {name: frame[name].cat.codes.to_numpy() for name in ELEMENTS}
        self._words = {
            name: {str(text): code for code, text in enumerate(frame[name].cat.categories)} for name in ELEMENTS
        }
        self._runs = {name: _grouped(self._codes[name]) for name in ("compound", "road", "name")}
        self.names = {name: [str(text) for text in frame[name].cat.categories if text] for name in NAMED}

    def said_of(self, row: int) -> dict[str, str]:
        """All that may be said of a row."""
        texts = {name: str(self.frame[name].iat[row]) for name in ELEMENTS}
        return {name: text for name, text in texts.items() if text}

    def meant(self, said: Said) -> list[int]:
        """Rows of which all is true, without those that lie in another of them."""
        codes = {name: self._words[name].get(text, -1) for name, text in said.items()}
        rows = self._start(codes)
        for name, code in codes.items():
            rows = rows[self._codes[name][rows] == code]
        deeper = [name for name in FINE if name not in said]
        if not len(rows):
            return []
        depth = sum((self._codes[name][rows] != 0).astype(int) for name in deeper)
        # What lies in another row has all of its elements, and one more: the shallowest of a compound's rows are left.
        kept = rows[depth == depth.min()] if len(rows) < 5000 else rows
        place = np.stack([self._codes[name][rows] for name in ("street", "road", "compound")], axis=1)
        tops = []
        for key in np.unique(place, axis=0):
            inside = (place == key).all(axis=1)
            tops += rows[inside][depth[inside] == depth[inside].min()].tolist()
        return sorted(tops) if len(rows) < 5000 else kept.tolist()

    def _start(self, codes: Mapping[str, int]) -> NDArray[np.int64]:
        for name, runs in self._runs.items():
            if name in codes:
                return runs.get(codes[name], np.zeros(0, np.int64))
        return np.arange(len(self.frame))

    def misheard(self, said: Said, heard: Said) -> list[int] | None:
        """Rows meant when names are heard as others; None where there is no right answer."""
        found = set(self.meant(said))
        for kind, text in heard.items():
            distance = apart(text, said[kind])
            for other in NAMED:
                near = process.extract_iter(text, self.names[other], scorer=OSA.distance, score_cutoff=3)
                for name, _, _ in near:
                    if (other, name) == (kind, said[kind]) or abs(len(name) - len(text)) > 1:
                        continue
                    reach = apart(text, name)
                    if reach == 0:
                        return None
                    if reach >= distance + MARGIN:
                        continue
                    rest = {key: value for key, value in said.items() if key != kind}
                    places = self.meant({**rest, other: name})
                    if places and (other != kind or abs(reach - distance) > TOLERANCE):
                        return None
                    found |= set(places)
        return sorted(found)


def _grouped(codes: NDArray[np.int16]) -> dict[int, NDArray[np.int64]]:
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True))


class CityAsker:
    """Draws queries of one kind of noise after the other."""

    def __init__(self, truth: CityTruth, seed: int) -> None:
        self.truth = truth
        self.rng = np.random.default_rng([seed, 50])
        levels = truth.frame["level"].to_numpy(dtype=object)
        self._rows = {level: np.flatnonzero(levels == level) for level in ("room", "building", "unit", "compound")}

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def draft(self, *levels: str) -> Draft:
        """Draw a row and say it: with or without its road, its compound, its street."""
        rows = self._rows[levels[int(self.rng.integers(len(levels)))]]
        said = self.truth.said_of(int(rng_pick(self.rng, rows)))
        said.pop("community", None)
        if "compound" in said and self.chance(0.5):
            said.pop("road", None)
            said.pop("number", None)
        if self.chance(0.35):
            said.pop("street", None)
        return Draft(said, dict(said))

    # Each returns the text, what is said, and what is heard otherwise; None for a draw that came to nothing.

    def plain(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building", "unit", "compound")
        return _text(draft.texts), draft.said, {}

    def variant(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building", "unit")
        texts = dict(draft.texts)
        for kind, way in (("building", writing.building), ("unit", writing.unit), ("room", writing.room)):
            if kind in texts and self.chance(0.6):
                texts[kind] = way(texts[kind], self.rng) or texts[kind]
        return (_text(texts), draft.said, {}) if texts != draft.texts else None

    def numerals(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building")
        texts = {
            kind: writing.spoken(text, self.rng, room=kind == "room") if kind in FINE and "-" not in text else text
            for kind, text in draft.texts.items()
        }
        return _text(texts), draft.said, {}

    def swapped(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building")
        if "compound" not in draft.said or "building" not in draft.said:
            return None
        inner = [kind for kind in draft.texts if kind in ("building", "unit", "room")]
        outer = [kind for kind in draft.texts if kind not in inner]
        text = "".join(draft.texts[kind] for kind in inner) + " " + "".join(draft.texts[kind] for kind in outer)
        return text, draft.said, {}

    def amid(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building", "unit")
        return f"{rng_pick(self.rng, BEFORE)}{_text(draft.texts)}{rng_pick(self.rng, AFTER)}", draft.said, {}

    def traditional(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building")
        return str(_TO_TRADITIONAL.convert(_text(draft.texts))), draft.said, {}

    def homophone(self) -> tuple[str, Said, Said] | None:
        return self._misnamed(lambda name: homophone(name, self.rng))

    def look_alike(self) -> tuple[str, Said, Said] | None:
        return self._misnamed(lambda name: look_alike(name, self.rng))

    def slip(self) -> tuple[str, Said, Said] | None:
        return self._misnamed(lambda name: slip(name, self.rng))

    def _misnamed(self, change: Callable[[str], str | None]) -> tuple[str, Said, Said] | None:
        draft = self.draft("room", "building", "compound")
        kinds = [kind for kind in NAMED if kind in draft.said]
        kind = rng_pick(self.rng, kinds) if kinds else ""
        wrong = change(draft.said[kind]) if kind else None
        if not wrong or wrong == draft.said[kind]:
            return None
        return _text({**draft.texts, kind: wrong}), draft.said, {kind: wrong}

    def no_building(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("building")
        if "compound" not in draft.said or not draft.said["building"][:1].isdigit():
            return None
        said = {**draft.said, "building": f"{int(self.rng.integers(150, 400))}栋"}
        return _text(said), said, {}

    def no_room(self) -> tuple[str, Said, Said] | None:
        draft = self.draft("room")
        if "building" not in draft.said:
            return None
        said = {**draft.said, "room": f"{int(self.rng.integers(60, 99))}{int(self.rng.integers(1, 9)):02d}"}
        return _text(said), said, {}

    def no_name(self) -> tuple[str, Said, Said] | None:
        stem = rng_pick(self.rng, FOREIGN_STEMS)
        said = {"compound": f"{stem}{rng_pick(self.rng, ('花园', '华府', '公寓'))}", "building": "3栋"}
        before = rng_pick(self.rng, ("", "", rng_pick(self.rng, ELSEWHERE)))
        return before + _text(said), said, {}


SHARES = {
    "plain": 16, "variant": 14, "numerals": 8, "swapped": 8, "amid": 10, "traditional": 4, "homophone": 14,
    "look_alike": 10, "slip": 8, "no_building": 3, "no_room": 3, "no_name": 2,
}  # fmt: skip
DRAWS = 200


def noisy(frame: pd.DataFrame, seed: int, count: int) -> tuple[Query, ...]:
    """Return ``count`` queries about a gazetteer whose text columns are categories, in turns of all kinds of noise."""
    asker = CityAsker(CityTruth(frame), seed)
    queries: list[Query] = []
    for noise, share in SHARES.items():
        for _ in range(round(count * share / sum(SHARES.values()))):
            query = _drawn(asker, noise, len(queries))
            if query:
                queries.append(query)
    order = np.random.default_rng([seed, 51]).permutation(len(queries))
    return tuple(queries[place] for place in order)


def _drawn(asker: CityAsker, noise: str, number: int) -> Query | None:
    for _ in range(DRAWS):
        made = getattr(asker, noise)()
        if made is None:
            continue
        text, said, heard = made
        rows = asker.truth.misheard(said, heard)
        if rows is None or (not rows) != noise.startswith("no_"):
            continue
        expect = "none" if not rows else "one" if len(rows) == 1 else "several"
        return Query(f"B{number:05d}", text, noise, expect, tuple(asker.truth.frame["id"].iloc[rows]))
    return None


def rng_pick(rng: np.random.Generator, options: "tuple[str, ...] | list[str] | NDArray[np.int64]") -> "str | np.int64":
    return options[int(rng.integers(len(options)))]


def _text(texts: Said) -> str:
    return "".join(texts[kind] for kind in ELEMENTS if kind in texts)
