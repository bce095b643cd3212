"""What a located address is answered with: one place, several that it could be, or none and why."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place.

    Attributes
    ----------
    row
        Its row in the book's frame.
    address
        Its whole address, Chinese.
    lon, lat
        EPSG:4326 degrees; NaN where the book knows no point.
    cost
        Doubt: 0 is what was said word for word.
    apart
        What tells it from the other candidates; empty when it stands alone.
    """

    row: int
    id: str
    level: str
    address: str
    lon: float
    lat: float
    cost: float
    apart: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """One element as it was understood.

    Attributes
    ----------
    kind
        ``province`` … ``room``, ``poi``, or ``relation``.
    text
        As typed, normalised.
    name
        As the book has it; empty when the book has no such thing.
    how
        ``exact``, ``alias``, ``short``, ``sound``, ``shape``, ``slip``, ``pinyin``, ``initials``, ``unmatched`` or
        ``ignored``.
    """

    kind: str
    text: str
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Where from the place: ``bearing`` in degrees clockwise from north and ``metres`` where the text tells them."""

    text: str
    bearing: float | None = None
    metres: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the answer is what it is: a stable code and a sentence in both languages."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text was understood as.

    Attributes
    ----------
    text
        The text as normalised.
    candidates
        The place for ``one``; two to twenty for ``several``; nothing for ``none``.
    nearest
        For ``none``: up to five things that do exist, the deepest part that was found or names that are much alike.
    failed
        For ``none``: the kind of the element that failed.
    total
        How many places it could be, also those not listed.
    """

    outcome: Literal["one", "several", "none"]
    text: str
    candidates: tuple[Candidate, ...]
    nearest: tuple[Candidate, ...]
    reason: Reason
    heard: tuple[Heard, ...]
    failed: str = ""
    relation: Relation | None = None
    total: int = 0
