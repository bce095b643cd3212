"""The colours of the catalogue of layers as a style sheet: by day, by night, on paper."""

import re
from collections.abc import Iterator, Mapping

from geo.territory.layer_catalogue import Colour, map_colours


def live_styles() -> str:
    """Return a style sheet with a custom property for each colour: ``--map-grid-line`` for ``grid_line``.

    One-file maps, printed sheets and styles for other tools have the same colours of the same catalogue.
    """
    return _sheet({_property(name): colour for name, colour in map_colours().items()})


def colours_for(style: str) -> str:
    """Return a style sheet with those of the properties that another style sheet asks for.

    Raises
    ------
    KeyError
        It asks for a colour that the catalogue does not have.
    """
    known = {_property(name): colour for name, colour in map_colours().items()}
    return _sheet({name: known[name] for name in sorted(set(re.findall(r"var\((--map-[a-z0-9-]+)", style)))})


def _property(name: str) -> str:
    return f"--map-{name.replace('_', '-')}"


def _sheet(colours: Mapping[str, Colour]) -> str:
    day = "\n".join(_declared({name: colour.day for name, colour in colours.items()}))
    night = "\n".join(_declared({name: colour.night for name, colour in colours.items()}))
    return f":root {{\n{day}\n}}\n\n@media screen and (prefers-color-scheme: dark) {{\n:root {{\n{night}\n}}\n}}\n"


def _declared(values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield f"  {name}: {value};"
