"""Show what the engine makes of a set of queries: ``python -m tests.geo.addresses.diagnose [DIR|SEED] [NOISE ...]``.

``DIR`` holds gazetteer.csv, aliases.csv and queries.csv (``../shared/addresses`` unless told); a number is the seed of
an invented town, ``hk`` the premises of Hong Kong, ``hk-full`` each by its own text. Prints a line per kind of noise,
then every query that was not answered as meant: what was asked, expected and got, the reason, and the elements as they
were heard. With kinds of noise, those alone; ``--all`` also prints the right ones, ``--no-list`` the table alone.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from geo.addresses.answers import Answer
from geo.addresses.book import AddressBook
from geo.addresses.locating import locate
from tests.conftest import SHARED_DATA
from tests.geo.addresses import hong_kong
from tests.geo.addresses.invented import invent
from tests.geo.addresses.scoring import Query, QuerySet, Score, outcome, read_set

DEVELOPMENT = SHARED_DATA.parent / "addresses"
RIGHT = {"one": "exact", "several": "ask_ok"}


def ids_of(answer: Answer) -> list[str]:
    """What an answer asserts (one id) or asks about (several)."""
    return [candidate.id for candidate in answer.candidates] if answer.outcome != "none" else []


def build(questions: QuerySet) -> AddressBook:
    """Build the book of a set."""
    return AddressBook.build(questions.gazetteer, questions.aliases)


def answered(questions: QuerySet) -> Iterator[tuple[Query, Answer, str, float]]:
    """Yield every query with its answer, what that is worth, and the milliseconds of CPU it took."""
    yield from answered_by(build(questions), questions, questions.queries)


def answered_by(
    book: AddressBook, questions: QuerySet, queries: Sequence[Query]
) -> Iterator[tuple[Query, Answer, str, float]]:
    """Answer some queries of a set by its book; as :func:`answered` does all."""
    places = questions.places()
    for query in queries:
        began = time.process_time()
        answer = locate(book, query.text)
        spent = 1000 * (time.process_time() - began)
        yield query, answer, outcome(places, query, ids_of(answer)), spent


def score_of(questions: QuerySet) -> Score:
    """Answer all queries of a set and count the outcomes."""
    score = Score()
    for query, _, found, _ in answered(questions):
        score.add(query, found)
    return score


def is_right(query: Query, found: str) -> bool:
    return found != "wrong" if query.expect == "none" else found == RIGHT[query.expect]


def _chosen(name: str) -> QuerySet:
    if name.startswith("hk"):
        premises = hong_kong.read(SHARED_DATA / "hk_als_addresses")
        return (
            hong_kong.full_queries(premises)
            if name == "hk-full"
            else hong_kong.reduced_queries(premises, seed=1, count=2000)
        )
    return invent(int(name)) if name.isdigit() else read_set(Path(name))


def _print(query: Query, answer: Answer, found: str, written: dict[str, str]) -> None:
    print(f"{query.number} {query.noise} {query.expect} -> {found}   «{query.text}»")
    meant = query.meant or query.accepted
    print(f"    expected: {'; '.join(written.get(key, key) for key in meant[:6])} {query.note}")
    got = answer.candidates if answer.outcome != "none" else answer.nearest
    listed = "; ".join(f"{one.id} {one.address} ({one.cost:.2f})" for one in got[:6])
    print(f"    got: {answer.outcome} {'' if answer.outcome != 'none' else 'nearest: '}{listed} [{answer.total}]")
    print(f"    reason: {answer.reason.code} {answer.reason.zh} failed={answer.failed} {answer.relation or ''}")
    print("    heard: " + " ".join(f"{part.kind}:{part.text}->{part.name}({part.how})" for part in answer.heard))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", nargs="?", default=str(DEVELOPMENT))
    parser.add_argument("noises", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--no-list", action="store_true")
    options = parser.parse_args()
    questions = _chosen(options.set)
    if options.noises:
        kept = tuple(query for query in questions.queries if query.noise in options.noises)
        questions = QuerySet(questions.gazetteer, questions.aliases, kept)
    written = {key: f"{key} {_address(row)}" for key, row in questions.places().items()}
    score, times = Score(), []
    for query, answer, found, spent in answered(questions):
        score.add(query, found)
        times.append(spent)
        if not options.no_list and (options.all or not is_right(query, found)):
            _print(query, answer, found, written)
    print(score.table())
    if times:
        slow = np.percentile(times, [50, 99, 100])
        print(f"CPU ms: median {slow[0]:.2f}, 99 % {slow[1]:.2f}, longest {slow[2]:.2f}")


def _address(row: dict[str, str]) -> str:
    columns = ("community", "road", "number", "compound", "building", "unit", "room", "name")
    return "".join(row[column] for column in columns)


if __name__ == "__main__":
    main()
