"""The clerk's desk: one page on which what a caller says becomes a place, its grid and the people in charge."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from api.access import access_of
from api.dependencies import Acting
from api.errors import RequestError
from api.openapi import problems
from api.rendering import page
from api.routes.pages import HTML
from geo.access.roles import roles
from geo.errors import NotFoundError
from geo.territory.dictionaries import dictionary
from maps import assets

router = APIRouter(tags=["pages"])

# Scripts and styles come from this server alone, and none is written into the page. Leaflet places what it draws by
# script, which a policy for styles does not touch.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SCRIPT = "text/javascript"
Asset = Literal["leaflet.js", "leaflet.css", "vector-tile.js", "point-geometry.js", "pbf.js"]


def _module(path: str) -> str:
    # Modules of packages name each other by package, which a browser cannot resolve: here they lie side by side.
    script = assets.installed(path).read_text(encoding="utf-8")
    return script.replace("from '@mapbox/point-geometry'", "from './point-geometry.js'")


#: Each of the page's files from others: who reads it, and what it is.
ASSETS: dict[Asset, tuple[Callable[[], str], str]] = {
    "leaflet.js": (assets.leaflet_script, SCRIPT),
    "leaflet.css": (assets.leaflet_style, "text/css"),
    "vector-tile.js": (partial(_module, "@mapbox/vector-tile/index.js"), SCRIPT),
    "point-geometry.js": (partial(_module, "@mapbox/point-geometry/index.js"), SCRIPT),
    "pbf.js": (partial(_module, "pbf/index.js"), SCRIPT),
}


@router.get(
    "/desk", summary="接线台 Clerk's desk", response_class=HTMLResponse, responses={**HTML, **problems(422, 503)}
)
def desk(actor: Acting) -> HTMLResponse:
    """Show the page on which addresses are located; what it shows it asks for with the routes of this interface.

    Nothing that is typed is in its address, and nothing of it is kept by the browser.
    """
    _made("leaflet.js")  # what is missing is said now, and not by a map that stays empty
    return page(
        "desk.html",
        headers={"Content-Security-Policy": POLICY},
        login=actor.name,
        role_labels=[role.zh for code, role in roles().items() if code in actor.roles],
        may_confirm=actor.may(access_of("POST", "/locate/confirmations").roles),
        words={name: _words(name) for name in ("address_readings", "address_elements", "address_outcomes")},
    )


@router.get("/desk/assets/{name}", include_in_schema=False)
def asset(name: Asset) -> Response:
    """Serve one of the files that others made."""
    return Response(_made(name), media_type=ASSETS[name][1], headers={"Cache-Control": "max-age=86400"})


def _made(name: Asset) -> str:
    try:
        return ASSETS[name][0]()
    except NotFoundError as error:
        raise RequestError("assets-missing", error.zh, error.en) from None


def _words(name: str) -> dict[str, Any]:
    return {entry.code: [entry.zh, entry.en] for entry in dictionary(name).entries.values()}
