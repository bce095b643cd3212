"""Two hundred pieces of the malformed corpus against a real server and the file reader; the rest is in tests/hard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from tests import hostile
from tests.hostile import Server
from tests.malformed import bodies, files, raw_requests

BODIES, RAW, FILES = 120, 60, 24


@pytest.fixture(scope="module")
def server(town_engine: Engine) -> Iterator[Server]:
    with hostile.serving(town_engine) as server:
        yield server


def test_malformed_bodies(server: Server, app: FastAPI, town_engine: Engine) -> None:
    before = hostile.kept(town_engine)
    targets = hostile.targets(app)
    assert len(targets) >= 6
    faults, sent = [], 0
    for number, target in enumerate(targets):
        share = BODIES // len(targets) + 1
        # The pieces thought of come first and are the same for each route: every route gets others of them.
        pieces = list(bodies(list(target.fields), target.valid, 400, seed=number))[number % 7 :: 400 // share]
        for piece in pieces:
            faults.append(hostile.faults_of_answer(piece, *server.send_body(target, piece.content)))
            sent += 1
    assert [fault for fault in faults if fault] == []
    assert sent >= BODIES
    assert server.alive
    assert hostile.kept(town_engine) == before


def test_malformed_http(server: Server, town_engine: Engine) -> None:
    before = hostile.kept(town_engine)
    faults = [hostile.faults_of_raw(piece, server.send_raw(piece.content)) for piece in raw_requests(RAW, seed=1)]
    assert [fault for fault in faults if fault] == []
    assert server.alive
    assert hostile.kept(town_engine) == before


def test_malformed_files(tmp_path: Path) -> None:
    outcomes, faults = hostile.read_all(files(tmp_path, FILES, seed=3), tmp_path, seconds=20)
    assert faults == []
    assert outcomes.total() == FILES
    assert outcomes["FileFormatError"] > FILES / 3
