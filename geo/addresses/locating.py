"""Locate a text: normalise it, find names in it, read it every way that makes sense, look up, decide.

Names letter for letter come first; only where they lead to nothing certain are names sought that sound or look alike,
are misspelt, shortened or in pinyin. What was found is decided on in :mod:`geo.addresses.deciding`.
"""

from collections.abc import Sequence

import numpy as np

from geo.addresses.answers import Answer
from geo.addresses.book import AddressBook
from geo.addresses.deciding import MARGIN, Trial, certain, decide, plausible, refusal
from geo.addresses.divisions import elsewhere
from geo.addresses.lookup import look_up, meet_roads
from geo.addresses.normalising import MOST_CHARACTERS, normalise
from geo.addresses.numerals import with_numerals
from geo.addresses.reading import MOST_READINGS, Named, named, readings, without_repeats


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
    trials, divisions = _tried(book, said, exact, 12)
    best = certain(trials)
    if best is None:
        trials, divisions = _tried(book, said, exact + named(book, book.names.fuzzy(view)), MOST_READINGS)
        best = certain(trials)
    first = best or plausible(trials)
    covered = [(name.start, name.end) for name in (*divisions, *(first.reading.names if first else ()))]
    strange = elsewhere(book, said, covered)
    if strange:
        return refusal(said, "elsewhere", *strange)
    return decide(book, said, trials, divisions)


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
