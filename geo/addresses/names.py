"""Names found in running text: letter for letter, by sound, by shape, with a slip of the pen, shortened, in pinyin."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.addresses.completing import Completions, initials_of
from geo.addresses.listening import LONGEST_TEXT, Hashes, Heard, Integers, character_features, hear, is_passed_over
from geo.addresses.neighbourhoods import Neighbourhoods, Pairs
from geo.addresses.short_names import (
    PHASE_LEFT_OUT,
    Following,
    Shape,
    Variant,
    endings,
    following,
    protected,
    shape,
    variants,
)
from geo.addresses.slips import NO_MATCH, Costs, Slip, Spellings, weigh

MOST_MATCHES = 12
LONGEST_FUZZY = 20
"""Characters of a spelling that is looked for inexactly; longer ones are only found letter for letter."""
DEAREST_SLIPPING = 0.3
"""Spellings that leave more doubt are not looked for with slips of the pen on top."""
PINYIN = 0.1
INITIALS = 0.3
SHORTEST_INITIALS = 3
OTHER_SIGNS = 0.03
"""A blank or a bracket too many or missing."""
SHADOW = 0.15
"""A shortened name is not looked at where a longer piece of the text is a name at this much more cost."""
OTHER_ENDING = 0.15
"""On top of the ending left out: another one of the same family is said (松龄小区 for 松龄苑)."""
OTHER_KIND = 0.45
"""On top: what was said is of another kind (松岭路 is hardly 松岭花园)."""
LANE_OF_VILLAGE = 0.1
"""On top: 长坡一巷 for 长坡新村, whose lanes are numbered."""
_WEIGHED_FURTHER = 36  # and one more for every few characters of the text
_CHARACTERS_PER_MATCH = 4
_NOTHING = "\0"
_LATIN = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A piece of a text that may be a name.

    Attributes
    ----------
    start, end
        The piece, in characters of the text.
    name
        Which name: its number in the sequence the index was built of.
    cost
        0 for letter for letter, growing with doubt; 1 would be another name.
    how
        ``exact``, ``short``, ``sound``, ``shape``, ``slip``, ``pinyin`` or ``initials``.
    """

    start: int
    end: int
    name: int
    cost: float
    how: str


class NameIndex:
    """Names of one level (roads, compounds …), to be found in what callers say.

    Examples
    --------
    >>> index = NameIndex.build(["松岭一路", "荣昌花园一期"])
    >>> index.exact("松岭一路55号")
    [NameMatch(start=0, end=4, name=0, cost=0.0, how='exact')]
    >>> [(match.name, match.how) for match in index.fuzzy("送岭议路55号")]
    [(0, 'sound')]
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._numbers = {name: number for number, name in reversed(list(enumerate(self._names))) if name}
        self._lengths = _lengths_by_beginning(self._numbers)
        every = _variants_of(self._names)
        self._variants = [variant for _, variant in every]
        self._owners = np.array([number for number, _ in every], np.int64)
        self._spellings = _spelt(self._variants)
        self._longest = int(self._spellings.length.max(initial=0))
        self._neighbourhoods = _neighbourhoods(self._spellings) if every else None
        self._initials = sorted(
            (initials, row) for row, variant in enumerate(self._variants) for initials in _initials(variant)
        )
        self._completions = Completions.build(self._names)

    @classmethod
    def build(cls, names: Sequence[str]) -> "NameIndex":
        """Index normalised names; of equal ones the first is found."""
        return cls(names)

    def __len__(self) -> int:
        return len(self._names)

    def exact(self, text: str) -> list[NameMatch]:
        """Return every piece of the text that is a name letter for letter, also where pieces overlap."""
        found = []
        text = text + _NOTHING  # so that each beginning has two characters
        for start in range(len(text) - 1):
            for length in self._lengths.get(text[start], ()) + self._lengths.get(text[start : start + 2], ()):
                number = self._numbers.get(text[start : start + length])
                if number is not None:
                    found.append(NameMatch(start, start + length, number, 0.0, "exact"))
        return found

    def fuzzy(self, text: str) -> list[NameMatch]:
        """Return the best pieces of the text that are names in other letters, the likeliest first.

        Parameters
        ----------
        text
            A normalised text; its first :data:`geo.addresses.listening.LONGEST_TEXT` characters are looked at.

        Returns
        -------
        list of NameMatch
            At most :data:`MOST_MATCHES`, each under a cost of 1; pieces may overlap.
        """
        if self._neighbourhoods is None:
            return []
        text = text[:LONGEST_TEXT]
        heard = hear(text)
        pairs, costs, slips = weigh(heard, self._spellings, self._neighbourhoods.find(heard, self._longest))
        weighed = list(self._placed(text, heard, pairs, costs, slips))
        matches = [after for _, after, _ in weighed if after.cost < NO_MATCH]
        refused = [before for before, after, _ in weighed if after.cost >= NO_MATCH]
        shortened = {after for _, after, short in weighed if short}
        return _best([*matches, *self._by_initials(text)], [*self.exact(text), *refused], shortened)

    def completions(self, prefix: str, limit: int) -> list[int]:
        """Return numbers of names that go on from a half-typed text, the best first.

        Names that begin with it come before names that contain it, these before names that sound like it or whose
        pinyin or initials it is.
        """
        return self._completions.find(prefix, limit)

    def _placed(
        self, text: str, heard: Heard, pairs: Pairs, costs: Costs, slips: Integers
    ) -> Iterator[tuple[NameMatch, NameMatch, bool]]:
        """Turn the likeliest pairs into matches: as they are, as what follows makes them, and whether shortened."""
        likely = np.lexsort((slips, -pairs.length, costs.round(3)))[
            : _WEIGHED_FURTHER + len(text) // _CHARACTERS_PER_MATCH
        ]
        starts = heard.start[pairs.start[likely]]
        ends = heard.end[pairs.start[likely] + pairs.length[likely] - 1]
        latin = np.concatenate([[0], np.cumsum(heard.letters > 0)])
        pinyin = latin[pairs.start[likely] + pairs.length[likely]] > latin[pairs.start[likely]]
        seen: set[tuple[int, int, int]] = set()
        for at, start, end, in_letters in zip(
            likely.tolist(), starts.tolist(), ends.tolist(), pinyin.tolist(), strict=True
        ):
            row = int(pairs.row[at])
            place = (start, end, int(self._owners[row]))
            said = text[start:end]
            if place in seen or said == self._names[place[2]]:
                continue
            seen.add(place)
            variant = self._variants[row]
            if said in endings() and said != variant.text:
                continue  # 中心 is a word of its own, whatever it sounds like
            other_signs = OTHER_SIGNS if len(said) != pairs.length[at] else 0.0
            cost = max(float(costs[at]) + (PINYIN if in_letters else other_signs), OTHER_SIGNS)
            match = NameMatch(*place, round(cost, 3), _how(int(slips[at]), in_letters, variant))
            shortened = variant.without_ending or variant.without_phase
            yield match, self._followed(text, match, variant) if shortened else match, shortened

    def _followed(self, text: str, match: NameMatch, variant: Variant) -> NameMatch:
        """Weigh a shortened name by what stands behind it: its own ending was left out, so another one tells."""
        behind = following(text, match.end)
        return _against(match, text, shape(self._names[match.name]), variant, behind) if behind else match

    def _by_initials(self, text: str) -> Iterator[NameMatch]:
        """Yield names whose initials a Latin run is, whole or but for one last letter (``qygca座``: 青云广场 A 座)."""
        for run in _LATIN.finditer(text):
            for letters in (run[0], run[0][:-1]):
                if len(letters) < SHORTEST_INITIALS:
                    continue
                at = bisect_left(self._initials, (letters, 0))
                for initials, row in self._initials[at : at + MOST_MATCHES]:
                    if initials == letters:
                        cost = INITIALS + self._variants[row].cost + (0.1 if letters != run[0] else 0.0)
                        number = int(self._owners[row])
                        yield NameMatch(run.start(), run.start() + len(letters), number, round(cost, 3), "initials")


def _lengths_by_beginning(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Of each beginning of two characters (of a name of one: that), how long the names are that have it."""
    found: dict[str, set[int]] = {}
    for name in names:
        found.setdefault(name[:2], set()).add(len(name))
    return {beginning: tuple(sorted(lengths)) for beginning, lengths in found.items()}


def _variants_of(names: Sequence[str]) -> list[tuple[int, Variant]]:
    """Every way to say each name that is short enough to be looked for inexactly, with the name's number."""
    plain = ["".join(character for character in name if not is_passed_over(character)) for name in names]
    parts = [shape(name) for name in plain]
    places = frozenset(
        part.distinctive for part in parts if part.kind is not None and part.kind.code in ("division", "village")
    )
    return [
        (number, variant)
        for number, (name, bare) in enumerate(zip(names, plain, strict=True))
        for variant in (*variants(bare, places), *_without_bracket(name))
        if 2 <= len(variant.text) <= LONGEST_FUZZY
    ]


def _without_bracket(name: str) -> Iterator[Variant]:
    """Yield 安达商场 of 安达商场(南翼)."""
    head = name.partition("(")[0].strip()
    if name.endswith(")") and len(head) > 2:
        plain = "".join(character for character in head if not is_passed_over(character))
        yield Variant(plain, PHASE_LEFT_OUT, len(shape(plain).distinctive), False, True)


def _spelt(said: Sequence[Variant]) -> Spellings:
    """Write the variants as rows of numbers of characters, and describe each character once."""
    alphabet = {character: number for number, character in enumerate(sorted({c for v in said for c in v.text}))}
    features = [character_features(character) for character in alphabet]
    width = max((len(variant.text) for variant in said), default=1)
    rows = np.zeros((len(said), width), np.uint16 if len(alphabet) < 1 << 16 else np.uint32)
    for number, variant in enumerate(said):
        rows[number, : len(variant.text)] = [alphabet[character] for character in variant.text]
    return Spellings(
        characters=rows,
        length=np.array([len(variant.text) for variant in said], np.int64),
        distinctive=np.array([min(variant.distinctive, len(variant.text)) for variant in said], np.int64),
        cost=np.array([variant.cost for variant in said], np.float64),
        code=np.array([row.code for row in features], np.int64),
        sounds=np.array([row.sounds for row in features], np.int64),
        folds=np.array([row.folds for row in features], np.int64),
        protection=np.array([row.protection for row in features], np.int64),
        numeral=np.array([row.numeral for row in features], np.int64),
        key=np.array([row.key for row in features], np.uint64),
    )


def _neighbourhoods(spellings: Spellings) -> Neighbourhoods:
    """Hash the spellings as they are usually read, and with each character in turn read another way."""
    features = [character_features(chr(code)) for code in spellings.code.tolist()]
    first = spellings.key
    inside = np.arange(spellings.characters.shape[1]) < spellings.length[:, None]
    keys: Hashes = np.where(inside, first[spellings.characters], np.uint64(0))
    others = []
    for reading in range(2):
        read = np.array([(*row.other_keys, 0, 0)[reading] for row in features], np.uint64)
        for place in range(keys.shape[1]):
            column = read[spellings.characters[:, place]]
            rows = np.flatnonzero(inside[:, place] & (column > 0))
            changed = keys[rows]
            changed[:, place] = column[rows]
            others.append((rows, changed))
    return Neighbourhoods.build(keys, spellings.length, spellings.cost < DEAREST_SLIPPING, others)


def _initials(variant: Variant) -> tuple[str, ...]:
    named = not variant.without_ending and len(variant.text) >= SHORTEST_INITIALS
    return initials_of(variant.text) if named else ()


def _how(slip: int, in_letters: bool, variant: Variant) -> str:
    """Name what is most wrong with a match."""
    if in_letters:
        return "pinyin"
    return _WORDS[slip] if slip else "short" if variant.cost else "slip"


_WORDS = {int(Slip.SOUND): "sound", int(Slip.SHAPE): "shape", int(Slip.SLIP): "slip"}


def _against(match: NameMatch, text: str, own: Shape, variant: Variant, behind: Following) -> NameMatch:
    """Weigh a shortened name against the ending that was said in place of its own."""
    said, family = behind.kind.extra["family"], own.kind.extra["family"] if own.kind else ""
    if said == "part":
        other_phase = variant.without_phase and behind.qualifier
        return replace(match, cost=NO_MATCH) if other_phase else match
    if behind.qualifier:
        # 荣昌北路 is no 荣昌花园, and certainly no 荣昌路.
        village_lane = own.kind is not None and own.kind.code == "village" and behind.kind.code == "lane"
        doubt = LANE_OF_VILLAGE if village_lane else NO_MATCH if said == family else OTHER_KIND
        return replace(match, cost=match.cost + doubt)
    if not variant.without_ending:
        return match
    if said != family:
        return replace(match, cost=match.cost + OTHER_KIND)
    ending = text[match.end : behind.end]
    further = following(text, behind.end) if own.phase else None
    phase_said = text[behind.end : further.end] if further and further.qualifier else own.phase
    # With its own ending it is another spelling, that was weighed as such.
    if phase_said != own.phase or ending == own.ending or _are_sisters(ending, own.ending):
        return replace(match, cost=NO_MATCH)
    return replace(match, end=behind.end, cost=match.cost + OTHER_ENDING)


def _are_sisters(one: str, other: str) -> bool:
    """Whether two endings differ in what tells sisters apart: 老村, 新村 and 村; 前街 and 路, but not 小区 and 花园."""
    marks = [{character for character in ending if character in protected()} for ending in (one, other)]
    different = {protected()[character] for character in marks[0] ^ marks[1]}
    return bool(different) and (one[-1:] == other[-1:] or different != {"age_or_size"})


def _best(matches: list[NameMatch], settled: list[NameMatch], shortened: set[NameMatch]) -> list[NameMatch]:
    """Keep the likeliest matches; of those of one name that overlap, the likeliest and the longer ones around it.

    Pieces that are settled, as the name letter for letter or as no match for it, are no worse match for it either.
    """
    kept: dict[int, list[NameMatch]] = {}
    for match in settled:
        kept.setdefault(match.name, []).append(match)
    best: list[NameMatch] = []
    matches = sorted(matches, key=lambda match: (match.cost, match.start - match.end, match.start, match.name))
    for match in matches:
        others = kept.setdefault(match.name, [])
        if any(other.cost <= match.cost and _in_the_way(other, match) for other in others):
            continue
        others.append(match)
        if match not in shortened or not any(_shadows(longer, match) for longer in matches):
            best.append(match)
        if len(best) == MOST_MATCHES:
            break
    return best


def _shadows(longer: NameMatch, match: NameMatch) -> bool:
    """Whether a longer piece, two characters more at least, is a better guess than a shortened name inside of it."""
    around = longer.start <= match.start and match.end <= longer.end
    return around and longer.end - longer.start > match.end - match.start + 1 and longer.cost <= match.cost + SHADOW


def _in_the_way(kept: NameMatch, match: NameMatch) -> bool:
    """Whether two matches of a name overlap, and the second takes in no more of the text than the one that is kept."""
    longer = match.end - match.start > kept.end - kept.start
    around = longer and match.start <= kept.start and kept.end <= match.end and kept.how != "exact"
    return match.start < kept.end and kept.start < match.end and not around
