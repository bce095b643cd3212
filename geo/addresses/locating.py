"""Locate a text: normalise it, find names in it, read it every way that makes sense, look up, decide.

Names letter for letter come first; only where they lead to nothing certain are names sought that sound or look alike,
are misspelt, shortened or in pinyin. What was found is decided on in :mod:`geo.addresses.deciding`.
"""

from collections.abc import Sequence

import numpy as np

from geo.addresses.answers import Answer
from geo.addresses.book import DIVISIONS, FROM_ROAD, AddressBook, compact
from geo.addresses.deciding import MARGIN, Trial, certain, certainly_lacking, decide, plausible, refusal, told
from geo.addresses.divisions import elsewhere
from geo.addresses.lookup import look_up, meet_roads
from geo.addresses.normalising import MOST_CHARACTERS, SEPARATORS, normalise
from geo.addresses.numerals import with_numerals
from geo.addresses.reading import CROWDED, MOST_READINGS, Named, named, readings, without_repeats


def locate(book: AddressBook, text: str) -> Answer:
    """Return the place that ``text`` tells, or those it could be, or why there is none. Never raises for a text."""
    if len(text) > 4 * MOST_CHARACTERS:
        return refusal("", "too-long")
    said = normalise(text)
    if not any(sign.isalnum() for sign in said):
        return refusal(said, "empty")
    if len(said) > MOST_CHARACTERS:
        return refusal(said, "too-long")
    view = with_numerals(said)
    exact = named(book, book.names.exact(view))
    whole = _whole(book, text, said, exact)
    if whole:
        return told(book, said, whole, exact)
    trials, divisions = _tried(book, said, exact, 12)
    best = certain(trials)
    if best is None and len(exact) <= CROWDED and not certainly_lacking(trials):
        trials, divisions = _tried(book, said, exact + named(book, book.names.fuzzy(view)), MOST_READINGS)
        best = certain(trials)
    first = best or plausible(trials)
    covered = [(name.start, name.end) for name in (*divisions, *(first.reading.names if first else ()))]
    strange = elsewhere(book, said, covered)
    if strange:
        return refusal(said, "elsewhere", *strange)
    return decide(book, said, trials, divisions)


def _whole(book: AddressBook, text: str, said: str, exact: Sequence[Named]) -> list[int]:
    """Return the rows that ``said`` is the very address of, with or without its divisions."""
    before = [name for name in exact if name.kind in (*DIVISIONS, "community")]
    start = 0
    while following := [name for name in before if name.start == start]:
        start = max(name.end for name in following)
        while start < len(said) and said[start] in SEPARATORS:
            start += 1
    rows = next((rows for part in (said[start:], said) if (rows := book.whole(compact(part)))), [])
    named_rows = [row for row in rows if all(_in_named(book, row, name) for name in before if name.end <= start)]
    if len(named_rows) > 1:
        # What normalising made alike may have been typed as only one of them is written.
        for blank in (" ", ""):
            typed, written = text.replace(" ", blank), {row: book.address(row, FROM_ROAD) for row in named_rows}
            as_typed = [row for row in named_rows if typed.endswith(written[row].replace(" ", blank))]
            if len(as_typed) == 1:
                return as_typed
    return named_rows


def _in_named(book: AddressBook, row: int, name: Named) -> bool:
    number = int(book.columns[name.kind][row])
    return not number or number in name.entities


def _tried(book: AddressBook, text: str, choices: Sequence[Named], most: int) -> tuple[list[Trial], list[Named]]:
    """Return every reading with what it leads to, cheapest first, and the divisions that were named."""
    single, divisions, left = without_repeats(text, choices)
    trials: list[Trial] = []
    best = np.inf
    for least, reading in readings(single, left, most):
        if least > best + MARGIN:
            break  # whatever comes now is no rival of the best
        found = meet_roads(book, reading, single) or look_up(book, reading, divisions)
        trial = Trial.of(reading, found)
        trials.append(trial)
        if plausible([trial]):
            best = min(best, trial.cost)
    return sorted(trials, key=lambda trial: (round(trial.cost, 4), -trial.reading.explained)), divisions
