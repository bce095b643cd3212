"""The catalogue of layers, read from ``data/dictionaries/layers.toml``: the file says what each of its words means.

Whatever shows layers (one-file maps, pages, sheets, tiles, other tools) takes titles, properties, levels, colours and
rights from here.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from geo.errors import NotFoundError
from geo.territory.dictionaries import Entry, dictionary

Geometry = Literal["area", "line", "point", "site", "any"]
Group = Literal["plan", "base", "elements", "compare", "ledger"]
PropertyType = Literal["text", "integer", "number", "date", "moment"]
Below = Literal["joined", "plain"]


@dataclass(frozen=True)
class Property:
    """What is told of each row of a layer.

    Attributes
    ----------
    dictionary
        The dictionary of its words; None where it has none.
    from_level
        The first level of the web's grid whose tiles tell it; None where no tile does.
    """

    name: str
    zh: str
    en: str
    type: PropertyType
    dictionary: str | None
    from_level: int | None


@dataclass(frozen=True)
class Levels:
    """At which levels of the web's grid (z) a layer has tiles.

    Attributes
    ----------
    first
        The first one with tiles.
    whole
        The first at which nothing is left out but what is smaller than a step of the tile.
    below
        What is done before ``whole``: rows are joined to points that count, or drawn plainer.
    kinds
        The first level of rows of a kind, where kinds differ.
    """

    first: int
    whole: int
    below: Below
    kinds: MappingProxyType[str, int]


@dataclass(frozen=True)
class Style:
    """How a layer looks: names of colours (:func:`map_colours`), widths in pixels of a screen.

    Attributes
    ----------
    fill
        "" for areas that are drawn by their border alone.
    symbols
        The dictionary that has a character and a colour for each kind; None for plain discs.
    """

    fill: str
    line: str
    width_px: float
    dash_px: tuple[float, ...]
    disc_px: float
    symbols: str | None


@dataclass(frozen=True)
class Part:
    """A layer of its own, in one-file maps, for some kinds of a layer's rows, from narrow to wide."""

    code: str
    zh: str
    en: str
    kinds: tuple[str, ...]
    line: str
    searched: bool = False


@dataclass(frozen=True)
class CatalogueLayer:
    """One layer. What is not told here, ``data/dictionaries/layers.toml`` explains.

    Attributes
    ----------
    roles
        Codes of the roles one of which is needed.
    levels
        None for layers without tiles.
    paler
        Colour and kinds of rows that are drawn paler; ("", ()) where none are.
    """

    code: str
    zh: str
    en: str
    noun: str
    geometry: Geometry
    group: Group
    roles: frozenset[str]
    masked_by: tuple[str, ...]
    changed_by: tuple[str, ...]
    searched: tuple[str, ...]
    labelled: bool
    visible: bool
    properties: tuple[Property, ...]
    levels: Levels | None
    days: int | None
    style: Style
    paler: tuple[str, tuple[str, ...]]
    parts: tuple[Part, ...]

    @property
    def key(self) -> str:
        """The property that tells rows apart."""
        return self.properties[0].name

    def told_at(self, level: int) -> tuple[str, ...]:
        """Return the names of the properties that tiles of a level tell, the key first."""
        return tuple(each.name for each in self.properties if each.from_level is not None and level >= each.from_level)


@dataclass(frozen=True)
class Colour:
    """A colour of maps by day (and on paper) and by night, as #rrggbb."""

    day: str
    night: str


@cache
def layer_catalogue() -> MappingProxyType[str, CatalogueLayer]:
    """Return all layers by code, in the order of the file."""
    rights = _content()["rights"]
    return MappingProxyType({code: _layer(entry, rights) for code, entry in dictionary("layers").entries.items()})


def catalogue_layer(code: str) -> CatalogueLayer:
    """Return one layer.

    Raises
    ------
    NotFoundError
        There is no such layer.
    """
    try:
        return layer_catalogue()[code]
    except KeyError:
        known = layer_catalogue()
        raise NotFoundError(
            f"没有图层“{code}”;可用的图层:{'、'.join(known)}",
            f"there is no layer {code!r}; there are {', '.join(known)}",
        ) from None


@cache
def map_colours() -> MappingProxyType[str, Colour]:
    """Return the colours of maps by name."""
    return MappingProxyType({name: Colour(*pair) for name, pair in _content()["colours"].items()})


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads((files("data") / "dictionaries" / "layers.toml").read_text(encoding="utf-8"))


def _layer(entry: Entry, rights: dict[str, Any]) -> CatalogueLayer:
    told = entry.extra
    paler = told.get("paler", {"fill": "", "kinds": ()})
    return CatalogueLayer(
        code=entry.code,
        zh=entry.zh,
        en=entry.en,
        noun=told["noun"],
        geometry=told["geometry"],
        group=told["group"],
        roles=frozenset(rights[told["rights"]]["roles"]),
        masked_by=tuple(told.get("masked_by", ())),
        changed_by=tuple(told["changed_by"]),
        searched=tuple(told.get("searched", ())),
        labelled=told.get("labelled", False),
        visible=told.get("visible", True),
        properties=tuple(_property(row) for row in told["properties"]),
        levels=_levels(told["tiles"], told.get("kinds", {})) if "tiles" in told else None,
        days=told.get("days"),
        style=_style(told["style"]),
        paler=(paler["fill"], tuple(paler["kinds"])),
        parts=tuple(Part(**{**row, "kinds": tuple(row["kinds"])}) for row in told.get("parts", ())),
    )


def _property(row: dict[str, Any]) -> Property:
    first = row.get("from", 0) if row.get("in_tiles", True) else None
    return Property(row["name"], row["zh"], row["en"], row.get("type", "text"), row.get("dictionary"), first)


def _levels(row: dict[str, Any], kinds: dict[str, int]) -> Levels:
    return Levels(row["from"], row["whole"], row["below"], MappingProxyType(kinds))


def _style(row: dict[str, Any]) -> Style:
    return Style(
        fill=row.get("fill", ""),
        line=row["line"],
        width_px=float(row["width_px"]),
        dash_px=tuple(map(float, row.get("dash_px", ()))),
        disc_px=float(row.get("disc_px", 4)),
        symbols=row.get("symbols"),
    )
