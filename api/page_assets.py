"""What live pages are made of: files of others, the words of dictionaries, and the policy that guards them.

Pages are templates of ``api/templates`` with modules of ``api/static``; what they share lies in ``api/static/common``.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from fastapi import Response

from api.errors import RequestError
from geo.errors import NotFoundError
from geo.territory.dictionaries import dictionary
from maps import assets
from maps.live_styles import live_styles

SCRIPT, STYLE = "text/javascript", "text/css"
Asset = Literal["leaflet.js", "leaflet.css", "vector-tile.js", "point-geometry.js", "pbf.js", "layers.css"]

# Scripts and styles come from this server alone, and none is written into a page. Leaflet places what it draws by
# script, which a policy for styles does not touch.
_POLICY = {
    **{"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'"},
    **{"connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"},
}


def policy(**more: str) -> str:
    """Return the Content-Security-Policy of a live page.

    Parameters
    ----------
    more
        What a page needs otherwise or beside, e.g. ``img_src="'self' blob:"``.
    """
    told = _POLICY | {name.replace("_", "-"): sources for name, sources in more.items()}
    return "; ".join(f"{name} {sources}" for name, sources in told.items())


def asset(name: Asset) -> str:
    """Return the text of a file that others made, as installed from the lock file.

    Raises
    ------
    RequestError
        The packages are not installed (503).
    """
    try:
        return ASSETS[name][0]()
    except NotFoundError as error:
        # The client asked for something that exists; it is this server that lacks it.
        raise RequestError("assets-missing", error.zh, error.en) from None


def served(name: Asset) -> Response:
    """Return a file that others made as an answer; browsers may keep it for a day."""
    return Response(asset(name), media_type=ASSETS[name][1], headers={"Cache-Control": "max-age=86400"})


def words(*names: str) -> dict[str, dict[str, list[str]]]:
    """Return the Chinese and English words of dictionaries by code, for a page's scripts."""
    return {name: {entry.code: [entry.zh, entry.en] for entry in dictionary(name).entries.values()} for name in names}


def _module(path: str) -> str:
    # Modules of packages name each other by package, which a browser cannot resolve: here they lie side by side.
    script = assets.installed(path).read_text(encoding="utf-8")
    return script.replace("from '@mapbox/point-geometry'", "from './point-geometry.js'")


#: Each file of others, and the colours of maps: who reads or makes it, and what it is.
ASSETS: dict[Asset, tuple[Callable[[], str], str]] = {
    "leaflet.js": (assets.leaflet_script, SCRIPT),
    "leaflet.css": (assets.leaflet_style, STYLE),
    "vector-tile.js": (partial(_module, "@mapbox/vector-tile/index.js"), SCRIPT),
    "point-geometry.js": (partial(_module, "@mapbox/point-geometry/index.js"), SCRIPT),
    "layers.css": (live_styles, STYLE),
    "pbf.js": (partial(_module, "pbf/index.js"), SCRIPT),
}
