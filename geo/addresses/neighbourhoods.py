"""Which names are near a piece of text: those that sound like it, give or take one token.

A sequence of tokens h₀, h₁ … is hashed as the sum of all hₖ Bᵏ modulo 2⁶⁴, so that the hashes of all pieces of a text,
whole, without one token, and with two swapped, come of one running sum, and those of all names of another. After
Garbe's symmetric delete spelling correction (SymSpell, 2012); which token is left out is part of the hash, so that only
pieces and names meet that lie side by side.
"""

from collections.abc import Iterator
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
        pieces = _Pieces.of(heard, longest)
        # Each way is sifted before the next one is made: of a long text there are hundreds of thousands.
        known = [(side, *self._known(owner, gap, hashes)) for side, owner, gap, hashes in pieces.ways(heard)]
        side = np.repeat([each[0] for each in known], [len(each[1]) for each in known])
        owner, gap, hashes = (np.concatenate([each[column] for each in known]) for column in (1, 2, 3))
        first = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        met = np.flatnonzero(self._hashes[first] == hashes)
        first = first[met]
        count = np.minimum(self._ends[first] - first, BUCKET)
        total = np.cumsum(count)
        if len(total) and total[-1] > MOST_PAIRS:
            # Pieces that few names share say most: those are kept.
            kept = np.argsort(count, kind="stable")
            kept = np.sort(kept[np.cumsum(count[kept]) <= MOST_PAIRS])
            met, first, count = met[kept], first[kept], count[kept]
        found = np.repeat(np.arange(len(count)), count)
        entry = first[found] + np.arange(len(found)) - (np.cumsum(count) - count)[found]
        way = met[found]
        piece, rows = owner[way], self._rows[entry].astype(np.int64)
        return Pairs(pieces.start[piece], pieces.length[piece], side[way], gap[way], rows)

    def _known(self, owner: Integers, gap: Integers, hashes: Hashes) -> tuple[Integers, Integers, Hashes]:
        """Keep the hashes that may be in here: all that are, and one in some hundred of the others."""
        places = hashes >> self._shift
        known = np.flatnonzero(self._bitmap[places >> np.uint64(3)] & _bit(places))
        return owner[known], gap[known], hashes[known]


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


@dataclass(frozen=True, slots=True)
class _Pieces:
    """All pieces of a text that a name may be, and every token of each, with one place behind the last."""

    start: Integers
    length: Integers
    whole: Hashes  # not moved to the start of the text yet, as ``sums`` are
    sums: Hashes
    piece: Integers  # of each token: its piece
    gap: Integers  # of each token: its place there

    @classmethod
    def of(cls, heard: Heard, longest: int) -> "_Pieces":
        """Cut a text into pieces of two tokens and more."""
        sums = np.zeros(len(heard.key) + 1, np.uint64)
        np.cumsum(heard.key * _POWERS[: len(heard.key)], dtype=np.uint64, out=sums[1:])
        start, length = np.nonzero(np.arange(longest + 2) <= heard.room[:, None])
        several = length >= 2
        start, length = start[several], length[several]
        piece, gap = np.nonzero(np.arange(longest + 3) <= np.where(length >= SHORTEST_WITH_SLIP, length, -1)[:, None])
        return cls(start, length, sums[start + length] - sums[start], sums, piece, gap)

    def ways(self, heard: Heard) -> Iterator[tuple[Side, Integers, Integers, Hashes]]:
        """Yield, side by side, pieces with the place in which they differ, and their hashes."""
        inverse = _INVERSES[self.start]
        yield Side.WHOLE, np.arange(len(self.start)), np.zeros(len(self.start), np.int64), self.whole * inverse
        piece, gap, size = self.piece, self.gap, self.length[self.piece]
        cut, moved = self.start[piece] + gap, inverse[piece]

        inside = np.flatnonzero(gap < size)
        at, gone, place = piece[inside], gap[inside], cut[inside]
        behind = self.sums[(self.start + self.length)[at]] - self.sums[place + 1]
        without = (self.sums[place] - self.sums[self.start[at]] + behind * np.uint64(_BASE_INVERSE)) * moved[inside]
        yield Side.REPLACED, at, gone, without + _salts(gone)
        inner = np.flatnonzero((gone > 0) & (gone < size[inside] - 1) & (size[inside] > SHORTEST_WITH_SLIP))
        yield Side.TOO_MANY, at[inner], gone[inner], without[inner]
        whole = self.whole[piece]
        # Of a name of three characters two are enough to ask whether it was meant.
        pairs = np.flatnonzero(self.length == SHORTEST_WITH_SLIP - 1)
        two, left = np.repeat(pairs, SHORTEST_WITH_SLIP), np.tile(np.arange(SHORTEST_WITH_SLIP), len(pairs))
        yield Side.MISSING, two, left, (self.whole * inverse)[two] + _salts(left)
        yield Side.MISSING, piece, gap, whole * moved + _salts(gap)
        first = np.flatnonzero(gap < size - 1)
        token = cut[first]
        exchange = (heard.key[token + 1] - heard.key[token]) * (_POWERS[token] - _POWERS[token + 1])
        yield Side.SWAPPED, piece[first], gap[first], (whole[first] + exchange) * moved[first]
