"""The store's address book in the hands of one person, for lists: asked many times, one look on record."""

import re

import shapely
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.addresses.answers import Answer, Candidate
from geo.errors import InputError
from geo.services.address_books import AddressBooks
from geo.services.households import LOOKED
from geo.services.locating import answer_in, engine_of
from geo.storage import addresses, events, network
from geo.storage.addresses import HOUSEHOLD_NOUNS

#: Codes of buildings, and of stairwells and household units in them, begin like this; whatever follows a place's own
#: code in an id tells two layers apart.
_IN_BUILDING = re.compile("[0-9]{19}(U[0-9]{2}|[0-9]{6})?")


class StoreBook:
    """What answers texts out of the store, within an actor's scope.

    Parameters
    ----------
    actor
        Who asks. None for the store's owner, who is ``who``.

    Raises
    ------
    InputError
        Nobody asks.
    """

    def __init__(
        self, session: Session, books: AddressBooks, *, actor: Actor | None = None, who: str | None = None
    ) -> None:
        self._session, self._actor = session, actor
        name = actor.name if actor else who
        if not name:
            raise InputError("查询地址须写明查询人", "whoever locates an address has to be named")
        self._who = name
        self._book = books.of(engine_of(session), actor)
        self._grids: dict[str, str] = {}
        self._households: set[str] = set()

    def ask(self, text: str) -> Answer:
        """Answer one text."""
        answer = answer_in(self._book, text, None, self._actor)
        self._households.update(
            found.id for found in (*answer.candidates, *answer.nearest) if self._noun(found) in HOUSEHOLD_NOUNS
        )
        return answer

    def grid_of(self, candidate: Candidate, moved: tuple[float, float] | None = None) -> str:
        """Return the grids in force that a place is in, by the plan's assignment or by where it lies.

        ``moved`` is the point that a direction leads to from it: then the grids there, by the lines on the map.
        """
        if moved is not None:
            return "、".join(grid.code for grid in self._grids_over(*moved))
        code = self.code_of(candidate)
        place = code[:19] if code.isdecimal() else code
        if place not in self._grids:
            self._grids[place] = "、".join(grid.code for grid in self._grids_at(code, candidate))
        return self._grids[place]

    def code_of(self, candidate: Candidate) -> str:
        """Return the code of the thing that a candidate is."""
        return str(self._column("code", candidate))

    def record_look(self) -> None:
        """Say in an event how many doors and places were among the answers; nothing where there were none."""
        if self._households:
            told = {"located": len(self._households)}
            events.record(self._session, who=self._who, what=LOOKED, noun="household_unit", after=told)
            self._households.clear()

    def _grids_at(self, code: str, candidate: Candidate) -> list[network.GridRecord]:
        if _IN_BUILDING.fullmatch(code) and (found := network.grids_at(self._session, code)):
            return found
        if candidate.lon != candidate.lon or self._noun(candidate) in ("street", "community", "barrier"):
            return []
        return self._grids_over(candidate.lon, candidate.lat)

    def _grids_over(self, lon: float, lat: float) -> list[network.GridRecord]:
        return addresses.grids_over(self._session, shapely.to_wkb(shapely.Point(lon, lat)))

    def _noun(self, candidate: Candidate) -> str:
        return str(self._column("noun", candidate))

    def _column(self, name: str, candidate: Candidate) -> object:
        assert self._book.book is not None, "an empty book finds nothing"
        return self._book.book.frame[name].iat[candidate.row]
