"""Type-ahead: what the text so far may become."""

from geo.addresses.answers import Candidate
from geo.addresses.book import AddressBook, Target
from geo.addresses.deciding import candidate
from geo.addresses.locating import locate
from geo.addresses.lookup import shallowest
from geo.addresses.normalising import normalise
from geo.addresses.numerals import with_numerals

#: Rows of one name that are looked at.
MOST_OF_A_NAME = 400
#: Characters that are read of what is typed: nobody is helped to complete more, and it has to be quick.
MOST_TYPED = 60


def suggest(book: AddressBook, text: str, limit: int = 10) -> list[Candidate]:
    """Return places that ``text`` may go on to name, best first: names that begin so, then parts of the place named.

    ``text`` may be pinyin, initials, half a name, or a whole address that lacks its last part. Nothing is returned for
    an empty text.
    """
    said = normalise(text[:MOST_TYPED])
    if not said:
        return []
    found: dict[int, Candidate] = {}
    for name in book.names.completions(with_numerals(said), limit):
        for target in book.targets[name]:
            for row in _places(book, target, limit):
                found.setdefault(row, candidate(book, row, 0.0))
        if len(found) >= limit:
            break
    if len(found) < limit:
        answer = locate(book, said)
        for place in (*answer.candidates, *answer.nearest):
            found.setdefault(place.row, place)
        if answer.outcome == "one":
            for row in _parts(book, answer.candidates[0].row, limit):
                found.setdefault(row, candidate(book, row, 0.0))
    return list(found.values())[:limit]


def _places(book: AddressBook, target: Target, limit: int) -> list[int]:
    rows = book.rows_of(target)[:MOST_OF_A_NAME]
    return list(shallowest(book, rows, limit))[:limit]


def _parts(book: AddressBook, row: int, limit: int) -> list[int]:
    """Return the first places that lie in a row."""
    rows = book.inside(row)
    return list(shallowest(book, rows[rows != row][: 50 * limit], limit))[:limit]
