"""What an answer is worth: sets of queries with their right answers, outcome by outcome, and the shares that count.

The rules are those of the development set beside the project (``../shared/addresses/score.py``), written anew: one
place that was meant and another that was asserted is a false match, the worst there is; a question is worth less than
the place, and more than a wrong one.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

#: Elements of an address below its community, from large to small.
ELEMENTS = ("road", "number", "compound", "building", "unit", "room")
#: Levels that contain nothing and lie in nothing.
POINTS = ("poi", "intersection")
#: Outcomes that assert a place that was not meant.
FALSE = frozenset({("one", "wrong"), ("several", "wrong"), ("several", "pick_in"), ("none", "wrong")})
#: What is right where several places were meant, and where none was.
HANDLED = {
    "several": frozenset({"ask_ok", "none", "parent", "ask_bad"}),
    "none": frozenset({"none", "parent", "ask"}),
}


@dataclass(frozen=True)
class Query:
    """A text and what it means: one place, one of several, or none (then perhaps a containing place)."""

    number: str
    text: str
    noise: str
    expect: str
    meant: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class QuerySet:
    """A gazetteer, its aliases and queries about its places."""

    gazetteer: pd.DataFrame
    aliases: pd.DataFrame
    queries: tuple[Query, ...]

    def places(self) -> dict[str, dict[str, str]]:
        """Rows of the gazetteer by id."""
        return {str(row["id"]): row for row in self.gazetteer.to_dict("records")}


def read_set(folder: Path) -> QuerySet:
    """Read ``gazetteer.csv``, ``aliases.csv`` and ``queries.csv``."""
    gazetteer = pd.read_csv(folder / "gazetteer.csv", dtype=str, keep_default_na=False)
    gazetteer[["lon", "lat"]] = gazetteer[["lon", "lat"]].astype(float)
    aliases = pd.read_csv(folder / "aliases.csv", dtype=str, keep_default_na=False)
    with open(folder / "queries.csv", encoding="utf-8") as file:
        queries = tuple(_query(row) for row in csv.DictReader(file))
    return QuerySet(gazetteer, aliases, queries)


def write_set(questions: QuerySet, folder: Path) -> None:
    """Write the three files that ``read_set`` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    questions.gazetteer.to_csv(folder / "gazetteer.csv", index=False)
    questions.aliases.to_csv(folder / "aliases.csv", index=False)
    with open(folder / "queries.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["query_id", "query", "noise", "expect", "expected_id", "expected_ids", "accept_ids", "note"])
        for query in questions.queries:
            one, several = (query.meant[0], "") if query.expect == "one" else ("", "|".join(query.meant))
            accepted = "|".join(query.accepted)
            writer.writerow((query.number, query.text, query.noise, query.expect, one, several, accepted, query.note))


def _query(row: Mapping[str, str]) -> Query:
    meant = row["expected_id"] or row["expected_ids"]
    return Query(
        row["query_id"],
        row["query"],
        row["noise"],
        row["expect"],
        tuple(filter(None, meant.split("|"))),
        tuple(filter(None, row["accept_ids"].split("|"))),
        row["note"],
    )


def contains(whole: Mapping[str, str], part: Mapping[str, str]) -> bool:
    """Whether one place of a gazetteer is, by its elements, the other or around it."""
    if whole["level"] in POINTS or part["level"] in POINTS or whole["street"] != part["street"]:
        return False
    said = [name for name in ELEMENTS if whole[name]]
    return bool(said) and all(whole[name] == part[name] for name in said)


def outcome(places: Mapping[str, Mapping[str, str]], query: Query, ids: Sequence[str]) -> str:
    """Name what ``ids`` (none, one asserted, or several asked about) are for a query.

    Returns
    -------
    str
        One meant: exact, coarse (a place around it), ask_ok (a question with it), ask_bad, none, wrong. Several meant:
        ask_ok, ask_bad, none, pick_in (one of them asserted), parent, wrong. None meant: none, parent, ask, wrong.
    """
    if query.expect == "none":
        return _of_none(query, ids)
    if not ids:
        return "none"
    if len(ids) > 1:
        return "ask_ok" if set(ids) & set(query.meant) else "ask_bad"
    asserted, around = places[ids[0]], [contains(places[ids[0]], places[meant]) for meant in query.meant]
    if query.expect == "several":
        return "pick_in" if asserted["id"] in query.meant else "parent" if all(around) else "wrong"
    if asserted["id"] == query.meant[0]:
        return "exact"
    return "coarse" if asserted["id"] in query.accepted or all(around) else "wrong"


def _of_none(query: Query, ids: Sequence[str]) -> str:
    if len(ids) != 1:
        return "ask" if ids else "none"
    return "parent" if ids[0] in query.accepted else "wrong"


@dataclass
class Score:
    """Outcomes counted by kind of noise."""

    counts: dict[str, Counter[tuple[str, str]]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, query: Query, found: str) -> None:
        self.counts[query.noise][query.expect, found] += 1

    def merged(self, others: Iterable["Score"]) -> "Score":
        """Return the sum of this score and others."""
        total = Score()
        for score in (self, *others):
            for noise, counter in score.counts.items():
                total.counts[noise].update(counter)
        return total

    def accuracy(self, noise: str | None = None) -> float:
        """Share of queries that mean one place, answered by it (acc@1)."""
        return _share(self._of(noise), "one", {"exact"})

    def false_matches(self, noise: str | None = None) -> float:
        """Share of all queries answered by a place that was not meant."""
        counter = self._of(noise)
        return sum(counter[key] for key in FALSE) / max(1, counter.total())

    def handled(self, noise: str | None = None) -> float:
        """Share of queries that mean several places or none, and were not answered by one that was not meant."""
        counter = self._of(noise)
        right = sum(counter[kind, found] for kind, good in HANDLED.items() for found in good)
        return right / max(1, sum(count for (kind, _), count in counter.items() if kind in HANDLED))

    def asked(self) -> float:
        """Share of queries that mean several places and were answered by a question with one of them in it."""
        return _share(self._of(None), "several", {"ask_ok"})

    def table(self) -> str:
        """Draw a line per kind of noise, and one for all."""
        lines = [f"{'noise':<22} {'n':>5}  acc@1  false  handled  outcomes"]
        for noise in [*sorted(self.counts), None]:
            counter = self._of(noise)
            seen = "  ".join(f"{expect}:{found} {count}" for (expect, found), count in sorted(counter.items()))
            figures = (self.accuracy(noise), self.false_matches(noise), self.handled(noise))
            kinds = {expect for expect, _ in counter}
            shown = [
                f"{100 * figures[0]:5.1f}%" if "one" in kinds else "     -",
                f"{100 * figures[1]:5.1f}%",
                f"{100 * figures[2]:7.1f}%" if kinds - {"one"} else "       -",
            ]
            lines.append(f"{noise or 'ALL':<22} {counter.total():>5} {' '.join(shown)}  {seen}")
        return "\n".join(lines)

    def _of(self, noise: str | None) -> Counter[tuple[str, str]]:
        if noise is not None:
            return self.counts[noise]
        return sum(self.counts.values(), Counter())


def _share(counter: Counter[tuple[str, str]], kind: str, good: set[str]) -> float:
    return sum(counter[kind, found] for found in good) / max(
        1, sum(count for (expect, _), count in counter.items() if expect == kind)
    )
