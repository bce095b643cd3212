"""Whole databases: dumped by PostgreSQL's own programs, made anew from a dump, and put in each other's place.

A database being restored has a name of its own, ``…_restoring_…``, until it is whole and checked; then it takes the
name of the one in use, in one transaction of the server. Whatever interrupts that leaves the one in use as it was.
"""

import os
import re
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, DatabaseError, ServerError
from geo.storage.acting import ROLE
from geo.storage.embedded.programs import installed

CHUNK_BYTES = 2**20
#: Where one is when no database of the product may be in use.
_MAINTENANCE = "postgres"
_RESTORING = "_restoring_"
#: A database with nothing but the extensions, which an administrator made for users who may not create extensions.
PREPARED = "wangge_template"
#: PostgreSQL cuts longer names.
_NAME_BYTES = 63

_TABLES = """
SELECT c.relname, pg_total_relation_size(c.oid)
FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""
_GEOMETRIES = """
SELECT f_table_name, f_geometry_column FROM geometry_columns
WHERE f_table_schema = 'public' ORDER BY f_table_name, f_geometry_column
"""


@dataclass(frozen=True)
class Snapshot:
    """A moment of the database that several connections see alike."""

    name: str
    server_version: int
    tables: dict[str, int]


def take_snapshot(session: Session) -> Snapshot:
    """Hold the database's present moment for a dump; the session's transaction must be REPEATABLE READ.

    ``tables`` maps each table to its size on disk in bytes.
    """
    name = session.scalar(text("SELECT pg_export_snapshot()"))
    version = session.scalar(text("SELECT current_setting('server_version_num')::integer / 10000"))
    tables = {row[0]: row[1] for row in session.execute(text(_TABLES))}
    assert name is not None
    assert version is not None
    return Snapshot(name, version, tables)


def count_rows(session: Session) -> dict[str, int]:
    """Count the rows of every table of the product."""
    counts = {}
    for table in [row[0] for row in session.execute(text(_TABLES))]:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        counts[table] = int(session.scalar(text(query.as_string())) or 0)
    return counts


def invalid_geometries(session: Session) -> dict[str, int]:
    """Count invalid geometries, by table; tables without any are left out."""
    found = {}
    for table, column in session.execute(text(_GEOMETRIES)).all():
        query = sql.SQL("SELECT count(*) FROM {} WHERE NOT ST_IsValid({})").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        count = int(session.scalar(text(query.as_string())) or 0)
        if count:
            found[f"{table}.{column}"] = count
    return found


def dump(url: URL, snapshot: Snapshot, begun: Callable[[str], None]) -> Iterator[bytes]:
    """Dump what a snapshot sees, in chunks; ``begun`` is told each table's name when its rows begin.

    Raises
    ------
    DatabaseError
        There is no fitting pg_dump, or it failed.
    """
    command = [str(_program("pg_dump", snapshot.server_version)), "--format=custom", "--no-owner", "--no-comments"]
    # PostGIS brings its reference systems itself, and who may not make it may not fill its table either.
    command += ["--exclude-table-data=*.spatial_ref_sys"]
    command += ["--verbose", f"--snapshot={snapshot.name}", f"--dbname={_conninfo(url)}"]
    with _running(command, url, begun, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as (process, said):
        assert process.stdout is not None
        while chunk := process.stdout.read(CHUNK_BYTES):
            yield chunk
        _check_end(process, "pg_dump", said)


def load(url: URL, server_version: int, chunks: Iterable[bytes]) -> None:
    """Fill an empty database from a dump, in one transaction.

    Raises
    ------
    DatabaseError
        There is no fitting pg_restore, or it failed; the database is as empty as before.
    """
    command = [str(_program("pg_restore", server_version)), "--no-owner", "--single-transaction", "--exit-on-error"]
    command += [f"--dbname={_conninfo(url)}"]
    with _running(command, url, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as (process, said):
        assert process.stdin is not None
        # A program that ended early has said why.
        with suppress(BrokenPipeError):
            for chunk in chunks:
                process.stdin.write(chunk)
        with suppress(BrokenPipeError):
            process.stdin.close()
        _check_end(process, "pg_restore", said)


class Restoring:
    """A database beside the one in use, on its way to take its place.

    Parameters
    ----------
    url
        Of the database in use.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._name = str(url.database)
        stem = self._name.encode()[: _NAME_BYTES - 24].decode("utf-8", "ignore")
        self._prefix = f"{stem}{_RESTORING}"
        self.url = url.set(database=f"{self._prefix}{secrets.token_hex(4)}")
        self._stem = stem

    def make(self) -> int:
        """Make it, empty, in the locale of the one in use; return the server's major version.

        What an interrupted restore left behind is removed.
        """
        with self._maintenance() as connection:
            for (left,) in connection.execute(
                "SELECT datname FROM pg_database d WHERE starts_with(datname, %s) AND NOT EXISTS "
                "(SELECT 1 FROM pg_stat_activity a WHERE a.datid = d.oid)",
                (self._prefix,),
            ).fetchall():
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(left)))
            locale = connection.execute(
                "SELECT datcollate, datctype FROM pg_database WHERE datname = %s", (self._name,)
            ).fetchone()
            assert locale is not None
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8' LC_COLLATE {} LC_CTYPE {}").format(
                    sql.Identifier(str(self.url.database)),
                    sql.Identifier(_emptiest(connection)),
                    sql.Literal(locale[0]),
                    sql.Literal(locale[1]),
                )
            )
            _make_role(connection)
            # A right on the database itself is in no dump of what is inside.
            connection.execute(
                sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(str(self.url.database)), sql.Identifier(ROLE)
                )
            )
            return connection.info.server_version // 10_000

    def drop(self) -> None:
        """Remove it again."""
        with self._maintenance() as connection:
            name = sql.Identifier(str(self.url.database))
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def take_place(self) -> str:
        """Give it the name in use, and the one in use another; return that other name.

        Raises
        ------
        ConflictError
            Somebody uses the database.
        """
        kept = f"{self._stem}_before_{datetime.now(UTC):%Y%m%d%H%M%S}"
        old, new, away = (sql.Identifier(name) for name in (self._name, str(self.url.database), kept))
        try:
            with self._maintenance() as connection, connection.transaction():
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, away))
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(new, old))
        except psycopg.errors.ObjectInUse:
            raise in_use(self._name) from None
        return kept

    def forget(self, name: str) -> None:
        """Remove the database that was in use before."""
        with self._maintenance() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def others(self, *, wait_s: float = 0.0) -> int:
        """Count other connections to the database in use; those that are closed take a moment to end."""
        until = time.monotonic() + wait_s
        with self._maintenance() as connection:
            while True:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
                    (self._name,),
                ).fetchone()
                assert row is not None
                if not row[0] or time.monotonic() >= until:
                    return int(row[0])
                time.sleep(0.05)

    @contextmanager
    def _maintenance(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        url = self._url.set(database=_MAINTENANCE)
        password = None if url.password is None else str(url.password)
        try:
            with psycopg.connect(make_conninfo(_conninfo(url), password=password), autocommit=True) as connection:
                yield connection
        except psycopg.errors.InsufficientPrivilege:
            raise DatabaseError(
                f"恢复需要新建数据库,用户 {url.username} 没有此权限;请由管理员执行 ALTER ROLE … CREATEDB",
                f"a restore makes a database, which {url.username} may not; have an administrator grant CREATEDB",
            ) from None
        except psycopg.OperationalError as error:
            reason = " ".join(str(error).split())
            raise ServerError(
                f"连不上数据库服务器:{reason}", f"the database server cannot be reached: {reason}"
            ) from None


def in_use(name: str) -> ConflictError:
    """Return the error for a database that somebody else uses."""
    return ConflictError(
        f"数据库 {name} 正在使用中,未恢复;请先停止 wangge serve 和其他程序再试",
        f"the database {name} is in use and was not restored; stop wangge serve and other programs first",
    )


def _make_role(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Make the role that a dump's policies and rights name: a role belongs to the server and is in no dump."""
    role = sql.Identifier(ROLE)
    # Who may not make roles is refused before it is looked whether there is one.
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone() is None:
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOBYPASSRLS").format(role))
    row = connection.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", (ROLE,)).fetchone()
    if row is not None and not row[0]:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


def _emptiest(connection: psycopg.Connection[tuple[Any, ...]]) -> str:
    """Name what an empty database is copied from: nothing, or what has the extensions where a user may not make any."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s AND datistemplate) AND NOT rolsuper "
        "FROM pg_roles WHERE rolname = current_user",
        (PREPARED,),
    ).fetchone()
    return PREPARED if row is not None and row[0] else "template0"


class _Listener:
    """Reads what a program says while it works, so that it never waits to be heard; keeps the last lines."""

    def __init__(self, stream: IO[bytes], begun: Callable[[str], None]) -> None:
        self.last: list[str] = []
        self._begun = begun
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode("utf-8", "replace").strip()
            table = re.search(r'dumping contents of table "[^".]*\.([^"]+)"', line)
            if table:
                self._begun(table[1])
            self.last = [*self.last[-20:], line]

    def end(self) -> None:
        """Wait for the last line: what is read from is closed afterwards."""
        self._thread.join(timeout=10)

    def reason(self) -> str:
        """Return the line that says what went wrong."""
        self.end()
        telling = [line for line in self.last if "error" in line.casefold() or "fatal" in line.casefold()]
        return (telling or self.last or ["?"])[0][:300]


@contextmanager
def _running(
    command: list[str], url: URL, begun: Callable[[str], None] = lambda _: None, **pipes: int
) -> Iterator[tuple[subprocess.Popen[bytes], _Listener]]:
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
    if url.password:
        environment["PGPASSWORD"] = str(url.password)  # an argument could be read by everybody on the machine
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, **pipes) as process:  # type: ignore[call-overload]  # noqa: S603
        said = _Listener(process.stderr, begun)
        try:
            yield process, said
        except BaseException:
            process.kill()
            raise
        finally:
            said.end()


def _check_end(process: subprocess.Popen[bytes], program: str, said: _Listener) -> None:
    if process.wait() != 0:
        reason = said.reason()
        if "permission denied to create extension" in reason:
            raise DatabaseError(
                f"连接用户不能安装 PostGIS;请由管理员按 README“自有数据库服务器”建好 {PREPARED}",
                f"the connecting user may not make extensions: have an administrator make {PREPARED}, as README's "
                "“A database server of your own” says",
            )
        raise DatabaseError(f"{program} 失败:{reason}", f"{program} failed: {reason}")


def _conninfo(url: URL) -> str:
    parts: dict[str, Any] = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    return make_conninfo(**{name: value for name, value in {**parts, **url.query}.items() if value is not None})


def _program(name: str, server_version: int) -> Path:
    """Return PostgreSQL's program of the server's major version, else the oldest one that is newer."""
    folders = {programs.folder: programs.major for programs in installed()}
    found = [(major, folder / name) for folder, major in folders.items() if major >= server_version]
    found = [(major, path) for major, path in found if os.access(path, os.X_OK)]
    on_path = shutil.which(name)
    if found:
        return min(found)[1]
    if on_path and _major(on_path) >= server_version:
        return Path(on_path)
    raise DatabaseError(
        f"本机没有 PostgreSQL {server_version} 的 {name};请执行 apt-get install postgresql-client-{server_version}",
        f"this machine lacks {name} of PostgreSQL {server_version}: apt-get install postgresql-client-{server_version}",
    )


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    number = re.search(r"(\d+)", said.stdout)
    return int(number[1]) if number else 0
