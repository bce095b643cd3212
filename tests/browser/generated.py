"""The maps in one file, and what is painted where on them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from geo.territory.layer_catalogue import map_colours
from maps.comparison import comparison_page
from maps.pages import plan_page
from maps.published import published_page
from tests.maps.content import cells, comparison, content
from tests.maps.ledger import with_ledger
from tests.maps.published import published

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import OfflinePage

Scheme = Literal["light", "dark"]

STAMP = "网格 wangge · 导出 exported: li · 2026-11-23 08:00:00"
MAPS: dict[str, Callable[[], str]] = {
    "plan": lambda: plan_page(content(cells=cells()), stamp=STAMP),
    "hazards": lambda: plan_page(with_ledger(), stamp=STAMP),
    "comparison": lambda: comparison_page(comparison(), colouring="change", stamp=STAMP),
    "published": lambda: published_page(published()),
}


@cache
def page_of(name: str) -> str:
    """A map of :data:`MAPS` as HTML."""
    return MAPS[name]()


def open_map(offline_page: "OfflinePage", folder: Path, name: str, scheme: Scheme = "light") -> "Page":
    """Write a map of :data:`MAPS` to a file, open it and wait until it is drawn."""
    path = folder / f"{name}.html"
    path.write_text(page_of(name), encoding="utf-8")
    offline_page.page.emulate_media(color_scheme=scheme, media="null")
    page = offline_page.open(path)
    page.locator("path.class-4" if name == "published" else "html[data-ready]").first.wait_for(timeout=20_000)
    return page


def turn(page: "Page", scheme: Scheme, media: Literal["null", "print"] = "null") -> None:
    """Change what the reader prefers, or lay out for paper; wait until the page was told."""
    page.emulate_media(color_scheme=scheme, media=media)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")


def shown(name: str) -> dict[str, str]:
    """A colour of the catalogue by day and by night, as browsers write it."""
    colour = map_colours()[name]
    return {"light": _written(colour.day), "dark": _written(colour.night)}


def _written(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def painted(page: "Page", selector: str, colour: str) -> int:
    """How many pixels of the canvases are of exactly this colour."""
    found: int = page.evaluate(
        """([selector, wanted]) => [...document.querySelectorAll(selector)].reduce((sum, canvas) => {
             const [red, green, blue] = wanted.match(/\\d+/g).map(Number);
             const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
             for (let i = 0; i < data.length; i += 4) {
               sum += data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255 ? 1 : 0;
             }
             return sum; }, 0)""",
        [selector, colour],
    )
    return found


def style_of(page: "Page", selector: str, name: str) -> Any:
    """A computed property of the first element that fits."""
    return page.locator(selector).first.evaluate("(element, name) => getComputedStyle(element)[name]", name)
