"""Start, stop and look at the private server of one data folder."""

import fcntl
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from geo.errors import ServerError
from geo.storage.embedded import checks, folders, postmaster
from geo.storage.embedded.accounts import Account, server_account
from geo.storage.embedded.postmaster import Postmaster
from geo.storage.embedded.programs import Programs, programs_for_existing_cluster, programs_for_new_cluster

ROLE = "wangge"
DATABASE = "wangge"
LOCALE = "C.UTF-8"

#: Crash recovery replays the write-ahead log before the server answers.
START_SECONDS = 180
STOP_SECONDS = 60

#: How long a running server may refuse connections before that is an error.
ANSWER_SECONDS = 10.0

LOG = "server.log"

Progress = Callable[[str], None]

# Durable by default. The memory is for one office beside a browser and the engines on the same machine; shared_buffers
# is only taken from the system page by page, as it is used.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(folders.PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "60",
    # A sheet of ten thousand hazards takes two turns for each row, and a turn is a lock.
    "max_locks_per_transaction": "512",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Error details quote key values, which may be a person's; the log is no place for them.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_timezone": "Asia/Shanghai",
    "timezone": "Asia/Shanghai",
}


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known of a data folder and its server; what only a running server can tell is None when it is down."""

    running: bool
    initialised: bool
    data_dir: Path
    version: str | None
    pid: int | None
    socket: Path | None
    url: str | None
    database_bytes: int | None
    connections: int | None


def start(
    data_dir: Path | None = None,
    *,
    progress: Progress | None = None,
    settings: Mapping[str, str] | None = None,
) -> str:
    """Make sure the private server runs, and say where it is.

    Safe to call when it runs already, from several processes at once, after a crash and after an interrupted first
    start. A new folder takes about four seconds, a stopped server one.

    Parameters
    ----------
    data_dir
        The cluster's folder; ``default_data_dir()`` when left out.
    progress
        Called with one bilingual line before each step that takes noticeable time.
    settings
        PostgreSQL settings that replace the defaults when this call is the one that starts the server.

    Returns
    -------
    str
        A SQLAlchemy URL of the database ``wangge``, which has ``postgis`` and ``pg_trgm``. It holds no secret: the
        socket lies in a folder only the owner can enter.

    Raises
    ------
    ServerError
        PostgreSQL or PostGIS is missing or of another version; the folder is another user's, another server's,
        unreachable or foreign; the disk is full; the cluster's locale would lose Chinese text; the server fails.
    """
    folder, account = _resolve(data_dir)
    say = progress or (lambda _: None)
    folders.make_parent(folder)
    folders.check_reachable(folder, account)
    chosen = {**_SETTINGS, **(settings or {})}
    with _lock(folder):
        if not folders.holds_cluster(folder, account):
            say("正在建立数据库目录… / Creating the database folder…")
            _create(folder, account, durable=chosen["fsync"] == "on")
        server = _reach(folder, account, chosen, say)
    return _url(server, DATABASE)


def stop(data_dir: Path | None = None) -> bool:
    """Stop the private server, ending its connections; committed data is safe.

    Returns
    -------
    bool
        False when it was not running.
    """
    folder, account = _resolve(data_dir)
    if not folder.parent.exists() or not folders.holds_cluster(folder, account):
        return False
    with _lock(folder):
        if postmaster.running(folder) is None:
            return False
        _stop(folder, account)
        return True


def status(data_dir: Path | None = None) -> ServerStatus:
    """Look at the private server without changing anything."""
    folder, account = _resolve(data_dir)
    if not folders.holds_cluster(folder, account):
        return ServerStatus(False, False, folder, None, None, None, None, None, None)
    server = postmaster.running(folder)
    if server is None:
        return ServerStatus(False, True, folder, str(_major_of(folder)), None, None, None, None, None)
    facts = checks.facts(_url(server, "postgres"), DATABASE)
    return ServerStatus(
        running=True,
        initialised=True,
        data_dir=folder,
        version=facts.version,
        pid=server.pid,
        socket=server.socket_dir / f".s.PGSQL.{server.port}",
        url=_url(server, DATABASE),
        database_bytes=facts.database_bytes,
        connections=facts.connections,
    )


def _resolve(data_dir: Path | None) -> tuple[Path, Account]:
    stated = folders.default_data_dir() if data_dir is None else data_dir
    folder = Path(os.path.realpath(stated.expanduser()))
    folders.check_name(folder)
    return folder, server_account()


def _url(server: Postmaster, database: str) -> str:
    # The port is written out because libpq would otherwise take a PGPORT from the environment.
    query = {"host": str(server.socket_dir), "port": str(server.port)}
    url = URL.create("postgresql+psycopg", username=ROLE, database=database, query=query)
    scheme, _, rest = url.render_as_string(hide_password=False).partition("://")
    # SQLAlchemy writes a blank as "+", which it reads back, but libpq and its programs do not.
    return f"{scheme}://{rest.replace('+', '%20')}"


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the cluster; the lock dies with its process."""
    path = folder.with_name(f"{folder.name}.lock")
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise folders.unusable_folder(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create(folder: Path, account: Account, *, durable: bool) -> None:
    """Initialise a cluster in a folder beside ``folder``, then give it its name in one step.

    An interrupted first start so leaves a nameless folder, cleared here the next time, and never half a cluster.
    """
    programs = programs_for_new_cluster()
    folders.check_free_space(folder.parent)
    prefix = f".{folder.name}.new-"
    for leftover in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        draft = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    except OSError as error:
        raise folders.unusable_folder(folder, error) from error
    try:
        if account.drops:
            os.chown(draft, account.uid, account.gid)
        _initdb(programs, draft, account, durable=durable)
        draft.rename(folder)  # takes the place of an empty folder, too
    except OSError as error:
        raise folders.unusable_folder(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _initdb(programs: Programs, folder: Path, account: Account, *, durable: bool) -> None:
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        folder,
        f"--username={ROLE}",
        "--encoding=UTF8",
        f"--locale={LOCALE}",
    ]
    command += ["--data-checksums", "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
    result = account.run(command if durable else [*command, "--no-sync"])
    if result.returncode:
        raise checks.failure("initdb", result.stdout, folder.parent)


def _launch(folder: Path, account: Account, settings: Mapping[str, str]) -> Postmaster:
    programs = programs_for_existing_cluster(_major_of(folder), folder)
    postmaster.clear_after_crash(folder, account)
    account.run(["mv", "-f", LOG, f"{LOG}.1"], folder=folder)
    sockets = folders.socket_dir(folder, account)
    account.run(["rm", "-f", sockets / f".s.PGSQL.{folders.PORT}.lock"])
    all_settings = {**settings, "unix_socket_directories": str(sockets)}
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in all_settings.items())
    # pg_ctl puts the names of folder and log into a shell command, between quotes: names of its own folder are safe.
    command: list[str | Path] = [programs / "pg_ctl", "start", "-D", ".", "-l", LOG, "-o", options]
    command += ["-w", "-t", str(START_SECONDS)]
    result = account.run(command, folder=folder, timeout=START_SECONDS + 30)
    server = postmaster.running(folder) if result.returncode == 0 else None
    if server is None:
        raise checks.failure("pg_ctl start", result.stdout + _tail(folder / LOG), folder)
    return server


def _reach(folder: Path, account: Account, settings: Mapping[str, str], say: Progress) -> Postmaster:
    """Return a server that answers: the one that runs, or else one started here."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (server := postmaster.running(folder)) is not None:
        try:
            checks.prepare(_url(server, "postgres"), DATABASE, folder, say)
            return server
        except checks.UnreachableError:
            # It may have been killed or told to end a moment ago; then the next look finds it gone.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    say("正在启动数据库… / Starting the database…")
    server = _launch(folder, account, settings)
    try:
        checks.prepare(_url(server, "postgres"), DATABASE, folder, say)
    except ServerError:
        if postmaster.running(folder):
            # Immediately: an orderly end writes a checkpoint, for which a full disk has no room.
            _stop(folder, account, mode="immediate")
        raise
    return server


def _stop(folder: Path, account: Account, *, mode: str = "fast") -> None:
    programs = programs_for_existing_cluster(_major_of(folder), folder)
    command: list[str | Path] = [programs / "pg_ctl", "stop", "-D", folder, "-m", mode, "-w", "-t", str(STOP_SECONDS)]
    result = account.run(command, timeout=STOP_SECONDS + 30)
    if result.returncode:
        raise checks.failure("pg_ctl stop", result.stdout, folder)
    folders.remove_socket_dir(folder, account)


def _major_of(folder: Path) -> int:
    text = (folder / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
    if not text.partition(".")[0].isdecimal():
        raise ServerError(
            f"{folder}/PG_VERSION 的内容 {text!r} 不是版本号，目录可能已损坏。请从备份恢复，或另设 WANGGE_DATA_DIR。",
            f"{folder}/PG_VERSION says {text!r}, which is no version; the data folder may be damaged. "
            "Restore it from a backup, or set WANGGE_DATA_DIR to another folder.",
        )
    return int(text.partition(".")[0])


def _tail(log: Path, size: int = 4000) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")[-size:]
    except OSError:
        return ""
