import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from geo.errors import ServerError
from geo.storage import embedded
from geo.storage.embedded.postmaster import processes_of

#: For tests that are not about durability.
FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that root's server account can enter, which pytest's own ``tmp_path`` is not."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-room-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data_dir(room: Path) -> Iterator[Path]:
    """A data folder that does not exist yet; its server is stopped afterwards."""
    folder = room / "postgres"
    yield folder
    kill_all(folder)


@pytest.fixture(scope="session")
def pristine() -> Iterator[Path]:
    """A cluster as the first start leaves it, stopped; only to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-pristine-", dir="/tmp"))
    folder.chmod(0o755)
    embedded.start(folder / "postgres", settings=FAST)
    embedded.stop(folder / "postgres")
    yield folder / "postgres"
    shutil.rmtree(folder)


@pytest.fixture
def made(data_dir: Path, pristine: Path) -> Path:
    """A data folder that holds a stopped cluster."""
    subprocess.run(["cp", "-a", pristine, data_dir], check=True)
    return data_dir


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def kill_all(folder: Path) -> list[int]:
    """Kill -9 every process of one server, and wait until they are gone."""
    killed = processes_of(folder)
    for pid in killed:
        with suppress(ProcessLookupError):  # children end by themselves once their parent is gone
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while processes_of(folder):
        assert time.monotonic() < deadline, "the server's processes outlived SIGKILL"
        time.sleep(0.01)
    return killed


def refusal(folder: Path) -> str:
    """Start a server that must be refused, and return what is said in English."""
    with pytest.raises(ServerError) as caught:
        embedded.start(folder, settings=FAST)
    assert re.search(r"[\u4e00-\u9fff]", caught.value.zh)
    return caught.value.en
