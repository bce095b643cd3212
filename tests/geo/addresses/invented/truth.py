"""What a text means in an invented town: counted from what is said of its places."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.geo.addresses.invented.hearing import apart
from tests.geo.addresses.invented.towns import Town

#: Names that a miswritten one may be taken for: those as near to it as the right one, within the tolerance; and how
#: much nearer than any other the right one has to be for its query to be asked at all.
TOLERANCE, MARGIN = 0.05, 0.35
#: Elements whose values are names.
NAMED = ("road", "compound", "name")

Said = Mapping[str, str | frozenset[str]]


@dataclass(frozen=True)
class Known:
    """A name by which places are known: of a kind, as it is written, and the name that the gazetteer has for it."""

    kind: str
    written: str
    name: str


class Truth:
    """Right answers for one town."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._by_said = town.by_said()
        self.known = [Known(kind, name, name) for kind in NAMED for name in town.names(kind)]
        kinds = {"poi": "name"}
        self.known += [Known(kinds.get(kind, kind), alias, name) for alias, kind, name, _ in town.aliases]

    def meant(self, said: Said) -> list[int]:
        """Numbers of the places of which all that is said is true, without those that lie in another of them."""
        found: frozenset[int] | None = None
        for kind, values in said.items():
            options = (values,) if isinstance(values, str) else values
            having = frozenset[int]().union(*(self._by_said.get((kind, value), frozenset()) for value in options))
            found = having if found is None else found & having
        return sorted(
            number for number in found or () if not any(around in (found or ()) for around in self.around(number))
        )

    def around(self, number: int) -> list[int]:
        """Numbers of the places that a place lies in, the nearest first."""
        parents = []
        while (number := self._town.places[number].parent) >= 0:
            parents.append(number)
        return parents

    def misheard(self, said: Mapping[str, str], heard: Mapping[str, str]) -> list[int] | None:
        """Numbers of the places meant when some names are heard as others.

        Returns
        -------
        list of int or None
            All that are equally near; None where the text may well mean something else: there is no right answer.
        """
        found = set(self.meant(said))
        for kind, text in heard.items():
            distance = apart(text, said[kind])
            for known in self.known:
                if known.kind == kind and known.name == said[kind]:
                    if known.written == text and known.written != known.name:
                        return None
                    continue
                other = self._taken_for(known, text, distance, kind, said)
                if other is None:
                    return None
                found |= other
        return sorted(found)

    def _taken_for(
        self, known: Known, text: str, distance: float, kind: str, said: Mapping[str, str]
    ) -> set[int] | None:
        if abs(len(known.written) - len(text)) > 1:
            return set()
        reach = apart(text, known.written)
        if reach == 0:
            return None
        if reach >= distance + MARGIN:
            return set()
        places = self.meant({key: value for key, value in said.items() if key != kind} | {known.kind: known.name})
        if not places:
            return set()
        return set(places) if known.kind == kind and abs(reach - distance) <= TOLERANCE else None

    def by_letters(
        self, kind: str, said: Mapping[str, str], letters: str, spell: Callable[[str], str]
    ) -> list[int] | None:
        """Numbers of the places meant when a name is given in Latin letters; None where another kind bears it too."""
        same = [known for known in self.known if spell(known.written) == letters]
        if any(known.kind != kind and self.meant(_instead(said, kind, known)) for known in same):
            return None
        names = frozenset(known.name for known in same if known.kind == kind)
        return self.meant({**said, kind: names})

    def beginning(self, short: str) -> frozenset[str]:
        """Names of compounds that begin so."""
        return frozenset(
            known.name for known in self.known if known.kind == "compound" and known.written.startswith(short)
        )

    def ids(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(self._town.places[number].id for number in numbers)


def _instead(said: Mapping[str, str], kind: str, known: Known) -> dict[str, str]:
    return {key: value for key, value in said.items() if key != kind} | {known.kind: known.name}
