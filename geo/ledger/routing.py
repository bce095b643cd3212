"""Judging and routing (受理研判、分类办理): what kind a request is of by its words, and to whom it goes.

Both are proposals with their reasons: whoever takes the request may say otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from geo.ledger.duties import OTHERWISE, RUNGS, Duty, Party, parties
from geo.territory.dictionaries import dictionary


@dataclass(frozen=True)
class Judgement:
    """What kind a text is of.

    Attributes
    ----------
    kind
        The kind that most of the text speaks of; :data:`~geo.ledger.duties.OTHERWISE` where no word or two kinds tie.
    words
        What the text says that is of the kind.
    others
        Kinds that the text also speaks of, the likeliest first.
    """

    kind: str
    words: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Whether the text speaks of this kind and of no other."""
        return bool(self.words) and not self.others


@dataclass(frozen=True)
class There:
    """What there is where a case lies.

    Attributes
    ----------
    bodies
        Code of a responsible body by its kind: of the place, the compound, the city element.
    """

    community_code: str
    grid_code: str | None
    bodies: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """To whom a case goes.

    Attributes
    ----------
    party
        Who is in charge.
    rung
        The rung that is in charge.
    code
        Code of the responsible body, the grid, the community or the street that is meant.
    body
        The responsible body, where it is one.
    role
        The role that acts in the system.
    helps
        Who helps, in the order in which they are asked.
    reasons
        Why, sentence by sentence: Chinese and English.
    """

    party: Party
    rung: str
    code: str
    body: str | None
    role: str
    helps: tuple[Party, ...]
    reasons: tuple[tuple[str, str], ...]


def judge(text: str, workflow: str = "request") -> Judgement:
    """Tell what kind a request, or a hazard, is of by the words of its kinds that it has.

    They are in ``data/dictionaries/request_kinds.toml`` and ``hazard_kinds.toml``.

    A kind weighs as much as its words have characters, those that lie within longer ones left out.

    >>> judge("楼下垃圾堆了三天没人清运").kind
    'rubbish'
    >>> judge("想问一下").kind
    'other'
    >>> judge("插座冒火花", "hazard").kind
    'wiring'
    """
    found = {kind: spoken for kind, words in _words(workflow).items() if (spoken := _spoken(text, words))}
    weights = {kind: sum(len(word) for word in spoken) for kind, spoken in found.items()}
    order = sorted(weights, key=lambda kind: (-weights[kind], kind))
    tied = len(order) > 1 and weights[order[0]] == weights[order[1]]
    if not order or tied:
        return Judgement(OTHERWISE, (), tuple(order))
    return Judgement(order[0], found[order[0]], tuple(order[1:]))


def route(duty: Duty, there: There) -> Route:
    """Return to whom a case of a duty goes.

    The party of the duty list where there is one: of a kind of body, the body that the place or compound has, else the
    first of those who help that is there. A grid worker needs a grid in force; without one it is the community's.
    """
    reasons = [
        (
            f"职责清单:{duty.zh}由{duty.party.zh}负责,标准:{duty.standard_zh}",
            f"Duty list: {duty.en} is for the {duty.party.en}. Standard: {duty.standard_en}",
        )
    ]
    for party in (duty.party, *duty.helps, parties()["community"]):
        body = next((there.bodies[kind] for kind in sorted(party.bodies) if kind in there.bodies), None)
        missing = _missing(party, body, there)
        if missing:
            reasons.append(missing)
            continue
        code = body or _code(party.rung, there)
        helps = tuple(other for other in (duty.party, *duty.helps) if other != party)
        reasons.append((f"交{party.zh}({code})办理", f"It goes to the {party.en} ({code})"))
        return Route(party, party.rung, code, body, min(party.roles), helps, tuple(reasons))
    raise AssertionError("the community is always there")


def _missing(party: Party, body: str | None, there: There) -> tuple[str, str] | None:
    """Say why a party cannot be in charge here; None where it can."""
    if party.bodies and body is None and party.code != "community":
        return f"此处没有登记的{party.zh}", f"No {party.en} is on record here"
    if party.rung == RUNGS[0] and body is None and there.grid_code is None:
        return f"此处不在现行网格内,没有{party.zh}", f"No grid in force lies here, so there is no {party.en}"
    return None


def _code(rung: str, there: There) -> str:
    if rung == "grid" and there.grid_code is not None:
        return there.grid_code
    return there.community_code if rung == "community" else there.community_code[:9]


@cache
def _words(workflow: str) -> dict[str, tuple[str, ...]]:
    entries = dictionary(f"{workflow}_kinds").entries.values()
    return {entry.code: tuple(sorted(entry.extra["words"], key=lambda word: (-len(word), word))) for entry in entries}


def _spoken(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that a text has, the longest first; of what a longer one took nothing is counted again."""
    spoken = []
    for word in words:
        if word in text:
            spoken.append(word)
            text = text.replace(word, "\n")
    return tuple(spoken)
