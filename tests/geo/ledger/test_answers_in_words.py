"""Items of a checklist in one cell: said and read back."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BoundsError, InputError
from geo.ledger.answers_in_words import LONGEST, read, say
from geo.ledger.checklists import checklists

WORDS = {"wiring": "wiring", "电线老化": "wiring", "old, bare; wires": "wiring",
         "exits": "exits", "堵塞出口(含楼梯)": "exits"}  # fmt: skip

#: Remarks as people write them; what they cannot hold is the end of a bracket right before the next item.
notes = st.one_of(
    st.none(),
    st.text("厨房ab(\uff08)\uff09;\uff1b \n,wiring", min_size=1).filter(
        lambda note: not re.search("[)\uff09][;\uff1b \t\r\n]*[;\uff1b\n]", note)
    ),
)  # fmt: skip


def test_words_and_codes_with_remarks_are_read() -> None:
    assert read("电线老化(厨房);EXITS", WORDS) == [("wiring", "厨房"), ("exits", None)]
    assert read("\u3000wiring (a(b)) ; 堵塞出口(含楼梯)(三楼)\n", WORDS) == [("wiring", "a(b)"), ("exits", "三楼")]
    assert read("old, bare; wires\nexits;", WORDS) == [("wiring", None), ("exits", None)]
    assert read("wiring(灯;线;exits 旁);exits", WORDS) == [("wiring", "灯;线;exits 旁"), ("exits", None)]
    wide = "电线老化\uff08厨房\uff09\uff1b堵塞出口(含楼梯)"
    assert read(wide, WORDS) == [("wiring", "厨房"), ("exits", None)]
    assert read("wiring();;exits", WORDS) == [("wiring", None), ("exits", None)]
    assert read(" ; ", WORDS) == []


@pytest.mark.parametrize(
    "text", ["外星人", "wiring;外星人", "wirings", "w\u0131ring", "外星人;wiring", "wiring 3", "wiring(a);外星人"]
)
def test_what_is_not_on_the_list_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(InputError, match="可写:电线老化;堵塞出口"):
        read(text, WORDS)


@pytest.mark.parametrize("text", ["wiring(a", "wiring(a;exits", "wiring(a)b"])
def test_an_open_bracket_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="括号"):
        read(text, WORDS)


@pytest.mark.parametrize("bit", [";", "\n", "wiring(;", "wiring;", ";外", " ", "wiring()", "wiring(a);\n \n"])
def test_long_cells_are_read_or_refused_at_once(bit: str) -> None:
    began = time.process_time()
    for text in ((bit * LONGEST)[:LONGEST], (bit * LONGEST)[: LONGEST - 1] + ")"):
        try:
            assert len(read(text, WORDS)) <= LONGEST
        except InputError:
            assert text.strip()
    assert time.process_time() - began < 3
    with pytest.raises(BoundsError):
        read("x" * (LONGEST + 1), WORDS)


@given(st.data())
def test_what_is_said_is_read_back(data: st.DataObject) -> None:
    found = data.draw(st.sampled_from(list(checklists().values())))
    codes = data.draw(st.lists(st.sampled_from(list(found.items)), unique=True))
    said = [(code, data.draw(notes)) for code in codes]
    words = {word: item.code for item in found.items.values() for word in (item.fault_zh, item.code, item.fault_en)}
    assert read(say((found.items[code].fault_zh, note) for code, note in said), words) == said
