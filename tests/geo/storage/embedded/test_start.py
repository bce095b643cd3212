"""Starting, stopping and looking: what a user of ``wangge db`` relies on."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from geo.storage import embedded
from geo.storage.embedded.accounts import server_account
from geo.storage.embedded.folders import MAX_SOCKET_PATH_BYTES
from tests.geo.storage.embedded.conftest import FAST, connect, refusal


def test_a_new_folder_becomes_a_server_that_finds_chinese(data_dir: Path) -> None:
    steps: list[str] = []
    url = embedded.start(data_dir, progress=steps.append, settings=FAST)
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT similarity('南湖街道嘉北社区', '南湖街道')")) > 0.3
        assert connection.scalar(text("SELECT postgis_lib_version()")) >= "3"
        assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
        assert connection.scalar(text("SHOW data_checksums")) == "on"
    engine.dispose()
    assert len(steps) == 3


def test_starting_twice_is_the_same_server(made: Path) -> None:
    first = embedded.start(made, settings=FAST)
    pid = embedded.status(made).pid
    assert embedded.start(made, settings=FAST) == first
    assert embedded.status(made).pid == pid


def test_status_follows_the_life_of_a_server(data_dir: Path) -> None:
    assert not embedded.status(data_dir).initialised
    assert embedded.stop(data_dir) is False

    url = embedded.start(data_dir, settings=FAST)
    running = embedded.status(data_dir)
    assert (running.running, running.initialised, running.url) == (True, True, url)
    assert running.version is not None
    assert running.socket is not None
    assert running.socket.is_socket()
    assert running.database_bytes > 5_000_000

    assert embedded.stop(data_dir) is True
    stopped = embedded.status(data_dir)
    assert (stopped.running, stopped.initialised, stopped.url) == (False, True, None)
    assert embedded.stop(data_dir) is False


def test_nothing_listens_on_the_network_and_the_folder_is_private(made: Path) -> None:
    url = embedded.start(made, settings=FAST)
    with connect(url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    found = made.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == server_account().uid
    assert found.st_uid != 0, "PostgreSQL must not run as root"


def test_settings_of_the_environment_do_not_lead_elsewhere(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nonexistent", "PGHOST": "example.org", "PGUSER": "nobody"}.items():
        monkeypatch.setenv(name, value)
    engine = create_engine(embedded.start(made, settings=FAST))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "wangge"
    engine.dispose()


@pytest.mark.parametrize("name", ["网格 a'b\"c [red]%20#?&+$(touch x)`id`\\\\", "one,two", "x" * 120])
def test_any_folder_name_works(room: Path, pristine: Path, name: str) -> None:
    folder = room / name
    subprocess.run(["cp", "-a", pristine, folder], check=True)
    try:
        url = embedded.start(folder, settings=FAST)
        with connect(url) as connection:
            assert connection.execute("SHOW data_directory").fetchone() == (str(folder),)
        socket = embedded.status(folder).socket
        assert socket is not None
        assert len(os.fsencode(socket)) <= MAX_SOCKET_PATH_BYTES
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    finally:
        embedded.stop(folder)


@pytest.mark.parametrize("name", ["two\nlines", b"\xff\xfe".decode("utf-8", "surrogateescape")])
def test_a_name_that_cannot_be_written_down_is_refused(room: Path, name: str) -> None:
    assert "plain name" in refusal(room / name)


def test_processes_that_start_at_once_share_one_server(data_dir: Path) -> None:
    code = "import sys, pathlib, geo.storage.embedded as e; print(e.start(pathlib.Path(sys.argv[1])))"
    starters = [
        subprocess.Popen([sys.executable, "-c", code, data_dir], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    urls = {starter.communicate(timeout=120)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert urls == {f"{embedded.status(data_dir).url}\n"}


def test_stopping_ends_open_connections(made: Path) -> None:
    engine = create_engine(embedded.start(made, settings=FAST))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        embedded.stop(made)
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
        connection.invalidate()
    engine.dispose()


class TestDefaultFolder:
    def test_the_variable_wins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WANGGE_DATA_DIR", "/somewhere/else")
        assert embedded.default_data_dir() == Path("/somewhere/else")

    def test_root_has_a_folder_the_server_can_enter_and_others_their_home(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("WANGGE_DATA_DIR", raising=False)
        monkeypatch.setenv("XDG_DATA_HOME", "/data/of/mine")
        expected = "/var/lib/wangge/postgres" if os.geteuid() == 0 else "/data/of/mine/wangge/postgres"
        assert embedded.default_data_dir() == Path(expected)
