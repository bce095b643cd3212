"""Databases for tests: cloned from templates that are made once in a run, and lent again when they are given back.

To clone one costs as much as twenty small tests. A database that was given back therefore gets the rows and sequences
of its template again and is lent to the next test, unless its catalog changed (tables, triggers, rights, settings):
then it is dropped.
"""

import fcntl
import os
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

RUN_VARIABLE = "WANGGE_TEST_RUN_FOLDER"
RUN_PREFIX = "wangge-test-"
#: PostgreSQL 15, as drivers write it: older ones always copy files.
STRATEGIES_SINCE = 150_000
#: How long the sessions of a database that is given back may take to end.
ENDING_S = 10

# A row that is made or changed bears a newer transaction, and one that goes is missed in the count.
CATALOGS = ("attrdef", "attribute", "class", "constraint", "default_acl", "index", "policy", "proc", "trigger", "type")
CATALOG = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM pg_{name}" for name in CATALOGS
)  # fmt: skip
# What temporary tables leave behind belongs to no table, and the next session that has some takes it over.
OWN_SETTINGS = """
SELECT d.datacl::text, (SELECT string_agg(s.setconfig::text, ' ') FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)
FROM pg_database d WHERE d.datname = current_database()
"""
TABLES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences"
OTHERS = """
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True)
class Original:
    """What a database held when it was cloned: its rows, where its sequences stood, a fingerprint of its catalog."""

    catalog: list[tuple[object, ...]]
    tables: list[str]
    rows: dict[str, bytes]
    sequences: list[tuple[str, int, bool]]

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "Original":
        tables = [name for (name,) in connection.execute(TABLES).fetchall() if name != "spatial_ref_sys"]
        filled = _filled(connection, tables)
        return cls(
            _catalog(connection),
            tables,
            {name: _copied(connection, name) for name in filled},
            [_stands(connection, *names) for names in connection.execute(SEQUENCES).fetchall()],
        )

    def put_back(self, connection: psycopg.Connection) -> None:
        """Make rows and sequences what they were; triggers, rules of rows and foreign keys look away."""
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for name in _filled(connection, self.tables):
                connection.execute(f"DELETE FROM {name}")  # TRUNCATE would change the catalog
            for name, rows in self.rows.items():
                with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)
            for name, value, called in self.sequences:
                connection.execute("SELECT setval(%s, %s, %s)", (name, value, called))


def _catalog(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return sorted(connection.execute(CATALOG).fetchall()) + connection.execute(OWN_SETTINGS).fetchall()


def _filled(connection: psycopg.Connection, tables: list[str]) -> list[str]:
    if not tables:
        return []
    each = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
    return [name for (name,) in connection.execute(" UNION ALL ".join(each)).fetchall()]


def _copied(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
        return b"".join(bytes(piece) for piece in copy)


def _stands(connection: psycopg.Connection, schema: str, name: str) -> tuple[str, int, bool]:
    where = sql.Identifier(schema, name)
    row = connection.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(where)).fetchone()
    assert row is not None
    return where.as_string(connection), row[0], row[1]


@contextmanager
def _one_worker_at_a_time() -> Iterator[None]:
    with open(Path(os.environ[RUN_VARIABLE]) / "lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Databases:
    """The run's server, seen as a maker of databases. URLs are SQLAlchemy's."""

    def __init__(self, server_url: str) -> None:
        self._server = make_url(server_url)
        # Runs may share a server named by the environment, so every name carries the run's.
        run = Path(os.environ[RUN_VARIABLE]).name.removeprefix(RUN_PREFIX).replace("-", "_").lower()
        self._prefix = f"wangge_test_{run}"
        self._count = 0
        self._originals: dict[str, Original] = {}  # by template
        self._lent: dict[str, str] = {}  # name to template
        self._spare: defaultdict[str, list[str]] = defaultdict(list)  # by template
        self._made: set[str] = set()  # templates
        self._kept: psycopg.Connection | None = None

    def url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def create(self, *, template: str | None = None) -> str:
        """Create a database of a new name: a copy of ``template``, or one with the extensions and nothing else."""
        name = self._new_name()
        self._create(name, template)
        return name

    def lend(self, template: str) -> str:
        """Return a database that is as ``template`` is, of a name that none had before; it has to be taken back."""
        if self._spare[template]:
            name = self._spare[template].pop()
        else:
            name = self.create(template=template)
            if template not in self._originals:
                with self._connect(name) as connection:
                    self._originals[template] = Original.of(connection)
        self._lent[name] = template
        return name

    @contextmanager
    def engine(self, template: str) -> Iterator[Engine]:
        """Open a database that is as ``template`` is, and take it back afterwards."""
        from geo.storage.database import open_engine

        name = self.lend(template)
        engine = open_engine(self.url(name))
        try:
            yield engine
        finally:
            # An address book that is being read beside an answer has a session of its own.
            for thread in threading.enumerate():
                if thread.name.startswith("address book"):
                    thread.join()
            engine.dispose()
            self.take_back(name)

    def take_back(self, name: str) -> None:
        """End all sessions of a database that was lent, and make it what it was, or drop it."""
        template = self._lent.pop(name)
        if not self._put_back(name, self._originals[template]):
            self.drop(name)
            return
        # Whoever still knows the old name, a thread that was left behind, finds nothing under it.
        new = self._new_name()
        self._rename(name, new)
        self._spare[template].append(new)

    def differing(self, name: str) -> list[str]:
        """Return the tables of a lent database that hold other rows than when it was lent."""
        original = self._originals[self._lent[name]]
        with self._connect(name) as connection:
            rows = {table: _copied(connection, table) for table in _filled(connection, original.tables)}
        return sorted(table for table in rows.keys() | original.rows if rows.get(table) != original.rows.get(table))

    def _put_back(self, name: str, original: Original) -> bool:
        if not self._exists(name):
            return False
        with self._connect(name) as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")
            end = time.monotonic() + ENDING_S
            while connection.execute(f"SELECT 1 {OTHERS}").fetchone():
                if time.monotonic() > end:
                    return False
                time.sleep(0.005)
            if _catalog(connection) != original.catalog:
                return False
            original.put_back(connection)
        return True

    def _new_name(self) -> str:
        self._count += 1
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        return f"{self._prefix}_{worker}_{self._count}"

    def drop(self, name: str) -> None:
        self._at_server().execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def migrated_template(self) -> str:
        """Return the template with the schema in it; the first worker to ask makes it."""
        from geo.storage.database import migrate

        return self.template("template", migrate)

    def template(self, title: str, fill: Callable[[Engine], object], *, of: str | None = None) -> str:
        """Return the run's database that ``fill`` filled, at first a copy of ``of``; whoever asks first makes it.

        Two that are filled by different functions are two, though their titles be the same.
        """
        from geo.storage.database import open_engine

        filled_by = zlib.crc32(f"{fill.__module__}.{fill.__qualname__}".encode())
        name = f"{self._prefix}_{title[:16]}_{filled_by:08x}"
        draft = f"{name}_new"
        if name in self._made:
            return name
        with _one_worker_at_a_time():
            self._made.add(name)
            if self._exists(name):
                return name
            self.drop(draft)
            self._create(draft, of)
            engine = open_engine(self.url(draft))
            try:
                fill(engine)
            finally:
                engine.dispose()
            self._rename(draft, name)
        return name

    def filled(self, title: str, fill: Callable[[Engine], object]) -> str:
        """Return the template with the schema in it and what ``fill`` writes."""
        return self.template(title, fill, of=self.migrated_template())

    def drop_all(self) -> None:
        names = self._at_server().execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (self._prefix,)
        )
        for (name,) in names.fetchall():
            self.drop(name)

    def close(self) -> None:
        """End the session in which databases are made, renamed and dropped."""
        if self._kept is not None:
            self._kept.close()

    def _create(self, name: str, template: str | None) -> None:
        source = sql.Identifier(template) if template else sql.SQL("DEFAULT")
        server = self._at_server()
        # To copy files takes a third of the time that writing every page to the log first takes.
        way = sql.SQL("STRATEGY FILE_COPY" if server.info.server_version >= STRATEGIES_SINCE else "")
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(sql.Identifier(name), source, way))
        if template is None:
            with self._connect(name) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")

    def _rename(self, name: str, new: str) -> None:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new))
        self._at_server().execute(rename)

    def _exists(self, name: str) -> bool:
        found = self._at_server().execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return found.fetchone() is not None

    def _at_server(self) -> psycopg.Connection:
        """Return a session that is kept: to begin one takes as long as to make a small database what it was."""
        if self._kept is None or self._kept.closed:
            self._kept = self._connect(self._server.database)
        return self._kept

    def _connect(self, database: str | None) -> psycopg.Connection:
        url = self._server.set(drivername="postgresql", database=database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
