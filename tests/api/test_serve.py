"""The server as its operator runs it: a real process on a real port."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.commands.serve import is_loopback, listen, settings_for
from api.settings import ANY_HOST, LOOPBACK_NAMES, AppSettings
from geo.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
START = "import typer; from api.commands.serve import serve_command; typer.run(serve_command)"


@contextmanager
def serve(*arguments: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """A server, killed if the test leaves it running."""
    environment = {**os.environ, "WANGGE_DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def test_it_warns_serves_and_stops_when_told(fresh_database_url: str) -> None:
    with serve("--host", "0.0.0.0", "--port", "0", url=fresh_database_url) as server:
        assert server.stdout is not None
        warning = server.stdout.readline() + server.stdout.readline()
        line = server.stdout.readline()
        assert "没有加密" in warning, warning
        assert "not encrypted" in warning
        assert "http://0.0.0.0:" in line, line
        # Nobody can sign in yet: the first start hands out the link for the first administrator.
        link = [server.stdout.readline() for _ in range(3)][-1]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/invitation\?link=[A-Za-z0-9_-]{43}\n", link), link
        port = int(line.split("http://0.0.0.0:")[1].split("/")[0])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=30) as answer:
            assert answer.status == 200
            assert answer.headers["Server"] is None
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=15) in (0, -signal.SIGTERM)


def test_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError) as refused:
        listen("127.0.0.1", taken.getsockname()[1])
    assert "--port" in refused.value.zh
    assert "--port" in refused.value.en


def test_an_unknown_address_is_said() -> None:
    with pytest.raises(InputError):
        listen("no.such.host.invalid", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.1.2.3", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_names_follow_the_address_unless_listed() -> None:
    assert settings_for("127.0.0.1", AppSettings()).allowed_hosts == LOOPBACK_NAMES
    assert settings_for("0.0.0.0", AppSettings()).allowed_hosts == (ANY_HOST,)
    assert settings_for("10.1.2.3", AppSettings()).allowed_hosts == (*LOOPBACK_NAMES, "10.1.2.3")
    listed = AppSettings(allowed_hosts=("grid.office.cn",))
    assert settings_for("0.0.0.0", listed).allowed_hosts == ("grid.office.cn",)
