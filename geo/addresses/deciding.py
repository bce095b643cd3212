"""From readings and what they lead to, to one answer: one place, several, or none, each with its reason.

A wrong place is worse than a question. One place is told only when it was read cheaply and nothing else was read
nearly as cheaply; a name heard letter for letter is not given up for one that sounds like it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.addresses.answers import Answer, Candidate, Heard, Reason
from geo.addresses.book import NESTING, AddressBook, Target
from geo.addresses.lookup import MOST_PLACES, NOWHERE, OTHER_ROAD, Found, places_of, shallowest
from geo.addresses.reading import ANCHORS, UNKNOWN_NAME, Named, Reading
from geo.addresses.relations import relation
from geo.addresses.short_names import endings, shape
from geo.territory.dictionaries import dictionary

#: Readings up to this cost need no further search.
CERTAIN = 0.11
#: Readings above this cost are no answer by themselves.
DOUBTFUL = 0.72
#: Another place that was read at so much more is a rival.
MARGIN = 0.12
#: A slip at this cost may be another name; another name heard up to NEAR beside it makes it believable.
FAR, NEAR = 0.45, 0.2
MOST_NEAREST = 5
#: What a reading saves at least that takes a name which another one leaves out.
LEFT_OUT = 0.25
#: Ways of hearing a name that put other characters in place of those that were said.
CHANGED = ("sound", "shape", "slip")

_KINDS = {"entity": "compound", "name": "poi", "mark": "building", "zone": "building"}
_APART = ("city", "district", "street", "community", "road", "number", "compound", "building", "unit", "room", "name")


@dataclass(frozen=True)
class Trial:
    """A reading, what it leads to, and the cost of both."""

    reading: Reading
    found: Found
    cost: float

    @classmethod
    def of(cls, reading: Reading, found: Found) -> "Trial":
        """Put both together; a compound that stands at the number that was said is believed whatever the road was."""
        compound = reading.named("entity")
        confirmed = reading.unknown and compound is not None and compound.cost == 0 and not found.failed
        if confirmed and found.elements.number and len(found.rows) and reading.named("road") is None:
            reading = replace(reading, unknown="", cost=reading.cost - UNKNOWN_NAME + OTHER_ROAD)
        return cls(reading, found, reading.cost + found.cost)

    @property
    def succeeded(self) -> bool:
        """Whether there are places that have all that was said."""
        return not self.found.failed and bool(len(self.found.rows))


def certain(trials: Sequence[Trial]) -> Trial | None:
    """Return the cheapest reading that led to places, where it leaves nothing to be doubted."""
    best = next((trial for trial in trials if trial.succeeded), None)
    if best is None or best.cost > CERTAIN or best.reading.unknown or not _anchored(best.reading):
        return None
    return best


def certainly_lacking(trials: Sequence[Trial]) -> bool:
    """Whether names heard letter for letter explain all, and the place has no such building, stairwell or door.

    Names that merely sound alike would not be taken instead (:func:`_stronger_failure`), so that none need be sought.
    """
    founded = [trial for trial in trials if _founded(trial) and trial.cost <= CERTAIN]
    return bool(founded) and founded[0].found.failed in ("building", "unit", "room")


def plausible(trials: Sequence[Trial]) -> Trial | None:
    """Return the cheapest reading with a name that led to places, where it is not too doubtful."""
    fit = (each for each in trials if each.succeeded and _anchored(each.reading) and each.cost <= DOUBTFUL)
    return next(fit, None)


def refusal(text: str, code: str, failed: str = "", said: str = "") -> Answer:
    """Return an answer without any place."""
    heard = (Heard(failed, said, "", "unmatched"),) if failed else ()
    return Answer("none", text, (), (), _reason(code, said), heard, failed)


def decide(book: AddressBook, text: str, trials: Sequence[Trial], divisions: Sequence[Named] = ()) -> Answer:
    """Return the answer to ``text``, whose trials come cheapest first, and which named these divisions."""
    answer = _decided(book, text, trials)
    if answer.reason.code == "no-address" and divisions:
        return _division(book, text, divisions[-1])
    return replace(answer, heard=(*(_heard_name(book, text, each) for each in divisions), *answer.heard))


def _decided(book: AddressBook, text: str, trials: Sequence[Trial]) -> Answer:
    successes = [trial for trial in trials if trial.succeeded]
    if not successes:
        return _failure(book, text, trials)
    best = plausible(trials) or successes[0]
    if best.cost > DOUBTFUL and any(_founded(trial) and trial.cost < best.cost for trial in trials):
        return _failure(book, text, trials)
    if not _anchored(best.reading):
        return _unanchored(book, text, best)
    failure = _stronger_failure(best, trials)
    if failure is not None:
        return _none(book, text, failure)
    places = _rivals(book, best, successes)
    if best.cost > DOUBTFUL or best.reading.unknown or _far_fetched(book, text, best):
        return _doubtful(book, text, best, places)
    return _told_of(book, text, best, [*places, *_counterparts(book, best, places)])


def _anchored(reading: Reading) -> bool:
    """Whether a reading names a road, a compound or a landmark, without which a number is anywhere."""
    return any(name.kind in ANCHORS for name in reading.names)


def told(book: AddressBook, text: str, rows: Sequence[int], names: Sequence[Named]) -> Answer:
    """Return the answer to a text that is the very address of these rows."""
    return _asserted(book, text, rows, 0.0, tuple(_heard_name(book, text, name) for name in names))


# ── which places ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _rivals(book: AddressBook, best: Trial, successes: Sequence[Trial]) -> list[int]:
    """Return the places of the best reading and of those nearly as good, without what only holds another one."""
    near = [trial for trial in successes if trial.cost <= best.cost + MARGIN and _anchored(trial.reading)]
    places = list(dict.fromkeys(place for trial in near for place in places_of(book, trial.found)))
    deepest = [place for place in places if not any(_holds(book, place, other) for other in places)]
    if len(deepest) > 1:
        deepest = _as_written(book, best, deepest)
    return deepest[: MOST_PLACES + 1]


def _holds(book: AddressBook, place: int, other: int) -> bool:
    """Whether ``other`` lies in ``place`` by its elements."""
    pairs = [(book.columns[name][place], book.columns[name][other]) for name in NESTING]
    holds = all(not one or one == two for one, two in pairs) and any(one for one, _ in pairs[1:])
    return holds and any(one != two for one, two in pairs)


def _as_written(book: AddressBook, best: Trial, places: list[int]) -> list[int]:
    """Keep the one that is written as it was said, where places differ in writing alone (90-1号, 90号之一)."""
    keys = {tuple(int(book.columns[name][place]) for name in NESTING) for place in places}
    if len(keys) > 1:
        return places
    elements = best.found.elements
    said = {elements.number, elements.mark, elements.room}
    same = [place for place in places if all(part in book.address(place) for part in said if part)]
    return same if len(same) == 1 else places


def _counterparts(book: AddressBook, best: Trial, places: list[int]) -> list[int]:
    """Return D座 of a compound where 4座 of another one of the same name was found, and the text tells no more.

    Callers give lettered buildings numbers; which of the two compounds is meant is then anybody's guess.
    """
    name, elements = best.reading.named("entity"), best.found.elements
    alone = not (elements.unit or elements.room or elements.number or elements.zone)
    if len(places) != 1 or name is None or len(name.entities) < 2 or len(best.reading.names) > 1 or not alone:
        return []
    if not elements.mark.isdigit():
        return []  # who says D means D
    ordinal, texts = int(elements.mark), book.vocabularies["mark"].texts
    others = [mark for mark, text in enumerate(texts) if text != elements.mark and _ordinal(text) == ordinal]
    rows = np.concatenate([book.rows_of(Target("entity", entity)) for entity in name.entities])
    return list(shallowest(book, rows[np.isin(book.columns["mark"][rows], others)]))


def _far_fetched(book: AddressBook, text: str, best: Trial) -> bool:
    """Whether all hangs on a name with another character in it: 朝霞路 may well be a road that the book lacks.

    A character too many or too few, or two that changed places, are slips of the hand and not another name.
    """
    names = [name for name in best.reading.names if name.kind in ANCHORS]
    far = [name for name in names if name.how == "slip" and name.cost >= FAR and not _slipped(book, text, name)]
    others = [name for name in names if name not in far and name.cost <= NEAR]
    elements = best.found.elements
    confirmed = bool(others) or bool(elements.number and elements.mark) or best.found.depth >= 3
    return bool(far) and not confirmed


def _slipped(book: AddressBook, text: str, name: Named) -> bool:
    said, written = text[name.start : name.end], book.written[name.names[0]]
    if _in_ending(said, written):
        return True
    return sorted(said) == sorted(written) or _inside(said, written) or _inside(written, said)


def _in_ending(said: str, written: str) -> bool:
    """Whether only one character of an ending differs: 迎宾花困 is 迎宾花园; 迎宾花城 has an ending of its own."""
    ending = len(shape(written).ending)
    head, tail = said[: len(said) - ending], said[len(said) - ending :]
    if ending < 2 or len(said) != len(written) or head != written[: len(written) - ending]:
        return False
    kept = sum(one == other for one, other in zip(tail, written[len(written) - ending :], strict=True))
    return kept == ending - 1 and not any(said.endswith(word) for word in endings())


def _inside(part: str, whole: str) -> bool:
    """Whether all characters of ``part`` stand in ``whole``, in their order."""
    left = iter(whole)
    return all(sign in left for sign in part)


def _stronger_failure(best: Trial, trials: Sequence[Trial]) -> Trial | None:
    """Return a reading that failed and yet is better founded than the best that did not.

    A name that was said letter for letter is that name, also where the number behind it does not exist: no other name
    that merely sounds or looks like it is taken instead.
    """
    changed = [name for name in best.reading.names if name.how in CHANGED]
    for trial in trials:
        if trial.succeeded or trial.reading.unknown or not _anchored(trial.reading) or trial.cost > best.cost:
            continue
        exact = [name for name in trial.reading.names if name.cost == 0 and name.kind in ("entity", "road", "name")]
        plain = len(exact) == len(trial.reading.names) and trial.cost <= best.cost - LEFT_OUT
        if plain and trial.reading.explained > best.reading.explained:
            return trial  # the best one is the best only since it leaves out a name that was said
        if any(one.start <= other.start and other.end <= one.end for one in exact for other in changed):
            return trial
    return None


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _told_of(book: AddressBook, text: str, best: Trial, places: Sequence[int]) -> Answer:
    """Answer with the one place, or the choice, that the best reading led to."""
    answer = _asserted(book, text, places, best.cost, _heard(book, text, best))
    return replace(answer, relation=relation(text[best.reading.tail :]))


def _asserted(book: AddressBook, text: str, rows: Sequence[int], cost: float, heard: tuple[Heard, ...]) -> Answer:
    places = [candidate(book, row, cost) for row in rows[:MOST_PLACES]]
    if len(rows) == 1:
        ignored = [each.text for each in heard if each.how == "ignored"]
        code = "found-despite" if ignored else "found" if cost <= CERTAIN else "found-inexact"
        return Answer("one", text, (places[0],), (), _reason(code, "、".join(ignored)), heard, total=1)
    number = str(len(rows)) if len(rows) <= MOST_PLACES else f"{MOST_PLACES}+"
    shown = tuple(_apart(book, places))
    return Answer("several", text, shown, (), _reason("several", number), heard, total=len(rows))


def _doubtful(book: AddressBook, text: str, best: Trial, places: list[int]) -> Answer:
    if best.reading.unknown:
        failed = "compound" if any(name.kind == "road" for name in best.reading.names) else "name"
        heard = (*_heard(book, text, best), Heard(failed, best.reading.unknown, "", "unmatched"))
        reason = _reason("no-such-name", best.reading.unknown)
    else:
        failed, heard, reason = "name", _heard(book, text, best), _reason("doubtful")
    nearest = tuple(candidate(book, place, best.cost) for place in places[:MOST_NEAREST])
    return Answer("none", text, (), nearest, reason, heard, failed)


def _unanchored(book: AddressBook, text: str, best: Trial) -> Answer:
    """Answer a text that names no road, compound or landmark: a choice where few places have all of it."""
    elements = best.found.elements
    if best.reading.unknown:
        return _doubtful(book, text, replace(best, found=Found(NOWHERE, best.cost)), [])
    said = elements.mark or elements.room or elements.number or elements.unit
    if not said:
        community = best.reading.named("community")
        return _division(book, text, community) if community else refusal(text, "no-address")
    if not any(piece.strong for piece in best.reading.pieces) or not (elements.mark or elements.room):
        return refusal(text, "no-name")
    places = list(places_of(book, best.found))
    if 2 <= len(places) <= MOST_PLACES:
        return _told_of(book, text, best, places)
    nearest = tuple(candidate(book, place, best.cost) for place in places[:MOST_NEAREST])
    return Answer("none", text, (), nearest, _reason("no-name"), _heard(book, text, best), "name")


def _division(book: AddressBook, text: str, name: Named) -> Answer:
    """Answer a text that names a community or street and nothing in it."""
    found = np.concatenate([book.rows_of(Target(name.kind, entity)) for entity in name.entities])
    rows = book.of_level(found, name.kind).tolist()
    heard = (_heard_name(book, text, name),)
    if 1 <= len(rows) <= MOST_PLACES and (len(rows) > 1 or name.cost <= DOUBTFUL):
        return _asserted(book, text, rows, name.cost, heard)
    return Answer("none", text, (), (), _reason("only-division"), heard, "road")


def _failure(book: AddressBook, text: str, trials: Sequence[Trial]) -> Answer:
    named = [trial for trial in trials if _founded(trial)]
    if named:
        return _none(book, text, min(named, key=lambda trial: trial.cost - 0.02 * trial.found.depth))
    if trials and trials[0].reading.unknown:
        return _doubtful(book, text, trials[0], [])
    strong = any(piece.strong for trial in trials for piece in trial.reading.pieces)
    return refusal(text, "no-name" if strong else "no-address")


def _founded(trial: Trial) -> bool:
    """Whether a reading that failed rests on names that were heard well."""
    return not trial.succeeded and _anchored(trial.reading) and trial.cost <= DOUBTFUL and not trial.reading.unknown


def _none(book: AddressBook, text: str, trial: Trial) -> Answer:
    """Answer that an element does not exist, with what does."""
    found = trial.found
    failed = found.failed
    heard = _heard(book, text, trial)
    nearest = [candidate(book, place, trial.cost) for place in _nearest(book, found)]
    if failed == "name":
        reason = _reason("not-together", "、".join(each.text for each in heard if each.how != "exact" or each.name))
    else:
        reason = _reason(
            f"no-such-{failed}", str(getattr(found.elements, {"building": "mark"}.get(failed, failed), ""))
        )
    return Answer("none", text, (), tuple(nearest), reason, heard, failed)


def _nearest(book: AddressBook, found: Found) -> list[int]:
    """Return what does exist: the place that was found before the failing element, and its parts most like that one."""
    places = list(places_of(book, found)[:MOST_NEAREST])
    column = {"number": "number", "building": "mark", "unit": "unit", "room": "room"}.get(found.failed)
    if len(places) != 1 or column is None:
        return places
    said = getattr(found.elements, column)
    inside = book.inside(places[0])
    parts = shallowest(book, inside[book.columns[column][inside] > 0], 400)
    texts = book.vocabularies[column].texts
    parts = tuple(sorted(parts, key=lambda row: _unlike(said, texts[book.columns[column][row]])))
    return [*places, *parts][:MOST_NEAREST]


def _unlike(said: str, other: str) -> tuple[int, str]:
    """How far two keys are: by number; letters count as their place in the alphabet (1座 is most like A座)."""
    one, two = _ordinal(said), _ordinal(other)
    return (abs(one - two) if one is not None and two is not None else 10_000, other)


def _ordinal(key: str) -> int | None:
    digits = "".join(sign for sign in key.split("-")[0].split("/")[-1] if sign.isdigit())
    if digits:
        return int(digits)
    if len(key) == 1 and "a" <= key <= "z":
        return ord(key) - ord("a") + 1
    return None


def candidate(book: AddressBook, row: int, cost: float) -> Candidate:
    """Return a row as a candidate."""
    return Candidate(
        row,
        book.ident(row),
        book.text("level", row),
        book.address(row),
        book.point(row)[0],
        book.point(row)[1],
        round(cost, 3),
    )


def _apart(book: AddressBook, candidates: list[Candidate]) -> list[Candidate]:
    """Say of each candidate what the others have otherwise."""
    texts = {name: [book.text(name, each.row) for each in candidates] for name in _APART}
    differing = [name for name in _APART if len(set(texts[name])) > 1]
    return [
        replace(each, apart="".join(texts[name][place] for name in differing)) for place, each in enumerate(candidates)
    ]


def _heard(book: AddressBook, text: str, trial: Trial) -> tuple[Heard, ...]:
    names = [*trial.reading.names, *trial.reading.left_out]
    ignored = [name in trial.reading.left_out or name.kind in trial.found.ignored for name in names]
    elements: list[tuple[int, Heard]] = []
    for name, without in zip(names, ignored, strict=True):
        heard = _heard_name(book, text, name)
        elements.append((name.start, replace(heard, how="ignored") if without else heard))
    failed = trial.found.failed
    for piece in trial.reading.pieces:
        kind = {"bare": "room", "letter": "building", "chain": "building", "suffix": "number", "zone": "building"}
        element = kind.get(piece.kind, piece.kind)
        lost = element == failed
        elements.append(
            (
                piece.start,
                Heard(
                    element, text[piece.start : piece.end], "" if lost else piece.key, "unmatched" if lost else "exact"
                ),
            )
        )
    return tuple(heard for _, heard in sorted(elements, key=lambda pair: pair[0]))


def _heard_name(book: AddressBook, text: str, name: Named) -> Heard:
    known = "、".join(book.written[number] for number in name.names[:3])
    return Heard(_KINDS.get(name.kind, name.kind), text[name.start : name.end], known, name.how)


def _reason(code: str, said: str = "") -> Reason:
    entry = dictionary("address_reasons")[code]
    return Reason(code, entry.zh.replace("{said}", said), entry.en.replace("{said}", said))
