"""A real server that hostile bytes are sent to, and the file reader that hostile files are given to."""

import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, text

from geo.errors import InputError
from geo.exchange.reading import read_frame
from geo.storage import copies
from geo.storage.database import session_scope
from tests.api.people import token_of
from tests.malformed import CANARY, SECRET, Piece

ROOT = Path(__file__).resolve().parents[1]
START = "import typer; from api.commands.serve import serve_command; typer.run(serve_command)"
#: Tables that trying to sign in leaves a trace in, and those of the trail.
TRACES = {"sign_in", "sign_in_failure", "event", "event_chain", "invitation"}
#: A street that the town does not have: whatever survives its spoiling changes nothing.
NO_STREET = "440304099"
ANSWER_S = 20.0


@dataclass(frozen=True)
class Target:
    """A route that takes a body: its method and address, the type it takes, the fields it knows."""

    method: str
    path: str
    media_type: str
    fields: tuple[str, ...]

    @property
    def valid(self) -> dict[str, Any]:
        """A body of the right shape, more or less."""
        return dict.fromkeys(self.fields[:3], NO_STREET)


class Server:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, token: str) -> None:
        self._process = process
        self._port = port
        self._token = token
        self._connection: socket.socket | None = None

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait until the process has ended; return how."""
        return self._process.wait(timeout=seconds)

    def send_body(self, target: Target, body: bytes) -> tuple[int, bytes]:
        """Send a body as somebody who is signed in; return the status and the answer."""
        head = (
            f"{target.method} {target.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
            f'Content-Type: {target.media_type}\r\nIf-Match: "1"\r\nContent-Length: {len(body)}\r\n\r\n'
        )
        for last in (False, True):
            try:
                return self._ask(head.encode() + body)
            except (ConnectionError, TimeoutError):
                self.close()
                if last:
                    raise
        raise AssertionError("the loop returns or raises")

    def send_raw(self, content: bytes) -> bytes:
        """Send bytes as they are, and nothing after; return all that comes back."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_S) as connection:
            parts = []
            try:
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(65_536):
                    parts.append(part)
            except (ConnectionError, BrokenPipeError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise
            return b"".join(parts)

    def _ask(self, request: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_S)
        early = None
        try:
            self._connection.sendall(request)
        except (ConnectionError, BrokenPipeError) as error:
            early = error  # it refused before it had read all; the answer may be there
        stream = self._connection.makefile("rb")
        try:
            line = stream.readline()
            if not line:
                raise ConnectionResetError from early
            headers = {}
            while (header := stream.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                headers[name.lower()] = value.strip()
            answer = stream.read(int(headers.get(b"content-length", b"0")))
        finally:
            stream.close()
        if headers.get(b"connection") == b"close":
            self.close()
        return int(line.split()[1]), answer

    def close(self) -> None:
        """End the connection that bodies go over."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def serving(engine: Engine) -> Iterator[Server]:
    """Start a server on a store, and stop it."""
    environment = {
        **os.environ,
        "WANGGE_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", START, "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            port = re.search(r"http://127\.0\.0\.1:([0-9]+)/", line)
            assert port is not None, line
            server = Server(process, int(port[1]), token_of(engine))
            _wait_until_it_answers(int(port[1]))
            with closing(server):
                yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if connection.recv(100).startswith(b"HTTP/1.1 200"):
                return
    raise TimeoutError("the server does not answer")


def targets(app: FastAPI) -> list[Target]:
    """Return every route that takes a body; plans that there are not stand in their addresses."""
    description = app.openapi()
    schemas = description["components"]["schemas"]
    found = []
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                fields = tuple(schemas.get(name, content["schema"]).get("properties", {})) or ("name",)
                address = re.sub(r"\{[^}]*\}", "999999", path)
                found.append(Target(method.upper(), address, media_type, fields))
    return found


def kept(engine: Engine) -> dict[str, int]:
    """Count what hostile bytes must not change."""
    with session_scope(engine) as session:
        counts = copies.count_rows(session)
        done = session.scalar(text("SELECT count(*) FROM event WHERE noun NOT IN ('account', 'sign_in')"))
    return {name: count for name, count in counts.items() if name not in TRACES} | {"events": int(done or 0)}


def faults_of_answer(piece: Piece, status: int, answer: bytes) -> str | None:
    """Say what is wrong with the answer to a malformed body."""
    if not 300 <= status < 500:
        return f"{piece.label}: {status}"
    if CANARY.encode() in answer:
        return f"{piece.label}: echoed"
    if b"Traceback" in answer or b'File "' in answer:
        return f"{piece.label}: a trace"
    return None


def faults_of_raw(piece: Piece, answer: bytes) -> str | None:
    """Say what is wrong with what came back for malformed HTTP; nothing at all may come back."""
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", answer)]
    if any(status >= 500 for status in statuses):
        return f"{piece.label}: {statuses}"
    if CANARY.encode() in answer.lower() or b"Traceback" in answer:
        return f"{piece.label}: echoed"
    return None


def read_all(pieces: Iterable[Piece], folder: Path, *, seconds: float) -> tuple[Counter[str], list[str]]:
    """Give files to the reader; count what came of them, and say what should not have."""
    outcomes: Counter[str] = Counter()
    faults = []
    for piece in pieces:
        path = folder / f"piece{piece.suffix}"
        path.write_bytes(piece.content)
        around = _names(folder)
        started = time.process_time()
        try:
            frame = read_frame(path).frame
            outcomes["read"] += 1
            said = frame.to_json() if SECRET.encode() not in piece.content else ""
        except InputError as error:
            outcomes[type(error).__name__] += 1
            said = str(error)
        except BaseException as error:  # whatever else it is, is what this looks for
            faults.append(f"{piece.label}: {type(error).__name__} {error}"[:200])
            said = ""
            if isinstance(error, KeyboardInterrupt):
                raise
        if SECRET in said:
            faults.append(f"{piece.label}: read another file")
        if time.process_time() - started > seconds:
            faults.append(f"{piece.label}: took {time.process_time() - started:.1f} s")
        if _names(folder) != around:
            faults.append(f"{piece.label}: left {_names(folder) - around}")
        path.unlink()
    return outcomes, faults


def _names(folder: Path) -> set[str]:
    slips = [path for path in (Path("/tmp/zq9slip"), Path("/zq9slip")) if path.exists()]
    return {str(path) for path in [*folder.rglob("*"), *slips]}
