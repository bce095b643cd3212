"""Use case: learning what people call a place.

Staff confirm which place a caller meant. Where the text had a name that the register does not have for it, that name
becomes a proposed alias; so does a name that somebody states outright. A planner accepts or rejects it, and address
books know it from then on.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.addresses.answers import Heard
from geo.addresses.book import AddressBook
from geo.addresses.locating import locate
from geo.addresses.normalising import normalise
from geo.addresses.parsing import split
from geo.errors import ConflictError, InputError, NotFoundError
from geo.services.address_books import AddressBooks
from geo.services.locating import check_text, engine_of
from geo.storage import addresses, events
from geo.storage.addresses import AliasRecord, AliasState
from geo.storage.refusals import in_plain_words

__all__ = ["AliasRecord", "AliasState", "Confirmation", "confirm", "decide", "list_aliases", "propose", "read_alias"]

#: How events call it.
CONFIRMED = "confirmed"
#: Elements that are names, each with the column of the book that has it; the rest are numbers.
NAMES = {"poi": "name", "compound": "compound", "building": "building", "road": "road", "community": "community"}
#: What is said of a place where the book knows no such name: the innermost name that the place has.
UNKNOWN = "name"
#: What is all that is said of a place: a name for the very place, or for the building that it lies in.
WHOLE = "whole"
#: Characters of an alias; the shortest names have two, and longer ones are sentences.
SHORTEST, LONGEST = 2, 20


@dataclass(frozen=True)
class Confirmation:
    """What a confirmation came to.

    Attributes
    ----------
    noun, code
        The thing that was meant.
    aliases
        What the text called it or what it lies in, and the register does not.
    """

    id: str
    noun: str
    code: str
    aliases: tuple[AliasRecord, ...]


@dataclass(frozen=True)
class _Said:
    """A name that somebody used for something."""

    alias: str
    kind: str
    noun: str
    code: str
    name: str


def confirm(
    session: Session,
    books: AddressBooks,
    text: str,
    place: str,
    *,
    actor: Actor | None = None,
    who: str | None = None,
) -> Confirmation:
    """Record that ``text`` meant a place, and propose as aliases the names that it has and the register has not.

    Parameters
    ----------
    place
        Id of a candidate of :func:`geo.services.locating.locate`.

    Raises
    ------
    BoundsError
        The text is too long.
    NotFoundError
        There is no such place, or the actor does not see it.
    """
    check_text(text)
    name = _named(actor, who)
    book, row = _row_of(session, books, place, actor)
    noun, code = (str(book.frame[column].iat[row]) for column in ("noun", "code"))
    answer = locate(book, text)
    # Of what is no address at all the whole is taken for a name.
    heard = answer.heard or (Heard(WHOLE, answer.text, "", "unmatched"),)
    said = _said(book, row, heard)
    aliases = tuple(addresses.propose_alias(session, **vars(each), who=name) for each in said)
    told = {"aliases": [alias.id for alias in aliases]}
    with in_plain_words():
        events.record(session, who=name, what=CONFIRMED, noun=noun, code=code, after=told)
    return Confirmation(place, noun, code, aliases)


def propose(
    session: Session,
    books: AddressBooks,
    alias: str,
    place: str,
    *,
    accept: bool = False,
    actor: Actor | None = None,
    who: str | None = None,
) -> AliasRecord:
    """Propose a name for a place, stated outright; of a stairwell or a door it is one for the building.

    Parameters
    ----------
    place
        Id of a candidate of :func:`geo.services.locating.locate`.
    accept
        Accept it at once; for planners.

    Raises
    ------
    InputError
        It is no name: a number, a whole address, one character, or endless.
    NotFoundError
        There is no such place, or the actor does not see it.
    ConflictError
        The thing is called so by now.
    AccessError
        Who asks does not keep the register, or may not accept what they propose.
    """
    check_text(alias)
    name = _named(actor, who)
    book, row = _row_of(session, books, place, actor)
    said = normalise(alias)
    if not _is_name(said):
        raise InputError(
            f"“{alias[:40]}”不是名称:别名为 {SHORTEST}–{LONGEST} 个字,不含门牌、楼栋等号码",
            f"{alias[:40]!r} is no name: an alias has {SHORTEST} to {LONGEST} letters and no numbers of houses",
        )
    kind = _own(book, row)
    own = str(book.frame[NAMES[kind]].iat[row]) if kind else ""
    target = _target(book, row, kind, own) if kind else None
    if target is None:
        raise InputError(
            f"编号为 {place[:60]} 的地点没有可起别名的名称", f"place {place[:60]!r} has no name that an alias is of"
        )
    if said == normalise(own):
        raise _own_name(said)
    proposed = addresses.propose_alias(session, **vars(_Said(said, kind, *target, own)), who=name)
    if not accept or proposed.state == "accepted":
        return proposed
    return addresses.decide_alias(session, proposed.id, "accepted", who=name, version=proposed.version)


def list_aliases(
    session: Session, *, state: AliasState | None = None, limit: int, after: int | None = None
) -> list[AliasRecord]:
    """Return up to ``limit`` aliases, the newest first, that are older than the alias ``after``."""
    return addresses.read_aliases(session, state=state, limit=limit, after=after)


def read_alias(session: Session, alias_id: int) -> AliasRecord:
    """Return an alias.

    Raises
    ------
    NotFoundError
        There is no such alias, or what it is of is not seen.
    """
    return addresses.read_alias(session, alias_id)


def decide(
    session: Session,
    alias_id: int,
    state: AliasState,
    *,
    version: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> AliasRecord:
    """Accept or reject a proposed alias, accept a rejected one after all, or end one that was accepted.

    Raises
    ------
    NotFoundError
        There is no such alias, or what it is of is not seen.
    StaleVersionError
        Somebody decided since the version that was seen.
    ConflictError
        Its state does not lead there, or the thing is called so by now.
    """
    if state == "accepted":
        _refuse_own_name(addresses.read_alias(session, alias_id))
    return addresses.decide_alias(session, alias_id, state, who=_named(actor, who), version=version)


def _refuse_own_name(alias: AliasRecord) -> None:
    if normalise(alias.alias) == normalise(alias.name):
        raise _own_name(alias.alias)


def _own_name(alias: str) -> ConflictError:
    return ConflictError(f"“{alias}”就是现在的名称,无需别名", f"“{alias}” is its name already and needs no alias")


def _row_of(session: Session, books: AddressBooks, place: str, actor: Actor | None) -> tuple[AddressBook, int]:
    """Return the actor's book and the row of a place that is there, and seen, at this moment."""
    found = books.of(engine_of(session), actor)
    row = found.row_of(place)
    if row is None or found.book is None:
        raise _no_place(place)
    noun, code = (str(found.book.frame[column].iat[row]) for column in ("noun", "code"))
    if noun != "crossing" and code not in addresses.living(session, noun, [code]):
        raise _no_place(place)
    return found.book, row


def _said(book: AddressBook, row: int, heard: tuple[Heard, ...]) -> list[_Said]:
    """Return the names that were heard and are not those of the place, each with what it is a name of."""
    found = []
    for each in heard:
        kind = {UNKNOWN: _innermost(book, row), WHOLE: _own(book, row)}.get(each.kind, each.kind)
        alias = each.text.strip()
        if kind not in NAMES or each.how == "exact" or not _is_name(alias):
            continue
        name = str(book.frame[NAMES[kind]].iat[row])
        if not name or alias == normalise(name) or (each.how == "alias" and name in each.name.split("、")):
            continue
        target = _target(book, row, kind, name)
        if target is not None:
            found.append(_Said(alias, kind, *target, name))
    return list(dict.fromkeys(found))


def _innermost(book: AddressBook, row: int) -> str:
    return next((kind for kind, column in NAMES.items() if str(book.frame[column].iat[row])), "")


def _own(book: AddressBook, row: int) -> str:
    """Return what a name of its own for a place is a name of: nobody has one for a stairwell or a door."""
    return "building" if str(book.frame["building"].iat[row]) else _innermost(book, row)


def _is_name(text: str) -> bool:
    """Whether a text could be a name: no number of a house, nothing endless."""
    return SHORTEST <= len(text) <= LONGEST and text.isalpha() and not split(text).get("building")


def _target(book: AddressBook, row: int, kind: str, name: str) -> tuple[str, str] | None:
    """Return noun and code of what bears a name that a row has; None where that is no thing of its own."""
    frame = book.frame
    thing = frame.iloc[row]
    if kind == "poi":
        return None if thing["noun"] == "crossing" else (str(thing["noun"]), str(thing["code"]))
    same = (frame["level"] == kind) & (frame[NAMES[kind]] == name) & (frame["street"] == thing["street"])
    for column in {"compound": ("road", "number"), "building": ("road", "number", "compound")}.get(kind, ()):
        same &= frame[column] == thing[column]
    bearing = frame.loc[same, ["noun", "code"]]
    return None if bearing.empty else (str(bearing["noun"].iat[0]), str(bearing["code"].iat[0]))


def _no_place(place: str) -> NotFoundError:
    return NotFoundError(f"没有编号为 {place[:60]} 的地点", f"there is no place {place[:60]!r}")


def _named(actor: Actor | None, who: str | None) -> str:
    name: Any = actor.name if actor else who
    if not name:
        raise InputError("确认或审定别名须写明操作人", "whoever confirms or decides has to be named")
    return str(name)
