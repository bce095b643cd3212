"""Which column of a file is which column of a noun: guessed from headings, and from what the values look like."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from geo.errors import ColumnError
from geo.territory.codes import problem
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import Column, Noun

#: Headings under which files keep their own identifier of a row, best first.
KEY_NAMES = ("source_key", "uuid", "guid", "osm_id", "objectid", "gid", "fid", "id", "唯一标识", "标识码", "编号")
_SAMPLE = 500
_PART = 0.6  # how sure a guess is when only a part of the heading fits
_LIKELY = 0.5  # share of sampled values that must fit a dictionary or a code for a guess to stand


@dataclass
class ColumnMapping:
    """Columns of a noun, each with the file's column it is taken from.

    Attributes
    ----------
    columns
        Noun column → file column.
    confidence
        By noun column: 1 stated or the very name, 0.9 and more a known other heading, 0.6 only part of a heading.
    ambiguous
        By noun column: headings that fit about as well; the first was taken, or none where only parts fit.
    doubtful
        By noun column: a heading that fits but whose values do not, so it was left out, with the reason (zh, en).
    key
        The file's own identifier of a row, when there is a column with a different value in every row.
    unused
        File columns that go nowhere.
    """

    columns: dict[str, str] = field(default_factory=dict)
    confidence: dict[str, float] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    doubtful: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    key: str | None = None
    unused: list[str] = field(default_factory=list)


def guess_columns(
    frame: pd.DataFrame, noun: Noun, stated: Mapping[str, str] | None = None, *, key: str | None = None
) -> ColumnMapping:
    """Match a file's columns to a noun's.

    Parameters
    ----------
    stated
        Noun column → file column, as the user says; taken as it is. An empty file column leaves the noun's out.
    key
        The file's column that identifies a row; guessed when not stated.

    Raises
    ------
    ColumnError
        The user names a column that the noun or the file does not have.
    """
    headings = [str(name) for name in frame.columns if name != "geometry"]
    mapping = ColumnMapping()
    _take_stated(mapping, noun, headings, stated or {})
    for column in noun.columns:
        if column.name in (stated or {}):
            continue
        free = [heading for heading in headings if heading not in mapping.columns.values()]
        _guess(mapping, column, free, frame, noun)
    mapping.key = _key(frame, headings, mapping, key)
    taken = {*mapping.columns.values(), mapping.key}
    mapping.unused = [heading for heading in headings if heading not in taken]
    return mapping


def fold(heading: str) -> str:
    """Bring a heading to the form in which headings are compared: width, case, blanks and dashes do not count."""
    return re.sub(r"[\s_\-()().:/]+", "", unicodedata.normalize("NFKC", heading).casefold())


def _take_stated(mapping: ColumnMapping, noun: Noun, headings: list[str], stated: Mapping[str, str]) -> None:
    for name, heading in stated.items():
        if name not in noun.column_names:
            raise ColumnError(
                f"{noun.zh}没有“{name}”列;有:{'、'.join(noun.column_names)}",
                f"{noun.name} has no column {name!r}; it has: {', '.join(noun.column_names)}",
            )
        if not heading:
            continue
        mapping.columns[name] = named_column(headings, heading)
        mapping.confidence[name] = 1.0


def named_column(headings: list[str], heading: str) -> str:
    """Return the heading a user means; width and case are forgiven when only one fits.

    Raises
    ------
    ColumnError
        The file has no such column.
    """
    if heading in headings:
        return heading
    similar = [other for other in headings if fold(other) == fold(heading)]
    if len(similar) == 1:
        return similar[0]
    raise ColumnError(
        f"文件没有“{heading[:40]}”列;有:{'、'.join(headings[:40])}",
        f"the file has no column {heading[:40]!r}; it has: {', '.join(headings[:40])}",
    )


def _guess(mapping: ColumnMapping, column: Column, free: list[str], frame: pd.DataFrame, noun: Noun) -> None:
    scored = [(score, heading) for heading in free if (score := _score(column, heading, noun)) > 0]
    if not scored:
        return
    fitting, misfits = [], []
    for score, heading in sorted(scored, key=lambda pair: -pair[0]):
        reason = _misfit(column, frame[heading])
        if reason is None:
            fitting.append((score, heading))
        else:
            misfits.append((heading, *reason))
    if not fitting:
        mapping.doubtful[column.name] = misfits[0]
        return
    best = fitting[0][0]
    equal = [heading for score, heading in fitting if score == best or (score > _PART and best < 1.0)]
    if best <= _PART and len(equal) > 1:
        # Several headings only contain the word: better to ask than to guess.
        mapping.ambiguous[column.name] = equal
        return
    mapping.columns[column.name] = equal[0]
    mapping.confidence[column.name] = best
    if len(equal) > 1:
        mapping.ambiguous[column.name] = equal


def _score(column: Column, heading: str, noun: Noun) -> float:
    folded = fold(heading)
    aliases = [fold(alias) for alias in column.aliases]
    if folded == fold(column.name):
        return 1.0
    if folded == fold(column.zh) or folded == fold(noun.zh + column.zh):
        return 0.95
    if folded in aliases:
        # An alias named earlier is the better one.
        return 0.94 - 0.001 * aliases.index(folded)
    if column.name == "name" and re.split(r"[_\s-]", heading.casefold())[-1] in column.aliases:
        return _PART
    words = [word for word in (fold(column.zh), *aliases) if len(word) > 1 and not word.isascii()]
    return _PART if any(word in folded for word in words) and column.code_of is None else 0.0


def _misfit(column: Column, values: pd.Series) -> tuple[str, str] | None:
    """Say why values cannot be what the heading promises, or None."""
    sample = [text_of(value) for value in values.dropna().head(_SAMPLE)]
    sample = [text for text in sample if text]
    if not sample:
        return None
    if column.dictionary is not None:
        known = dictionary(column.dictionary)
        fit = sum(known.find(text) is not None for text in sample) / len(sample)
        what = (f"多数值不在字典 {column.dictionary} 中", f"most values are not in dictionary {column.dictionary}")
    elif column.code_of is not None:
        fit = sum(problem(column.code_of, text) is None for text in sample) / len(sample)
        what = ("多数值不是标准编码", "most values are no standard codes")
    else:
        return None
    if fit >= _LIKELY:
        return None
    return (f"{what[0]},例:“{sample[0][:20]}”", f"{what[1]}, e.g. {sample[0][:20]!r}")


def text_of(value: Any) -> str:
    """Write a cell the way its user sees it: whole numbers without a decimal point, nothing for a missing value."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip()


def _key(frame: pd.DataFrame, headings: list[str], mapping: ColumnMapping, stated: str | None) -> str | None:
    if stated is not None:
        return named_column(headings, stated)
    folded = {fold(heading): heading for heading in reversed(headings)}
    for name in KEY_NAMES:
        heading = folded.get(fold(name))
        if heading is None or heading in mapping.columns.values():
            continue
        values = frame[heading]
        if len(values) and values.notna().all() and values.is_unique:
            return heading
    return None
