"""Which names are near a piece of text: those that sound like it, give or take one token.

A sequence of tokens h₀, h₁ … is hashed as the sum of all hₖ Bᵏ modulo 2⁶⁴, so that the hashes of all pieces of a text,
whole, without one token, and with two swapped, come of one running sum, and those of all names of another. After
Garbe's symmetric delete spelling correction (SymSpell, 2012); which token is left out is part of the hash, so that only
pieces and names meet that lie side by side.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from geo.addresses.listening import LONGEST_TEXT, Hashes, Heard, Integers

SHORTEST_WITH_SLIP = 3
"""Tokens of a name that a slip of the pen may happen to: in shorter ones too little is left."""
BUCKET = 200
"""Names looked at per piece of text that they share: more say nothing of any."""
MOST_PAIRS = 8_000
_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_GAP_SALT = 0xD1B54A32D192ED03
"""Times the place of a token left out of a name, and one."""


def _powers(base: int, count: int) -> Hashes:
    """Powers 0 … count - 1 of ``base``, modulo 2⁶⁴."""
    powers = [1]
    for _ in range(count - 1):
        powers.append(powers[-1] * base % (1 << 64))
    return np.array(powers, np.uint64)


_POWERS = _powers(_BASE, 4 * LONGEST_TEXT + 64)
_INVERSES = _powers(_BASE_INVERSE, 4 * LONGEST_TEXT + 64)


class Side(IntEnum):
    """How a piece of text lies beside a name."""

    WHOLE = 0
    REPLACED = 1  # one token stands for another
    TOO_MANY = 2  # the piece has one that the name has not
    MISSING = 3  # the name has one that the piece has not
    SWAPPED = 4  # two neighbours in the other order


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pieces of text beside spellings of names: where a piece starts, its tokens, how it lies, where it differs.

    ``gap`` counts from the start of the piece, or of the name where that has more; of two that are swapped, the first.
    """

    start: Integers
    length: Integers
    side: Integers
    gap: Integers
    row: Integers

    def __getitem__(self, chosen: Integers) -> "Pairs":
        columns = (self.start, self.length, self.side, self.gap, self.row)
        return Pairs(*(column[chosen] for column in columns))


class Neighbourhoods:
    """Hashes of rows of tokens, whole and without one token, sorted; and a bitmap that says what is not among them."""

    def __init__(self, hashes: Hashes, rows: Integers) -> None:
        order = np.lexsort((rows, hashes))
        self._hashes = hashes[order]
        self._rows = rows[order].astype(np.uint32)
        # Where the entries end that share a hash: one search finds a run.
        starts = np.flatnonzero(np.diff(self._hashes, prepend=~self._hashes[:1]))
        self._ends = np.repeat(np.append(starts[1:], len(hashes)), np.diff(starts, append=len(hashes))).astype(
            np.uint32
        )
        bits = max(16, int(len(hashes) * 16).bit_length())
        self._shift = np.uint64(64 - bits)
        self._bitmap = np.zeros(1 << (bits - 3), np.uint8)
        places = hashes >> self._shift
        np.bitwise_or.at(self._bitmap, places >> np.uint64(3), _bit(places))

    @classmethod
    def build(
        cls, keys: Hashes, lengths: Integers, slipping: npt.NDArray[np.bool_], others: list[tuple[Integers, Hashes]]
    ) -> "Neighbourhoods":
        """Hash rows of tokens.

        Parameters
        ----------
        keys
            A row per name, a column per token, zeros behind the last.
        lengths
            Tokens of each row.
        slipping
            The rows to be found with a token wrong, too.
        others
            Further ways to say some of the rows: their numbers, and their keys.
        """
        slipping = slipping & (lengths >= SHORTEST_WITH_SLIP)
        parts = [_hashes_of(keys, lengths, np.arange(len(keys)), slipping)]
        parts += [_hashes_of(other, lengths[rows], rows, slipping[rows]) for rows, other in others]
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def find(self, heard: Heard, longest: int) -> Pairs:
        """Return every piece of the text beside the rows of at most ``longest`` tokens that it meets."""
        start, length, side, gap, hashes = _pieces(heard, longest)
        places = hashes >> self._shift
        known = np.flatnonzero(self._bitmap[places >> np.uint64(3)] & _bit(places))
        hashes = hashes[known]
        first = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        met = np.flatnonzero(self._hashes[first] == hashes)
        known, first = known[met], first[met]
        count = np.minimum(self._ends[first] - first, BUCKET)
        total = np.cumsum(count)
        if len(total) and total[-1] > MOST_PAIRS:
            # Pieces that few names share say most: those are kept.
            kept = np.argsort(count, kind="stable")
            kept = np.sort(kept[np.cumsum(count[kept]) <= MOST_PAIRS])
            known, first, count = known[kept], first[kept], count[kept]
        found = np.repeat(np.arange(len(count)), count)
        entry = first[found] + np.arange(len(found)) - (np.cumsum(count) - count)[found]
        piece = known[found]
        return Pairs(start[piece], length[piece], side[piece], gap[piece], self._rows[entry].astype(np.int64))


def _bit(places: Hashes) -> npt.NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))


def _salts(gaps: Integers) -> Hashes:
    return (gaps.astype(np.uint64) + np.uint64(1)) * np.uint64(_GAP_SALT)


def _hashes_of(
    keys: Hashes, lengths: Integers, rows: Integers, slipping: npt.NDArray[np.bool_]
) -> tuple[Hashes, Integers]:
    """Hashes of rows of tokens, whole and, of those where slips are looked for, without each of their tokens."""
    terms = keys * _POWERS[: keys.shape[1]]
    sums = np.concatenate([np.zeros((len(keys), 1), np.uint64), np.cumsum(terms, axis=1, dtype=np.uint64)], axis=1)
    hashes, owners = [sums[:, -1]], [rows]
    for gap in range(keys.shape[1]):
        chosen = np.flatnonzero((lengths > gap) & slipping)
        behind = (sums[chosen, -1] - sums[chosen, gap + 1]) * np.uint64(_BASE_INVERSE)
        hashes.append(sums[chosen, gap] + behind + _salts(np.array([gap])))
        owners.append(rows[chosen])
    return np.concatenate(hashes), np.concatenate(owners)


def _pieces(heard: Heard, longest: int) -> tuple[Integers, Integers, Integers, Integers, Hashes]:
    """Starts, lengths, sides, gaps and hashes of all pieces of the text that a name may be, in every way."""
    count = len(heard.key)
    terms = heard.key * _POWERS[:count]
    sums = np.zeros(count + 1, np.uint64)
    np.cumsum(terms, dtype=np.uint64, out=sums[1:])
    start, length = np.nonzero(np.arange(longest + 2) <= heard.room[:, None])
    several = length >= 2
    start, length = start[several], length[several]
    end = start + length
    whole = sums[end] - sums[start]
    inverse = _INVERSES[start]

    # Every token of every piece, and one place behind it.
    piece, gap = np.nonzero(np.arange(longest + 3) <= np.where(length >= SHORTEST_WITH_SLIP, length, -1)[:, None])
    size, cut = length[piece], start[piece] + gap
    missing = whole[piece] * inverse[piece] + _salts(gap)
    inside = np.flatnonzero(gap < size)
    at, place = piece[inside], cut[inside]
    without = sums[place] - sums[start[at]] + (sums[end[at]] - sums[place + 1]) * np.uint64(_BASE_INVERSE)
    without *= inverse[at]
    inner = np.flatnonzero((gap[inside] > 0) & (gap[inside] < size[inside] - 1) & (size[inside] > SHORTEST_WITH_SLIP))
    before = np.flatnonzero(gap < size - 1)
    first = cut[before]
    exchange = (heard.key[first + 1] - heard.key[first]) * (_POWERS[first] - _POWERS[first + 1])
    swapped = (whole[piece[before]] + exchange) * inverse[piece[before]]
    taken = (piece[inside], piece[inside[inner]], piece, piece[before])
    owners = np.concatenate([np.arange(len(start)), *taken])
    sides = np.repeat(np.arange(len(Side)), [len(start), *map(len, taken)])
    gaps = np.concatenate([np.zeros(len(start), np.int64), gap[inside], gap[inside[inner]], gap, gap[before]])
    hashes = np.concatenate([whole * inverse, without + _salts(gap[inside]), without[inner], missing, swapped])
    return start[owners], length[owners], sides, gaps, hashes
