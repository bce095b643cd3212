"""Live maps have the colours of the catalogue of layers, and ask for no others."""

import re
from pathlib import Path

import pytest

from geo.territory.layer_catalogue import map_colours
from maps.live_styles import colours_for, live_styles

STATIC = Path(__file__).parents[2] / "api" / "static"


def test_every_colour_is_there_by_day_and_by_night() -> None:
    day, night = live_styles().split("@media")
    for name, colour in map_colours().items():
        said = f"--map-{name.replace('_', '-')}: "
        assert f"{said}{colour.day};" in day
        assert f"{said}{colour.night};" in night


def test_pages_ask_for_colours_that_there_are() -> None:
    known = {name.replace("_", "-") for name in map_colours()}
    read = re.search(r"const NAMES = \[(.*?)\];", (STATIC / "common" / "colours.js").read_text("utf-8"), re.DOTALL)
    assert read is not None
    names = set(re.findall("'([a-z-]+)'", read[1]))
    assert names <= known
    scripts = {path: path.read_text("utf-8") for path in STATIC.rglob("*.js")}
    asked = {
        path.name: set(re.findall(r"\bink(?:\.|\[')([a-z-]+)", text)) - names
        for path, text in scripts.items()
        if "colours.js" in text or "lineOf" in text
    }
    assert {name: left for name, left in asked.items() if left} == {}
    styled = {name for path in STATIC.rglob("*.css") for name in re.findall(r"var\(--map-([a-z-]+)", path.read_text())}
    assert styled <= known


def test_a_style_sheet_gets_the_colours_that_it_asks_for() -> None:
    sheet = colours_for("body { background: var(--map-ground); color: var(--ink); } i { color: var(--map-ground); }")
    ground = map_colours()["ground"]
    told = [f"--map-ground: {ground.day}", f"--map-ground: {ground.night}"]
    assert re.findall(r"--[a-z-]+: #[0-9a-f]{6}", sheet) == told
    with pytest.raises(KeyError):
        colours_for("body { color: var(--map-no-such-colour); }")
