"""Code lists of the trade, read from ``data/dictionaries/*.toml``."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from geo.errors import CodeError


@dataclass(frozen=True)
class Entry:
    """One row of a dictionary: a stable code, its two names, and what else the file says of it."""

    code: str
    zh: str
    en: str
    extra: MappingProxyType[str, Any]

    @property
    def label(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Dictionary:
    """A named list of entries with the source it was taken from."""

    name: str
    source: str
    entries: MappingProxyType[str, Entry]

    def __contains__(self, code: object) -> bool:
        return code in self.entries

    def __getitem__(self, code: str) -> Entry:
        try:
            return self.entries[code]
        except KeyError:
            allowed = "、".join(self.entries)
            raise CodeError(
                f"字典 {self.name} 中没有代码“{code}”;可用的代码:{allowed}",
                f"dictionary {self.name} has no code {code!r}; allowed: {', '.join(self.entries)}",
            ) from None

    def find(self, text: str) -> Entry | None:
        """Return the entry whose code, Chinese or English name is ``text`` (case and outer blanks ignored)."""
        wanted = text.strip().casefold()
        for entry in self.entries.values():
            aliases = (entry.code, entry.zh, entry.en, *entry.extra.get("aliases", ()))
            if wanted in (alias.casefold() for alias in aliases):
                return entry
        return None


@cache
def dictionary(name: str) -> Dictionary:
    """Load ``data/dictionaries/{name}.toml``.

    Raises
    ------
    CodeError
        There is no such file.
    """
    path = files("data") / "dictionaries" / f"{name}.toml"
    if not path.is_file():
        raise CodeError(f"没有名为 {name} 的字典", f"there is no dictionary named {name}")
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = {}
    for row in content["entries"]:
        extra = {key: value for key, value in row.items() if key not in ("code", "zh", "en")}
        entries[row["code"]] = Entry(row["code"], row["zh"], row["en"], MappingProxyType(extra))
    return Dictionary(name, content["source"], MappingProxyType(entries))
