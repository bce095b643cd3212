"""What answers a leader's questions: each figure once, with classes that rise."""

from hypothesis import given
from hypothesis import strategies as some

from geo.ledger.questions import AREA_NOUNS, AreaNoun, answers, questions


def test_every_question_is_answered() -> None:
    assert {one.question for one in answers().values()} == {entry.code for entry in questions()}
    assert {one.figure.code for one in answers().values() if one.question == "goals"} == {
        "grids_without_worker", "complaints", "accidents",
    }  # fmt: skip
    # Each opens: to what it counts or leaves out, and a share of cases to those that it is a share of.
    assert {code: one.opens for code, one in answers().items() if one.opens != one.figure.code} == {"in_time": "solved"}


def test_classes_rise() -> None:
    for one in answers().values():
        for breaks in one.breaks.values():
            assert list(breaks) == sorted(set(breaks))


@given(
    code=some.sampled_from(sorted(answers())),
    noun=some.sampled_from(AREA_NOUNS),
    value=some.floats(0, 1_000),
    more=some.floats(0, 1_000),
)
def test_what_is_more_is_in_no_lower_class(code: str, noun: AreaNoun, value: float, more: float) -> None:
    one = answers()[code]
    low, high = one.class_of(value, noun), one.class_of(value + more, noun)
    assert low is not None
    assert high is not None
    assert 0 <= low <= high <= len(one.breaks[noun])
    assert one.class_of(None, noun) is None
