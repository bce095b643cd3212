"""What it costs to take a piece of text for a name: 0 for letter for letter, 1 and more for another name.

Pieces and spellings that meet (:mod:`geo.addresses.neighbourhoods`) are laid side by side and weighed all at once, in
arrays.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from geo.addresses.listening import Hashes, Heard, Integers
from geo.addresses.neighbourhoods import Pairs, Side
from geo.addresses.shapes import likeness
from geo.addresses.short_names import endings
from geo.addresses.sounds import READINGS_KEPT

Costs = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NO_MATCH = 1.0
"""From here on two names are two names."""
SAME_NUMERAL = 0.02
SAME_SOUND = 0.15
NEAR_SOUND = 0.25
NEAR_SYLLABLE = 0.2
"""A syllable in Latin letters that is near the name's."""
GUARDED_NAME = 0.05
"""The name has a character that tells sisters apart, and the text one that only sounds like it (以巷 for 一巷)."""
GUARDED_TEXT = 0.15
"""The text has such a character where the name has none (四头岗 for 石头岗)."""
ALIKE, ALIKE_FROM = 0.2, 0.77
RATHER_ALIKE, RATHER_ALIKE_FROM = 0.3, 0.75
UNLIKE = np.array([0.7, 0.6, 0.6, 0.5, 0.45])
"""Another character altogether, by how many distinctive characters the name has (0, 1, 2, 3, 4 and more)."""
UNLIKE_ENDING = 0.45
MISSING = np.array([0.7, 0.7, 0.45, 0.35, 0.25])
"""A distinctive character left out, by how many there are."""
MISSING_ENDING = 0.25
MISSING_OF_THREE = 0.85
DOUBLED = 0.2
FILLER = 0.1
TOO_MANY = 0.3
GUARDED_TOO_MANY = 0.4
INSIDE_A_WORD = 0.15
"""On top of a slip: what stands before the piece looks like a part of the same word."""
SWAPPED = 0.25
SWAPPED_SHORT = 0.35
"""Of names of three characters."""
TWO_SOUNDS_OF_TWO = 0.1
"""On top, where a name of two characters shares no character with what was typed."""


class Slip(IntEnum):
    """What is most wrong with a piece of text, taken for a name."""

    NONE = 0
    SOUND = 1
    SHAPE = 2
    SLIP = 3


@dataclass(frozen=True, slots=True)
class Spellings:
    """Ways to say names: a row each, a column per character (as its number in the table of characters)."""

    characters: Integers
    length: Integers
    distinctive: Integers
    cost: Costs
    code: Integers  # and what follows: by number of the character
    sounds: Integers
    folds: Integers
    protection: Integers
    numeral: Integers
    key: Hashes

    def text(self, row: int) -> str:
        """Return a spelling as it is written."""
        return "".join(map(chr, self.code[self.characters[row, : self.length[row]]].tolist()))


@dataclass(frozen=True, slots=True)
class _Beside:
    """Tokens of the text beside characters of spellings, pair by pair."""

    token: Integers
    character: Integers
    row: Integers
    place: Integers  # of the character in its spelling


def weigh(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Pairs, Costs, Integers]:
    """Return the pairs that cost less than another name would, what each costs with its spelling, and its slip.

    What was left out is weighed first: it decides most pairs.
    """
    costs, slips = _gap_costs(heard, spellings, pairs)
    costs += spellings.cost[pairs.row]
    taken = pairs.length + (pairs.side == Side.MISSING) - (pairs.side == Side.TOO_MANY)
    costs[taken != spellings.length[pairs.row]] = NO_MATCH  # hashes that are equal by chance
    alive = np.flatnonzero(costs < NO_MATCH)
    pairs, costs, slips = pairs[alive], costs[alive], slips[alive]
    more, differs = _token_costs(heard, spellings, pairs)
    costs += more
    alive = np.flatnonzero(costs < NO_MATCH)
    return pairs[alive], costs[alive], np.maximum(slips, np.where(differs, Slip.SOUND, Slip.NONE))[alive]


def _token_costs(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Costs, Flags]:
    """What it costs that tokens differ from the characters beside them, and whether any does."""
    width = np.arange(int(pairs.length.max(initial=0)))
    pair, column = np.nonzero(width < pairs.length[:, None])
    side, gap = pairs.side[pair], pairs.gap[pair]
    weighed = (column == gap) & ((side == Side.REPLACED) | (side == Side.TOO_MANY))
    moved = (side == Side.SWAPPED) & ((column == gap) | (column == gap + 1))
    place = column - ((side == Side.TOO_MANY) & (column > gap)) + ((side == Side.MISSING) & (column >= gap))
    place[moved] = (2 * gap + 1 - column)[moved]
    row, token = pairs.row[pair], pairs.start[pair] + column
    character = spellings.characters[row, place].astype(np.int64)
    unequal = np.flatnonzero((heard.code[token] != spellings.code[character]) & ~weighed)
    pair = pair[unequal]
    beside = _Beside(token[unequal], character[unequal], row[unequal], place[unequal])
    costs = _guarded(heard, spellings, beside, _sound_costs(heard, spellings, beside))
    # A number that stands for another character, and a slip besides, is one number too many.
    misplaced = heard.counting[beside.token] & (costs > SAME_NUMERAL) & (side[unequal] != Side.WHOLE)
    costs[misplaced] = NO_MATCH
    count = len(pairs.start)
    total = np.bincount(pair, costs, minlength=count).astype(np.float64)
    of_two = pairs.length == 2
    total[of_two & (np.bincount(pair, costs > 0, minlength=count) == 2)] += TWO_SOUNDS_OF_TWO
    total[of_two & (np.bincount(pair, costs >= NEAR_SYLLABLE, minlength=count) > 0)] = NO_MATCH
    return total, total > 0


def _sound_costs(heard: Heard, spellings: Spellings, beside: _Beside) -> Costs:
    """What it costs that tokens stand for other characters of the same or a near sound; NO_MATCH for any other."""
    near = _overlap(heard.folds[beside.token], spellings.folds[beside.character])
    same = _overlap(heard.sounds[beside.token], spellings.sounds[beside.character])
    typed = heard.letters[beside.token] > 0
    price = np.where(same, SAME_SOUND, np.where(near, NEAR_SOUND, NO_MATCH))
    return np.where(typed & (same | near), np.where(same, 0.0, NEAR_SYLLABLE), price)


def _overlap(ones: Integers, others: Integers) -> Flags:
    """Whether two characters share one of their readings."""
    found = np.zeros(len(ones), np.bool_)
    for column in range(READINGS_KEPT):
        one = ones[:, column]
        for opposite in range(READINGS_KEPT):
            found |= (one == others[:, opposite]) & (one >= 0)
    return found


def _guarded(heard: Heard, spellings: Spellings, beside: _Beside, costs: Costs) -> Costs:
    """Raise costs where characters tell sisters apart: one of them never stands for another."""
    text, name = heard.protection[beside.token], spellings.protection[beside.character]
    guarded = np.flatnonzero(text + name)
    if not len(guarded):
        return costs
    said, written, token = text[guarded] > 0, name[guarded] > 0, beside.token[guarded]
    character, row = beside.character[guarded], beside.row[guarded]
    raised = costs[guarded] + np.where(said, GUARDED_TEXT, np.where(heard.letters[token] == 0, GUARDED_NAME, 0.0))
    # Right before the ending, or in it, it is a number that the name has not (松岭三路 is not 松岭山路).
    ending = beside.place[guarded] >= spellings.distinctive[row] - 1
    raised[(heard.counting[token] & ending) | (said & written)] = NO_MATCH
    numeral = heard.numeral[token]
    raised[(numeral >= 0) & (numeral == spellings.numeral[character])] = SAME_NUMERAL
    costs[guarded] = raised
    return costs


def _gap_costs(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Costs, Integers]:
    """What it costs that a token is wrong, one too many, missing, or in the wrong place."""
    costs = np.zeros(len(pairs.start))
    slips = np.full(len(pairs.start), int(Slip.NONE))
    for side, price in _PRICES.items():
        at = np.flatnonzero(pairs.side == side)
        if len(at):
            costs[at], slips[at] = price(heard, spellings, pairs[at])
    inside = ~heard.begins[pairs.start - 1]
    costs[(slips == int(Slip.SLIP)) & inside] += INSIDE_A_WORD
    return costs, slips


def _too_many(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Costs, Integers]:
    """A token of the text that the name has not: inside it, for at its ends it is not of the name at all."""
    token = pairs.start + pairs.gap
    code = heard.code[token]
    guarded = heard.protection[token] > 0
    costs = np.where(guarded, GUARDED_TOO_MANY, TOO_MANY)
    costs[heard.filler[token]] = FILLER
    costs[(code == heard.code[token - 1]) | (code == heard.code[token + 1])] = DOUBLED
    costs[heard.counting[token] | (heard.letters[token] > 0)] = NO_MATCH
    for at in np.flatnonzero(guarded & (pairs.gap == spellings.distinctive[pairs.row])):
        # 荣昌新村 is no slip for 荣昌村.
        if chr(code[at]) + spellings.text(int(pairs.row[at]))[int(pairs.gap[at]) :] in endings():
            costs[at] = NO_MATCH
    return costs, np.full(len(token), int(Slip.SLIP))


def _missing(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Costs, Integers]:
    """A character of the name that the text has not."""
    distinctive = spellings.distinctive[pairs.row]
    own = pairs.gap < distinctive
    costs = np.where(own, MISSING[np.minimum(distinctive, 4)], MISSING_ENDING)
    missing = spellings.characters[pairs.row, pairs.gap]
    # Where another character stands in its place, it is not missing but another one.
    behind = pairs.start + pairs.length
    replaced = (pairs.gap == 0) & ~heard.begins[pairs.start - 1]
    replaced |= (pairs.gap == pairs.length) & heard.goes_on[behind]
    unlike = np.where(own, UNLIKE[np.minimum(distinctive, 4)], UNLIKE_ENDING)
    costs = np.where(replaced, np.maximum(costs, unlike), costs)
    # An ending of one character that is left out is a shorter name, which is a spelling of its own.
    whole_ending = ~own & (spellings.length[pairs.row] - distinctive == 1)
    # Too little is left to take it for the name, and enough to ask whether it is.
    costs[own & (spellings.length[pairs.row] == 3) & ~replaced] = MISSING_OF_THREE
    costs[(spellings.protection[missing] > 0) | whole_ending] = NO_MATCH
    return costs, np.full(len(costs), int(Slip.SLIP))


@cache
def _phase_words() -> Integers:
    return np.array([ord(word) for word, entry in endings().items() if entry.code == "part" and len(word) == 1])


def _swapped(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Costs, Integers]:
    """Two neighbours in the other order."""
    token = pairs.start + pairs.gap
    one, other = heard.protection[token], heard.protection[token + 1]
    costs = np.where(pairs.length < 4, SWAPPED_SHORT, SWAPPED)
    sisters = (one > 0) & (other > 0)
    counts = heard.counting[token] | heard.counting[token + 1]
    if counts.any():
        # 路1 is no 一路 with a slip; only of 期 and its like, which numbers follow by mistake alone, is it one.
        phase = np.isin(heard.code[token], _phase_words()) | np.isin(heard.code[token + 1], _phase_words())
        sisters |= counts & ~phase
    costs[sisters | (heard.key[token] == heard.key[token + 1])] = NO_MATCH
    return costs, np.full(len(costs), int(Slip.SLIP))


def _replaced(heard: Heard, spellings: Spellings, pairs: Pairs) -> tuple[Costs, Integers]:
    """One token in the place of one character: of the same sound in another reading, alike to the eye, or unlike."""
    token, place = pairs.start + pairs.gap, pairs.gap
    beside = _Beside(token, spellings.characters[pairs.row, place].astype(np.int64), pairs.row, place)
    distinctive = spellings.distinctive[pairs.row]
    by_sound = _sound_costs(heard, spellings, beside)
    by_shape = _shape_costs(heard.code[token], spellings.code[beside.character])
    slips = np.where(by_sound <= by_shape, int(Slip.SOUND), int(Slip.SHAPE))
    unlike = np.where(place < distinctive, UNLIKE[np.minimum(distinctive, 4)], UNLIKE_ENDING)
    guarded = (heard.protection[token] > 0) | (spellings.protection[beside.character] > 0)
    # Another word behind a number (荣昌花园2栋 is not 荣昌花园二期), and another ending, which is weighed by its kind.
    behind = spellings.numeral[spellings.characters[pairs.row, place - 1]] >= 0
    ending = (place == distinctive) & (spellings.length[pairs.row] == place + 1)
    unlike[guarded | ending | behind & (place > 0) | (heard.letters[token] > 0)] = NO_MATCH
    costs = _guarded(heard, spellings, beside, np.minimum(by_sound, by_shape))
    slips[unlike < costs] = int(Slip.SLIP)
    costs = np.minimum(costs, unlike)
    # The same character, or one of the same sound, lies beside it in the whole pair, too.
    costs[heard.key[token] == spellings.key[beside.character]] = NO_MATCH
    return costs, slips


_PRICES = {Side.REPLACED: _replaced, Side.TOO_MANY: _too_many, Side.MISSING: _missing, Side.SWAPPED: _swapped}


def _shape_costs(ones: Integers, others: Integers) -> Costs:
    """What it costs to read one character for the other; NO_MATCH where they do not look alike."""
    if not len(ones):
        return np.empty(0)
    pairs: list[int] = (ones << 21 | others).tolist()
    costs = [_known_shape_costs.get(pair, -1.0) for pair in pairs]
    new = {pair: NO_MATCH for pair, cost in zip(pairs, costs, strict=True) if cost < 0}
    if new:
        for pair in list(islice(new, MOST_NEW)):
            new[pair] = _shape_cost(pair)
        costs = [new.get(pair, cost) for pair, cost in zip(pairs, costs, strict=True)]
    return np.array(costs)


def _shape_cost(pair: int) -> float:
    one, other = pair >> 21, pair & 0x1FFFFF
    alike = 0.0 if min(one, other) < FIRST_HAN or one > LAST_CHARACTER else likeness(chr(one), chr(other))
    cost = ALIKE if alike >= ALIKE_FROM else RATHER_ALIKE if alike >= RATHER_ALIKE_FROM else NO_MATCH
    if len(_known_shape_costs) >= MOST_KNOWN:
        _known_shape_costs.clear()
    _known_shape_costs[pair] = cost
    return cost


MOST_KNOWN = 500_000
MOST_NEW = 400
"""Pairs of characters looked at for the first time in one text: what a caller says holds fewer."""
FIRST_HAN, LAST_CHARACTER = 0x2E80, 0x10FFFF
_known_shape_costs: dict[int, float] = {}
