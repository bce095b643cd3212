"""Rows of a sheet that is taken in row by row: what each says by the columns that are known, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from geo.errors import InputError
from geo.exchange.stamps import Stamp
from geo.exchange.tables import TextTable
from geo.exchange.writing import write_frame, write_frames
from geo.territory.dictionaries import dictionary

#: The sheets of a workbook that says what became of rows: all of them, and those that were not taken.
TAKEN, REFUSED = "登记结果", "未登记"


@dataclass(frozen=True)
class RowsRead:
    """What became of a sheet's rows.

    Attributes
    ----------
    rows
        The sheet's rows in their order, with what became of each.
    refused
        Those that were not taken, with the number that each has in the sheet (``行号``).
    counts
        Rows by outcome.
    """

    rows: pd.DataFrame
    refused: pd.DataFrame
    counts: dict[str, int]


def parts_of(table: TextTable, most: int) -> list[TextTable]:
    """Divide a sheet into sheets of so many rows at most, with the headings and row numbers that it has."""
    return [
        replace(
            table,
            rows=table.rows[begin : begin + most],
            row_numbers=table.row_numbers[begin : begin + most],
            problems={at - begin: found for at, found in table.problems.items() if begin <= at < begin + most},
        )
        for begin in range(0, max(len(table.rows), 1), most)
    ]


def said_by_rows(table: TextTable, matched: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what each row says, by the codes of columns; ``matched`` has the heading of each."""
    positions = {code: table.headings.index(heading) for code, heading in matched.items()}
    return [{code: row[position].strip() for code, position in positions.items()} for row in table.rows]


def coded(name: str, text: str | None, *, zh: str = "类型", en: str = "kind") -> str | None:
    """Return the code of what a cell says in either language, None of an empty one.

    Raises
    ------
    InputError
        The dictionary has no such word; the sentence lists those it has.
    """
    if not text:
        return None
    entry = dictionary(name).find(text)
    if entry is None:
        known = "、".join(one.zh for one in dictionary(name).entries.values())
        raise InputError(
            f"没有{zh}“{text[:40]}”;可用:{known}",
            f"there is no {en} {text[:40]!r}; one of: {', '.join(dictionary(name).entries)}",
        )
    return entry.code


def with_outcomes(
    table: TextTable, words: Mapping[str, str], outcomes: Sequence[str], added: Mapping[str, Sequence[object]]
) -> RowsRead:
    """Put beside each row of a sheet what became of it.

    Parameters
    ----------
    words
        How outcomes are said, by their codes; ``refused`` is one of them.
    outcomes
        One for each row.
    added
        Columns after that of the outcome, by their headings; one that the sheet has already gets ``(系统)`` behind.
    """
    own = pd.DataFrame(table.rows, columns=table.headings, dtype=object)
    told = {TAKEN: [words[outcome] for outcome in outcomes], **added}
    named = {name if name not in table.headings else f"{name}(系统)": list(cells) for name, cells in told.items()}
    rows = pd.concat([own, pd.DataFrame(named, dtype=object)], axis=1)
    is_refused = [outcome == "refused" for outcome in outcomes]
    refused = rows[is_refused].copy()
    numbers = [number for number, refuses in zip(table.row_numbers, is_refused, strict=True) if refuses]
    refused.insert(0, "行号" if "行号" not in table.headings else "行号(系统)", numbers)
    return RowsRead(rows, refused, {word: sum(one == word for one in outcomes) for word in words})


def write_read(result: RowsRead, path: Path, *, stamp: Stamp) -> list[Path]:
    """Write what became of a sheet's rows: a workbook of two sheets, or a CSV.

    Raises
    ------
    FileFormatError
        The file is to be neither.
    """
    if path.suffix.casefold() == ".csv":
        return write_frame(result.rows, path, stamp=stamp)
    return write_frames({TAKEN: result.rows, REFUSED: result.refused}, path, stamp=stamp)
