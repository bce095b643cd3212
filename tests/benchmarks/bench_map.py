"""Size, generation and time to interactive of the map page, against folium's own way in the same run.

::

    python -m tests.benchmarks.bench_map [--buildings 10000 50000 100000] [--plain-limit 100000]

The town is a board of rectangles with name, address, floors and households, one grid per 16 buildings. "Interactive"
is when every building is drawn and a click would be answered, counted from the start of navigation in headless
Chromium without a GPU; "pan" is a whole repaint after moving by half a screen. folium's own way is one
``folium.GeoJson`` with a style function and a popup per building, its scripts taken from the same local files. The
table is written to ``tests/benchmarks/results/map.md``.
"""

import argparse
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import shapely
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from geo.territory.map_content import MapContent
from maps.assets import leaflet_script, leaflet_style
from maps.pages import plan_page

WEST, SOUTH, STEP = 114.10, 22.54, 0.0003
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SECONDS_ALLOWED = 240
LOADS = 3
#: Buildings, and the seconds in which they are asked to be there.
ASKED_S = {10_000: 1.5, 50_000: 3.0, 100_000: 5.0}
RESULTS = Path(__file__).parent / "results" / "map.md"


def town(count: int, rng: np.random.Generator) -> MapContent:
    """A square board of ``count`` buildings; seeded sizes, floors and households."""
    side = int(np.ceil(np.sqrt(count) / 4) * 4)
    index = np.arange(count)
    column, row = index % side, index // side
    west, south = WEST + column * STEP, SOUTH + row * STEP
    width, height = rng.uniform(0.4, 0.8, (2, count)) * STEP
    grid = (row // 4) * (side // 4) + column // 4
    households = rng.integers(8, 24, count)
    buildings = gpd.GeoDataFrame(
        {
            "code": [f"4403070010010{n:06d}" for n in index],
            "name": [f"{n}栋" for n in index],
            "address": [f"南湖路{n}号" for n in index],
            "kind": "walk_up",
            "floors": rng.integers(3, 30, count),
            "households": households,
            "households_source": "register",
            "grid_code": [f"{code:015d}" for code in grid],
        },
        geometry=shapely.box(west, south, west + width, south + height),
        crs=4326,
    )
    grids_count = int(grid.max()) + 1
    g_column, g_row = np.arange(grids_count) % (side // 4), np.arange(grids_count) // (side // 4)
    corners = (WEST + g_column * 4 * STEP, SOUTH + g_row * 4 * STEP)
    grids = gpd.GeoDataFrame(
        {
            "code": [f"{n:015d}" for n in range(grids_count)],
            "households": np.bincount(grid, households, grids_count).astype(int),
        },
        geometry=shapely.box(*corners, corners[0] + 4 * STEP, corners[1] + 4 * STEP),
        crs=4326,
    )
    return MapContent(title="基准", lower=200, upper=300, grids=grids, buildings=buildings)


def plain_folium(content: MapContent) -> str:
    """Draw the same buildings as folium's documentation shows it, on canvas, with local scripts."""
    assert content.buildings is not None
    west, south, east, north = content.buildings.total_bounds
    page = folium.Map(location=[(south + north) / 2, (west + east) / 2], tiles=None, prefer_canvas=True)
    page.default_js = []
    page.default_css = []
    folium.GeoJson(
        content.buildings,
        style_function=lambda feature: {"weight": 0.7, "fillOpacity": 0.2 + 0.02 * feature["properties"]["floors"]},
        popup=folium.GeoJsonPopup(fields=["address", "households", "floors"]),
        name="buildings",
    ).add_to(page)
    page.fit_bounds([[south, west], [north, east]])
    text = page.get_root().render()
    local = f"<style>{leaflet_style()}</style><script>{leaflet_script()}</script>"
    text = re.sub(r'<(script src|link rel="stylesheet" href)="http[^>]*>(</script>)?', "", text)
    name = page.get_name()
    ready = f"<script>requestAnimationFrame(() => {{ {name}; window.readyAt = performance.now(); }})</script>"
    return text.replace("<head>", "<head>" + local, 1).replace("</html>", ready + "</html>")


def measure(browser: Browser, path: Path, map_name: str, ready: str) -> tuple[float, float]:
    """Open a page; return milliseconds until it is interactive, and of a pan.

    Raises
    ------
    TimeoutError
        It was not ready after :data:`SECONDS_ALLOWED`.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    try:
        page = context.new_page()
        page.set_default_timeout(SECONDS_ALLOWED * 1000)
        page.goto(path.as_uri(), wait_until="commit")
        deadline = time.monotonic() + SECONDS_ALLOWED
        while not page.evaluate(ready):  # not wait_for_function: it needs eval, which the page's policy forbids
            if time.monotonic() > deadline:
                raise TimeoutError
            page.wait_for_timeout(20)
        interactive = float(page.evaluate("window.readyAt || wangge.milliseconds.ready"))
        pan = page.evaluate(
            f"""() => new Promise((done) => {{ const map = {map_name}; const started = performance.now();
                map.panBy([700, 0], {{animate: false}}); map.panBy([-700, 0], {{animate: false}});
                requestAnimationFrame(() => setTimeout(() => done((performance.now() - started) / 2))); }})"""
        )
        return interactive, float(pan)
    except (TimeoutError, PlaywrightTimeout):
        raise TimeoutError(f"{path} was not ready after {SECONDS_ALLOWED} s") from None
    finally:
        context.close()


@dataclass(frozen=True)
class Page:
    """What one way of drawing so many buildings takes; None where the page was not ready in time."""

    buildings: int
    generate_s: float
    megabytes: float
    interactive_s: float | None
    pan_ms: float | None


def drawn(browser: Browser, folder: Path, content: MapContent, way: Callable[[MapContent], str], loads: int) -> Page:
    """Make a page, open it a few times and return medians."""
    assert content.buildings is not None
    started = time.perf_counter()
    text = way(content)
    seconds = time.perf_counter() - started
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    plain = re.search(r"var (map_[0-9a-f]+) = L\.map", text) if way is plain_folium else None
    where = (plain[1], "Boolean(window.readyAt)") if plain else ("wangge.map", "Boolean(window.wangge && wangge.ready)")
    size = len(text.encode()) / 1e6
    try:
        found = [measure(browser, path, *where) for _ in range(loads)]
    except TimeoutError:
        return Page(len(content.buildings), seconds, size, None, None)
    interactive, pan = (float(np.median(each)) for each in zip(*found, strict=True))
    return Page(len(content.buildings), seconds, size, interactive / 1000, pan)


def table(pairs: Sequence[tuple[Page, Page | None]]) -> str:
    """Write what was measured, beside what is asked: how soon, and half of folium's bytes."""
    lines = [
        "# The map in one file",
        "",
        f"`python -m tests.benchmarks.bench_map`: {os.cpu_count()} processors, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.0f} when it ended. Seconds by the clock until every building is drawn and a click "
        "would be",
        f"answered, in headless Chromium without a GPU, network off; medians of {LOADS} loads, folium's of one.",
        "",
        "| buildings | interactive s | asked s | plain folium s | MB | folium MB | share of folium's | made in s "
        "| folium s | pan ms | folium ms |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for ours, plain in pairs:
        asked = ASKED_S.get(ours.buildings)
        cells = (
            f"{ours.buildings:,}",
            _said(ours.interactive_s, ".2f"),
            "" if asked is None else f"< {asked:g}",
            "not tried" if plain is None else _said(plain.interactive_s, ".1f"),
            f"{ours.megabytes:.2f}",
            "" if plain is None else f"{plain.megabytes:.1f}",
            "" if plain is None else f"{ours.megabytes / plain.megabytes:.0%}",
            f"{ours.generate_s:.2f}",
            "" if plain is None else f"{plain.generate_s:.2f}",
            _said(ours.pan_ms, ".0f"),
            "" if plain is None else _said(plain.pan_ms, ".0f"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _said(number: float | None, form: str) -> str:
    return f"not after {SECONDS_ALLOWED}" if number is None else format(number, form)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buildings", type=int, nargs="+", default=list(ASKED_S))
    parser.add_argument("--plain-limit", type=int, default=100_000, help="no plain folium above so many buildings")
    arguments = parser.parse_args()
    pairs: list[tuple[Page, Page | None]] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for count in arguments.buildings:
            content = town(count, np.random.default_rng(7))
            plan_page(content)  # once before: reading assets and dictionaries is not what is measured
            ours = drawn(browser, Path(name), content, plan_page, LOADS)
            plain = drawn(browser, Path(name), content, plain_folium, 1) if count <= arguments.plain_limit else None
            pairs.append((ours, plain))
            print(*pairs[-1], flush=True)
        browser.close()
    RESULTS.write_text(table(pairs), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
