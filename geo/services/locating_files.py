"""Use case: addresses in files: a list of texts answered line by line, a sheet given back with what was found.

Nothing here needs the store: what answers a text is handed in, and a gazetteer in a file answers too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geo.addresses.answers import Answer, Candidate, Heard
from geo.addresses.book import AddressBook
from geo.addresses.locating import locate
from geo.errors import BoundsError
from geo.exchange.address_files import AddressRows, address_column, match_columns, read_aliases, read_gazetteer
from geo.exchange.stamps import Stamp
from geo.exchange.tables import TextTable
from geo.exchange.writing import write_frame, write_frames
from geo.services.whereabouts import led_to
from geo.territory.dictionaries import dictionary

#: What answers one text; the book of a file, or the store's within somebody's scope.
Ask = Callable[[str], Answer]
#: The code of the grid of a place, or of the point that a direction leads to from it; "" where that is not known.
GridOf = Callable[[Candidate, tuple[float, float] | None], str]
#: Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, float, int], None]

ANSWER_COLUMNS = ["query_id", "answer", "outcome", "reason", "read_as", "nearest", "lon", "lat"]
#: Columns that a sheet gets beside its own.
ADDED = ["结果", "地址编码", "标准地址", "经度", "纬度", "网格", "原因", "候选"]
LOCATED, UNMATCHED = "定位结果", "未匹配"
_ROW_NUMBER = "行号"
_TOLD_EVERY = 200


@dataclass(frozen=True)
class FileBook:
    """A book made of files, and what was read of them."""

    book: AddressBook
    places: AddressRows
    aliases: AddressRows | None

    def ask(self, text: str) -> Answer:
        """Answer one text."""
        return locate(self.book, text)

    def grid_of(self, candidate: Candidate, moved: tuple[float, float] | None = None) -> str:
        """Return the grid that the gazetteer states for a place; of a point beside it none is stated."""
        if moved is not None or "grid" not in self.book.frame.columns:
            return ""
        return str(self.book.frame["grid"].iat[candidate.row])


@dataclass(frozen=True)
class LocatedSheet:
    """A sheet with what was found.

    Attributes
    ----------
    rows
        The sheet's columns as they were read, then :data:`ADDED`.
    unmatched
        Those of its rows that are not one place, with their row numbers, why, and what they could be.
    counts
        Rows by outcome.
    """

    rows: pd.DataFrame
    unmatched: pd.DataFrame
    counts: dict[str, int]


def book_of_files(
    gazetteer: Path,
    aliases: Path | None = None,
    *,
    encoding: str | None = None,
    datum: str | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> FileBook:
    """Read a gazetteer, and other names of its places, and make a book of them.

    ``mapping`` says which heading is which column of the gazetteer, where their words do not.

    Raises
    ------
    InputError
        See :func:`geo.exchange.address_files.read_gazetteer`; or nothing can be made of the rows.
    """
    tell = progress or _silent
    tell("读取地址库 Reading the gazetteer", 0, 2)
    places = read_gazetteer(gazetteer, encoding=encoding, datum=datum, mapping=mapping)
    others = read_aliases(aliases, encoding=encoding) if aliases is not None else None
    tell("建立索引 Building the index", 1, 2)
    book = AddressBook.build(places.frame, None if others is None else others.frame)
    return FileBook(book, places, others)


def answer_queries(ask: Ask, table: TextTable, *, progress: Progress | None = None) -> pd.DataFrame:
    """Answer each line of a list of queries; columns :data:`ANSWER_COLUMNS`, all text but ``lon`` and ``lat``.

    ``answer`` is a code, several with ``|`` between them, or ``NONE``. A list without numbers is numbered by its rows.

    Raises
    ------
    ColumnError
        The list has no column of texts.
    """
    columns = match_columns(table.headings, "call_columns")
    texts = table.headings.index(address_column(table.headings, None))
    numbers = table.headings.index(columns["query_id"]) if "query_id" in columns else None
    rows = []
    asked = _answers(ask, [row[texts] for row in table.rows], progress or _silent)
    for row, number, answer in zip(table.rows, table.row_numbers, asked, strict=True):
        lon, lat = _spot(answer)
        rows.append(
            {
                "query_id": str(number) if numbers is None else row[numbers],
                "answer": "|".join(candidate.id for candidate in answer.candidates) or "NONE",
                "outcome": answer.outcome,
                "reason": answer.reason.zh,
                "read_as": read_as(answer),
                "nearest": "|".join(candidate.id for candidate in answer.nearest),
                "lon": lon,
                "lat": lat,
            }
        )
    return pd.DataFrame(rows, columns=ANSWER_COLUMNS)


def write_answers(answers: pd.DataFrame, path: Path) -> Path:
    """Write answers for programs to read: CSV in UTF-8 without a mark (or .xlsx), whole or not at all."""
    return write_frame(answers, path, layer="answers", encoding="UTF-8")[0]


def refuse_long(table: TextTable) -> None:
    """Refuse a sheet that is too long to wait for; ``data/dictionaries/import_limits.toml`` says how long that is.

    Raises
    ------
    BoundsError
        It has more rows.
    """
    most = int(dictionary("import_limits")["rows_located"].extra["maximum"])
    if len(table.rows) > most:
        raise BoundsError(
            f"表格有 {len(table.rows)} 行,在线定位最多 {most} 行;请分成几份,或用 wangge locate --file",
            f"the sheet has {len(table.rows)} rows, {most} are located at once; divide it, or use wangge locate --file",
        )


def locate_sheet(
    ask: Ask, grid_of: GridOf, table: TextTable, *, column: str | None = None, progress: Progress | None = None
) -> LocatedSheet:
    """Look every row's address up and add what was found; no row is lost and none changes.

    Parameters
    ----------
    column
        The heading of the addresses; found by its words when not stated.

    Raises
    ------
    ColumnError
        It is not clear which column holds addresses.
    """
    heading = address_column(table.headings, column)
    position = table.headings.index(heading)
    answers = list(_answers(ask, [row[position] for row in table.rows], progress or _silent))
    added = pd.DataFrame([_added(answer, grid_of) for answer in answers], columns=ADDED)
    added.columns = pd.Index(_apart(ADDED, table.headings))
    own = pd.DataFrame(table.rows, columns=table.headings, dtype=object)
    rows = pd.concat([own, added], axis=1)
    unmatched = [
        {_ROW_NUMBER: number, "地址": row[position], **_why(answer)}
        for row, number, answer in zip(table.rows, table.row_numbers, answers, strict=True)
        if answer.outcome != "one"
    ]
    counts = {
        code: sum(answer.outcome == code for answer in answers) for code in dictionary("address_outcomes").entries
    }
    return LocatedSheet(rows, pd.DataFrame(unmatched, columns=[_ROW_NUMBER, "地址", *_WHY]), counts)


def write_located(sheet: LocatedSheet, path: Path, *, stamp: Stamp) -> list[Path]:
    """Write a located sheet: in one workbook of two sheets, or as a CSV with a second one beside it.

    Raises
    ------
    FileFormatError
        The file is to be neither, or cannot hold the rows.
    """
    frames = {LOCATED: sheet.rows, UNMATCHED: sheet.unmatched}
    if path.suffix.casefold() != ".csv":
        return write_frames(frames, path, stamp=stamp)
    beside = path.with_name(f"{path.stem}.{UNMATCHED}{path.suffix}")
    return [*write_frame(sheet.rows, path, stamp=stamp), *write_frame(sheet.unmatched, beside, stamp=stamp)]


def read_as(answer: Answer) -> str:
    """Say how a text was understood; see :func:`say_heard`."""
    return say_heard(answer.heard)


def say_heard(heard: Sequence[Heard]) -> str:
    """Say of each piece of a text what kind it is, and what it was taken for where that differs."""
    kinds, ways = dictionary("address_elements"), dictionary("address_readings")
    said = []
    for piece in heard:
        kind = kinds[piece.kind].zh if piece.kind in kinds else piece.kind
        way = ways[piece.how].zh if piece.how in ways else piece.how
        taken = f"→{piece.name}" if piece.name and piece.name != piece.text else ""
        said.append(f"{kind}:{piece.text}" + ("" if piece.how == "exact" else f"{taken}({way})"))
    return ";".join(said)


def choices(candidates: Sequence[Candidate]) -> str:
    """List places with their codes and what tells them apart, numbered."""
    listed = [
        f"{number}. {place.address}[{place.id}]" + (f"({place.apart})" if place.apart else "")
        for number, place in enumerate(candidates, start=1)
    ]
    return ";".join(listed)


_WHY = ["结果", "原因", "reason", "候选", "最近的地址", "读作"]


def _why(answer: Answer) -> dict[str, str]:
    return {
        "结果": dictionary("address_outcomes")[answer.outcome].zh,
        "原因": answer.reason.zh,
        "reason": answer.reason.en,
        "候选": choices(answer.candidates),
        "最近的地址": choices(answer.nearest),
        "读作": read_as(answer),
    }


def _added(answer: Answer, grid_of: GridOf) -> list[object]:
    outcome = dictionary("address_outcomes")[answer.outcome].zh
    if answer.outcome != "one":
        return [outcome, None, None, None, None, None, answer.reason.zh, choices(answer.candidates) or None]
    place = answer.candidates[0]
    lon, lat = _spot(answer)
    grid, why = grid_of(place, led_to(place.lon, place.lat, answer.relation)), answer.reason.zh
    if answer.relation is not None:
        why += f";方位“{answer.relation.text}”" + (
            "已计入坐标" if lon != place.lon or lat != place.lat else "未计入坐标"
        )
    return [outcome, place.id, place.address, lon, lat, grid or None, why, None]


def _spot(answer: Answer) -> tuple[float | None, float | None]:
    """Where that is: the place, or where the direction that was told leads from it; None for what is no one place."""
    if answer.outcome != "one":
        return None, None
    place = answer.candidates[0]
    return led_to(place.lon, place.lat, answer.relation) or (place.lon, place.lat)


def _apart(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return names that none of the sheet's own columns has: a sheet that was located before keeps what it says."""
    free = []
    for name in names:
        number = 1
        while (made := name if number == 1 else f"{name}_{number}") in taken:
            number += 1
        free.append(made)
    return free


def _answers(ask: Ask, texts: Sequence[str], tell: Progress) -> Iterator[Answer]:
    """Answer texts in their order; what was asked before is not asked again."""
    known: dict[str, Answer] = {}
    for number, text in enumerate(texts):
        if number % _TOLD_EVERY == 0:
            tell("查找地址 Looking addresses up", number, len(texts))
        if text not in known:
            known[text] = ask(text)
        yield known[text]


def _silent(_: str, __: float, ___: int) -> None:
    """Take no notice of progress."""
