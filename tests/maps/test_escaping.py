import json

import pytest

from maps.escaping import content_hash, html_text, json_text, plain_text

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "${alert(1)}",
    "`${alert(1)}`",
    "{{ 7*7 }}",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)",
    "\\u003cscript\\u003e",
    "<!--<script>",
    "]]><svg onload=alert(1)>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_text_keeps_no_character_that_means_something_to_html_or_a_template(payload: str) -> None:
    assert not set(html_text(payload)) & set("<>\"'`${}\\")


@pytest.mark.parametrize("payload", [*PAYLOADS, "a\u2028b\u2029c", "南湖路1号"])
def test_json_text_says_the_same_and_cannot_end_its_element(payload: str) -> None:
    text = json_text({"name": payload})
    assert json.loads(text) == {"name": payload}
    assert not set(text) & set("<>&\u2028\u2029")


def test_json_text_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text({"households": float("nan")})


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (float("nan"), ""), (12, "12"), ("a\nb\x00c", "a b c"), ("\ud800楼", "楼"), ("\u202e楼", "楼")],
)
def test_plain_text_is_one_printable_line(value: object, text: str) -> None:
    assert plain_text(value) == text


def test_content_hash_is_the_source_expression_of_a_policy() -> None:
    # The digest of an empty string is well known.
    assert content_hash("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
