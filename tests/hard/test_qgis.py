"""QGIS itself, without a screen, against a server that runs: layers signed in, read, dressed in our styles, and drawn.

It is Debian's (``apt-get install python3-qgis``), far too large for this project to bring along: where it is missing,
this says so and is skipped.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from geo.services.featuring import LAYERS
from geo.territory.layer_catalogue import catalogue_layer
from maps.gis_styles import qml_of
from tests.api import town
from tests.api.people import token_of
from tests.hostile import serving

#: The Python that QGIS is made for.
PYTHON = "/usr/bin/python3"
SEEN = ("communities", "compounds", "buildings", "elements", "barriers")
COUNTS = {"communities": 3, "compounds": 3, "buildings": town.N_BUILDINGS, "elements": 12, "barriers": 1}
# To end it in order would crash some versions: it is left at once.
SESSION = """
import json, os, sys
from qgis.core import *
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

app = QgsApplication([], False)
app.initQgis()
server, token, folder, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4].split(",")
told, layers = {}, []
for name in names:
    layer = QgsVectorLayer(f"url='{server}' typename='{name}' username='any' password='{token}'", name, "OAPIF")
    said, dressed = layer.loadNamedStyle(f"{folder}/{name}.qml")
    renderer = layer.renderer()
    kinds = {each.value() for each in renderer.categories()} if renderer.type() == "categorizedSymbol" else set()
    told[name] = {
        "valid": layer.isValid(),
        "features": sum(1 for _ in layer.getFeatures()),
        "dressed": dressed,
        "renderer": renderer.type(),
        "kinds": sorted(kinds),
        "labels": layer.labelsEnabled(),
    }
    layers.insert(0, layer)
settings = QgsMapSettings()
settings.setLayers(layers)
settings.setOutputSize(QSize(600, 300))
settings.setBackgroundColor(QColor("white"))
settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
settings.setExtent(layers[-1].extent())
job = QgsMapRendererSequentialJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
colours = {QColor(image.pixel(x, y)).name() for x in range(0, 600, 3) for y in range(0, 300, 3)}
print(json.dumps({"layers": told, "colours": sorted(colours)}))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def qgis() -> dict[str, str]:
    """The environment that QGIS runs in; skips, saying so, where there is none."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        asked = subprocess.run([PYTHON, "-c", "import qgis.core"], env=environment, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip(f"QGIS is not installed: there is no {PYTHON}")
    if asked.returncode:
        pytest.skip("QGIS is not installed: apt-get install python3-qgis")
    return environment


@pytest.fixture(scope="module")
def server(town_engine: Engine) -> Iterator[str]:
    with serving(town_engine) as running:
        yield f"{running.address}/ogc"


@pytest.mark.timeout(300)
def test_qgis_reads_and_draws_layers(qgis: dict[str, str], server: str, town_engine: Engine, tmp_path: Path) -> None:
    for name in LAYERS:
        (tmp_path / f"{name}.qml").write_text(qml_of(catalogue_layer(name)), encoding="utf-8")
    given = [server, token_of(town_engine, "qgis"), str(tmp_path), ",".join(SEEN)]
    done = subprocess.run([PYTHON, "-c", SESSION, *given], env=qgis, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    for name in SEEN:
        layer = told["layers"][name]
        assert (layer["valid"], layer["dressed"], layer["features"]) == (True, True, COUNTS[name]), name
    assert {"tower", "mixed", "school"} <= set(told["layers"]["buildings"]["kinds"])
    assert told["layers"]["communities"]["labels"]
    # The ground of communities, compounds, buildings lived in, a market and a road, as our own maps draw them.
    assert {"#f8f7f3", "#e8efdf", "#c2b8a8", "#ffffff"} <= set(told["colours"])
