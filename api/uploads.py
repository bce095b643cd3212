"""Files that a request brings as its body: which addresses take them, and the file as a reader of ours takes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import Depends, Request

from api.errors import RequestError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a sheet may be sent as, and the ending that its file then has.
SHEETS = {XLSX: ".xlsx", "application/vnd.ms-excel": ".xls", "text/csv": ".csv"}
#: Addresses that take files; all others take JSON alone, or forms.
FILE_PATHS = frozenset({"/locate/batch"})
#: How a route that takes a sheet describes its body.
SHEET_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SHEETS},
    }
}


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
