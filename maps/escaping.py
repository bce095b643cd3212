"""The one place where values from outside become text inside HTML.

A page holds such values in two forms only: its title, and JSON blocks of type ``application/json`` that a browser
never runs. Scripts and templates hold none, and the page's policy names the hash of every script it may run, so a
value that slipped through would still do nothing.
"""

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping
from typing import Any

#: Backslash, backtick and dollar matter where a text ends up inside a JavaScript template literal.
_ALSO_ESCAPED = {"\\": "&#92;", "`": "&#96;", "$": "&#36;", "{": "&#123;", "}": "&#125;"}
_JSON_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_HTML_TABLE = str.maketrans(_ALSO_ESCAPED)


def plain_text(value: object) -> str:
    """Return a value as one line of text: nothing for None and NaN, control characters and lone surrogates dropped."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = str(value)
    if text in ("<NA>", "NaT"):
        return ""
    if text.isprintable():
        return text
    kept = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(kept).encode("utf-8", "ignore").decode("utf-8").split())


def html_text(value: object) -> str:
    """Return a value as text that is safe in HTML content and in quoted attributes."""
    return html.escape(plain_text(value), quote=True).translate(_HTML_TABLE)


def json_text(value: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside a ``<script type="application/json">`` element.

    Raises
    ------
    ValueError
        The value holds NaN or infinity, which JSON cannot say.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escaped in _JSON_ESCAPED.items():  # for megabytes of text much faster than translate
        text = text.replace(character, escaped)
    return text


def content_hash(source: str) -> str:
    """Return the source expression by which a content security policy names an inline script or style."""
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
