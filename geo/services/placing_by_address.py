"""Use case: lists of shops, lifts and the like become points by their addresses; what is no one place is kept.

The rows whose address is one place go the import's own way, with the point, building and door that were found. The
others stay on record, each with what it could be, until somebody chooses or drops it.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.addresses.answers import Answer, Candidate
from geo.crs import WGS84
from geo.errors import InputError
from geo.exchange.address_files import address_column
from geo.exchange.columns import ColumnMapping, guess_columns, text_of
from geo.exchange.encodings import Note
from geo.exchange.numbering import source_keys
from geo.exchange.reading import FrameRead
from geo.services.households import LOOKED
from geo.services.importing import ImportResult, Progress, find_noun, import_rows, only_rows, read_rows, source_of
from geo.services.store_book import StoreBook
from geo.services.whereabouts import is_at, led_to
from geo.storage import events, layers, unplaced
from geo.storage.unplaced import NewUnplaced, UnplacedRecord
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import NOUNS, Noun

__all__ = [
    "AddressImport",
    "UnplacedRecord",
    "choose",
    "drop",
    "import_by_address",
    "look_at_unplaced",
    "placed_noun",
    "read_unplaced",
    "unplaced_table",
]

#: What lists of addresses are of; whatever else has a shape of its own.
PLACED = ("place", "city_element")
#: The column that rows are known by where a file has no identifier: a heading that no file has.
ROW_KEY = "\u2060row key"
_BUILDING = re.compile("[0-9]{19}")
_UNIT = re.compile("[0-9]{25}")
_CHOICES = ("id", "level", "address", "lon", "lat", "apart")


@dataclass
class AddressImport:
    """What became of a list.

    Attributes
    ----------
    result
        Of the rows that have a place; see :class:`geo.services.importing.ImportResult`.
    heading
        The column that the addresses were taken from.
    several, none
        Rows that could be several places, or none; all of them are kept.
    new
        How many of those were not kept before.
    settled
        Rows kept before that have a place now.
    """

    result: ImportResult
    heading: str
    located: int
    several: int = 0
    none: int = 0
    new: int = 0
    settled: int = 0


@dataclass
class _Located:
    """Answers of the rows that bring no point of their own."""

    points: NDArray[Any]
    building: dict[int, str] = field(default_factory=dict)
    unit: dict[int, str] = field(default_factory=dict)
    open: dict[int, Answer] = field(default_factory=dict)


def import_by_address(
    session: Session,
    book: StoreBook,
    path: Path,
    noun: str,
    *,
    heading: str | None = None,
    layer: str | None = None,
    mapping: Mapping[str, str] | None = None,
    key: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, str] | None = None,
    under: str | None = None,
    source: str | None = None,
    extent: str = "china",
    defaults: Mapping[str, str] | None = None,
    report_path: Path | None = None,
    who: str,
    progress: Progress | None = None,
) -> AddressImport:
    """Locate a list's rows and import them, within the session's transaction; see :func:`importing.import_file`.

    Parameters
    ----------
    heading
        The column of addresses; found by its words when not stated. Rows that bring coordinates keep theirs.

    Raises
    ------
    InputError
        The noun's things are not placed by addresses; or rows have places, and none of them can be taken.
    ColumnError
        It is not clear which column holds addresses.
    """
    tell = progress or _silent
    tell("读取文件 Reading the file", 0.0)
    kind = placed_noun(noun)
    read = read_rows(path, kind, layer=layer, datum=datum, encoding=encoding, where=where)
    headings = [str(name) for name in read.frame.columns if name != "geometry"]
    heading = address_column(headings, heading)
    source, under = source or source_of(path, read.layer), under or _only_street(session)
    read, columns, key = _identified(read, kind, mapping, key)
    found = _locate(read, book, heading, tell)
    # What the user leaves out stays out when the row comes again.
    taken = {**(mapping or {}), **columns.columns}
    manner = {"columns": dict(taken), "defaults": dict(defaults or {}), "extent": extent, "under": under}
    good = np.array([position not in found.open for position in range(len(read.frame))], bool)
    outcome = AddressImport(ImportResult(notes=list(read.notes)), heading, located=int(good.sum()))
    if good.any():
        placed = _with_places(read, kind, taken, found)
        outcome.result = import_rows(
            session,
            only_rows(placed, np.flatnonzero(good)),
            kind,
            source=source,
            mapping=taken,
            key=key,
            under=under,
            extent=extent,
            defaults=defaults,
            report_path=report_path,
            who=who,
            progress=tell,
        )
    rows = [
        NewUnplaced(noun=kind.name, source=source, manner=manner, scope_code=_scope(under), **told)
        for told in _waiting(read, book, found, heading, key)
    ]
    outcome.new = unplaced.keep(session, rows, who=who)
    outcome.several = sum(row.outcome == "several" for row in rows)
    outcome.none = len(rows) - outcome.several
    known = layers.codes_by_source(session, kind, source)
    waiting = {row.source_key for row in rows}
    settled = {row_key: code for row_key, code in known.items() if row_key not in waiting}
    outcome.settled = unplaced.settle(session, kind.name, source, settled, who=who)
    book.record_look()
    return outcome


def choose(session: Session, row_id: int, choice: str, *, version: int | None = None, who: str) -> UnplacedRecord:
    """Place a kept row at one of the places it could be: it becomes a thing of its noun, as the import makes them.

    Parameters
    ----------
    choice
        The code of one of the row's choices, or its number in their list, from 1.
    version
        The version of the row that was seen; None takes any.

    Raises
    ------
    NotFoundError, StaleVersionError, ConflictError
        See :func:`geo.storage.unplaced.hold`.
    InputError
        It is none of the choices, its place is not known, or the row cannot be taken as it is.
    """
    row = unplaced.hold(session, row_id, version=version)
    chosen = _chosen(row, choice)
    kind = find_noun(row.noun)
    taken = dict(row.manner["columns"])
    import_rows(
        session,
        _one_row(row, chosen, kind, taken),
        kind,
        source=row.source,
        mapping=taken,
        key=ROW_KEY,
        under=row.manner["under"],
        extent=row.manner["extent"],
        defaults=row.manner["defaults"],
        who=who,
    )
    code = layers.codes_by_source(session, kind, row.source)[row.source_key]
    return unplaced.decide(session, row, "placed", code=code, who=who)


def drop(session: Session, row_id: int, *, version: int | None = None, who: str) -> UnplacedRecord:
    """Say that a kept row is not wanted; it stays on record.

    Raises
    ------
    NotFoundError, StaleVersionError, ConflictError
        See :func:`geo.storage.unplaced.hold`.
    """
    return unplaced.decide(session, unplaced.hold(session, row_id, version=version), "dropped", who=who)


def read_unplaced(
    session: Session, *, noun: str | None = None, limit: int | None = None, after: int = 0
) -> list[UnplacedRecord]:
    """Read the rows that wait for somebody to place them, in the order in which they came."""
    return unplaced.read(session, noun=noun, limit=limit, after=after)


def look_at_unplaced(
    session: Session, *, noun: str | None = None, limit: int | None = None, after: int = 0, who: str
) -> list[UnplacedRecord]:
    """Return what :func:`read_unplaced` does, and record the look: lists say of homes what they are."""
    rows = read_unplaced(session, noun=noun, limit=limit, after=after)
    if rows:
        events.record(session, who=who, what=LOOKED, noun=unplaced.UNPLACED, after={"rows": len(rows)})
    return rows


def unplaced_table(rows: Sequence[UnplacedRecord]) -> pd.DataFrame:
    """Return rows as a sheet: number, file, why, what each could be, then the rows as their files have them."""
    outcomes = dictionary("address_outcomes")
    told = [
        {
            "编号": row.id,
            "来源": row.source,
            "行号": row.row_number,
            "定位结果": outcomes[row.outcome].zh,
            "原因": row.reason_zh,
            "reason": row.reason_en,
            "候选": ";".join(
                f"{number}. {choice['address']}[{choice['id']}]" for number, choice in enumerate(row.choices, start=1)
            ),
            **{f"原文 {name}": text for name, text in row.file_row.items()},
        }
        for row in rows
    ]
    return pd.DataFrame(told)


def placed_noun(name: str) -> Noun:
    """Return the noun of a name, of those whose things are placed by their addresses.

    Raises
    ------
    InputError
        It is none of :data:`PLACED`.
    """
    noun = find_noun(name)
    if noun.name not in PLACED:
        known = "、".join(f"{code} {find_noun(code).zh}" for code in PLACED)
        raise InputError(
            f"{noun.zh}不能按地址定位导入;可以的有:{known}",
            f"a {noun.name} is not placed by its address; these are: {', '.join(PLACED)}",
        )
    return noun


def _silent(_: str, __: float) -> None:
    """Take no notice of progress."""


# ── a list ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _identified(
    read: FrameRead, kind: Noun, mapping: Mapping[str, str] | None, key: str | None
) -> tuple[FrameRead, ColumnMapping, str]:
    """Return the rows with a column that knows them again, wherever they turn out to lie."""
    columns = guess_columns(read.frame, kind, mapping, key=key)
    if columns.key is not None:
        return read, columns, columns.key
    frame = read.frame.copy()
    frame[ROW_KEY] = source_keys(read.frame, None)
    return replace(read, frame=frame), columns, ROW_KEY


def _locate(read: FrameRead, book: StoreBook, heading: str, tell: Progress) -> _Located:
    found = _Located(read.frame.geometry.to_numpy().copy())
    texts = [text_of(value) for value in read.frame[heading]]
    known: dict[str, Answer] = {}
    for position, text in enumerate(texts):
        tell("查找地址 Looking addresses up", 0.05 + 0.1 * position / len(texts))
        # What could not be read is refused by the import, in its words.
        if found.points[position] is not None or position in read.problems:
            continue
        answer = known[text] if text in known else known.setdefault(text, book.ask(text))
        place = answer.candidates[0] if answer.outcome == "one" else None
        if place is None or math.isnan(place.lon):
            found.open[position] = answer
        elif there := led_to(place.lon, place.lat, answer.relation):
            found.points[position] = shapely.Point(there)
        elif is_at(answer.relation):
            found.points[position] = shapely.Point(place.lon, place.lat)
            found.building[position], found.unit[position] = _codes(book.code_of(place))
        else:
            # Beside it or opposite is somewhere else: who knows the place says where.
            found.open[position] = answer
    return found


def _codes(code: str) -> tuple[str, str]:
    """Return the building and the household unit that a code names; "" for none."""
    building = _BUILDING.match(code)
    return (building[0] if building else "", code if _UNIT.fullmatch(code) else "")


def _with_places(read: FrameRead, kind: Noun, taken: dict[str, str], found: _Located) -> FrameRead:
    """Return the rows with their points, and with building and door where the file does not say them.

    ``taken`` says which heading each of the noun's columns is taken from; what is added here is added there.
    """
    frame = read.frame.copy()
    for name, codes in (("building_code", found.building), ("household_unit_code", found.unit)):
        if name not in kind.column_names or not any(codes.values()):
            continue
        heading = taken.get(name) or name
        taken[name] = heading
        said = frame[heading].map(text_of) if heading in frame else pd.Series("", index=frame.index)
        filled = [text or codes.get(position) or None for position, text in enumerate(said)]
        frame[heading] = pd.Series(filled, index=frame.index, dtype=object)
    frame = frame.set_geometry(gpd.GeoSeries(found.points, index=frame.index, crs=WGS84))
    return replace(read, frame=frame, datum=read.datum or "wgs84", has_geometry=True)


def _waiting(read: FrameRead, book: StoreBook, found: _Located, heading: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield what there is to keep of each row that has no place."""
    headings = [str(name) for name in read.frame.columns if name not in ("geometry", ROW_KEY)]
    keys, seen = source_keys(read.frame, key), set[str]()
    for position, answer in sorted(found.open.items()):
        number, row_key = int(read.row_numbers[position]), keys[position]
        if row_key in seen:
            # Two rows with one identifier are two rows here: neither is lost.
            row_key = f"{row_key} ({number})"
        seen.add(row_key)
        row = {name: text_of(read.frame[name].iat[position]) for name in headings}
        zh, en = _why(answer)
        yield {
            "source_key": row_key,
            "row_number": number,
            "file_row": row,
            "address": row[heading],
            "outcome": "none" if answer.outcome == "none" else "several",
            "reason_zh": zh,
            "reason_en": en,
            "choices": [_choice(place, book) for place in (*answer.candidates, *answer.nearest)],
        }


def _only_street(session: Session) -> str | None:
    streets = layers.read(session, NOUNS["street"], limit=2)
    return str(streets["code"].iloc[0]) if len(streets) == 1 else None


def _scope(under: str | None) -> str | None:
    """Whose rows these are: without a street or community the terminal alone shows them."""
    return under if under is not None and len(under) in (9, 12) else None


def _why(answer: Answer) -> Note:
    if answer.outcome != "one":
        return answer.reason.zh, answer.reason.en
    if answer.relation is not None:
        said = answer.relation.text
        return f"地址说的是“{said}”,不在该处本身;请确认", f"the address says {said}, which is not the place itself"
    return "找到了地址,但它没有坐标", "the address was found, but no point of it is known"


def _choice(place: Candidate, book: StoreBook) -> dict[str, Any]:
    told = {**{name: getattr(place, name) for name in _CHOICES}, "code": book.code_of(place)}
    if math.isnan(place.lon):
        told["lon"] = told["lat"] = None
    return told


# ── one row ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _chosen(row: UnplacedRecord, choice: str) -> dict[str, Any]:
    by_number = {str(number): one for number, one in enumerate(row.choices, start=1)}
    chosen = next((one for one in row.choices if one["id"] == choice), by_number.get(choice))
    if chosen is None:
        known = "、".join(f"{number} {one['address']}[{one['id']}]" for number, one in by_number.items())
        raise InputError(
            f"“{choice[:40]}”不在第 {row.id} 行的候选之中;候选:{known or '无'}",
            f"{choice[:40]!r} is none of the choices of row {row.id}: {', '.join(one['id'] for one in row.choices)}",
        )
    if chosen["lon"] is None:
        raise InputError(
            f"“{chosen['address']}”没有坐标,不能在此落点;请先补充其坐标",
            f"no point of {chosen['id']} is known, so nothing can be placed there; give it one first",
        )
    return chosen


def _one_row(row: UnplacedRecord, chosen: dict[str, Any], kind: Noun, taken: dict[str, str]) -> FrameRead:
    said: dict[str, list[str | None]] = {name: [text or None] for name, text in row.file_row.items()}
    said[ROW_KEY] = [row.source_key]
    frame = gpd.GeoDataFrame(said, geometry=[shapely.Point(chosen["lon"], chosen["lat"])], crs=WGS84)
    read = FrameRead(
        frame=frame,
        layer=None,
        encoding=None,
        datum="wgs84",
        notes=[],
        row_numbers=np.array([row.row_number], np.int64),
        had_z=np.zeros(1, bool),
    )
    building, unit = _codes(str(chosen["code"]))
    found = _Located(frame.geometry.to_numpy().copy(), {0: building}, {0: unit})
    return _with_places(read, kind, taken, found)
