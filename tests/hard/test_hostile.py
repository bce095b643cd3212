"""The whole malformed corpus, 2,400 pieces, against a real server and the file reader."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from geo.exchange.reading import read_frame
from tests import hostile
from tests.hostile import Server
from tests.malformed import bodies, files, raw_requests

BODIES, RAW, FILES = 1_600, 400, 400


@pytest.fixture(scope="module")
def server(town_engine: Engine) -> Iterator[Server]:
    with hostile.serving(town_engine) as server:
        yield server


@pytest.mark.timeout(1_800)
def test_every_malformed_body(server: Server, app: FastAPI, town_engine: Engine) -> None:
    before = hostile.kept(town_engine)
    targets = hostile.targets(app)
    each = BODIES // len(targets) + 1
    faults, sent = [], 0
    for number, target in enumerate(targets):
        for piece in bodies(list(target.fields), target.valid, each, seed=number):
            faults.append(hostile.faults_of_answer(piece, *server.send_body(target, piece.content)))
            sent += 1
    print(f"{sent} bodies to {len(targets)} routes")
    assert [fault for fault in faults if fault] == []
    assert sent >= BODIES
    assert server.alive
    assert hostile.kept(town_engine) == before


@pytest.mark.timeout(1_800)
def test_all_malformed_http(server: Server, town_engine: Engine) -> None:
    before = hostile.kept(town_engine)
    faults = [hostile.faults_of_raw(piece, server.send_raw(piece.content)) for piece in raw_requests(RAW, seed=2)]
    assert [fault for fault in faults if fault] == []
    assert server.alive
    assert hostile.kept(town_engine) == before


@pytest.mark.timeout(3_600)
def test_every_malformed_file(tmp_path: Path) -> None:
    outcomes, faults = hostile.read_all(files(tmp_path, FILES, seed=4), tmp_path, seconds=60)
    print(dict(outcomes))
    assert faults == []
    assert outcomes.total() == FILES


@pytest.mark.timeout(600)
def test_a_polygon_of_a_million_vertices_is_read(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 10**6)
    ring = ",".join(f"[{114 + np.cos(angle) / 100:.9f},{22.5 + np.sin(angle) / 100:.9f}]" for angle in angles[:-1])
    first = ring.partition("],")[0] + "]"
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
        f'{{"type":"Polygon","coordinates":[[{ring},{first}]]}}}}]}}'
    )
    read = read_frame(path)
    assert len(read.frame) == 1
    assert read.frame.geometry.iloc[0].is_valid
