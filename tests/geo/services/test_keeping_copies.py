"""Backups are whole or not there; a restore is checked, or changes nothing."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text

from geo.access.actor import Actor
from geo.errors import ConflictError, DatabaseError, FileFormatError, NotFoundError, SchemaError, WanggeError
from geo.exchange.copies import DUMP, MANIFEST, SUM, check_copy, new_copy
from geo.services import keeping_copies
from geo.services.keeping_copies import back_up, restore
from geo.storage import audit, copies, events
from geo.storage.copies import Restoring
from geo.storage.database import open_engine, session_scope
from tests.api import town
from tests.databases import Databases

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    """A town in a database of its own; those that restores leave beside it are removed."""
    with databases.engine(databases.filled("town", town.settle)) as engine:
        yield engine
        for name in beside(engine):
            Restoring(engine.url).forget(name)


def beside(engine: Engine) -> list[str]:
    """Databases that restores made: on their way in, and those that were in use before."""
    name = str(engine.url.database)
    with psycopg.connect(engine.url.set(drivername="postgresql", database="postgres").render_as_string(False)) as asked:
        found = asked.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", (f"{name}_",)
        ).fetchall()
    return [row[0] for row in found]


def counts(engine: Engine) -> dict[str, int]:
    with session_scope(engine) as session:
        return copies.count_rows(session)


def names(engine: Engine) -> list[str]:
    with session_scope(engine) as session:
        return list(session.scalars(text("SELECT code || name || ST_AsText(geom) FROM community ORDER BY code")))


def spoil(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(text("UPDATE community SET name = '改过', version = version + 1"))
        events.record(session, who="test", what="changed", noun="community")


def alter(path: Path, **changes: Any) -> None:
    """Rewrite the manifest, with sums that fit: what somebody could do who knows the format."""
    with tarfile.open(path) as archive:
        content = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    manifest = {**json.loads(content[MANIFEST]), **changes}
    content[MANIFEST] = json.dumps(manifest).encode()
    content[SUM] = hashlib.sha256(content[MANIFEST]).hexdigest().encode()
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name in (DUMP, MANIFEST, SUM):
            info = tarfile.TarInfo(name)
            info.size = len(content[name])
            archive.addfile(info, io.BytesIO(content[name]))


def test_there_and_back(store: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    shares: list[float] = []
    before, had = names(store), counts(store)
    made = back_up(store, path, who="wang.fang", progress=lambda _, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert made.rows == had
    assert path.stat().st_mode & 0o777 == 0o600
    assert check_copy(path) == made

    spoil(store)
    shares.clear()
    done = restore(store, path, who="wang.fang", progress=lambda _, share: shares.append(share))
    assert shares == sorted(shares)
    assert names(store) == before
    assert done.kept is not None
    assert beside(store) == [done.kept]
    with session_scope(store) as session:
        assert made.audit_head is not None
        assert audit.verify(session, audit.Head.parse(made.audit_head)) == []
        newest = events.read(session, limit=1)[0]
        assert (newest.who, newest.what, newest.noun) == ("wang.fang", "restored", "store")
    after = counts(store)
    assert {name: after[name] - had[name] for name in had if after[name] != had[name]} == {"event": 1, "event_chain": 1}
    # What was in use is still all there.
    kept = open_engine(store.url.set(database=done.kept).render_as_string(False))
    assert {name[12:14] for name in names(kept)} == {"改过"}
    kept.dispose()


def test_rules_rights_and_the_role_come_back(store: Engine, tmp_path: Path) -> None:
    catalogue = text(
        "SELECT 'policy ' || tablename || policyname || coalesce(qual, '') || coalesce(with_check, '') "
        "FROM pg_policies UNION ALL "
        "SELECT 'trigger ' || tgrelid::regclass::text || tgname || tgenabled::text "
        "FROM pg_trigger WHERE NOT tgisinternal "
        "UNION ALL SELECT 'rights ' || relname || coalesce(relacl::text, '') || relrowsecurity::text FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'spatial_ref_sys' "
        "UNION ALL SELECT 'check ' || conrelid::regclass::text || pg_get_constraintdef(oid) "
        "FROM pg_constraint ORDER BY 1"
    )
    with session_scope(store) as session:
        before = list(session.scalars(catalogue))
    back_up(store, tmp_path / "a.backup", who="test")
    restore(store, tmp_path / "a.backup", who="test")
    with session_scope(store) as session:
        assert list(session.scalars(catalogue)) == before
    planner = Actor("planner", frozenset({"planner"}), (town.COMMUNITIES[0],))
    with session_scope(store, planner) as session:
        assert session.scalar(text("SELECT count(*) FROM building")) == town.ROWS**2
    assert len(before) > 100


def test_a_backup_is_one_moment_whoever_writes(store: Engine, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with session_scope(store) as session:
                session.execute(text("UPDATE building SET households = households + 1, version = version + 1"))
                for _ in range(3):
                    events.record(session, who="writer", what="changed", noun="building")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.2)
        made = back_up(store, tmp_path / "a.backup", who="test")
    finally:
        stop.set()
        writer.join()
    restore(store, tmp_path / "a.backup", who="test")  # holds rows, geometries and the trail against the manifest
    with session_scope(store) as session:
        assert session.scalar(text("SELECT count(DISTINCT households) FROM building")) == 1
    assert counts(store)["event"] == made.rows["event"] + 1


def test_an_empty_store_is_filled_and_nothing_is_kept(store: Engine, empty_store_url: str, tmp_path: Path) -> None:
    back_up(store, tmp_path / "a.backup", who="test")
    other = open_engine(empty_store_url)
    done = restore(other, tmp_path / "a.backup", who="test")
    assert done.kept is None
    assert names(other) == names(store)
    assert beside(other) == []
    other.dispose()


@pytest.fixture
def empty_store_url(databases: Any) -> Iterator[str]:
    name = databases.create(template=databases.migrated_template())
    yield databases.url(name)
    databases.drop(name)


def test_no_byte_of_a_backup_changes_unseen(store: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    made = back_up(store, path, who="test")
    whole = path.read_bytes()
    first_end = 512 + made.dump_bytes
    places = [0, 100, 130, 511, 512, 2_000, first_end // 2, first_end - 1, len(whole) - 3_000, len(whole) - 1_500]
    altered = tmp_path / "b.backup"
    refused = 0
    for place in places:
        content = bytearray(whole)
        content[place] ^= 0xFF
        altered.write_bytes(content)
        try:
            check_copy(altered)
        except FileFormatError:
            refused += 1
        else:
            # Bytes that only fill a block up are nobody's.
            assert whole[place] == 0
            assert place >= first_end
    assert refused >= 8
    for length in (0, 100, 512, len(whole) // 2, len(whole) - 1_100):
        altered.write_bytes(whole[:length])
        with pytest.raises(FileFormatError):
            check_copy(altered)
    with pytest.raises(NotFoundError):
        check_copy(tmp_path / "c.backup")


def test_what_is_refused_leaves_the_store_alone(store: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    made = back_up(store, path, who="test")
    whole = path.read_bytes()
    spoil(store)
    before = names(store)

    def refuse(kind: type[WanggeError], match: str, **changes: Any) -> None:
        path.write_bytes(whole)
        alter(path, **changes)
        with pytest.raises(kind, match=match):
            restore(store, path, who="test")
        assert names(store) == before
        assert beside(store) == []

    refuse(SchemaError, "newer than this program", schema_revision="0999_later")
    refuse(FileFormatError, "newer than this program", format=2)
    refuse(FileFormatError, "altered", dump_sha256="0" * 64)
    refuse(DatabaseError, "rows differ", rows={**made.rows, "building": made.rows["building"] + 1})
    assert made.audit_head is not None
    number, _, _ = made.audit_head.partition(":")
    refuse(DatabaseError, "audit trail", audit_head=f"{number}:{'ab' * 32}")
    refuse(DatabaseError, "PostgreSQL 99", server_version=99)


def test_a_store_in_use_is_not_replaced(store: Engine, tmp_path: Path) -> None:
    back_up(store, tmp_path / "a.backup", who="test")
    user = open_engine(store.url.render_as_string(False))
    with user.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(ConflictError, match="in use"):
            restore(store, tmp_path / "a.backup", who="test")
    user.dispose()
    assert beside(store) == []


def test_an_interrupted_backup_leaves_no_file(store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        with new_copy(path) as copy:
            copy.write(b"half")
            raise KeyboardInterrupt

    path = tmp_path / "a.backup"
    path.write_bytes(b"the one before")
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    monkeypatch.setattr(copies, "_program", lambda name, _: Path("/bin/false"))
    with pytest.raises(DatabaseError):
        back_up(store, path, who="test")
    assert [file.name for file in tmp_path.iterdir()] == ["a.backup"]
    assert path.read_bytes() == b"the one before"
    with pytest.raises(FileFormatError):
        back_up(store, tmp_path / "no" / "folder" / "a.backup", who="test")


RESTORE = """
import os, sys, time
from pathlib import Path
from geo.services import keeping_copies
from geo.storage.database import open_engine
point = sys.argv[3]
def tell(what, share):
    if point in what:
        print("there", flush=True)
        time.sleep(60)
keeping_copies.restore(open_engine(sys.argv[1]), Path(sys.argv[2]), who="test", progress=tell)
"""


@pytest.mark.parametrize("point", ["Filling", "Checking what", "Putting"])
def test_a_killed_restore_leaves_the_store_as_it_was(store: Engine, tmp_path: Path, point: str) -> None:
    path = tmp_path / "a.backup"
    back_up(store, path, who="test")
    spoil(store)
    before = names(store)
    url = store.url.render_as_string(False)
    store.dispose()
    command = [sys.executable, "-c", RESTORE, url, str(path), point]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True) as restoring:
        assert restoring.stdout is not None
        assert restoring.stdout.readline() == b"there\n"
        os.killpg(restoring.pid, signal.SIGKILL)
    assert names(store) == before
    left = beside(store)
    assert len(left) == 1
    assert "_restoring_" in left[0]
    deadline = time.monotonic() + 20
    while Restoring(store.url.set(database=left[0])).others() and time.monotonic() < deadline:
        time.sleep(0.1)  # the server has yet to notice
    done = restore(store, path, who="test")
    assert beside(store) == [done.kept]
    assert names(store) != before


def test_a_password_is_no_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url("postgresql+psycopg://wangge:geheim@db.office.cn:5433/grid?sslmode=require")
    line = copies._conninfo(url)
    assert "geheim" not in line
    for part in ("host=db.office.cn", "port=5433", "user=wangge", "dbname=grid", "sslmode=require"):
        assert part in line
    seen: dict[str, Any] = {}

    class Program:
        def __init__(self, command: list[str], **given: Any) -> None:
            seen.update(given, command=command)
            raise FileNotFoundError

    monkeypatch.setattr(copies.subprocess, "Popen", Program)
    with pytest.raises(FileNotFoundError), copies._running(["pg_dump", line], url):
        pass
    assert seen["env"]["PGPASSWORD"] == "geheim"
    assert "geheim" not in " ".join(seen["command"])


def test_the_manifest_names_every_table(store: Engine, tmp_path: Path) -> None:
    made = asdict(back_up(store, tmp_path / "a.backup", who="test"))
    assert {"building", "event", "event_chain", "account", "alembic_version"} <= set(made["rows"])
    assert "spatial_ref_sys" not in made["rows"]
    assert keeping_copies.STORE == "store"
