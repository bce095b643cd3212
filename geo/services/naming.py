"""Use case: what a thing is called, for those who see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import names
from geo.territory.nouns import NOUNS


@dataclass(frozen=True)
class Named:
    """A thing with its name; "" where it has none."""

    noun: str
    code: str
    name: str

    @property
    def noun_zh(self) -> str:
        """The word for such things."""
        return NOUNS[self.noun].zh

    @property
    def title(self) -> str:
        """The name, or else the word for such things."""
        return self.name or self.noun_zh


def name_of(session: Session, noun: str, code: str) -> Named:
    """Return what a thing is called.

    Raises
    ------
    NotFoundError
        There is no such thing that is seen.
    """
    found = names.read_names(session, noun, [code])
    if code not in found:
        zh = NOUNS[noun].zh
        raise NotFoundError(f"没有编码为 {code[:40]} 的{zh}", f"there is no {noun.replace('_', ' ')} {code[:40]}")
    return Named(noun, code, found[code])


def names_of(session: Session, noun: str, codes: Sequence[str]) -> dict[str, str]:
    """Return what things are called, by code; those that are not seen, or have no name, by their code."""
    found = names.read_names(session, noun, codes)
    return {code: found.get(code) or code for code in codes}
