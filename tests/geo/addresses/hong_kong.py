"""Premises of Hong Kong (Address Lookup Service) as a gazetteer, and queries that say less than all, or say it wrongly.

One row is one premises: its road (or village) and number, its estate or, where there is none, its building by itself as
a compound, and the building or block within. Right answers are counted from the elements that a text still says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from geo.addresses.book import COLUMNS
from tests.geo.addresses.invented.hearing import homophone, look_alike, slip
from tests.geo.addresses.scoring import Query, QuerySet

#: Elements of a premises in the order of its written address.
SAID = ("district", "road", "number", "compound", "building")
NAMED = ("road", "compound", "building")
#: Elements that make a place a part of another: 12號 is the door, and not the buildings behind it.
FINER = ("number", "compound", "building")
_COLUMNS = COLUMNS[:-2]  # where each is comes from the table as it is
#: Names shorter than this say too little once they are misspelt.
SHORTEST = 3

Where = Mapping[tuple[str, str], frozenset[int]]


@dataclass(frozen=True)
class Premises:
    """The table, and what is said of each row."""

    frame: pd.DataFrame
    said: tuple[dict[str, str], ...]

    def where(self) -> "Where":
        """Rows of which a value is said, by element and value; all that have an element, under its value ""."""
        found: dict[tuple[str, str], set[int]] = {}
        for row, said in enumerate(self.said):
            for kind, value in said.items():
                found.setdefault((kind, value), set()).add(row)
                found.setdefault((kind, ""), set()).add(row)
        return {pair: frozenset(rows) for pair, rows in found.items()}


def read(folder: Path) -> Premises:
    """Read ``hk_als.csv`` into a gazetteer."""
    table = pd.read_csv(folder / "hk_als.csv", dtype=str, keep_default_na=False)
    rows, said = [], []
    for place in table.to_dict("records"):
        elements = _elements(place)
        row = dict.fromkeys(_COLUMNS, "") | elements
        row |= {"id": f"H{len(rows):05d}", "city": place["region"], "level": _level(elements), "kind": "premises"}
        rows.append(row)
        said.append({kind: value for kind, value in elements.items() if value})
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["full_address"] = table["full_zh"]
    return Premises(frame.assign(lon=table.lon.astype(float), lat=table.lat.astype(float)), tuple(said))


def _elements(place: Mapping[str, str]) -> dict[str, str]:
    road = place["street"] or place["village"]
    number = place["street_no"] or place["village_no"]
    estate, building, block = place["estate"] + place["phase"], place["building"], place["block"]
    if not estate:
        estate, building = building, ""
    return {
        "district": place["district"],
        "road": road,
        "number": f"{number}號" if number else "",
        "compound": estate,
        "building": building + block,
    }


def _level(elements: Mapping[str, str]) -> str:
    return next(kind for kind in ("building", "compound", "number", "road") if elements[kind])


def full_queries(premises: Premises) -> QuerySet:
    """Ask for every premises by its own text; one that several bear means all of them."""
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(premises.frame.full_address):
        rows.setdefault(text, []).append(row)
    queries = tuple(
        _query(number, text, "full" if len(found) == 1 else "full_several", found)
        for number, (text, found) in enumerate(rows.items())
    )
    return QuerySet(premises.frame, _no_aliases(), queries)


def reduced_queries(premises: Premises, *, seed: int, count: int) -> QuerySet:
    """Ask for ``count`` premises with one element dropped, two swapped, or one misspelt, by seed."""
    rng = np.random.default_rng([seed, 30])
    where = premises.where()
    names = {kind: sorted({said[kind] for said in premises.said if kind in said}) for kind in NAMED}
    makers = {
        "hk_dropped": lambda said: _dropped(said, where, rng),
        "hk_swapped": lambda said: _swapped(said, where, rng),
        "hk_misspelt": lambda said: _misspelt(said, where, names, rng),
    }
    queries: list[Query] = []
    while len(queries) < count:
        noise = list(makers)[len(queries) % len(makers)]
        made = makers[noise](premises.said[int(rng.integers(len(premises.said)))])
        if made and len(made[1]) > 0:
            queries.append(_query(len(queries), made[0], noise, made[1]))
    return QuerySet(premises.frame, _no_aliases(), tuple(queries))


def _no_aliases() -> pd.DataFrame:
    return pd.DataFrame(columns=["alias", "kind", "name", "id"], dtype=str)


def _query(number: int, text: str, noise: str, rows: Sequence[int]) -> Query:
    expect = "one" if len(rows) == 1 else "several"
    return Query(f"K{number:05d}", text, noise, expect, tuple(f"H{row:05d}" for row in rows))


def _rows(said: Mapping[str, str], where: Where) -> list[int]:
    """Rows of which all is true that is said; those alone that bear nothing more, where there are any."""
    found = frozenset.intersection(*(where.get(pair, frozenset()) for pair in said.items()))
    for kind in FINER:
        if kind not in said and (without := found - where[kind, ""]):
            found = without
    return sorted(found)


def _dropped(said: dict[str, str], where: Where, rng: np.random.Generator) -> tuple[str, list[int]] | None:
    kinds = [kind for kind in said if kind != "district"]
    if len(kinds) < 2:
        return None
    gone = kinds[int(rng.integers(len(kinds)))]
    left = {kind: value for kind, value in said.items() if kind != gone}
    # A number without its road, and a road alone, name no premises.
    if ("number" in left and "road" not in left) or set(left) <= {"district", "road"}:
        return None
    return _written(left, left, rng), _rows(left, where)


def _swapped(said: dict[str, str], where: Where, rng: np.random.Generator) -> tuple[str, list[int]] | None:
    if "compound" not in said or "road" not in said:
        return None
    road = said["road"] + said.get("number", "")
    inner = said["compound"] + said.get("building", "")
    ways = [f"{inner} {road}", f"{inner}{road}", f"{inner}，{said['district']}{road}"]
    if "building" in said:
        ways.append(f"{said['building']} {said['compound']} {road}")
    return ways[int(rng.integers(len(ways)))], _rows(said, where)


def _misspelt(
    said: dict[str, str], where: Where, names: Mapping[str, Sequence[str]], rng: np.random.Generator
) -> tuple[str, list[int]] | None:
    kinds = [kind for kind in NAMED if len(said.get(kind, "")) >= SHORTEST]
    if not kinds:
        return None
    kind = kinds[int(rng.integers(len(kinds)))]
    change = (homophone, look_alike, slip)[int(rng.integers(3))]
    wrong = change(said[kind], rng, most=1) if change is homophone else change(said[kind], rng)
    if wrong is None or wrong == said[kind]:
        return None
    # Whatever else is as near as the right name and would fit the rest makes the text mean something else as well.
    near = OSA.distance(wrong, said[kind])
    for other in NAMED:
        for name, _, _ in process.extract_iter(wrong, names[other], scorer=OSA.distance, score_cutoff=near):
            if (other, name) != (kind, said[kind]):
                rest = {key: value for key, value in said.items() if key != kind}
                if name == wrong or _rows({**rest, other: name}, where):
                    return None
    return _written(said, {**said, kind: wrong}, rng), _rows(said, where)


def _written(said: Mapping[str, str], texts: Mapping[str, str], rng: np.random.Generator) -> str:
    kept = [kind for kind in SAID if kind in said and (kind != "district" or rng.random() < 0.6)]
    return "".join(texts[kind] for kind in kept)
