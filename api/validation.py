"""What the validator found, said in both languages and without a byte of what was sent."""

from collections.abc import Sequence
from typing import Any, TypedDict


class Complaint(TypedDict):
    """One thing wrong with a request, and where."""

    location: str
    zh: str
    en: str


#: Per validator's code: the sentence in Chinese and English; its own limits fill the braces.
_SENTENCES = {
    "missing": ("缺少此项", "is missing"),
    "extra_forbidden": ("不认识的字段", "holds an unknown field"),
    "int_parsing": ("应为整数", "should be an integer"),
    "int_type": ("应为整数", "should be an integer"),
    "int_from_float": ("应为整数", "should be an integer"),
    "int_parsing_size": ("整数过大", "is too large an integer"),
    "string_type": ("应为文本", "should be a text"),
    "string_too_short": ("至少 {min_length} 个字符", "should have at least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字符", "should have at most {max_length} characters"),
    "string_pattern_mismatch": ("格式应符合 {pattern}", "should match {pattern}"),
    "greater_than_equal": ("应不小于 {ge}", "should be at least {ge}"),
    "less_than_equal": ("应不大于 {le}", "should be at most {le}"),
    "enum": ("应为下列之一:{expected}", "should be one of {expected}"),
    "literal_error": ("应为下列之一:{expected}", "should be one of {expected}"),
    "model_attributes_type": ("应为 JSON 对象", "should be a JSON object"),
    "model_type": ("应为 JSON 对象", "should be a JSON object"),
    "dict_type": ("应为 JSON 对象", "should be a JSON object"),
}
_OTHERWISE = ("不合要求", "is not acceptable")


def explain(found: Sequence[Any]) -> list[Complaint]:
    """Turn a validator's findings into complaints.

    Locations are those of the interface; a field that the client made up is located at its parent, since its
    name is the client's text.
    """
    return [_complaint(finding) for finding in found[:20]]


def _complaint(finding: dict[str, Any]) -> Complaint:
    code = finding["type"]
    parts = [str(part) for part in finding["loc"]]
    if code == "extra_forbidden":
        parts = parts[:-1]
    zh, en = _SENTENCES.get(code, _OTHERWISE)
    limits = finding.get("ctx", {})
    return Complaint(location=".".join(parts), zh=zh.format_map(limits), en=en.format_map(limits))
