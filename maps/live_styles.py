"""The colours of the catalogue of layers as a style sheet for pages whose maps are live: by day, by night, on paper."""

from collections.abc import Iterator

from geo.territory.layer_catalogue import map_colours


def live_styles() -> str:
    """Return a style sheet with a custom property for each colour: ``--map-grid-line`` for ``grid_line``.

    One-file maps, printed sheets and styles for other tools have the same colours of the same catalogue.
    """
    named = {f"--map-{name.replace('_', '-')}": colour for name, colour in map_colours().items()}
    day = "\n".join(_properties({name: colour.day for name, colour in named.items()}))
    night = "\n".join(_properties({name: colour.night for name, colour in named.items()}))
    return f":root {{\n{day}\n}}\n\n@media screen and (prefers-color-scheme: dark) {{\n:root {{\n{night}\n}}\n}}\n"


def _properties(values: dict[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield f"  {name}: {value};"
