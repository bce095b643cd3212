"""Strings that no address is like get an answer or a clear refusal, each within 50 ms."""

import time
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses.answers import Answer
from geo.addresses.book import AddressBook
from geo.addresses.locating import locate
from geo.addresses.parsing import split
from geo.addresses.suggesting import suggest
from tests.geo.addresses.hostile_strings import hostile
from tests.geo.addresses.invented import invent
from tests.geo.addresses.invented.towns import ORDER

QUICK = 500
LONGEST_MS = 50.0
#: A string is slow only if it was so again and again: another program may have taken the processor's caches away.
TRIES = 4
#: What a fixed piece of work takes on a processor of 2024 that does nothing else; where it takes twice as long, so may
#: an answer.
USUAL_WORK_MS = 7.5


@dataclass(frozen=True)
class Asked:
    """A book, and the names in it."""

    book: AddressBook
    names: list[str]


@pytest.fixture(scope="module")
def asked() -> Asked:
    town = invent(0, scale=0.01)
    book = AddressBook.build(town.gazetteer, town.aliases)
    return Asked(book, names_of(town.gazetteer[[kind for kind in ORDER if kind != "zone"]]))


def names_of(frame: pd.DataFrame) -> list[str]:
    """All different texts of a frame's columns."""
    return sorted({str(text) for column in frame for text in frame[column].unique() if text})


def faults_of(answer: Answer) -> list[str]:
    """What is wrong with the form of an answer, whatever it says."""
    said = {
        "one": len(answer.candidates) == 1,
        "several": 2 <= len(answer.candidates) <= 20 <= max(20, answer.total),
        "none": not answer.candidates and len(answer.nearest) <= 5,
    }
    wrong = [] if said[answer.outcome] else [f"{answer.outcome} with {len(answer.candidates)} candidates"]
    wrong += [] if answer.reason.code and answer.reason.zh and answer.reason.en else ["no reason"]
    return wrong


def milliseconds(asked: Asked, text: str) -> float:
    began = time.process_time()
    locate(asked.book, text)
    return 1000 * (time.process_time() - began)


def slowness() -> float:
    """How much slower than usual this processor works right now; 1 where it is as fast or faster."""
    times = []
    for _ in range(TRIES):
        began = time.process_time()
        sum(number * 7919 % 50021 for number in range(100_000))
        times.append(1000 * (time.process_time() - began))
    return max(1.0, min(times) / USUAL_WORK_MS)


def failures(asked: Asked, seed: int, count: int) -> list[str]:
    """Ask for ``count`` hostile strings; return a line for each that is answered wrongly or slowly."""
    found = []
    for text in hostile(seed, count, asked.names):
        shown = repr(text[:60])
        found += [f"{shown}: {fault}" for fault in faults_of(locate(asked.book, text))]
        spent = milliseconds(asked, text)
        if spent > LONGEST_MS:
            spent = min(spent, *(milliseconds(asked, text) for _ in range(TRIES))) / slowness()
        if spent > LONGEST_MS:
            found.append(f"{shown} ({len(text)} characters): {spent:.0f} ms")
    return found


def test_hostile_strings_are_answered_in_time(asked: Asked) -> None:
    assert failures(asked, 1, QUICK) == []


def test_hostile_strings_are_completed_and_split_in_time(asked: Asked) -> None:
    for text in hostile(2, QUICK // 4, asked.names):
        began = time.process_time()
        assert len(suggest(asked.book, text, 10)) <= 10
        assert all(isinstance(value, str) for value in split(text).values())
        spent = 1000 * (time.process_time() - began)
        assert spent < 4 * LONGEST_MS or spent / slowness() < 4 * LONGEST_MS


def test_what_is_too_long_is_refused_as_such(asked: Asked) -> None:
    answer = locate(asked.book, asked.names[0] * 10_000)
    assert (answer.outcome, answer.reason.code) == ("none", "too-long")


@given(st.text())
def test_any_text_has_an_answer(asked: Asked, text: str) -> None:
    assert faults_of(locate(asked.book, text)) == []


@given(st.data())
def test_any_text_of_names_and_numbers_has_an_answer(asked: Asked, data: st.DataObject) -> None:
    pieces = st.sampled_from([*asked.names, *"0123456789一二十-#号栋单元室之甲弄与和，"])
    text = "".join(data.draw(st.lists(pieces, max_size=12)))
    assert faults_of(locate(asked.book, text)) == []
