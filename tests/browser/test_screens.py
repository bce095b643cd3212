"""Pictures of pages: every page has one, or a reason why not; ``make screens`` takes them."""

from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from api.commands.demo import PEOPLE
from api.main import ROUTERS
from tests.browser.screens import WITHOUT_PICTURE, Found, pictured

SCREENS = pictured(Found(draft=1, adopted=2, hazard=3, request=4, building="5"))
ROUTES = [
    route
    for module in ROUTERS
    for route in module.router.routes
    if isinstance(route, APIRoute) and "GET" in route.methods
]


def _is_page(route: APIRoute) -> bool:
    declared = route.responses.get(200, {}).get("content", {})
    return route.response_class is HTMLResponse or "text/html" in declared


def _route_of(path: str) -> str:
    return next(route.path_format for route in ROUTES if route.path_regex.match(path.partition("?")[0]))


def test_every_page_has_a_picture_or_a_reason() -> None:
    pages = {route.path_format for route in ROUTES if _is_page(route)}
    shown = {_route_of(screen.path) for screen in SCREENS}
    assert pages - shown - set(WITHOUT_PICTURE) == set(), "add a Screen to screens.py, or say why not"
    assert set(WITHOUT_PICTURE) <= pages - shown
    assert shown <= pages


def test_pictures_have_names_and_people_of_the_demo() -> None:
    names = [screen.name for screen in SCREENS]
    assert len(set(names)) == len(names)
    assert {screen.login for screen in SCREENS} <= {"", *PEOPLE}
