"""The map page: one HTML file that holds everything it needs and asks no network for anything.

folium makes the map object; its scripts and styles from other hosts are replaced by the ones installed from the lock
file, put into the page itself. The plan travels as one JSON block; no value of it is ever part of a script.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import folium
from branca.element import Figure
from folium.template import Template

from geo.errors import BoundsError
from geo.territory.dictionaries import Dictionary, dictionary
from geo.territory.layer_catalogue import map_colours
from geo.territory.map_content import MapContent
from maps.assets import (
    LEDGER_SCRIPTS,
    PAGE_SCRIPTS,
    PAGE_STYLES,
    leaflet_script,
    leaflet_style,
    page_script,
    page_style,
)
from maps.escaping import content_hash, html_text, json_text, plain_text
from maps.facts import facts_of, holds_estimates
from maps.hazards import ledger_data, ledger_layers
from maps.layers import Extent, Layer, extent_of, layers_of
from maps.live_styles import colours_for
from maps.panel import TEMPLATES, panel_markup
from maps.styles import UNKNOWN, HouseholdClass, household_classes

#: Of China as a whole, for a page without anything to show.
NOWHERE = Extent(73.0, 18.0, 135.0, 54.0)

_TIANDITU_HOSTS = tuple(f"https://t{number}.tianditu.gov.cn" for number in range(8))

#: Columns whose codes the page shows by the words of a dictionary.
_CODED = {
    "buildings.kind": "building_kinds",
    "buildings.households_source": "household_sources",
    "compounds.kind": "compound_kinds",
}


class PlanMap(folium.Map):
    """folium's map without anything from outside: no tiles, no scripts, no styles, a name that does not change."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012  (as folium declares it)
    default_css: list[tuple[str, str]] = []  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="{{ this.get_name() }}" tabindex="0"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        const {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
          center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }}, ...{{ this.options|tojavascript }}
        });
        wangge.start({{ this.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, extent: Extent, name: str = "plan") -> None:
        middle = [(extent.south + extent.north) / 2, (extent.west + extent.east) / 2]  # folium is [lat, lon]
        super().__init__(
            location=middle,
            tiles=None,
            zoom_start=14,
            zoom_control=False,
            prefer_canvas=True,
            min_zoom=4,
            max_zoom=20,
            zoom_snap=0.25,
            zoom_delta=0.5,
            wheel_px_per_zoom_level=90,
            attribution_control=False,
        )
        self._id = name


class PlanFigure(Figure):
    """The document around the map. Its policy lets run what is named here by hash, and nothing else."""

    _template = Template((TEMPLATES / "document.html").read_text(encoding="utf-8"))

    def __init__(
        self,
        *,
        title: str,
        panel: str,
        data: str,
        script: str,
        style: str,
        over_map: str = "",
        image_hosts: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.title = html_text(title)
        self.panel = panel
        self.data = data
        self.image_hosts = image_hosts
        self.own_script = script
        self.over_map = over_map
        self.styles = [leaflet_style(), colours_for(style), style]

    @property
    def scripts(self) -> list[str]:
        """All scripts in the order in which they run; the last one is folium's, known after the map is rendered."""
        return [leaflet_script(), self.own_script, self.script.render()]

    @property
    def policy(self) -> str:
        """The content security policy: scripts and styles by hash, images from the page itself, nothing else."""
        scripts = " ".join(content_hash(script) for script in self.scripts)
        styles = " ".join(content_hash(style) for style in self.styles)
        images = " ".join(("data:", *self.image_hosts))
        return (
            f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src {images}; "
            "base-uri 'none'; form-action 'none'"
        )


def plan_page(content: MapContent, *, tianditu_token: str | None = None, stamp: str = "") -> str:
    """Return the map of a plan as one self-contained HTML document.

    Parameters
    ----------
    tianditu_token
        With a token of the national map service the page offers its tiles as a layer, switched off; only a reader
        who switches it on leaves the page.
    stamp
        Who took the map out of the store, when and what of: a line on it.

    Raises
    ------
    BoundsError
        The token is not letters and digits.
    NotFoundError
        The page's assets are not installed.
    """
    if tianditu_token is not None and not re.fullmatch(r"[0-9A-Za-z]{8,64}", tianditu_token):
        raise BoundsError("天地图密钥应为 8–64 位字母或数字", "a Tianditu token is 8 to 64 letters or digits")
    extent = extent_of(content) or NOWHERE
    hosts = _TIANDITU_HOSTS if tianditu_token else ()
    data = page_data(content, extent)
    if tianditu_token:
        data["tianditu"] = tianditu_token
    led = content.ledger is not None
    figure = PlanFigure(
        title=content.title,
        panel=panel_markup("ledger_page.html" if led else "plan_page.html"),
        data=json_text(data),
        image_hosts=hosts,
        script=page_script(LEDGER_SCRIPTS if led else PAGE_SCRIPTS),
        style=page_style(*PAGE_STYLES, *(["ledger.css"] if led else [])),
        over_map=stamp_markup(stamp) + (panel_markup("timeline.html") if led else ""),
    )
    figure.add_child(PlanMap(extent))
    return str(figure.render())


def stamp_markup(stamp: str) -> str:
    """Return the line that says who took a map out of the store; nothing where nobody is named."""
    return f'<p id="stamp">{html_text(stamp)}</p>' if stamp else ""


def page_data(content: MapContent, extent: Extent) -> dict[str, Any]:
    """Return everything the page's script is told, as plain values."""
    households = [] if content.grids is None else content.grids["households"].tolist()
    classes = household_classes(content.lower, content.upper, households)
    layers = layers_of(content, extent.origin, classes)
    return (
        shared_data(content, extent, classes)
        | _ledger(content, extent, layers)
        | {
            "facts": [fact.as_row() for fact in facts_of(content)],
            "estimated": holds_estimates(content),
            "layers": [layer.as_row() for layer in layers],
        }
    )


def _ledger(content: MapContent, extent: Extent, layers: list[Layer]) -> dict[str, Any]:
    """Put the ledger's layers over the others; return what the page must know beside them."""
    if content.ledger is None:
        return {}
    # Elements are discs with a character as hazards are: until asked for, hazards have the map to themselves.
    layers[:] = [replace(layer, visible=layer.visible and layer.group != "elements") for layer in layers]
    layers += ledger_layers(content.ledger, extent.origin, content.grids)
    codes = next((layer.columns.get("code", []) for layer in layers if layer.drawn == "buildings"), [])
    return {"ledger": ledger_data(content.ledger, codes)}


def shared_data(content: MapContent, extent: Extent, classes: Sequence[HouseholdClass]) -> dict[str, Any]:
    """Return what every page's script is told: where it is, how things look, what they are called."""
    return {
        "title": plain_text(content.title),
        "subtitle": plain_text(content.subtitle),
        "extent": [extent.west, extent.south, extent.east, extent.north],
        "origin": list(extent.origin),
        "classes": [each.as_row() for each in classes],
        "unknown": UNKNOWN.as_row(),
        "palette": {name: [colour.day, colour.night] for name, colour in map_colours().items()},
        "terms": _words_of(dictionary("terms")),
        "words": {column: _words_of(dictionary(name)) for column, name in _CODED.items()},
    }


def _words_of(words: Dictionary) -> dict[str, list[str]]:
    return {code: [entry.zh, entry.en] for code, entry in words.entries.items()}
