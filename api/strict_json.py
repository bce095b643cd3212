"""JSON as it should be: what other decoders let through and later code stumbles over is refused at the door."""

import json
from typing import Any, NoReturn

MAX_DEPTH = 64


class JSONBodyError(ValueError):
    """A body is not strict JSON.

    Parameters
    ----------
    zh, en
        The defect, without anything from the body itself.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def decode(body: bytes) -> Any:
    """Decode UTF-8 JSON of RFC 8259 with unique keys, finite numbers, whole characters and bounded depth.

    Raises
    ------
    JSONBodyError
        Anything else: other encodings, a byte order mark, NaN, Infinity, numbers too large for a double,
        the same key twice, lone surrogates, nesting deeper than :data:`MAX_DEPTH`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise JSONBodyError("请求正文不是 UTF-8 编码", "the body is not UTF-8") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_short_integer
        )
    except JSONBodyError:
        raise
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise JSONBodyError("请求正文不是有效的 JSON", "the body is not valid JSON") from None
    _check_depth_and_text(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JSONBodyError("同一对象中有重复的键", "an object has the same key twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise JSONBodyError("JSON 中没有 NaN 和 Infinity", "JSON has no NaN or Infinity")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise JSONBodyError("数字超出双精度范围", "a number is too large for a double")
    return number


def _short_integer(text: str) -> int:
    # Over 4,300 digits Python itself refuses; far fewer already exceed every column.
    if len(text) > 100:
        raise JSONBodyError("整数位数过多", "an integer has too many digits")
    return int(text)


def _too_deep() -> JSONBodyError:
    return JSONBodyError(f"JSON 嵌套超过 {MAX_DEPTH} 层", f"JSON is nested deeper than {MAX_DEPTH} levels")


def _check_depth_and_text(value: Any) -> None:
    """Walk without recursion: the input decides how deep it is."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            if not _is_whole(item):
                raise JSONBodyError("文本中有不成对的代理字符", "a text holds a lone surrogate")
        elif isinstance(item, dict | list):
            if depth > MAX_DEPTH:
                raise _too_deep()
            children = [*item, *item.values()] if isinstance(item, dict) else item
            waiting.extend((child, depth + 1) for child in children)


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
