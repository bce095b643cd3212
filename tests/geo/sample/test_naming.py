import numpy as np
import pytest

from geo.errors import BoundsError
from geo.sample.naming import Namer, numeral


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (9, "九"), (10, "十"), (12, "十二"), (20, "二十"), (31, "三十一"), (99, "九十九")]
)
def test_numeral(number, text):
    assert numeral(number) == text


@pytest.mark.parametrize("number", [0, -1, 100])
def test_numeral_says_what_it_can_write(number):
    with pytest.raises(BoundsError, match="1-99"):
        numeral(number)


def test_stems_never_repeat_and_run_out_loudly():
    namer = Namer({"stems": ["春", "荔"]}, np.random.default_rng(1))
    # Two words, and each with one of seven prefixes.
    names = [namer.stem("stems") for _ in range(16)]
    assert len(set(names)) == 16
    with pytest.raises(BoundsError, match="stems"):
        namer.stem("stems")


def test_joined_names_never_repeat_and_run_out_loudly():
    namer = Namer({"heads": ["翠景"], "tails": ["花园", "华庭"]}, np.random.default_rng(1))
    assert {namer.joined("heads", "tails"), namer.joined("heads", "tails")} == {"翠景花园", "翠景华庭"}
    with pytest.raises(BoundsError, match="heads"):
        namer.joined("heads", "tails")
