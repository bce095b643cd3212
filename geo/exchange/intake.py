"""The rows of one file on their way to becoming rows of a noun."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.exchange.checks import check_rows, reject_duplicates
from geo.exchange.columns import ColumnMapping, guess_columns
from geo.exchange.numbering import reject_same_keys, source_keys
from geo.exchange.reading import FrameRead
from geo.exchange.rejections import Checklist
from geo.territory.nouns import Noun


@dataclass
class Intake:
    """What is known of a file's rows so far.

    Attributes
    ----------
    frame
        The noun's columns plus ``geometry`` for every row of the file, EPSG:4326; filled in step by step.
    written
        The noun's columns that the file, the user or the program gives; the others keep what the store has.
    stated
        Those of them that the file or the user gives, so that the program did not have to.
    keys
        By which each row is known again under ``source``.
    """

    noun: Noun
    read: FrameRead
    columns: ColumnMapping
    checklist: Checklist
    frame: gpd.GeoDataFrame
    written: set[str]
    stated: frozenset[str]
    keys: list[str]
    source: str

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which rows nothing is wrong with so far."""
        return self.checklist.good

    def heading(self, column: str) -> str:
        """Return the file's heading of a noun's column."""
        return self.columns.columns.get(column, column)


def take_in(
    read: FrameRead,
    noun: Noun,
    source: str,
    *,
    mapping: Mapping[str, str] | None,
    key: str | None,
    defaults: Mapping[str, str],
    china_only: bool,
) -> Intake:
    """Guess columns, check every row by itself and against the other rows."""
    columns = guess_columns(read.frame, noun, mapping, key=key)
    checklist = Checklist(read.row_numbers)
    frame = check_rows(read, noun, columns, checklist, defaults=defaults, china_only=china_only)
    reject_duplicates(frame, columns, checklist)
    keys = source_keys(read.frame, columns.key)
    reject_same_keys(keys, columns.key, checklist)
    given = {column for column in noun.column_names if frame[column].notna().any()}
    written = {"code", *columns.columns, *given}
    stated = frozenset({*columns.columns, *defaults})
    return Intake(noun, read, columns, checklist, frame, written, stated, keys, source)
