"""The address book: every place's elements as keys, sorted so that a place comes right before what lies in it.

Elements of a row are numbers of vocabularies (0: none). Rows are sorted by district, road, house number, compound,
building, stairwell and door, so that the rows of a road or of a compound are one run, and what a text leaves out is
found by comparing columns of that run.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.addresses.keys import ZONE, building_key, number_key, room_key, said_key, unit_key
from geo.addresses.names import NameIndex
from geo.addresses.normalising import SEPARATORS, normalise
from geo.addresses.numerals import with_numerals
from geo.errors import ColumnError, InputError

COLUMNS = [
    *("id", "level", "kind", "province", "city", "district", "street", "community", "road", "number", "compound"),
    *("building", "unit", "room", "name", "lon", "lat"),
]
ALIAS_COLUMNS = ["alias", "kind", "name", "id"]
LEVELS = ("street", "community", "road", "number", "compound", "building", "unit", "room", "poi", "intersection")
DIVISIONS = ("province", "city", "district", "street")
#: The elements by which one row lies in another, in the order in which rows are sorted.
NESTING = ("district", "road", "number", "compound", "zone", "mark", "unit", "room", "name")

#: What an address says from the road on.
#: Elements by which rows are looked up in all of the book.
LOOKED_UP = ("street", "community", "number", "zone", "mark", "unit", "room", "name")
FROM_ROAD = ("road", "number", "compound", "building", "unit", "room", "name")

#: Kinds of aliases whose places are numbered in a column of another name.
_COLUMN_OF = {"compound": "entity", "poi": "name", "building": "mark"}

Rows = NDArray[np.int64]


class Target(NamedTuple):
    """What a name stands for: a kind of element, and its number among those."""

    kind: str
    entity: int


@dataclass(frozen=True)
class Vocabulary:
    """The texts of one element; 0 is the empty one."""

    texts: list[str]
    numbers: dict[str, int]

    def number(self, text: str) -> int:
        """Return the number of a text, -1 where the book does not have it."""
        return self.numbers.get(text, -1)


@dataclass
class AddressBook:
    """Places to be located, and all that locating needs of them. Built once; never changed.

    Attributes
    ----------
    frame
        The rows as sorted; columns of ``COLUMNS`` and whatever else the frame brought.
    columns
        Element → number of its text per row (int32): the elements of ``NESTING``, ``province``, ``city``, ``street``,
        ``community``, and ``entity``, the compound as the place that it is (two of one name are two).
    names
        All names of roads, compounds, landmarks, communities, streets and named buildings, and their aliases.
    targets
        Per name: what it stands for.
    aliased
        Names that are aliases only.
    """

    frame: pd.DataFrame
    columns: dict[str, NDArray[np.int32]]
    vocabularies: dict[str, Vocabulary]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    crossings: dict[frozenset[str], list[int]] = field(default_factory=dict)
    names: NameIndex = field(init=False)
    written: list[str] = field(init=False)
    targets: list[list[Target]] = field(init=False)
    aliased: frozenset[int] = field(init=False)
    _runs: dict[Target, list[tuple[int, int]]] = field(default_factory=dict)
    #: Per column: a number per row, and the text of each number as it came and without what only separates.
    _written: dict[str, tuple[NDArray[np.int32], list[str]]] = field(default_factory=dict)
    _compact: dict[str, list[str]] = field(default_factory=dict)
    _ids: Any = field(init=False)
    #: Per element of ``LOOKED_UP``: the rows by the number of their text, and where each number begins among them.
    _held: dict[str, tuple[Rows, Rows]] = field(default_factory=dict)
    #: Hashes of all addresses from the road on, ascending, and their rows.
    _wholes: tuple[NDArray[np.int64], NDArray[np.int64]] = field(init=False)

    @classmethod
    def build(
        cls,
        frame: pd.DataFrame,
        aliases: pd.DataFrame | None = None,
        *,
        progress: Callable[[float], None] | None = None,
    ) -> "AddressBook":
        """Build the book of rows with the columns of ``COLUMNS``; missing text columns are taken as empty.

        Raises
        ------
        ColumnError
            ``id`` or ``level`` is missing.
        InputError
            An id occurs twice, or a level is none of ``LEVELS``.
        """
        tell = progress or (lambda _: None)
        rows = _complete(frame)
        written = {name: _factorized(rows[name]) for name in COLUMNS[1:15]}
        texts = {name: (written[name][0], [normalise(text) for text in written[name][1]]) for name in COLUMNS[3:15]}
        tell(0.2)
        columns, vocabularies = _elements(texts)
        _part_divisions(rows, columns, vocabularies)
        _part_turned(texts["number"], columns, vocabularies)
        order = np.lexsort([columns[name] for name in (*reversed(NESTING), "city")])
        columns = {name: column[order] for name, column in columns.items()}
        rows = rows.take(order).reset_index(drop=True)
        columns["entity"] = _entities(columns)
        lon, lat = (rows[name].to_numpy(dtype=float) for name in ("lon", "lat"))
        tell(0.5)
        book = cls(rows, columns, vocabularies, lon, lat)
        book._written = {name: (numbers[order], found) for name, (numbers, found) in written.items()}
        book._compact = {name: [compact(text) for text in texts[name][1]] for name in FROM_ROAD}
        book._ids = rows["id"].array
        book._held = {name: _by_number(columns[name]) for name in LOOKED_UP}
        book._wholes = _hashed(book._compact, {name: book._written[name][0] for name in FROM_ROAD})
        tell(0.7)
        book._name(aliases)
        tell(1.0)
        return book

    # ── where things are ─────────────────────────────────────────────────────────────────────────────────────────────

    def rows_of(self, target: Target) -> Rows:
        """Return the rows, ascending, of what a name stands for."""
        runs = self._runs.get(target)
        if runs is None:
            return self.holding(*target)
        if len(runs) == 1:
            return np.arange(*runs[0])
        return np.concatenate([np.arange(*run) for run in runs])

    def holding(self, element: str, number: int) -> Rows:
        """Return the rows, ascending, whose text of an element is the vocabulary's of this number."""
        if element not in self._held:
            return np.flatnonzero(self.columns[element] == number)
        rows, starts = self._held[element]
        return rows[starts[number] : starts[number + 1]] if 0 <= number < len(starts) - 1 else rows[:0]

    def inside(self, row: int) -> Rows:
        """Return the rows that have all elements of a row: itself and what lies in it."""
        kind = next((kind for kind in ("entity", "road") if self.columns[kind][row]), None)
        rows = self.rows_of(Target(kind, int(self.columns[kind][row]))) if kind else np.arange(len(self.frame))
        kept = np.ones(len(rows), dtype=bool)
        for name in NESTING:
            number = self.columns[name][row]
            if number:
                kept &= self.columns[name][rows] == number
        return rows[kept]

    def of_level(self, rows: Rows, level: str) -> Rows:
        """Return those of the rows that are of a level."""
        numbers, texts = self._written["level"]
        return rows[numbers[rows] == texts.index(level)] if level in texts else rows[:0]

    def ident(self, row: int) -> str:
        """Return the id of a row."""
        return str(self._ids[row])

    def text(self, element: str, row: int) -> str:
        """Return the written text of an element of a row."""
        numbers, texts = self._written[element]
        return texts[int(numbers[row])]

    def whole(self, text: str) -> list[int]:
        """Return the rows whose address from the road on is ``text``, a compact one (:func:`compact`); none for ""."""
        if not text:
            return []
        hashes, rows = self._wholes
        start, end = np.searchsorted(hashes, hash(text), "left"), np.searchsorted(hashes, hash(text), "right")
        return sorted(int(row) for row in rows[start:end] if self._from_road(int(row)) == text)

    def _from_road(self, row: int) -> str:
        return "".join(texts[self._written[name][0][row]] for name, texts in self._compact.items())

    def point(self, row: int) -> tuple[float, float]:
        """Return lon and lat of a row; NaN where none is known."""
        return float(self.lon[row]), float(self.lat[row])

    def address(self, row: int, elements: Sequence[str] = COLUMNS[3:15]) -> str:
        """Return the whole address of a row, Chinese, or what it says of some elements."""
        return "".join(self.text(name, row) for name in elements)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _name(self, aliases: pd.DataFrame | None) -> None:
        named: dict[str, set[Target]] = defaultdict(set)
        self._find_runs()
        compound, entity = self.columns["compound"], self.columns["entity"]
        pairs = np.unique(np.stack([compound, entity], axis=1), axis=0)
        for text, number in pairs[pairs[:, 0] > 0].tolist():
            named[self.vocabularies["compound"].texts[text]].add(Target("entity", number))
        for kind in ("community", "road", *DIVISIONS):
            for number, text in enumerate(self.vocabularies[kind].texts):
                if text:
                    named[text].add(Target(kind, number))
        for kind in ("mark", "zone"):
            for number, text in enumerate(self.vocabularies[kind].texts):
                if _is_name(text):
                    named[text].add(Target(kind, number))
        self._name_landmarks(named)
        exact = set(named)
        for alias, target in self._targets_of(aliases, named):
            named[alias].add(target)
        self.written = list(named)
        self.targets = [sorted(named[text]) for text in self.written]
        self.aliased = frozenset(number for number, text in enumerate(self.written) if text not in exact)
        self.names = NameIndex.build([with_numerals(text) for text in self.written])

    def _find_runs(self) -> None:
        """Note where the rows of each road and compound lie; what is spread over many runs is looked up by column."""
        if not len(self.frame):
            return
        for kind in ("road", "entity"):
            column = self.columns[kind]
            starts = np.flatnonzero(np.diff(column, prepend=-1))
            ends = np.append(starts[1:], len(column))
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                if column[start]:
                    self._runs.setdefault(Target(kind, int(column[start])), []).append((start, end))

    def _name_landmarks(self, named: dict[str, set[Target]]) -> None:
        levels = self.frame["level"].to_numpy()
        roads = {text for text in self.vocabularies["road"].texts if text}
        for number, text in enumerate(self.vocabularies["name"].texts):
            if text:
                named[text].add(Target("name", number))
        for row in np.flatnonzero(levels == "intersection").tolist():
            text = self.vocabularies["name"].texts[self.columns["name"][row]]
            crossed = _roads_in(text, roads)
            if len(crossed) == 2:
                self.crossings.setdefault(frozenset(crossed), []).append(row)
            named.pop(text, None)

    def _targets_of(self, aliases: pd.DataFrame | None, named: dict[str, set[Target]]) -> list[tuple[str, Target]]:
        if aliases is None or not len(aliases):
            return []
        _demand(aliases, ("alias",))
        places = pd.Series(np.arange(len(self.frame)), index=self.frame["id"])
        found: list[tuple[str, Target]] = []
        for row in aliases.fillna("").itertuples(index=False):
            alias = normalise(str(row.alias))
            if not alias:
                continue
            kind, name, ident = (str(getattr(row, key, "")) for key in ("kind", "name", "id"))
            targets = [target for target in named.get(normalise(name), ()) if _meant(kind, target.kind)]
            if not targets and ident and ident in places.index:
                target = self._of_row(int(places[ident]), kind)
                targets = [target] if target else []
            found += [(alias, each) for each in targets]
        return found

    def _of_row(self, row: int, kind: str) -> Target | None:
        """Return what an alias of a row stands for: its road, compound, building name or landmark."""
        level = kind or str(self.frame["level"].iat[row])
        column = _COLUMN_OF.get(level, level)
        number = int(self.columns[column][row]) if column in self.columns else 0
        return Target(column, number) if number else None


def compact(text: str) -> str:
    """Return a normalised text without blanks and whatever else only separates."""
    return "".join(sign for sign in text if sign not in SEPARATORS)


def _hashed(
    texts: dict[str, list[str]], numbers: dict[str, NDArray[np.int32]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    columns = [np.array(texts[name], dtype=object)[numbers[name]].tolist() if texts[name] else [] for name in FROM_ROAD]
    hashes = np.array([hash("".join(parts)) for parts in zip(*columns, strict=True)], dtype=np.int64)
    order = np.argsort(hashes, kind="stable")
    return hashes[order], order


def _by_number(column: NDArray[np.int32]) -> tuple[Rows, Rows]:
    rows = np.argsort(column, kind="stable")
    return rows, np.searchsorted(column[rows], np.arange(int(column.max(initial=0)) + 2))


def _meant(kind: str, target: str) -> bool:
    return not kind or _COLUMN_OF.get(kind, kind) == target


def _demand(frame: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in frame]
    if missing:
        raise ColumnError(
            f"缺少列:{'、'.join(missing)};已有列:{'、'.join(map(str, frame.columns))}",
            f"missing columns: {', '.join(missing)}; there are: {', '.join(map(str, frame.columns))}",
        )


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    _demand(frame, ("id", "level"))
    rows = frame.copy(deep=False)
    for name in COLUMNS[2:15]:
        rows[name] = rows[name].fillna("") if name in rows else ""
    for name in ("lon", "lat"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce") if name in rows else np.nan
    unknown = sorted(set(rows["level"].unique()) - set(LEVELS))
    if unknown:
        raise InputError(
            f"未知的级别 level:{'、'.join(map(str, unknown[:5]))};可用:{'、'.join(LEVELS)}",
            f"unknown levels: {', '.join(map(str, unknown[:5]))}; allowed: {', '.join(LEVELS)}",
        )
    twice = rows["id"][rows["id"].duplicated()].unique()
    if len(twice):
        raise InputError(
            f"地址编码 id 重复:{'、'.join(map(str, twice[:5]))}(共 {len(twice)} 个)",
            f"ids that occur twice: {', '.join(map(str, twice[:5]))} ({len(twice)} in all)",
        )
    return rows


def _factorized(column: "pd.Series[Any]") -> tuple[NDArray[np.int32], list[str]]:
    """Return a number per row and the text of each number."""
    numbers, texts = pd.factorize(column.astype(object))
    return numbers.astype(np.int32), [str(text) for text in texts]


def _elements(
    texts: dict[str, tuple[NDArray[np.int32], list[str]]],
) -> tuple[dict[str, NDArray[np.int32]], dict[str, Vocabulary]]:
    columns: dict[str, NDArray[np.int32]] = {}
    vocabularies: dict[str, Vocabulary] = {}

    def note(name: str, numbers: NDArray[np.int32], keys: list[str]) -> None:
        vocabulary = list(dict.fromkeys(["", *keys]))
        places = {text: place for place, text in enumerate(vocabulary)}
        columns[name] = np.array([places[key] for key in keys], dtype=np.int32)[numbers]
        vocabularies[name] = Vocabulary(vocabulary, places)

    for name, (numbers, found) in texts.items():
        if name == "building":
            keys = [building_key(text) for text in found]
            note("zone", numbers, [key.zone for key in keys])
            note("mark", numbers, [key.mark for key in keys])
        else:
            key = {"number": number_key, "unit": unit_key, "room": room_key}.get(name)
            note(name, numbers, [key(text) if key and text else text for text in found])
    return columns, vocabularies


def _part_divisions(
    rows: pd.DataFrame, columns: dict[str, NDArray[np.int32]], vocabularies: dict[str, Vocabulary]
) -> None:
    """Give rows of streets and communities a name number of their own: nothing lies in them by its other elements."""
    divisions = np.flatnonzero(rows["level"].isin(["street", "community"]).to_numpy())
    columns["name"][divisions] = len(vocabularies["name"].texts) + np.arange(len(divisions), dtype=np.int32)


def _part_turned(
    written: tuple[NDArray[np.int32], list[str]],
    columns: dict[str, NDArray[np.int32]],
    vocabularies: dict[str, Vocabulary],
) -> None:
    """Give 乙126号 a number of its own where 126号乙 is on the same road too: there they are two doors."""
    numbers, texts = written
    own = {place: said_key(text) for place, text in enumerate(texts) if text and said_key(text) != number_key(text)}
    turned = np.flatnonzero(np.isin(numbers, list(own)))
    if not len(turned):
        return
    pairs = np.stack([columns[name] for name in ("district", "road", "number")], axis=1)
    plain = np.setdiff1d(np.flatnonzero(np.isin(columns["number"], columns["number"][turned])), turned)
    both = {tuple(pair) for pair in pairs[plain].tolist()}
    number, vocabulary = columns["number"], vocabularies["number"]
    for row in turned[[tuple(pair) in both for pair in pairs[turned].tolist()]].tolist():
        key = own[int(numbers[row])]
        if key not in vocabulary.numbers:
            vocabulary.numbers[key] = len(vocabulary.texts)
            vocabulary.texts.append(key)
        number[row] = vocabulary.numbers[key]


def _entities(columns: dict[str, NDArray[np.int32]]) -> NDArray[np.int32]:
    """Number compounds: those of one name in one street at one door of one road are one."""
    keys = np.stack([columns[name] for name in ("district", "street", "road", "number", "compound")], axis=1)
    _, numbers = np.unique(keys, axis=0, return_inverse=True)
    return np.where(columns["compound"] > 0, numbers.ravel() + 1, 0).astype(np.int32)


def _is_name(text: str) -> bool:
    """Whether a building or zone has a name of its own: 综合楼, and not 东区 or 3巷."""
    if re.fullmatch(ZONE, text):
        return False
    return len(text) >= 2 and any("\u4e00" <= sign <= "\u9fff" for sign in text) and not any(map(str.isdigit, text))


def _roads_in(text: str, roads: set[str]) -> list[str]:
    """Return the roads that a crossing's name is made of, in order: the longest name at each place."""
    found, at = [], 0
    while at < len(text):
        for end in range(len(text), at + 1, -1):
            if text[at:end] in roads:
                found.append(text[at:end])
                at = end
                break
        else:
            at += 1
    return found
