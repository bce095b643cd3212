"""Tables as files to download: workbooks and CSV, with who asked for them and when."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import Query, Request, Response

from api.answering import CSV, FORMS
from api.uploads import XLSX
from geo.exchange.stamps import Stamp
from geo.exchange.writing import write_frame

#: A file among the answers that a route declares.
SHEET = {"schema": {"type": "string", "format": "binary"}}
#: What a route answers that gives nothing else.
SHEETS: dict[str, Any] = {"description": "表格 A sheet", "content": dict.fromkeys((XLSX, CSV), SHEET)}
FormOfSheet = Annotated[Literal["xlsx", "csv"], Query(alias="as", description="形式 Form of the sheet")]


def sheet_of(
    request: Request, table: Callable[[], pd.DataFrame], name: str, form: str, *, layer: str, stamp: Stamp
) -> Response:
    """Return a table as a file; what a spreadsheet would run is given as text.

    Parameters
    ----------
    table
        Makes it, when it is its turn: few are made at a time.
    name
        Of the file, without its ending.
    form
        ``xlsx`` or ``csv``.
    layer
        What the sheet in a workbook is called.
    """
    with request.app.state.maps.work_on(f"export {request.state.request_id}"), TemporaryDirectory() as folder:
        [path] = write_frame(table(), Path(folder) / f"{name}.{form}", layer=layer, stamp=stamp)
        return file_of(path.read_bytes(), FORMS[form], f"{name}.{form}")


def file_of(content: bytes, kind: str, name: str) -> Response:
    """Return a file to download."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
