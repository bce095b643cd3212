"""Files that a request brings as its body: which addresses take them, and the file as a reader of ours takes it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import Depends, Request

from api.errors import RequestError
from geo.exchange.photos import FORMATS, MAX_BYTES

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a sheet may be sent as, and the ending that its file then has.
SHEETS = {XLSX: ".xlsx", "application/vnd.ms-excel": ".xls", "text/csv": ".csv"}
#: Addresses that take files; all others take JSON alone, or forms.
FILE_PATHS = frozenset({"/locate/batch", "/requests/batch", "/inspections/batch"})
#: Addresses that take photos, and the most that one of them may have beside what other bodies may.
PHOTO_PATHS = re.compile("/(cases|inspections)/[0-9]{1,18}/evidence")
PHOTO_BYTES = MAX_BYTES
PHOTO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS.values()},
    }
}
#: How a route that takes a sheet describes its body.
SHEET_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SHEETS},
    }
}


def takes_files(path: str) -> bool:
    """Tell whether an address takes files, and not JSON."""
    return path in FILE_PATHS or PHOTO_PATHS.fullmatch(path) is not None


def most_bytes(path: str, usual: int) -> int:
    """Return how large a body may be at an address."""
    return max(usual, PHOTO_BYTES) if PHOTO_PATHS.fullmatch(path) else usual


async def sent_photo(request: Request) -> bytes:
    """Return a photo that was sent; what it really is, its bytes tell later.

    Raises
    ------
    RequestError
        It is none, by what the request says it is.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMATS.values():
        allowed = list(FORMATS.values())
        raise RequestError(
            "bad-file",
            f"请求正文应为照片,Content-Type 为其中之一:{'、'.join(allowed)}",
            f"the body is to be a photo, with one of these as Content-Type: {', '.join(allowed)}",
            allowed=allowed,
        )
    return await request.body()


SentPhoto = Annotated[bytes, Depends(sent_photo)]


async def sent_file(request: Request) -> tuple[str, bytes]:
    """Return the ending and the content of a sheet that was sent.

    Raises
    ------
    RequestError
        It is none, by what the request says it is.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in SHEETS:
        raise RequestError(
            "bad-file",
            f"请求正文应为表格文件,Content-Type 为其中之一:{'、'.join(SHEETS)}",
            f"the body is to be a sheet, with one of these as Content-Type: {', '.join(SHEETS)}",
            allowed=list(SHEETS),
        )
    return SHEETS[kind], await request.body()


SentFile = Annotated[tuple[str, bytes], Depends(sent_file)]


@contextmanager
def on_disk(sent: tuple[str, bytes]) -> Iterator[Path]:
    """Put a file into a private folder under a name of ours, for as long as it is read."""
    with TemporaryDirectory(prefix="wangge-sent-") as folder:
        path = Path(folder) / f"sheet{sent[0]}"
        path.write_bytes(sent[1])
        yield path
