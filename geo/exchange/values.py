"""One cell of a file into one value of a noun's column, or the reason why not."""

import re
import unicodedata
from datetime import date
from typing import Any

from geo.exchange.columns import text_of
from geo.exchange.rejections import Problem
from geo.territory.codes import problem as code_problem
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import Column

MAX_TEXT = 200

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_FORMULA = re.compile(r"[=@]|[+\-].*(?:[A-Za-z_]\(|[!|])")
_INTEGER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.0+)?")
_DECIMAL = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")

Parsed = tuple[Any, Problem | None]


def parse_value(column: Column, cell: Any) -> Parsed:
    """Read a cell; a blank one is None, which is no problem here."""
    text = text_of(cell)
    if not text:
        return None, None
    found = suspicious(text)
    if found:
        return None, found
    text = _INVISIBLE.sub("", text)
    if column.code_of is not None:
        return _code(column, text)
    if column.dictionary is not None:
        return _entry(column.dictionary, text)
    if column.type == "integer":
        return _integer(column, text)
    if column.type == "number":
        return _number(text)
    if column.type == "date":
        return _date(text)
    return _text(text)


def suspicious(text: str) -> Problem | None:
    """Refuse what has no place in a cell: formulas, control characters, and signs that turn text around."""
    if _FORMULA.match(text):
        return Problem(
            "内容是公式,不予执行",
            "the cell holds a formula, which is not run",
            "改为值或文字",
            "replace it by its value",
        )
    if _BIDI.search(text) or _CONTROL.search(text):
        return Problem(
            "含有控制字符或改变文字方向的字符",
            "it holds control characters or signs that change the direction of text",
            "删除不可见字符",
            "remove the invisible characters",
        )
    return None


def _text(text: str) -> Parsed:
    text = re.sub(r"\s+", " ", text)
    if len(text) > MAX_TEXT:
        return None, Problem(
            f"文字有 {len(text)} 个字,最多 {MAX_TEXT}",
            f"the text has {len(text)} characters; {MAX_TEXT} are allowed",
            "缩短文字",
            "shorten it",
        )
    return text, None


def _code(column: Column, text: str) -> Parsed:
    assert column.code_of is not None
    wrong = code_problem(column.code_of, text)
    if wrong:
        return None, Problem(*wrong, "改为标准编码", "use the standard code")
    return text, None


def _entry(name: str, text: str) -> Parsed:
    known = dictionary(name)
    entry = known.find(unicodedata.normalize("NFKC", text)) or known.find(text)
    if entry is None:
        allowed = list(known.entries.values())[:30]
        return None, Problem(
            f"“{text[:20]}”不在字典 {name} 中",
            f"the value {text[:20]!r} is not in dictionary {name}",
            "改为其中之一:" + "、".join(item.zh for item in allowed),
            "use one of: " + ", ".join(item.code for item in allowed),
        )
    return entry.code, None


def _integer(column: Column, text: str) -> Parsed:
    text = unicodedata.normalize("NFKC", text)
    if not _INTEGER.fullmatch(text):
        return None, Problem("应为整数", "a whole number is needed", "只填数字", "give digits only")
    number = int(float(text.replace(",", ""))) if "." in text else int(text.replace(",", "")[:20])
    limits = dictionary("import_limits")
    if column.name in limits:
        least, most = (limits[column.name].extra[key] for key in ("minimum", "maximum"))
        if not least <= number <= most:
            return None, Problem(
                f"{number} 超出 {least} 到 {most}",
                f"{number} is outside {least} to {most}",
                "核对数值",
                "check the number",
            )
    return number, None


def _number(text: str) -> Parsed:
    text = unicodedata.normalize("NFKC", text)
    if not _DECIMAL.fullmatch(text):
        return None, Problem("应为数字", "a number is needed", "只填数字", "give digits only")
    return float(text.replace(",", "")), None


def _date(text: str) -> Parsed:
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    if match:
        try:
            return date(int(match[1]), int(match[2]), int(match[3])), None
        except ValueError:
            pass
    return None, Problem("应为日期", "a date is needed", "写成 2026-01-31", "write it as 2026-01-31")
