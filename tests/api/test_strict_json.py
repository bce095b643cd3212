import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.strict_json import MAX_DEPTH, JSONBodyError, decode

DEFECTS = {
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[-Infinity]",
    "a number beyond a double": b"[1e999]",
    "an integer of 5,000 digits": b"[" + b"9" * 5_000 + b"]",
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "a lone surrogate": b'["\\ud800"]',
    "a lone surrogate in a key": b'{"\\udfff": 1}',
    "a trailing comma": b"[1,]",
    "a comment": b"[1] // one",
    "two values": b"1 2",
    "nothing but blanks": b"  ",
    "single quotes": b"{'a': 1}",
    "a raw control character in a text": b'["\x01"]',
    "deeper than a stack": b"[" * 100_000,
    "just too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "too deep in objects": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
}


@pytest.mark.parametrize("body", DEFECTS.values(), ids=DEFECTS.keys())
def test_refuses(body: bytes) -> None:
    with pytest.raises(JSONBodyError):
        decode(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, "\xe7\xbd\x91", null, true]}', {"a": [1, 2.5, "网", None, True]}),
        (b'"\\ud83c\\udfe0"', "🏠"),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    ],
)
def test_takes(body: bytes, value: object) -> None:
    decoded = decode(body)
    assert value is None or decoded == value


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Texts as JSON can hold them: every character but half of a pair.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), children),
    max_leaves=20,
)


@given(values)
def test_takes_whatever_json_can_say(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(body: bytes) -> None:
    with suppress(JSONBodyError):
        decode(body)
