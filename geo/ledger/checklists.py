"""What is looked at in a place or at a city element of a kind, item by item, and what a look comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from geo.errors import CodeError, InputError
from geo.territory.dictionaries import Dictionary, dictionary

ItemResult = Literal["ok", "fault", "not_applicable"]
Result = Literal["clear", "findings", "no_access"]

ITEM_RESULTS: tuple[ItemResult, ...] = ("ok", "fault", "not_applicable")


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Attributes
    ----------
    zh, en
        What is right.
    fault_zh, fault_en
        What is wrong where it is not: the summary of the hazard.
    hazard
        The kind of hazard that a fault is (``hazard_kinds``).
    """

    code: str
    zh: str
    en: str
    fault_zh: str
    fault_en: str
    hazard: str


@dataclass(frozen=True)
class Checklist:
    """What is looked at in places and at city elements of some kinds; ``source`` says where the items are from."""

    code: str
    zh: str
    en: str
    place_kinds: tuple[str, ...]
    element_kinds: tuple[str, ...]
    items: MappingProxyType[str, Item]
    source: str


@dataclass(frozen=True)
class Answered:
    """What was found at one item."""

    code: str
    result: ItemResult
    note: str | None = None


@cache
def checklists() -> MappingProxyType[str, Checklist]:
    """Return all checklists by code."""
    return MappingProxyType({entry.code: _checklist(entry.code) for entry in _listed().entries.values()})


def checklist(code: str) -> Checklist:
    """Return a checklist.

    Raises
    ------
    CodeError
        There is no such checklist; the message lists them.
    """
    return checklists()[_listed()[code].code]


def for_kind(place_kind: str) -> Checklist:
    """Return the checklist of a kind of place.

    Raises
    ------
    CodeError
        No checklist names the kind.
    """
    return _of(place_kind, "place_kinds", "场所", "places")


def for_element(element_kind: str) -> Checklist:
    """Return the checklist of a kind of city element.

    Raises
    ------
    CodeError
        No checklist names the kind.
    """
    return _of(element_kind, "element_kinds", "要素", "city elements")


def check_answers(found: Checklist, answers: Sequence[Answered], *, no_access: bool) -> Result:
    """Return what a look came to, when it was answered whole: nothing wrong is said item by item too.

    Raises
    ------
    InputError
        An item is unknown, answered twice or left out; or items are answered where nobody opened.
    """
    codes = [answer.code for answer in answers]
    unknown = [code for code in dict.fromkeys(codes) if code not in found.items]
    if unknown:
        raise InputError(
            f"检查表“{found.zh}”没有这些项目:{'、'.join(code[:40] for code in unknown)};有:{'、'.join(found.items)}",
            f"the checklist {found.en} has no items {', '.join(code[:40] for code in unknown)}; it has: "
            f"{', '.join(found.items)}",
        )
    if no_access:
        return _no_access(codes)
    twice = [code for code in dict.fromkeys(codes) if codes.count(code) > 1]
    if twice:
        raise InputError(f"项目填了两次:{'、'.join(twice)}", f"items are answered twice: {', '.join(twice)}")
    left = [item for item in found.items.values() if item.code not in codes]
    if left:
        raise InputError(
            f"还有项目未检查:{'、'.join(item.zh for item in left)};没有的请选“不适用”",
            f"items are left out: {'; '.join(item.en for item in left)}; say not_applicable of what is not there",
        )
    return "findings" if any(answer.result == "fault" for answer in answers) else "clear"


def _of(kind: str, kinds: Literal["place_kinds", "element_kinds"], zh: str, en: str) -> Checklist:
    for each in checklists().values():
        if kind in getattr(each, kinds):
            return each
    known = [kind for each in checklists().values() for kind in getattr(each, kinds)]
    raise CodeError(
        f"没有{zh}类型“{kind[:40]}”的检查表;有检查表的类型:{'、'.join(known)}",
        f"no checklist is for {en} of the kind {kind[:40]!r}; there are some for: {', '.join(known)}",
    )


def _no_access(codes: list[str]) -> Result:
    if codes:
        raise InputError("无人开门时不填检查项目", "where nobody opened, no item is answered")
    return "no_access"


def _listed() -> Dictionary:
    return dictionary("checklists")


def _checklist(code: str) -> Checklist:
    entry, items = _listed()[code], dictionary(f"checklists/{code}")
    made = {
        item.code: Item(item.code, item.zh, item.en, item.extra["fault"], item.extra["fault_en"], item.extra["hazard"])
        for item in items.entries.values()
    }
    places, elements = tuple(entry.extra["place_kinds"]), tuple(entry.extra.get("element_kinds", ()))
    return Checklist(code, entry.zh, entry.en, places, elements, MappingProxyType(made), items.source)
