"""``wangge styles``."""

import json
from pathlib import Path

from typer.testing import CliRunner

from api.cli import app
from geo.services.featuring import LAYERS

runner = CliRunner()


def test_all_layers_by_default(tmp_path: Path) -> None:
    done = runner.invoke(app, ["styles", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == {f"{layer}.qml" for layer in LAYERS}


def test_styles_of_tiles(tmp_path: Path) -> None:
    server = "http://127.0.0.1:8000/ogc/"
    done = runner.invoke(app, ["styles", "grids", "--out", str(tmp_path), "--server", server])
    assert done.exit_code == 0, done.output
    style = json.loads((tmp_path / "grids.json").read_text(encoding="utf-8"))
    assert style["sources"]["wangge"]["tiles"] == [
        "http://127.0.0.1:8000/ogc/collections/grids/tiles/WebMercatorQuad/{z}/{y}/{x}"
    ]


def test_refusals(tmp_path: Path) -> None:
    for given in (["households"], ["grids", "--server", "file:///x"]):
        done = runner.invoke(app, ["styles", *given, "--out", str(tmp_path)])
        assert done.exit_code != 0
        assert not list(tmp_path.iterdir())
