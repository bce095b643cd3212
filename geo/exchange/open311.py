"""Requests of another Open311 GeoReport v2 server, read over HTTP as JSON.

What comes from elsewhere is checked here, item by item: nothing is taken for what it says it is.
"""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from geo.errors import FileFormatError, InputError
from geo.territory.times import CHINA_TIME

#: Seconds until a server that says nothing is given up, and bytes of one answer.
TIMEOUT_S, MOST_BYTES = 30.0, 32 * 2**20
LONGEST = 2_000


@dataclass(frozen=True)
class TheirRequest:
    """A request of another server.

    Attributes
    ----------
    lon, lat
        EPSG:4326 degrees; None where it says none.
    """

    id: str
    service_code: str
    service_name: str
    description: str
    status: str
    address: str | None
    lon: float | None
    lat: float | None
    requested_at: datetime | None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server that was named answers itself: a key never goes elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


def server_of(url: str) -> str:
    """Return what tells a server from others: its host, and where its interface lies.

    Raises
    ------
    InputError
        It is no http or https address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_address(url) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise _no_address(url)
    return f"{parts.hostname}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def fetch_requests(
    url: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    status: str | None = "open",
    jurisdiction: str | None = None,
    key: str | None = None,
) -> tuple[list[TheirRequest], int]:
    """Read the requests that a server has, and say how many of them could not be read.

    Parameters
    ----------
    url
        The address of its interface: what comes before ``/requests.json``.

    Raises
    ------
    InputError
        It is no http or https address.
    FileFormatError
        The server cannot be reached, refuses, or answers with something else.
    """
    server_of(url)
    told = {
        "start_date": since.isoformat(timespec="seconds") if since else None,
        "end_date": until.isoformat(timespec="seconds") if until else None,
        "status": status,
        "jurisdiction_id": jurisdiction,
        "api_key": key,
    }
    query = urlencode({name: text for name, text in told.items() if text is not None})
    content = _read(f"{url.rstrip('/')}/requests.json?{query}")
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        raise FileFormatError(
            "对方的回答不是 Open311 的诉求列表(JSON);请核对地址,应为 …/v2",
            "the answer is no list of Open311 requests (JSON): see to the address, which ends in /v2 as a rule",
        )
    found = [_request(row) for row in rows]
    readable = [one for one in found if one is not None]
    return readable, len(found) - len(readable)


def _read(address: str) -> bytes:
    wanted = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 - checked above
    try:
        with urllib.request.build_opener(_NoRedirect).open(wanted, timeout=TIMEOUT_S) as answer:
            content: bytes = answer.read(MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise FileFormatError(
                f"对方服务器拒绝了请求(HTTP {error.code});请核对地址和密钥",
                f"the server refuses (HTTP {error.code}): see to the address and the key",
            ) from None
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"无法读取对方服务器:{type(error).__name__};请核对地址和网络",
            f"the server cannot be read ({type(error).__name__}): see to the address and the network",
        ) from None
    if len(content) > MOST_BYTES:
        raise FileFormatError(
            f"对方的回答超过 {MOST_BYTES >> 20} MB;请缩小时段", f"the answer has more than {MOST_BYTES >> 20} MB"
        )
    return content


def _request(row: Any) -> TheirRequest | None:
    if not isinstance(row, dict) or not _text(row, "service_request_id"):
        return None
    return TheirRequest(
        id=_text(row, "service_request_id")[:100],
        service_code=_text(row, "service_code")[:100],
        service_name=_text(row, "service_name")[:200],
        description=_text(row, "description")[:LONGEST],
        status=_text(row, "status"),
        address=_text(row, "address")[:200] or None,
        lon=_degrees(row.get("long"), 180),
        lat=_degrees(row.get("lat"), 90),
        requested_at=_moment(_text(row, "requested_datetime")),
    )


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return "".join(sign for sign in value if sign.isprintable() or sign == "\n").strip()


def _degrees(value: Any, most: int) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if -most <= found <= most else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=CHINA_TIME)
    return found if 2000 <= found.year <= 2100 else None


def _no_address(url: str) -> InputError:
    return InputError(
        f"“{url[:80]}”不是 http 或 https 地址,应为 https://…/open311/v2",
        f"{url[:80]!r} is no http or https address, like https://…/open311/v2",
    )
