"""CSV and Excel sheets as tables of text, with the row numbers their user sees."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geo.errors import FileFormatError
from geo.exchange.encodings import Note, decode_text
from geo.exchange.formats import check_zip, opened_zip
from geo.exchange.parsing import parse_sheet

MAX_COLUMNS = 1000
#: Different texts of a column of which each is kept once.
MOST_DIFFERENT = 30_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 ,.()-]*%?")
#: Excel keeps 15 digits of a number; longer codes typed as numbers have lost their end.
_EXACT_DIGITS = 10**15


@dataclass(frozen=True)
class RowProblem:
    """Why a row cannot be taken as it was read; ``column`` is empty when it is the whole row."""

    column: str
    value: str
    zh: str
    en: str


@dataclass
class TextTable:
    """Headings and rows of text.

    Attributes
    ----------
    row_numbers
        For each row the line (CSV) or row (Excel) in the file, from 1.
    problems
        By position of the row.
    """

    headings: list[str]
    rows: list[list[str]]
    row_numbers: list[int]
    encoding: str | None = None
    sheet: str | None = None
    notes: list[Note] = field(default_factory=list)
    problems: dict[int, RowProblem] = field(default_factory=dict)


def neutralise(text: str) -> str:
    """Put ``'`` before text that a spreadsheet would run as a formula; numbers and phone numbers stay.

    Text that begins with ``'`` gets one more, so that :func:`restore` gives back exactly what was written.
    """
    if text.startswith("'") or (text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)):
        return f"'{text}"
    return text


def restore(text: str) -> str:
    """Undo :func:`neutralise`."""
    if text.startswith("'") and text[1:].startswith(("'", *_FORMULA_STARTS)):
        return text[1:]
    return text


def read_csv(path: Path, encoding: str | None) -> TextTable:
    """Read a CSV, its encoding and delimiter found by looking.

    Raises
    ------
    FileFormatError
        See :func:`geo.exchange.encodings.decode_text`; or no heading row, or columns beyond all reason.
    """
    decoded = decode_text(path.read_bytes(), encoding)
    reader = csv.reader(_lines(decoded.text), delimiter=_delimiter(decoded.text), strict=False)
    previous_limit = csv.field_size_limit(64 * 2**20)
    kept = _KeptOnce()
    try:
        numbered, start = [], 1
        for cells in reader:
            numbered.append((start, kept.row([restore(cell.strip()) for cell in cells])))
            start = reader.line_num + 1
    except csv.Error as error:
        raise FileFormatError(f"CSV 第 {start} 行无法解析:{error}", f"line {start} of the CSV: {error}") from None
    finally:
        csv.field_size_limit(previous_limit)
    table = _table(numbered)
    table.encoding = decoded.encoding
    table.notes = [*decoded.notes, *table.notes]
    _blame_foreign_lines(table, decoded.foreign_lines, decoded.encoding)
    return table


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, each with its own end; a buffer would hold the whole a second time."""
    return (found[0] for found in _LINE.finditer(text))


class _KeptOnce:
    """Keeps each different text of a column once: registers repeat their streets and roads a million times.

    A column with more than :data:`MOST_DIFFERENT` texts is one of numbers, of which most are there once.
    """

    def __init__(self) -> None:
        self._known: list[dict[str, str]] = []

    def row(self, cells: list[str]) -> list[str]:
        """Return the cells, those whose text their column had before as they were then."""
        while len(self._known) < len(cells):
            self._known.append({})
        return [
            known.setdefault(cell, cell) if len(known) < MOST_DIFFERENT else known.get(cell, cell)
            for known, cell in zip(self._known, cells, strict=False)
        ]


def read_excel(path: Path, sheet: str | None) -> TextTable:
    """Read one sheet; formulas give the value they had when the file was saved.

    A row with a formula that was never calculated (a program wrote it, Excel has not opened it) gets a problem.

    Raises
    ------
    FileFormatError
        Broken or protected file, a zip bomb, or several sheets with content and none named.
    """
    if path.suffix.casefold() == ".xlsx":
        check_zip(path)
    parsed = parse_sheet(path.resolve(), sheet)
    numbered = [(number, [_cell_text(cell) for cell in row]) for number, row in enumerate(parsed.cells, start=1)]
    table = _table(numbered)
    table.sheet = parsed.sheet
    _blame_rounded_numbers(table, parsed.cells)
    if path.suffix.casefold() == ".xlsx":
        _blame_dead_formulas(table, path, parsed.position)
    return table


def _delimiter(text: str) -> str:
    """Return the sign that cuts the heading into most pieces, quoted parts apart."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", heading)
    return max(",;\t|", key=lambda sign: (bare.count(sign), sign == ","))


def _table(numbered: list[tuple[int, list[str]]]) -> TextTable:
    filled = [(number, cells) for number, cells in numbered if any(cells)]
    if not filled:
        raise FileFormatError("表格是空的", "the table is empty")
    notes: list[Note] = []
    width = max(len(cells) for _, cells in filled)
    if width > MAX_COLUMNS:
        raise FileFormatError(f"表格有 {width} 列,超过 {MAX_COLUMNS}", f"{width} columns are over {MAX_COLUMNS}")
    filled = [
        (number, cells if len(cells) == width else cells + [""] * (width - len(cells))) for number, cells in filled
    ]
    top = _heading_position([cells for _, cells in filled], width)
    if top:
        notes.append((f"跳过表头前的 {top} 行标题", f"{top} title rows above the headings were skipped"))
    headings, below = filled[top][1], top + 1
    if below < len(filled) and _is_second_heading(headings, filled[below][1]):
        headings = [lower or upper for upper, lower in zip(headings, filled[below][1], strict=True)]
        notes.append(("合并了两行表头", "two rows of merged headings were put together"))
        below += 1
    rows = filled[below:]
    return TextTable(_unique(headings), [cells for _, cells in rows], [number for number, _ in rows], notes=notes)


def _heading_position(rows: list[list[str]], width: int) -> int:
    """Skip title rows: merged cells leave one text in the first of them."""
    for position, cells in enumerate(rows[:10]):
        texts = sum(bool(cell) for cell in cells)
        if texts > 1 or width == 1:
            return position
    return 0


def _is_second_heading(upper: list[str], lower: list[str]) -> bool:
    """Whether a row fills the gaps that merged cells left in the one above it, with words only."""
    gaps = [position for position, cell in enumerate(upper) if not cell]
    words = [cell for cell in lower if cell]
    return (
        bool(gaps)
        and all(lower[position] for position in gaps)
        and len(words) < len(lower)
        and not any(_NUMBER.fullmatch(cell) for cell in words)
    )


def _unique(headings: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for position, heading in enumerate(headings, start=1):
        name = re.sub(r"\s+", " ", heading).strip() or f"column_{position}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique


def _cell_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, dict):
        return str(cell["text"])
    return restore(str(cell).strip())


def _blame_foreign_lines(table: TextTable, foreign: dict[int, str], encoding: str) -> None:
    starts = [*table.row_numbers, 2**62]
    for position in range(len(table.rows)):
        lines = [line for line in foreign if starts[position] <= line < starts[position + 1]]
        if lines:
            table.problems[position] = RowProblem(
                "",
                "",
                f"本行是 {foreign[lines[0]]} 编码,文件其余部分是 {encoding};请用同一种编码重新保存",
                f"this line is in {foreign[lines[0]]}, the rest of the file in {encoding}: save it in one encoding",
            )


def _blame_rounded_numbers(table: TextTable, cells: list[list[Any]]) -> None:
    for position, number in enumerate(table.row_numbers):
        for column, cell in enumerate(cells[number - 1]):
            if isinstance(cell, float) and abs(cell) >= _EXACT_DIGITS:
                table.problems[position] = RowProblem(
                    table.headings[column],
                    f"{cell:.0f}",
                    "Excel 数字只保留 15 位,长编码已失真;请把该列设为文本后重新录入",
                    "Excel keeps 15 digits of a number, so this one is damaged: make the column text, enter it again",
                )


def _blame_dead_formulas(table: TextTable, path: Path, sheet_position: int) -> None:
    formulas, dead = _formula_cells(path, sheet_position)
    if formulas:
        table.notes.append(
            (
                f"有 {formulas} 个公式单元格,取其保存时的值",
                f"{formulas} formula cells: taken with the values saved in the file",
            )
        )
    positions = {number: position for position, number in enumerate(table.row_numbers)}
    for reference in dead:
        number = int(re.sub(r"\D", "", reference))
        if number in positions:
            table.problems[positions[number]] = RowProblem(
                _heading_of(table, reference),
                "",
                f"单元格 {reference} 的公式没有计算结果;请在 Excel 中打开并保存后再导入",
                f"the formula in {reference} was never calculated: open and save the file in Excel first",
            )


def _heading_of(table: TextTable, reference: str) -> str:
    column = 0
    for letter in re.sub(r"[^A-Z]", "", reference):
        column = column * 26 + ord(letter) - 64
    return table.headings[column - 1] if 0 < column <= len(table.headings) else ""


def _formula_cells(path: Path, sheet_position: int) -> tuple[int, list[str]]:
    """Count a sheet's formulas, and name those without a value, from its XML by pattern: no XML parser is fooled."""
    with opened_zip(path) as archive:
        sheets = sorted(
            (name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
            key=lambda name: int(re.sub(r"\D", "", name)),
        )
        if sheet_position >= len(sheets):
            return 0, []
        xml = archive.read(sheets[sheet_position]).decode("utf-8", "replace")
    if "<f" not in xml:
        return 0, []
    cells = re.findall(r'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(<v>[^<])?', xml)
    return len(cells), [reference for reference, value in cells if not value]
