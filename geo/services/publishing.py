"""Use case: counts of a street's communities that anyone may see.

They are read as the store's owner, since nobody has signed in; nothing leaves here but counts of whole communities, and
of these only the ones that :mod:`geo.access.publishing` shows.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.publishing import Published, suppress
from geo.errors import NotFoundError
from geo.exchange.tables import neutralise
from geo.storage import counting, divisions
from geo.storage.counting import CommunityCounts
from geo.storage.database import session_scope
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

#: Stands in a table for a number that is not shown.
LEFT_OUT = "*"

_COUNTED: dict[str, Callable[[CommunityCounts], int]] = {
    "households": lambda counts: counts.households,
    "buildings": lambda counts: counts.buildings,
    "grids": lambda counts: counts.grids,
}


@dataclass(frozen=True)
class Figure:
    """One figure of ``data/dictionaries/publishing.toml``.

    Attributes
    ----------
    parts
        The kinds that it is counted by; none where it is a single number.
    table
        Rows are the communities; columns the parts, or one.
    """

    entry: Entry
    parts: tuple[Entry, ...]
    table: Published

    def sum_of(self, row: int) -> int | None:
        """Return a community's number over all parts; -1 is the street."""
        return self.table.cell(row, -1)

    def by_part(self, row: int) -> dict[str, int | None]:
        """Return a community's numbers by kind; -1 is the street."""
        return {part.code: self.table.cell(row, column) for column, part in enumerate(self.parts)}


@dataclass(frozen=True)
class PublishedStreet:
    """What is published of a street: its communities in the order of their codes, and their figures."""

    code: str
    name: str
    on: date
    communities: tuple[tuple[str, str], ...]
    figures: tuple[Figure, ...]

    @property
    def least(self) -> int:
        """The smallest number that every figure shows."""
        return max(int(figure.entry.extra["least"]) for figure in self.figures)


def publish(engine: Engine, street: str) -> PublishedStreet:
    """Count and leave out, in a transaction of its own that cannot write.

    Parameters
    ----------
    street
        Code of a street.

    Raises
    ------
    NotFoundError
        There is no such street, or it has no communities.
    """
    with session_scope(engine) as session:
        counting.only_read(session)
        return published_street(session, street)


def published_street(session: Session, street: str) -> PublishedStreet:
    """Do what :func:`publish` does, in an open transaction; ``street`` is a code or a name."""
    code = street_code(session, street)
    counts = counting.read_community_counts(session, code)
    # A street that does not exist, one without communities, and a community's code: one answer to those outside.
    if not counts:
        raise nothing_to_publish(street)
    elements = counting.read_element_counts(session, [row.code for row in counts])
    return PublishedStreet(
        code,
        divisions.name_of(session, code),
        datetime.now(UTC).astimezone(CHINA_TIME).date(),
        tuple((row.code, row.name) for row in counts),
        tuple(_figure(entry, counts, elements) for entry in dictionary("publishing").entries.values()),
    )


def street_code(session: Session, street: str) -> str:
    """Return the code of a street that is named by its code or name."""
    return street if street.isdecimal() else divisions.find(session, street).code


def nothing_to_publish(street: str) -> NotFoundError:
    """Say that there is no such street; the same for what is none and for what has no communities."""
    return NotFoundError(
        f"没有可发布的街道“{street[:40]}”;请用 9 位街道编码", f"no street {street[:40]!r} to publish: use its code"
    )


def as_csv(published: PublishedStreet) -> bytes:
    """Write what is published as CSV that spreadsheets open: a line of what it is, headings, communities, the street.

    Programs skip the first line; so does ``wangge import``.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    headings = ["社区编码 code", "社区 community"]
    for figure in published.figures:
        headings += [figure.entry.label, *(f"{figure.entry.zh}:{part.label}" for part in figure.parts)]
    title = (
        f"{published.name} {published.code} 公开数据 published figures {published.on.isoformat()};"
        f"{LEFT_OUT} 不公开:小于 {published.least},或可推算出小于 {published.least} 的数 "
        f"not shown: below {published.least}, or would tell such a number"
    )
    writer.writerow([neutralise(title), *[""] * (len(headings) - 1)])
    writer.writerow(headings)
    for row, (code, name) in enumerate(published.communities):
        writer.writerow([code, neutralise(name), *_numbers(published, row)])
    writer.writerow([published.code, "合计 total", *_numbers(published, -1)])
    return stream.getvalue().encode("utf-8-sig")


def _numbers(published: PublishedStreet, row: int) -> list[int | str]:
    numbers: list[int | None] = []
    for figure in published.figures:
        numbers += [figure.sum_of(row), *figure.by_part(row).values()]
    return [LEFT_OUT if number is None else number for number in numbers]


def _figure(entry: Entry, counts: list[CommunityCounts], elements: dict[tuple[str, str], int]) -> Figure:
    by = entry.extra.get("by")
    parts = tuple(dictionary(by).entries.values()) if by else ()
    if parts:
        table = [[elements.get((row.code, part.code), 0) for part in parts] for row in counts]
    else:
        table = [[_COUNTED[entry.code](row)] for row in counts]
    return Figure(entry, parts, suppress(np.array(table, dtype=np.int64), int(entry.extra["least"])))
