"""Size, generation and time to interactive of the map page, against folium's own way in the same run.

::

    python -m tests.benchmarks.bench_map [--buildings 10000 50000] [--plain-limit 10000]

The town is a board of rectangles with name, address, floors and households, one grid per 16 buildings. "Interactive"
is when every building is drawn and a click would be answered, counted from the start of navigation in headless
Chromium without a GPU; "pan" is a whole repaint after moving by half a screen. folium's own way is one
``folium.GeoJson`` with a style function and a popup per building, its scripts taken from the same local files.
"""

import argparse
import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from playwright.sync_api import Browser, sync_playwright

from geo.territory.map_content import MapContent
from maps.assets import leaflet_script, leaflet_style
from maps.pages import plan_page

WEST, SOUTH, STEP = 114.10, 22.54, 0.0003
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SECONDS_ALLOWED = 180


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


def measure(browser: Browser, path: Path, map_name: str, ready: str) -> dict[str, float]:
    """Open a page and time it, in milliseconds."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True).new_page()
    page.set_default_timeout(SECONDS_ALLOWED * 1000)
    page.goto(path.as_uri(), wait_until="commit")
    deadline = time.monotonic() + SECONDS_ALLOWED
    while not page.evaluate(ready):  # not wait_for_function: it needs eval, which the page's policy forbids
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} was not ready after {SECONDS_ALLOWED} s")
        page.wait_for_timeout(20)
    interactive = page.evaluate("window.readyAt || wangge.milliseconds.ready")
    pan = page.evaluate(
        f"""() => new Promise((done) => {{ const map = {map_name}; const started = performance.now();
            map.panBy([700, 0], {{animate: false}}); map.panBy([-700, 0], {{animate: false}});
            requestAnimationFrame(() => setTimeout(() => done((performance.now() - started) / 2))); }})"""
    )
    page.context.close()
    return {"interactive_ms": round(interactive), "pan_ms": round(pan)}


def timed(make: Any) -> tuple[str, float]:
    started = time.perf_counter()
    text = make()
    return text, round(time.perf_counter() - started, 2)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--buildings", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--plain-limit", type=int, default=50_000, help="no plain folium above so many buildings")
    arguments = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for count in arguments.buildings:
            content = town(count, np.random.default_rng(7))
            plan_page(content)  # once before: reading assets and dictionaries is not what is measured
            ways = {"wangge": (lambda c=content: plan_page(c), "wangge.map", "Boolean(window.wangge && wangge.ready)")}
            if count <= arguments.plain_limit:
                ways["folium.GeoJson"] = (lambda c=content: plain_folium(c), "PLAIN", "Boolean(window.readyAt)")
            for way, (make, map_name, ready) in ways.items():
                text, seconds = timed(make)
                path = Path(folder) / "page.html"
                path.write_text(text, encoding="utf-8")
                found = re.search(r"var (map_[0-9a-f]+) = L\.map", text)
                name = found[1] if map_name == "PLAIN" and found else map_name
                row = {
                    "way": way,
                    "buildings": count,
                    "generate_s": seconds,
                    "html_mb": round(len(text.encode()) / 1e6, 2),
                }
                print(json.dumps(row | measure(browser, path, name, ready)), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
