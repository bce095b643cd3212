"""How Open311 GeoReport v2 speaks: its forms (XML and JSON), its errors, and the key in its addresses and forms.

Its errors are a list of ``code`` and ``description``, where all else here has problem details; a missing or wrong key
is 403, whatever is wrong with a request 400.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from xml.etree import ElementTree as Xml

from fastapi import Request, Response

from api.urlencoded import read_fields

#: Addresses of this interface, and those of them that take forms.
PREFIX = "/open311/"
POSTS = frozenset({"/open311/v2/requests.json", "/open311/v2/requests.xml"})
#: Fields of a form at most, and characters of one.
MOST_FIELDS, LONGEST_FIELD = 60, 4_000
JSON_TYPE, XML_TYPE = "application/json; charset=utf-8", "text/xml; charset=utf-8"

Form = Literal["json", "xml"]

#: What an answer's status is here, where it is another one elsewhere.
_STATUS = {401: 403, 409: 400, 412: 400, 413: 400, 415: 400, 422: 400, 428: 400}
#: What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def speaks_open311(path: str) -> bool:
    """Tell whether an address is one of this interface."""
    return path.startswith(PREFIX)


def form_at(path: str) -> Form:
    """Return the form that an address asks for: that of its ending."""
    return "xml" if path.endswith(".xml") else "json"


async def key_of(request: Request) -> str | None:
    """Return the ``api_key`` of a request: in its address, or in its form."""
    if not speaks_open311(request.scope["path"]):
        return None
    key = request.query_params.get("api_key")
    if key is None and request.scope["path"] in POSTS and request.method == "POST":
        key = dict(read_pairs(await request.body()) or ()).get("api_key")
    return key


def read_pairs(body: bytes) -> list[tuple[str, str]] | None:
    """Return the fields of a form; None for what is none."""
    return read_fields(body, most=MOST_FIELDS, longest=LONGEST_FIELD)


def answer(form: Form, root: str, item: str, rows: Sequence[Mapping[str, Any]], *, status: int = 200) -> Response:
    """Return a list: in JSON the rows, in XML elements of their names under the root."""
    if form == "json":
        return Response(json.dumps(_plain(rows), ensure_ascii=False), status, media_type=JSON_TYPE)
    top = Xml.Element(root)
    for row in rows:
        _grow(Xml.SubElement(top, item), row)
    return _xml(top, status)


def single(form: Form, root: str, row: Mapping[str, Any]) -> Response:
    """Return one thing: in JSON an object, in XML the root with its parts."""
    if form == "json":
        return Response(json.dumps(_plain(row), ensure_ascii=False), media_type=JSON_TYPE)
    top = Xml.Element(root)
    _grow(top, row)
    return _xml(top, 200)


def errors(path: str, status: int, description: str, headers: Mapping[str, str] | None = None, **_: Any) -> Response:
    """Return what is wrong as this interface says it."""
    code = _STATUS.get(status, status)
    told = answer(form_at(path), "errors", "error", [{"code": code, "description": description}], status=code)
    told.headers.update({name: text for name, text in (headers or {}).items() if name.lower() != "www-authenticate"})
    return told


#: In XML the name of each part of a list, by the list's.
_PARTS = {"attributes": "attribute", "values": "value", "endpoints": "endpoint", "formats": "format"}


def _grow(element: Xml.Element, row: Mapping[str, Any]) -> None:
    for name, value in _plain(row).items():
        child = Xml.SubElement(element, name)
        if isinstance(value, list):
            for part in value:
                one = Xml.SubElement(child, _PARTS[name])
                if isinstance(part, dict):
                    _grow(one, part)
                else:
                    one.text = _text(part)
        elif value is not None:
            child.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NO_XML.sub("\ufffd", str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part) for part in value]
    return value


def _xml(top: Xml.Element, status: int) -> Response:
    content = Xml.tostring(top, encoding="utf-8", xml_declaration=True)
    return Response(content, status, media_type=XML_TYPE)
