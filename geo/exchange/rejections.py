"""Rows that were not taken: where, why, and what would fix it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.exchange.encodings import Note
from geo.exchange.writing import write_frame


@dataclass(frozen=True)
class Problem:
    """A reason and its remedy, in Chinese and English."""

    zh: str
    en: str
    fix_zh: str = "更正后重新导入"
    fix_en: str = "correct it and import again"


@dataclass(frozen=True)
class Rejection:
    """One thing wrong with one row.

    Attributes
    ----------
    row_number
        The row as its user sees it, see :class:`geo.exchange.reading.FrameRead`.
    column
        Heading in the file; 'geometry' for its shape, '' for the whole row.
    """

    row_number: int
    column: str
    value: str
    problem: Problem


class Checklist:
    """What has been found wrong so far with the rows of one file."""

    def __init__(self, row_numbers: NDArray[np.int64]) -> None:
        self._row_numbers = row_numbers
        self.good: NDArray[np.bool_] = np.ones(len(row_numbers), bool)
        self.rejections: list[Rejection] = []
        self.notes: list[Note] = []

    def reject(self, position: int, column: str, value: str, problem: Problem) -> None:
        """Count a row as bad; one row may be rejected for several reasons."""
        self.good[position] = False
        self.rejections.append(Rejection(int(self._row_numbers[position]), column, value[:80], problem))

    def note(self, zh: str, en: str) -> None:
        """Keep something that the user should know though nothing is rejected for it."""
        self.notes.append((zh, en))

    def row_number(self, position: int) -> int:
        """Return the number under which the file's user knows a row."""
        return int(self._row_numbers[position])

    def reject_all(self, positions: Iterable[int], column: str, problem: Problem) -> None:
        """Reject several rows for one reason."""
        for position in positions:
            self.reject(int(position), column, "", problem)

    @property
    def rejected_rows(self) -> int:
        """How many rows are bad."""
        return int((~self.good).sum())


def write_report(rejections: list[Rejection], path: Path) -> Path:
    """Write the report as CSV or Excel by extension; values are neutralised so that none runs as a formula."""
    rows = [
        {
            "行号 row": found.row_number,
            "列 column": found.column,
            "值 value": found.value,
            "原因": found.problem.zh,
            "怎么改": found.problem.fix_zh,
            "reason": found.problem.en,
            "fix": found.problem.fix_en,
        }
        for found in sorted(rejections, key=lambda found: found.row_number)
    ]
    headings = ["行号 row", "列 column", "值 value", "原因", "怎么改", "reason", "fix"]
    return write_frame(pd.DataFrame(rows, columns=headings), path, layer="rejected")[0]
