"""From the elements of a reading to the rows that have them all, and where that fails."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from geo.addresses.book import NESTING, AddressBook, Rows, Target
from geo.addresses.grammar import Piece
from geo.addresses.keys import SUFFIX, on_floor, turned
from geo.addresses.reading import ANCHORS, Named, Reading
from geo.addresses.words import either

#: Rows looked through at most where no name narrows them.
MOST_ROWS = 2_000_000
#: Kinds of names that stand for a site: a compound, a landmark, a building or a part of a compound with a name.
SITES = ("entity", "name", "mark", "zone")
#: Places listed at most.
MOST_PLACES = 20

#: What it costs to leave out an element that was said.
OTHER_COMMUNITY = 0.2
OTHER_ROAD = 0.5
OTHER_ELEMENT = 0.8
WEAK_READING = 0.1
NUMBER_IN_RANGE = 0.1


@dataclass(frozen=True)
class Elements:
    """What is said below the names: keys, empty where nothing is said."""

    number: str = ""
    zone: str = ""
    mark: str = ""
    unit: str = ""
    room: str = ""
    cost: float = 0.0


@dataclass(frozen=True, eq=False)
class Found:
    """What a reading leads to.

    Attributes
    ----------
    rows
        Rows that have all that was said; where an element ``failed``, those that have what was said before it.
    failed
        The element that no row has.
    ignored
        Kinds of names that were left out because they contradict the others.
    depth
        How many elements narrowed the rows.
    """

    rows: Rows
    cost: float
    failed: str = ""
    ignored: tuple[str, ...] = ()
    elements: Elements = field(default_factory=Elements)
    depth: int = 0


#: Numbers that are read of one text: no address has as many, and a text of nothing else shall not take long.
MOST_PIECES, USUAL_PIECES = 8, 5
#: Ways to read a usual text's numbers together, those of one that has more, and of one that is none.
USUAL_WAYS, FEW_WAYS, FEWEST_WAYS = 64, 16, 4
NOWHERE: Rows = np.empty(0, dtype=np.int64)


def places_of(book: AddressBook, found: Found) -> tuple[int, ...]:
    """Return the shallowest places among what was found, at most ``MOST_PLACES`` and one more."""
    return shallowest(book, found.rows)


def look_up(book: AddressBook, reading: Reading, divisions: Sequence[Named] = ()) -> Found:
    """Return the best of what a reading's names and structure lead to."""
    best: Found | None = None
    said = hypotheses(reading)
    for rows, cost, ignored in _narrowed(book, reading, divisions):
        for elements in said:
            found = _descend(book, rows, elements)
            found = replace(found, cost=cost + elements.cost + found.cost, ignored=ignored)
            if best is None or _rank(found) < _rank(best):
                best = found
        if best is not None and not best.failed:
            break
    assert best is not None
    return best


def meet_roads(book: AddressBook, reading: Reading, text: str) -> Found | None:
    """Return the crossing of the two roads of a reading; None where it has not two, or tells of no crossing."""
    roads = [name for name in reading.names if name.kind == "road"]
    if len(roads) != 2 or any(name.kind in SITES for name in reading.names):
        return None
    says_crossing = re.search(either("crossing"), text[roads[0].end : roads[1].end + 8])
    if not says_crossing and any(piece.kind == "number" for piece in reading.pieces):
        return None
    texts = book.vocabularies["road"].texts
    rows: list[int] = []
    for one, other in product(roads[0].entities, roads[1].entities):
        rows += book.crossings.get(frozenset((texts[one], texts[other])), [])
    if rows:
        return Found(np.unique(rows), 0.0)
    ends = [shallowest(book, _rows(book, road), 1)[0] for road in roads]
    return Found(np.array(ends), 0.0, "intersection")


def _rank(found: Found) -> tuple[bool, int, float]:
    return bool(found.failed), -found.depth if found.failed else 0, found.cost


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _narrowed(
    book: AddressBook, reading: Reading, divisions: Sequence[Named]
) -> Iterable[tuple[Rows | None, float, tuple[str, ...]]]:
    """Yield the rows that the names leave, first with all of them, then without those that contradict the others."""
    anchors = [name for name in reading.names if name.kind in ANCHORS]
    community = reading.named("community")
    rows: Rows | None = None
    for name in anchors:
        rows = _meet(rows, _rows(book, name))
    for name in divisions:
        if rows is not None:
            rows = _in_division(book, rows, name)
        elif name.kind == "street":
            rows = _rows(book, name)
    if community is None:
        yield rows, 0.0, ()
    else:
        there = _meet(rows, _rows(book, community))
        if len(there):
            yield there, 0.0, ()
        if rows is not None:
            yield rows, OTHER_COMMUNITY, ("community",)
        elif not len(there):
            yield there, 0.0, ()
    road, entity = reading.named("road"), reading.named("entity") or reading.named("name")
    if road and entity and (rows is None or not len(rows)):
        yield _rows(book, entity), OTHER_ROAD, ("road",)


def _rows(book: AddressBook, name: Named) -> Rows:
    runs = [book.rows_of(Target(name.kind, entity)) for entity in name.entities[:200]]
    if len(runs) == 1:
        return runs[0]
    rows = np.concatenate(runs)  # no row is of two entities of a kind
    rows.sort(kind="stable")
    return rows


def _meet(rows: Rows | None, others: Rows) -> Rows:
    if rows is None:
        return others
    common: Rows = np.intersect1d(rows, others, assume_unique=True)
    return common


def _in_division(book: AddressBook, rows: Rows, name: Named) -> Rows:
    column = book.columns[name.kind][rows]
    kept: Rows = rows[np.isin(column, name.entities) | (column == 0)]
    return kept


# ── structure ────────────────────────────────────────────────────────────────────────────────────────────────────────


def hypotheses(reading: Reading) -> list[Elements]:
    """Return what the structure of a reading may say, likeliest first, at most 24."""
    has: set[str] = {piece.kind for piece in reading.pieces}
    compound_ends = max((name.end for name in reading.names if name.kind in SITES), default=-1)
    road_ends = max((name.end for name in reading.names if name.kind == "road"), default=-1)
    pieces = reading.pieces[:MOST_PIECES]
    options = [_options(piece, reading, has, compound_ends, road_ends) for piece in pieces]
    found: dict[tuple[str, ...], Elements] = {}
    for combination in islice(product(*options), _ways(len(reading.pieces))):
        elements = _joined(combination)
        if elements is not None:
            key = (elements.number, elements.zone, elements.mark, elements.unit, elements.room)
            if key not in found or found[key].cost > elements.cost:
                found[key] = elements
    return sorted(found.values(), key=lambda elements: elements.cost)[:24] or [Elements()]


def _ways(pieces: int) -> int:
    """How many ways to read so many pieces together are tried."""
    return USUAL_WAYS if pieces <= USUAL_PIECES else FEW_WAYS if pieces <= MOST_PIECES else FEWEST_WAYS


def _options(
    piece: Piece, reading: Reading, has: set[str], compound_ends: int, road_ends: int
) -> list[dict[str, str | float]]:
    key = piece.key
    if piece.kind == "number":
        after_compound = 0 <= compound_ends <= piece.start and compound_ends > road_ends
        if any(other.kind == "number" and other.end <= piece.start for other in reading.pieces):
            after_compound = True  # 961弄51号103号
        return _numbered(key, has, after_compound, compound_ends >= 0, road_ends >= 0)
    if piece.kind == "building":
        found: list[dict[str, str | float]] = [{"zone": piece.zone, "mark": key}]
        if piece.zone:
            found.append({"mark": key, "cost": 0.3})
        if key and key[-1] in SUFFIX and "number" in has:
            found.append({"suffix": key, "cost": 0.05})
        return found
    if piece.kind == "zone":
        return [{"zone": key}, {"mark": key, "cost": 0.05}, {"cost": 0.3}]
    if piece.kind == "suffix":
        return [{"suffix": f"-{key}"}, {"room": key, "cost": WEAK_READING}]
    if piece.kind == "letter":
        building: list[dict[str, str | float]] = [{"mark": key, "cost": 0.05}] if "building" not in has else []
        if "number" in has:
            building.append({"suffix": key, "cost": 0.05})
        return [*building, {"cost": 0.3}]
    if piece.kind == "chain":
        return _chained(key.split("/"), reading, has)
    if piece.kind == "bare":
        return _bare(key, has, road_ends)
    return [{piece.kind: key}]


def _numbered(
    key: str, has: set[str], after_compound: bool, compound: bool, road: bool
) -> list[dict[str, str | float]]:
    """What ``14号`` may be: the door of a road, a house of a compound, a door inside a building."""
    number: list[dict[str, str | float]] = [{"number": key}]
    lane, _, house = key.rpartition("/")
    if lane and house:  # a compound may have the lane's number, and its houses theirs
        number.append({"number": f"{lane}/", "mark": house, "cost": 0.01})
    first, _, second = key.partition("-")
    if not lane and second:  # 1157-48号 may be 1157弄48号
        number.append({"number": f"{first}/{second}", "cost": 0.02})
        number.append({"number": f"{first}/", "mark": second, "cost": 0.03})
    inside: list[dict[str, str | float]] = [] if "building" in has else [{"mark": key}]
    if "room" not in has and key.isdigit():
        inside.append({"room": key, "cost": 0.05})
    if after_compound or "building" in has:
        return [*inside, {"number": key, "cost": WEAK_READING}] if after_compound else [*number, *inside]
    return [*number, {"mark": key, "cost": WEAK_READING}] if compound or not road else number


def _bare(key: str, has: set[str], road_ends: int) -> list[dict[str, str | float]]:
    found: list[dict[str, str | float]] = []
    if "room" not in has:
        found.append({"room": key})
    if "unit" not in has and "building" in has and len(key) <= 2:
        found.append({"unit": key, "cost": 0.02})
    if "building" not in has:
        found.append({"mark": key, "cost": 0.05})
    if "number" not in has and road_ends >= 0:
        found.append({"number": key, "cost": 0.05})
    return found or [{"cost": 0.1}]


def _chained(parts: Sequence[str], reading: Reading, has: set[str]) -> list[dict[str, str | float]]:
    found = _chained_to_road(parts) if reading.named("road") and "number" not in has else []
    places = ["mark", "unit", "room"]
    if "building" in has:
        places = places[1:]
    if "unit" in has:
        places = ["room"]
    if len(parts) == 2 and "room" not in has and len(parts[1]) == 2 and ("building" in has or "unit" in has):
        found.append({"room": on_floor(parts[0], parts[1])})
    for names in (places, [place for place in places if place != "unit"]):
        if len(names) >= len(parts):
            found.append(dict(zip(names, parts, strict=False)))
    return [{**each, "cost": 0.02 * place} for place, each in enumerate(found)] or [{"cost": 0.2}]


def _chained_to_road(parts: Sequence[str]) -> list[dict[str, str | float]]:
    """What ``261-17-30`` may be behind a road: doorplates of one to all of the numbers, then what is inside."""
    inside = (["room"], ["mark", "room"], ["mark", "unit", "room"], ["mark", "unit"], ["mark"])
    found: list[dict[str, str | float]] = []
    for cut in range(len(parts), 0, -1):
        rest = parts[cut:]
        ways = [names for names in inside if len(names) == len(rest)] if rest else [[]]
        for joint in ("-", "/") if cut > 1 else ("-",):
            number = joint.join(parts[:cut])
            found += [{"number": number, **dict(zip(names, rest, strict=True))} for names in ways]
    return found


def _joined(parts: Sequence[dict[str, str | float]]) -> Elements | None:
    """Put the readings of all pieces together; the same element said twice must be the same."""
    said: dict[str, str] = {}
    cost = 0.0
    for part in parts:
        for name, text in part.items():
            if name == "cost":
                cost += float(text)
            elif name == "suffix":
                if "number" not in said:
                    return None
                said["number"] += str(text)
            elif text and said.setdefault(name, str(text)) != text:
                cost += OTHER_ELEMENT  # the first one that was said holds
    return Elements(**said, cost=cost)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _descend(book: AddressBook, rows: Rows | None, elements: Elements) -> Found:
    """Keep the rows that have each element in turn; where none has, tell which and what was left before it."""
    if rows is None:
        if len(book.frame) > MOST_ROWS:
            return Found(NOWHERE, 0.0, "name", elements=elements)
        rows = _anywhere(book, elements)
    if not len(rows):
        return Found(NOWHERE, 0.0, "name", elements=elements)
    cost, depth = 0.0, 0
    for name in ("number", "building", "unit", "room"):
        kept, price = _having(book, rows, name, elements)
        if not len(kept):
            return Found(rows, cost, name, elements=elements, depth=depth)
        cost += price
        depth += kept is not rows
        rows = kept
    return Found(rows, cost, elements=elements, depth=depth)


def _anywhere(book: AddressBook, elements: Elements) -> Rows:
    """Return all rows with the first element that is told, where there are any; else all of the book."""
    for name in ("number", "zone", "mark", "unit", "room"):
        key = getattr(elements, name)
        if key:
            held = [book.holding(name, book.vocabularies[name].number(said)) for said in _keys(name, key)]
            rows = np.unique(np.concatenate(held))
            return rows if len(rows) else np.arange(len(book.frame))
    return np.arange(len(book.frame))


def _having(book: AddressBook, rows: Rows, name: str, elements: Elements) -> tuple[Rows, float]:
    if name == "building":
        return _having_building(book, rows, elements), 0.0
    key = getattr(elements, name)
    if not key:
        return rows, 0.0
    for said in _keys(name, key):
        kept = rows[book.columns[name][rows] == book.vocabularies[name].number(said)]
        if len(kept):
            return kept, 0.0
    return (rows[:0], 0.0) if name != "number" else (_in_range(book, rows, key), NUMBER_IN_RANGE)


def _keys(name: str, key: str) -> tuple[str, ...]:
    """Return the keys that an element may have, the first that there is being the one: 乙126号 may be 126号乙."""
    other = turned(key) if name == "number" else ""
    return (key, other) if other else (key,)


def _having_building(book: AddressBook, rows: Rows, elements: Elements) -> Rows:
    if elements.zone:
        zone = book.vocabularies["zone"].number(elements.zone)
        rows = rows[book.columns["zone"][rows] == zone] if zone > 0 else rows[:0]
    if elements.mark:
        rows = rows[book.columns["mark"][rows] == book.vocabularies["mark"].number(elements.mark)]
    return rows


def _in_range(book: AddressBook, rows: Rows, key: str) -> Rows:
    """Return the rows whose doorplate is a range that holds the number (69-71号 for 71号)."""
    if not key.isdigit():
        return rows[:0]
    held = []
    texts = book.vocabularies["number"].texts
    for number in np.unique(book.columns["number"][rows]).tolist():
        first, _, last = texts[number].partition("-")
        if first.isdigit() and last.isdigit() and int(first) < int(key) <= int(last):
            held.append(number)
    return rows[np.isin(book.columns["number"][rows], held)] if held else rows[:0]


def shallowest(book: AddressBook, rows: Rows, most: int = MOST_PLACES) -> tuple[int, ...]:
    """Return the rows that lie in none of the others; at most ``most`` and one more, which says that there are more."""
    found: list[int] = []
    left = rows
    while len(left) and len(found) <= most:
        first = int(left[0])
        found.append(first)
        if len(left) == 1:
            break
        left = _without_parts(book, first, left)
    return tuple(found)


def _without_parts(book: AddressBook, first: int, rows: Rows) -> Rows:
    """Return the rows, ``first`` being their first, without it and what lies in it."""
    numbers = [int(book.columns[name][first]) for name in NESTING]
    depth = max((place for place, number in enumerate(numbers) if number), default=0)
    if all(numbers[1 : depth + 1]):
        # Nothing is left out above its last element: what lies in it follows right behind it.
        window = 64
        while True:
            outside = ~_parts(book, first, rows[:window])
            if outside.any() or window >= len(rows):
                return rows[int(outside.argmax()) if outside.any() else len(rows) :]
            window *= 8
    return rows[~_parts(book, first, rows)]


def _parts(book: AddressBook, first: int, rows: Rows) -> NDArray[np.bool_]:
    """Tell of each row whether it is ``first`` or lies in it."""
    inside, same = np.ones(len(rows), dtype=bool), np.ones(len(rows), dtype=bool)
    for name in NESTING:
        number = book.columns[name][first]
        equal = book.columns[name][rows] == number
        same &= equal
        if number:
            inside &= equal
    same[0] = False  # a row of the very same elements is another place, not a part of this one
    return inside & ~same
