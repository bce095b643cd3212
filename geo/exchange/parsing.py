"""Start :mod:`geo.exchange.parser_process` on a file and take over the table or the cells it makes of it."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.ipc

from geo.errors import FileFormatError
from geo.exchange import parser_process

MEMORY_BYTES = 6 * 2**30
CPU_SECONDS = 600


@dataclass(frozen=True)
class ParsedTable:
    """A table as GDAL or Arrow read it.

    Attributes
    ----------
    geometry
        The column that holds WKB, or None.
    crs
        The CRS the file states, as text pyproj understands, or None.
    metadata
        What the layer says of itself, by key.
    """

    table: Any
    layer: str | None
    geometry: str | None
    crs: str | None
    metadata: dict[str, str]


@dataclass(frozen=True)
class ParsedSheet:
    """The cells of a sheet as calamine read them: text, numbers, booleans, and ``{"text": …}`` for dates and times.

    Attributes
    ----------
    position
        Of the sheet among the workbook's, from 0.
    """

    sheet: str
    position: int
    cells: list[list[Any]]


def parse(
    path: Path,
    kind: str,
    *,
    driver: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    needs_column: str | None = None,
    prefer_geometry: str = "any",
) -> ParsedTable:
    """Read one layer of a file that already has a name of ours.

    Raises
    ------
    FileFormatError
        The parser refused the file, crashed on it, or went over its memory or time.
    """
    request = _request(path, kind, layer) | {
        "driver": driver,
        "encoding": encoding,
        "needs_column": needs_column,
        "prefer_geometry": prefer_geometry,
        "skip": [],
    }
    with tempfile.TemporaryDirectory(prefix="wangge-parse-") as folder:
        request["out"] = str(Path(folder) / "table.arrow")
        answer = _ask(request)
        if "skip" in answer:
            answer = _ask({**request, "skip": answer["skip"]})
        with pyarrow.OSFile(request["out"], "rb") as source:
            table = pyarrow.ipc.open_file(source).read_all()
    return ParsedTable(table, answer["layer"], answer["geometry"], answer["crs"], answer["metadata"])


def parse_sheet(path: Path, sheet: str | None) -> ParsedSheet:
    """Read one sheet of a workbook: the one named, else the only one with content.

    Raises
    ------
    FileFormatError
        As :func:`parse`; or several sheets have content and none is named.
    """
    with tempfile.TemporaryDirectory(prefix="wangge-parse-") as folder:
        out = Path(folder) / "cells.json"
        answer = _ask(_request(path, "excel", sheet) | {"out": str(out), "skip": []})
        cells = json.loads(out.read_bytes())
    return ParsedSheet(answer["sheet"], answer["position"], cells)


def _request(path: Path, kind: str, layer: str | None) -> dict[str, Any]:
    return {
        "path": str(path),
        "format": kind,
        "layer": layer,
        "memory_bytes": MEMORY_BYTES,
        "seconds": CPU_SECONDS,
    }


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-I", parser_process.__file__]
    try:
        done = subprocess.run(  # noqa: S603 our own program on a path of ours
            command, input=json.dumps(request).encode(), capture_output=True, timeout=CPU_SECONDS * 2, check=False
        )
    except subprocess.TimeoutExpired:
        raise FileFormatError("读取文件超时", "reading the file took too long") from None
    if done.returncode != 0 or not done.stdout:
        raise FileFormatError(
            f"读取程序在此文件上崩溃或超限(代码 {done.returncode});文件可能已损坏或有恶意",
            f"the parser crashed or went over its limits on this file (code {done.returncode}): "
            "it may be damaged or hostile",
        )
    # GDAL may print before the answer, which is one line.
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "refused" in answer:
        raise FileFormatError(*answer["refused"])
    return answer
