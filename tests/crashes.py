"""Programs and servers killed in the middle of their work, and the judge of what is left.

A store of its own on a real disk; programs work on it without a pause, each telling over a pipe what it was
told to be done::

    imports    files of city elements, each in one transaction
    edits      a draft plan's buildings moved between its grids (see tests/races.py)
    adoptions  drafts made and put in force
    requests   drafts edited and put in force over HTTP, by a planner of the web service beside the store

Something of it is killed with SIGKILL, the server is started again, and the programs go on. In the end everything that
was told to be done has to be there, and every import whole or not at all.
"""

import http.client
import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import uvicorn
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from api.main import create_app
from api.settings import AppSettings
from geo.errors import ConflictError, DatabaseError
from geo.services.adopting import adopt_plan
from geo.services.importing import import_file
from geo.storage import audit, embedded, plans
from geo.storage.database import migrate, open_engine, session_scope
from geo.storage.embedded import postmaster
from tests import factories, races
from tests.api.people import bearing, token_of

#: Programs begin as copies of a process that has imported this file once: by themselves each would take seconds to.
PROGRAMS = multiprocessing.get_context("forkserver")
PROGRAMS.set_forkserver_preload([__name__])
#: Few: a community has numbers for 9,999 elements.
IMPORT_ROWS = 12
KINDS = ("imports", "edits", "adoptions")
#: What dies: the whole server, one of its processes (the others are ended by the server itself), the programs, or the
#: web service in the middle of requests.
VICTIMS = ("server", "backend", "programs")
WEB = "web service"
#: Edits of a draft over HTTP before it is put in force.
EDITS_OF_A_DRAFT = 3
#: Commits are told before they are written down: what a server must never do, to see that the judge notices. A
#: transaction that drops a table is written down at once all the same, and with it those before; so let only edits run.
CARELESS = {"synchronous_commit": "off", "wal_writer_delay": "10000ms"}


@dataclass
class Told:
    """What programs were told to be done: sources of imports, ids of adopted plans, edits by plan."""

    imports: list[str] = field(default_factory=list)
    adoptions: list[int] = field(default_factory=list)
    edits: dict[int, list[races.Acknowledged]] = field(default_factory=dict)
    requests: int = 0

    def counts(self) -> dict[str, int]:
        """How many there are of each of :data:`KINDS`, and how many requests were answered well."""
        edits = sum(map(len, list(self.edits.values())))
        counted = {"imports": len(self.imports), "edits": edits, "adoptions": len(self.adoptions)}
        return {**counted, "requests": self.requests}

    def hear(self, line: str) -> None:
        what, value = json.loads(line)
        if what == "imported":
            self.imports.append(value)
        elif what == "adopted":
            self.adoptions.append(value)
        elif what == "answered":
            self.requests += 1
        else:
            plan_id, edit = value
            self.edits.setdefault(plan_id, []).append(races.Acknowledged(**edit))


@dataclass(frozen=True)
class Verdict:
    """What is wrong after the crashes; all should be 0, or say nothing."""

    lost_imports: int
    half_imports: int
    lost_adoptions: int
    lost_edits: int
    broken_plans: int
    trail: tuple[str, ...]

    @property
    def faults(self) -> int:
        counted = self.lost_imports + self.half_imports + self.lost_adoptions + self.lost_edits + self.broken_plans
        return counted + len(self.trail)


class Crashes:
    """A store that is killed again and again."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._folder = folder
        self._data = folder / "postgres"
        self._rng = np.random.default_rng(seed)
        self._settings: Mapping[str, str] = {"shared_buffers": "64MB"}
        self._launched = 0
        self._programs: dict[str, tuple[ForkServerProcess, threading.Thread]] = {}
        self._web: tuple[ForkServerProcess, threading.Thread] | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = int(free.getsockname()[1])
        self.told = Told()
        self.kills = 0
        engine = self.open()
        migrate(engine)
        with session_scope(engine) as session:
            races.lay_out(session)
        engine.dispose()

    def open(self) -> Engine:
        """Start the server, if need be, and connect."""
        return open_engine(embedded.start(self._data, settings=self._settings))

    def be_careless(self) -> None:
        """From now on the server tells of commits that it has not written down."""
        self.end_programs()
        embedded.stop(self._data)
        self._settings = {**self._settings, **CARELESS}

    def crash(self, victim: str, *, seconds: tuple[float, float], kinds: tuple[str, ...] = KINDS) -> None:
        """Let the programs of some kinds work for a while, then kill."""
        url = embedded.start(self._data, settings=self._settings)
        if "requests" in kinds and self._web is None:
            self._web = self._launch("serve", url)
        for kind in kinds:
            if kind not in self._programs:
                self._programs[kind] = self._launch(kind, url)
        heard = self.told.counts()
        # Each has to be at work, however busy the machine is; what was told before the last crash is no sign of that.
        deadline = time.monotonic() + 120
        while any(self.told.counts()[kind] < heard[kind] + 2 for kind in kinds):
            if time.monotonic() > deadline:
                last = {path.name: path.read_text()[-300:] for path in self._folder.glob("*.log")}
                raise TimeoutError(f"no work is done: {heard} → {self.told.counts()}; {last}")
            time.sleep(0.02)
        time.sleep(self._rng.uniform(*seconds))
        self._kill(victim)
        self.kills += 1

    def end_programs(self) -> None:
        """Kill the programs and the web service, and hear what they were still told."""
        ending = [*self._programs.values(), *([self._web] if self._web else [])]
        for program, _ in ending:
            program.kill()
        for program, listener in ending:
            program.join()
            listener.join()
        self._programs.clear()
        self._web = None

    def _launch(self, kind: str, url: str) -> tuple[ForkServerProcess, threading.Thread]:
        self._launched += 1
        heard, told = PROGRAMS.Pipe(duplex=False)
        given = (url, f"{kind}-{self._launched}", self._folder, self._port, told)
        program = PROGRAMS.Process(target=work, args=given, daemon=True)
        program.start()
        told.close()
        listener = threading.Thread(target=self._listen, args=(heard,))
        listener.start()
        return program, listener

    def _listen(self, heard: Connection) -> None:
        with heard, open(heard.fileno(), closefd=False) as lines:
            for line in lines:
                if line.endswith("\n"):
                    self.told.hear(line)

    def _kill(self, victim: str) -> None:
        if victim == "programs":
            self.end_programs()
            return
        if victim == WEB:
            assert self._web is not None
            service, listener = self._web
            service.kill()
            service.join()
            listener.join()
            self._web = None
            return
        server = postmaster.running(self._data)
        assert server is not None
        family = postmaster.processes_of(self._data)
        victims = [server.pid, *family] if victim == "server" else self._backends(family)
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if victim == "backend":
            time.sleep(0.5)  # the server ends the others and recovers

    def _backends(self, family: list[int]) -> list[int]:
        clients = [pid for pid in family if b"wangge" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return [int(self._rng.choice(clients or family))]

    def judge(self) -> Verdict:
        """Hold the store against what was told; the programs end first."""
        self.end_programs()
        engine = self.open()
        try:
            with session_scope(engine) as session:
                rows = dict(
                    session.execute(text("SELECT source, count(*) FROM city_element GROUP BY source")).all()  # type: ignore[arg-type]
                )
                states = dict(session.execute(text("SELECT id, state FROM plan")).all())  # type: ignore[arg-type]
                verdicts = [
                    races.judge(session, plan_id, races.Tally(edits))
                    for plan_id, edits in self.told.edits.items()
                    if plan_id in states
                ]
                gone = [len(edits) for plan_id, edits in self.told.edits.items() if plan_id not in states]
                trail = tuple(found.en for found in audit.verify(session))
        finally:
            engine.dispose()
        return Verdict(
            lost_imports=sum(source not in rows for source in self.told.imports),
            half_imports=sum(count != IMPORT_ROWS for count in rows.values()),
            lost_adoptions=sum(states.get(plan) not in ("adopted", "superseded") for plan in self.told.adoptions),
            lost_edits=sum(found.lost + found.unrecorded for found in verdicts) + sum(gone),
            broken_plans=sum(found.jumps + found.differing + found.overlaps + found.uncovered for found in verdicts),
            trail=trail,
        )


@contextmanager
def crashing_store(*, seed: int) -> Iterator[Crashes]:
    """Make a store to be killed, and remove it."""
    with tempfile.TemporaryDirectory(prefix="wangge-crash-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # root's server runs as another account
        store = None
        try:
            store = Crashes(folder, seed=seed)
            yield store
        finally:
            if store is not None:
                store.end_programs()
            embedded.stop(folder / "postgres")


# ── the programs ─────────────────────────────────────────────────────────────────────────────────────────────────────


def tell(what: str, value: Any) -> None:
    print(json.dumps([what, value]), flush=True)


def import_files(engine: Engine, folder: Path, name: str) -> Iterator[None]:
    rng = np.random.default_rng(len(name))
    number = 0
    while True:
        number += 1
        source = f"{name}-{number}"
        path = folder / f"{source}.csv"
        lons = factories.WEST + rng.uniform(0.001, 0.009, IMPORT_ROWS)
        lats = factories.SOUTH + rng.uniform(0.001, 0.009, IMPORT_ROWS)
        places = enumerate(zip(lons, lats, strict=True))
        lines = [f"{source}-{row},garden,{lon:.7f},{lat:.7f}" for row, (lon, lat) in places]
        path.write_text("name,kind,lon,lat\n" + "\n".join(lines) + "\n")
        with session_scope(engine) as session:
            import_file(
                session,
                path,
                "city_element",
                under=factories.COMMUNITY,
                datum="wgs84",
                source=source,
                key="name",
                extent="world",
                who=source,
            )
        tell("imported", source)
        path.unlink()
        yield


def edit_a_draft(engine: Engine, name: str) -> Iterator[None]:
    with session_scope(engine) as session:
        plan_id = races.make_draft(session, name)
    rng = np.random.default_rng(len(name))
    tally = races.Tally()
    turn = 0
    while True:
        turn += 1
        seen, view = races.see(engine, plan_id)
        sent = races.flipped(view, int(rng.integers(races.COLUMNS)))
        races.send(engine, plan_id, tally, f"{name} turn {turn}", seen, view, sent)
        for edit in tally.acknowledged:
            tell("edited", [plan_id, asdict(edit)])
        tally.acknowledged.clear()
        yield


def adopt_drafts(engine: Engine, name: str) -> Iterator[None]:
    while True:
        with session_scope(engine) as session:
            plan_id = races.make_draft(session, name)
        with suppress(ConflictError):
            with session_scope(engine) as session:
                version = plans.read_plan(session, plan_id).version
                adopt_plan(session, plan_id, who=name, version=version)
            tell("adopted", plan_id)
        yield


def ask(port: int, token: str, method: str, path: str, version: int, body: object = None) -> tuple[int, Any]:
    """Send a request with the version that was seen; status 0 where the service died before it answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {**bearing(token), "If-Match": f'"{version}"', "Content-Type": "application/json", "Host": "localhost"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        time.sleep(0.1)
        return 0, None
    finally:
        connection.close()


def ask_the_web_service(engine: Engine, name: str, port: int) -> Iterator[None]:
    token = token_of(engine, name, scopes=[factories.STREET])
    rng = np.random.default_rng(len(name))
    while True:
        with session_scope(engine) as session:
            plan_id = races.make_draft(session, name)
        for _ in range(EDITS_OF_A_DRAFT):
            seen, view = races.see(engine, plan_id)
            sent = races.flipped(view, int(rng.integers(races.COLUMNS)))
            moves = [{"building_code": code, "grid_code": grid} for code, grid in sent.items()]
            status, told = ask(port, token, "PATCH", f"/plans/{plan_id}/assignment", seen, {"moves": moves})
            if status == 200:
                edit = races.Acknowledged(name, seen, view, sent, told["version"])
                tell("edited", [plan_id, asdict(edit)])
                tell("answered", plan_id)
            expect(status, told)
        status, told = ask(port, token, "POST", f"/plans/{plan_id}/adopt", races.see(engine, plan_id)[0])
        if status == 200:
            tell("adopted", plan_id)
            tell("answered", plan_id)
        expect(status, told)
        yield


def expect(status: int, told: Any) -> None:
    """A request is answered well, refused since somebody was quicker, or not answered: the service or store is down."""
    if status not in (0, 200, 409, 412, 503):
        raise AssertionError(f"{status}: {told}")


def serve(engine: Engine, port: int) -> None:
    config = uvicorn.Config(create_app(AppSettings(), engine), host="127.0.0.1", port=port, log_level="error")
    uvicorn.Server(config).run()


def work(url: str, name: str, folder: Path, port: int, told: Connection) -> None:
    """Work until killed; what the server's end interrupts is begun anew when it is back."""
    os.dup2(told.fileno(), sys.stdout.fileno())
    with (folder / f"{name}.log").open("wb") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    if name.startswith("serve"):
        serve(open_engine(url), port)
        return
    begun = 0
    while True:
        begun += 1
        try:
            engine = open_engine(url)
            works = {
                "imports": lambda: import_files(engine, folder, f"{name}-{begun}"),  # noqa: B023
                "edits": lambda: edit_a_draft(engine, f"{name}-{begun}"),  # noqa: B023
                "adoptions": lambda: adopt_drafts(engine, f"{name}-{begun}"),  # noqa: B023
                "requests": lambda: ask_the_web_service(engine, f"{name}-{begun}", port),  # noqa: B023
            }
            for _ in works[name.partition("-")[0]]():
                pass
        except (DatabaseError, DBAPIError, psycopg.Error):
            traceback.print_exc()
            time.sleep(0.1)
