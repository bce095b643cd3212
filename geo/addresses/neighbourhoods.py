"""Which names are near a piece of text: the names that sound like it when each of the two may lose one token.

A sequence of tokens h₀, h₁ … is hashed as the sum of all hₖ Bᵏ modulo 2⁶⁴, so that the hashes of all pieces of a text,
whole and without one token, come of one running sum, and those of all names of another. After Garbe's symmetric delete
spelling correction (SymSpell, 2012): a token too many, one missing, another one, and two swapped all meet when both
sides lose at most one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.addresses.listening import Hashes, Heard, Integers

NO_GAP = 255
"""In place of the number of a token: none was left out."""
SHORTEST_WITH_GAP = 3
BUCKET = 200
"""Names looked at per piece of text that they share: more say nothing of any."""
MOST_PAIRS = 8_000
_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)


def _powers(base: int, count: int) -> Hashes:
    """Powers 0 … count - 1 of ``base``, modulo 2⁶⁴."""
    powers = [1]
    for _ in range(count - 1):
        powers.append(powers[-1] * base % (1 << 64))
    return np.array(powers, np.uint64)


_POWERS = _powers(_BASE, 4_096)
_INVERSES = _powers(_BASE_INVERSE, 4_096)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pieces of text beside spellings of names: where the piece starts, its tokens, and what each side leaves out."""

    start: Integers
    length: Integers
    text_gap: Integers  # counted from the start of the piece; NO_GAP for none
    row: Integers
    name_gap: Integers

    def __getitem__(self, chosen: Integers) -> "Pairs":
        columns = (self.start, self.length, self.text_gap, self.row, self.name_gap)
        return Pairs(*(column[chosen] for column in columns))


class Neighbourhoods:
    """Hashes of rows of tokens, whole and without one token, sorted; and a bitmap that says what is not among them."""

    def __init__(self, hashes: Hashes, rows: Integers, gaps: Integers) -> None:
        order = np.lexsort((rows, hashes))
        self._hashes = hashes[order]
        self._rows = rows[order].astype(np.uint32)
        self._gaps = gaps[order].astype(np.uint8)
        bits = max(16, int(len(hashes) * 16).bit_length())
        self._shift = np.uint64(64 - bits)
        self._bitmap = np.zeros(1 << (bits - 3), np.uint8)
        places = hashes >> self._shift
        np.bitwise_or.at(self._bitmap, places >> np.uint64(3), _bit(places))

    @classmethod
    def build(cls, keys: Hashes, lengths: Integers, others: list[tuple[Integers, Hashes]]) -> "Neighbourhoods":
        """Hash rows of tokens.

        Parameters
        ----------
        keys
            A row per name, a column per token, zeros behind the last.
        lengths
            Tokens of each row.
        others
            Further ways to say some of the rows: their numbers, and their keys.
        """
        parts = [_hashes_of(keys, lengths, np.arange(len(keys)))]
        parts += [_hashes_of(other, lengths[rows], rows) for rows, other in others]
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def find(self, heard: Heard, longest: int) -> Pairs:
        """Return every piece of the text, of 2 to ``longest`` tokens, beside the rows it meets."""
        start, length, gap, hashes = _pieces(heard, longest)
        places = hashes >> self._shift
        known = (self._bitmap[places >> np.uint64(3)] & _bit(places)) > 0
        start, length, gap, hashes = start[known], length[known], gap[known], hashes[known]
        first = np.searchsorted(self._hashes, hashes, "left")
        count = np.minimum(np.searchsorted(self._hashes, hashes, "right") - first, BUCKET)
        total = np.cumsum(count)
        if len(total) and total[-1] > MOST_PAIRS:
            # Pieces that few names share say most: those are kept.
            kept = np.argsort(count, kind="stable")
            kept = np.sort(kept[np.cumsum(count[kept]) <= MOST_PAIRS])
            start, length, gap, first, count = start[kept], length[kept], gap[kept], first[kept], count[kept]
        piece = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
        entry = first[piece] + within
        rows, gaps = self._rows[entry].astype(np.int64), self._gaps[entry].astype(np.int64)
        return Pairs(start[piece], length[piece], gap[piece], rows, gaps)


def _bit(places: Hashes) -> npt.NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))


def _hashes_of(keys: Hashes, lengths: Integers, rows: Integers) -> tuple[Hashes, Integers, Integers]:
    """Hashes of rows of tokens, whole and, where they are long enough, without each of their tokens."""
    terms = keys * _POWERS[: keys.shape[1]]
    sums = np.concatenate([np.zeros((len(keys), 1), np.uint64), np.cumsum(terms, axis=1, dtype=np.uint64)], axis=1)
    hashes, owners, gaps = [sums[:, -1]], [rows], [np.full(len(rows), NO_GAP)]
    for gap in range(keys.shape[1]):
        chosen = np.flatnonzero((lengths > gap) & (lengths >= SHORTEST_WITH_GAP))
        behind = (sums[chosen, -1] - sums[chosen, gap + 1]) * np.uint64(_BASE_INVERSE)
        hashes.append(sums[chosen, gap] + behind)
        owners.append(rows[chosen])
        gaps.append(np.full(len(chosen), gap))
    return np.concatenate(hashes), np.concatenate(owners), np.concatenate(gaps)


def _pieces(heard: Heard, longest: int) -> tuple[Integers, Integers, Integers, Hashes]:
    """Starts, lengths, gaps and hashes of all pieces of the text, whole and without each of their tokens."""
    count = len(heard.key)
    sums = np.zeros(count + 1, np.uint64)
    np.cumsum(heard.key * _POWERS[:count], dtype=np.uint64, out=sums[1:])
    start, length = np.nonzero(np.arange(longest + 1) <= heard.room[:, None])
    start, length = start[length >= 2], length[length >= 2]
    whole = (sums[start + length] - sums[start]) * _INVERSES[start]
    piece, gap = np.nonzero(np.arange(longest) < np.where(length >= SHORTEST_WITH_GAP, length, 0)[:, None])
    from_, to, cut = start[piece], (start + length)[piece], start[piece] + gap
    behind = (sums[to] - sums[cut + 1]) * np.uint64(_BASE_INVERSE)
    cut_out = (sums[cut] - sums[from_] + behind) * _INVERSES[from_]
    return (
        np.concatenate([start, from_]),
        np.concatenate([length, length[piece]]),
        np.concatenate([np.full(len(start), NO_GAP), gap]),
        np.concatenate([whole, cut_out]),
    )
