"""Files about addresses: gazetteers, lists of other names, and lists of what people said (CSV, Excel).

Headings are words of ``data/dictionaries``: ``address_columns``, ``alias_columns``, ``call_columns``. A bad row is
refused by its number and with its reason; the others are taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.addresses.book import ALIAS_COLUMNS, COLUMNS
from geo.addresses.parsing import split
from geo.crs import looks_swapped, parse_datum, to_wgs84
from geo.errors import ColumnError, FileFormatError
from geo.exchange.columns import fold, named_column
from geo.exchange.encodings import Note
from geo.exchange.formats import format_of, split_layer
from geo.exchange.rejections import Checklist, Problem, Rejection
from geo.exchange.tables import TextTable, read_csv, read_excel
from geo.exchange.values import suspicious
from geo.territory.dictionaries import Entry, dictionary

#: The elements that say where in a street something is.
DEEP = ["road", "number", "compound", "building", "unit", "room"]
#: The deepest element that a row has is its level where the file does not say one.
_DEEPEST_FIRST = ["room", "unit", "building", "compound", "number", "road", "community", "street"]
_COORDINATES = ["lon", "lat"]
_WORDS_THAT_MEAN_AN_ADDRESS = ("地址", "地点", "address")
_LISTED = 20

Coordinates: TypeAlias = NDArray[np.float64]


@dataclass
class AddressRows:
    """Rows that can be used, and what was said of the others.

    Attributes
    ----------
    frame
        Columns of :data:`geo.addresses.book.COLUMNS` (or ``ALIAS_COLUMNS``), then the file's others, all text but
        ``lon`` and ``lat`` (EPSG:4326, NaN where unknown); index 0..n-1.
    read
        How many rows the file has.
    """

    frame: pd.DataFrame
    read: int
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def read_table(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> TextTable:
    """Read a CSV or one sheet of a workbook (``file.xlsx#sheet`` names one too) as text.

    Raises
    ------
    FileFormatError
        It is neither, or cannot be read.
    """
    path, named = split_layer(Path(path))
    form = format_of(path)
    if form.name == "csv":
        return read_csv(path, encoding)
    if form.name == "excel":
        return read_excel(path, sheet or named)
    raise FileFormatError(
        f"“{path.name}”不是表格;地址用 .csv、.xlsx 或 .xls 文件", f"{path.name!r} is no table: give .csv, .xlsx or .xls"
    )


def read_gazetteer(
    path: Path,
    *,
    encoding: str | None = None,
    datum: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> AddressRows:
    """Read the places that are known, one row each.

    A row whose elements are not taken apart is read by the grammar of its written-out address. Without a column of
    codes the row numbers are the codes.

    Parameters
    ----------
    datum
        What the coordinates mean (:mod:`geo.crs`); WGS84 when not stated, and a note says so.
    mapping
        Column of ``address_columns`` → heading, where the words do not tell; "" leaves a column out.

    Raises
    ------
    FileFormatError
        See :func:`read_table`; or no row can be used.
    ColumnError
        There is no column of an element, a name or an address.
    """
    table = read_table(path, encoding=encoding)
    columns = match_columns(table.headings, "address_columns", mapping)
    if not {*DEEP, "name", "address", "community", "street"} & set(columns):
        raise ColumnError(
            f"“{Path(path).name}”没有地址列;列名应为:{_known('address_columns')};文件有:{_few(table.headings)}",
            f"{Path(path).name!r} has no column of addresses; it has: {_few(table.headings)}",
        )
    checklist = _checklist(table)
    texts = _texts(table, columns, [*COLUMNS, "address"])
    notes = list(table.notes)
    if "id" not in columns:
        texts["id"] = [str(number) for number in table.row_numbers]
        notes.append(("文件没有编码列,以行号为编码", "the file has no column of codes: row numbers stand for them"))
    _reject_same_ids(texts["id"], columns.get("id", "id"), checklist)
    _reject_suspicious(texts, columns, checklist)
    _split_written_out(texts)
    texts["level"] = _levels(texts, columns.get("level", "level"), checklist)
    coordinates, told = _to_wgs84(_coordinates(texts, columns, checklist), datum)
    _reject_outside_world(coordinates, columns.get("lon", "lon"), checklist)
    _reject_empty(texts, checklist)
    texts["lon"], texts["lat"] = coordinates[:, 0], coordinates[:, 1]
    frame = texts[COLUMNS].assign(**_others(table, columns, kept=("address", "grid")))
    return _rows(frame, checklist, [*notes, *told])


def read_aliases(path: Path, *, encoding: str | None = None) -> AddressRows:
    """Read other names of places: each with the name that the gazetteer has, or with the code of the place.

    Raises
    ------
    FileFormatError, ColumnError
        See :func:`read_gazetteer`.
    """
    table = read_table(path, encoding=encoding)
    columns = match_columns(table.headings, "alias_columns")
    if "alias" not in columns or not {"name", "id"} & set(columns):
        raise ColumnError(
            f"“{Path(path).name}”须有别名列,以及标准名称列或编码列;文件有:{_few(table.headings)}",
            f"{Path(path).name!r} needs a column of aliases, and one of names or codes; it has: {_few(table.headings)}",
        )
    checklist = _checklist(table)
    texts = _texts(table, columns, ALIAS_COLUMNS)
    nameless = texts["alias"].eq("") | (texts["name"].eq("") & texts["id"].eq(""))
    checklist.reject_all(
        np.flatnonzero(nameless & checklist.good),
        "",
        Problem(
            "缺少别名,或既无标准名称也无编码", "no alias, or neither a name nor a code", "补全该行", "complete the row"
        ),
    )
    _reject_suspicious(texts, columns, checklist)
    texts["kind"] = _kinds(texts["kind"], columns.get("kind", "kind"), checklist)
    return _rows(texts, checklist, list(table.notes))


def address_column(headings: Sequence[str], stated: str | None) -> str:
    """Return the heading under which a list says where something is.

    Raises
    ------
    ColumnError
        None or several could be it; the sentence lists the headings.
    """
    if stated is not None:
        return named_column(list(headings), stated)
    found = match_columns(headings, "call_columns").get("query")
    if found is not None:
        return found
    likely = [name for name in headings if any(word in fold(name) for word in _WORDS_THAT_MEAN_AN_ADDRESS)]
    if len(likely) == 1:
        return likely[0]
    if likely:
        raise ColumnError(
            f"有多列像是地址:{_few(likely)};请用 --column 指明一列",
            f"several columns may be the address: {_few(likely)}; state --column",
        )
    raise ColumnError(
        f"看不出哪一列是地址,请用 --column 指明;文件有:{_few(headings)}",
        f"no column is clearly the address, state --column; the file has: {_few(headings)}",
    )


def match_columns(headings: Sequence[str], words: str, stated: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return, by code of the dictionary ``words``, the heading that says it; the word listed first is the best one.

    Raises
    ------
    ColumnError
        What is stated names no column, or no heading of the file.
    """
    stated = stated or {}
    unknown = sorted(set(stated) - set(dictionary(words).entries))
    if unknown:
        raise ColumnError(
            f"没有名为“{unknown[0][:40]}”的列;可用:{'、'.join(dictionary(words).entries)}",
            f"there is no column {unknown[0][:40]!r}; one of: {', '.join(dictionary(words).entries)}",
        )
    by_fold = {fold(heading): heading for heading in reversed(headings)}
    matched = {code: named_column(list(headings), heading) for code, heading in stated.items() if heading}
    for entry in dictionary(words).entries.values():
        if entry.code in stated:
            continue
        heading = next((by_fold[word] for word in _spellings(entry) if word in by_fold), None)
        if heading is not None and heading not in matched.values():
            matched[entry.code] = heading
    return matched


def _spellings(entry: Entry) -> list[str]:
    return [fold(word) for word in (entry.code, entry.zh, entry.en, *entry.extra.get("aliases", ()))]


def _known(words: str) -> str:
    return "、".join(entry.zh for entry in dictionary(words).entries.values())


def _few(headings: Sequence[str]) -> str:
    return "、".join(headings[:_LISTED]) + ("…" if len(headings) > _LISTED else "")


def _checklist(table: TextTable) -> Checklist:
    checklist = Checklist(np.array(table.row_numbers, np.int64))
    for position, found in table.problems.items():
        checklist.reject(position, found.column, found.value, Problem(found.zh, found.en))
    return checklist


def _texts(table: TextTable, columns: Mapping[str, str], wanted: Sequence[str]) -> pd.DataFrame:
    """Return the wanted columns as text, each different text kept once: a register repeats its streets and roads."""
    seen: dict[str, str] = {}
    held = {}
    for name in wanted:
        if name in columns:
            position = table.headings.index(columns[name])
            held[name] = [seen.setdefault(row[position], row[position]) for row in table.rows]
        else:
            held[name] = [""] * len(table.rows)
    return pd.DataFrame(held, dtype=object)


def _others(table: TextTable, columns: Mapping[str, str], kept: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns that are no part of an address: under our name where it is known, else under the file's."""
    taken = {heading for code, heading in columns.items() if code not in kept}
    ours = {heading: code for code, heading in columns.items()}
    others = {}
    for position, heading in enumerate(table.headings):
        name = ours.get(heading, heading)
        if heading not in taken and name not in COLUMNS:
            others[name] = [row[position] for row in table.rows]
    return others


def _rows(frame: pd.DataFrame, checklist: Checklist, notes: list[Note]) -> AddressRows:
    if not checklist.good.any():
        first = min(checklist.rejections, key=lambda found: found.row_number)
        raise FileFormatError(
            f"没有一行可用:第 {first.row_number} 行 {first.problem.zh}",
            f"no row can be used: row {first.row_number}: {first.problem.en}",
        )
    good = frame[checklist.good].reset_index(drop=True)
    return AddressRows(good, len(frame), checklist.rejections, notes)


def _reject_suspicious(texts: pd.DataFrame, columns: Mapping[str, str], checklist: Checklist) -> None:
    """Refuse what no import takes either: formulas, control characters, signs that turn text around."""
    for name in texts.columns.intersection(list(columns)):
        found = {text: problem for text in texts[name].unique() if (problem := suspicious(text)) is not None}
        for position in np.flatnonzero(texts[name].isin(list(found)) & checklist.good).tolist():
            text = str(texts[name].iat[position])
            checklist.reject(position, columns[name], text, found[text])


# ── gazetteers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _reject_same_ids(ids: "pd.Series[str]", heading: str, checklist: Checklist) -> None:
    missing = Problem("缺少编码", "the code is missing", "填写编码", "give it a code")
    checklist.reject_all(np.flatnonzero(ids.eq("") & checklist.good), heading, missing)
    there = ids.where(checklist.good)
    first = {code: position for position, code in reversed(list(enumerate(there))) if isinstance(code, str)}
    for position in np.flatnonzero(there.notna() & there.duplicated()).tolist():
        number = checklist.row_number(first[there.iloc[position]])
        problem = Problem(
            f"编码与第 {number} 行重复", f"the same code as in row {number}", "更正编码", "correct the code"
        )
        checklist.reject(position, heading, str(there.iloc[position]), problem)


def _split_written_out(texts: pd.DataFrame) -> None:
    """Fill what rows without road and compound lack from their written-out address; what a row states stays.

    A house number, building or door alone tells no place.
    """
    bare = (texts[["road", "compound"]] == "").all(axis=1) & texts["address"].ne("")
    # A named place is known by its name: its address may be no more than the name after its street.
    bare &= texts["name"].eq("")
    parts = pd.DataFrame([split(text) for text in texts["address"][bare]], index=texts.index[bare], dtype=object)
    for element in parts.columns.intersection(COLUMNS):
        stated = texts.loc[bare, element]
        texts.loc[bare, element] = stated.where(stated.ne(""), parts[element].fillna(""))


def _levels(texts: pd.DataFrame, heading: str, checklist: Checklist) -> "pd.Series[str]":
    """Return the level of each row: as it says, else a point of interest where it has a name, else its deepest part."""
    known = {text: _element(text, is_level=True) for text in texts["level"].unique()}
    allowed = [entry for entry in dictionary("address_elements").entries.values() if entry.extra.get("is_level")]
    levels = texts["level"].map(lambda text: known[text] or "")
    for position in np.flatnonzero(texts["level"].ne("") & levels.eq("") & checklist.good).tolist():
        said = str(texts["level"].iat[position])
        problem = Problem(
            f"不认识级别“{said[:20]}”",
            f"unknown level {said[:20]!r}",
            "改为其中之一:" + "、".join(entry.zh for entry in allowed),
            "use one of: " + ", ".join(entry.code for entry in allowed),
        )
        checklist.reject(position, heading, said, problem)
    found = pd.Series("", index=texts.index, dtype=object)
    for element in _DEEPEST_FIRST:
        found = found.where(found.ne("") | texts[element].eq(""), element)
    outside = (texts[["building", "unit", "room"]] == "").all(axis=1)
    found = found.mask(texts["name"].ne("") & outside, "poi")
    return levels.where(texts["level"].ne(""), found)


def _kinds(said: "pd.Series[str]", heading: str, checklist: Checklist) -> "pd.Series[str]":
    """Return what each alias names, as a code of the elements; "" where the file does not say."""
    known = {text: _element(text, is_level=False) for text in said.unique()}
    for position in np.flatnonzero(said.map(known).isna() & said.ne("") & checklist.good).tolist():
        text = str(said.iat[position])
        problem = Problem(
            f"不认识类型“{text[:20]}”",
            f"unknown kind {text[:20]!r}",
            f"改为其中之一:{_known('address_elements')}",
            "use one of: " + ", ".join(dictionary("address_elements").entries),
        )
        checklist.reject(position, heading, text, problem)
    return said.map(lambda text: known[text] or "")


def _element(text: str, *, is_level: bool) -> str | None:
    entry = dictionary("address_elements").find(text) if text else None
    return None if entry is None or (is_level and not entry.extra.get("is_level")) else entry.code


def _reject_empty(texts: pd.DataFrame, checklist: Checklist) -> None:
    nothing = texts["level"].eq("")
    checklist.reject_all(
        np.flatnonzero(nothing & checklist.good),
        "",
        Problem(
            "没有道路、门牌、小区、楼栋等任何地址内容",
            "it holds no road, number, compound, building or other part of an address",
            "补全地址",
            "complete the address",
        ),
    )


def _coordinates(texts: pd.DataFrame, columns: Mapping[str, str], checklist: Checklist) -> Coordinates:
    """Return n × 2 numbers as the file has them, NaN where it has none; half a pair and words are refused."""
    said = texts[_COORDINATES]
    numbers = np.column_stack([pd.to_numeric(said[name], errors="coerce").to_numpy(float) for name in _COORDINATES])
    spoken = (said != "").to_numpy(bool)
    bad = (spoken & ~np.isfinite(numbers)) | (~spoken & spoken[:, ::-1])
    for position, axis in np.argwhere(bad & checklist.good[:, None]).tolist():
        name = _COORDINATES[axis]
        problem = Problem(
            "坐标不是数字,或只有一半", "the coordinate is no number, or half of a pair", "更正坐标", "correct it"
        )
        checklist.reject(position, columns.get(name, name), str(said[name].iat[position]), problem)
    return numbers


def _to_wgs84(coordinates: Coordinates, datum: str | None) -> tuple[Coordinates, list[Note]]:
    there = np.isfinite(coordinates).all(axis=1)
    if datum is None:
        note = ("坐标未声明基准,按 WGS84 读取", "no datum is stated: the coordinates were taken as WGS84")
        return coordinates, [note] if there.any() else []
    moved = coordinates.copy()
    moved[there] = shapely.get_coordinates(to_wgs84(shapely.points(coordinates[there]), parse_datum(datum)))
    return moved, []


def _reject_outside_world(coordinates: Coordinates, heading: str, checklist: Checklist) -> None:
    lon, lat = coordinates.T
    fix = ("检查坐标与 --datum", "check the coordinates and --datum")
    if looks_swapped(lon, lat):
        fix = ("经度、纬度两列似乎写反了", "longitude and latitude seem to be exchanged")
    outside = np.isfinite(coordinates).all(axis=1) & ((np.abs(lon) > 180) | (np.abs(lat) > 90))
    problem = Problem("坐标不在地球上", "the coordinates lie outside of the world", *fix)
    checklist.reject_all(np.flatnonzero(outside & checklist.good), heading, problem)
