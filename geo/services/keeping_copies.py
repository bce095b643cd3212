"""Use cases: back up the whole store into one file, and restore it from there.

A backup is a moment of the database: the rows counted, the head of the audit trail and the dump are seen alike,
whoever writes meanwhile. A restore makes a database beside the one in use, fills it in one transaction, holds it
against what the backup says of itself, brings its schema up to date, and only then puts it in the place of the one
in use, which is kept under another name. Whatever stops it before leaves everything as it was.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import DatabaseError, SchemaError
from geo.exchange.copies import Manifest, check_copy, new_copy, open_copy
from geo.storage import audit, copies, events
from geo.storage.database import check_schema, migrate, migration_config, open_engine, session_scope

#: Told what is being done, and how much of the whole is done (0 to 1).
Progress = Callable[[str, float], None]

#: The audit trail counts what happens to the store as a whole under this noun.
STORE = "store"
#: How long connections that were closed may take to end: as long as PostgreSQL itself waits for them.
ENDING_S = 5.0


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes
    ----------
    kept
        Name under which the database that was in use is kept; None when it held nothing.
    """

    manifest: Manifest
    kept: str | None


def back_up(engine: Engine, path: Path, *, who: str, progress: Progress | None = None) -> Manifest:
    """Write the whole store into one file: whole or not at all, readable by its owner alone.

    Raises
    ------
    DatabaseError
        The schema is not this program's, or the database's programs are missing or fail.
    FileFormatError
        The file cannot be written there.
    """
    tell = progress or _silent
    revision = check_schema(engine)
    with new_copy(path) as copy, _one_moment(engine) as session:
        tell("清点 Counting", 0.0)
        snapshot = copies.take_snapshot(session)
        manifest = Manifest(
            schema_revision=revision,
            server_version=snapshot.server_version,
            rows=copies.count_rows(session),
            audit_head=_head(session),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            program_version=version("wangge"),
        )
        for chunk in copies.dump(engine.url, snapshot, _share_of(snapshot.tables, tell)):
            copy.write(chunk)
        manifest = copy.finish(manifest)
    with session_scope(engine) as session:
        events.record(session, who=who, what="backed_up", noun=STORE, after=_told(manifest))
    tell("完成 Done", 1.0)
    return manifest


def restore(engine: Engine, path: Path, *, who: str, progress: Progress | None = None) -> Restored:
    """Put the store of a backup in the place of the one in use.

    Parameters
    ----------
    engine
        The store in use; nobody else may use it. It is closed, and can be used again afterwards.

    Raises
    ------
    FileFormatError
        The file is no backup, or was altered.
    SchemaError
        It was made by a newer program.
    ConflictError
        Somebody uses the store.
    DatabaseError
        What was restored is not what the backup says; or the database's programs are missing or fail.
    """
    tell = progress or _silent
    manifest = check_copy(path, lambda share: tell("核对备份文件 Checking the file", 0.1 * share))
    _refuse_newer(manifest)
    was_empty = _is_empty(engine)
    engine.dispose()
    beside = copies.Restoring(engine.url)
    if beside.others(wait_s=ENDING_S):
        raise copies.in_use(str(engine.url.database))
    server_version = beside.make()
    try:
        _refuse_older_server(manifest, server_version)
        _fill(beside, path, manifest, who, tell)
        tell("换用 Putting it in place", 0.98)
        kept = beside.take_place()
    except BaseException:
        beside.drop()
        raise
    if was_empty:
        beside.forget(kept)
    tell("完成 Done", 1.0)
    return Restored(manifest, None if was_empty else kept)


def _fill(beside: copies.Restoring, path: Path, manifest: Manifest, who: str, tell: Progress) -> None:
    """Fill and check the database beside the one in use."""
    with open_copy(path) as (_, chunks):
        told = _told_bytes(chunks, manifest.dump_bytes, tell)
        copies.load(beside.url, manifest.server_version, told)
    tell("核对恢复的数据 Checking what was restored", 0.75)
    fresh = open_engine(beside.url.render_as_string(hide_password=False))
    try:
        with session_scope(fresh) as session:
            _check(session, manifest)
        tell("更新结构 Bringing the schema up to date", 0.95)
        migrate(fresh)
        with session_scope(fresh) as session:
            events.record(session, who=who, what="restored", noun=STORE, after=_told(manifest))
            session.execute(text("ANALYZE"))
    finally:
        fresh.dispose()


def _check(session: Session, manifest: Manifest) -> None:
    """Hold a restored database against what the backup says.

    Raises
    ------
    DatabaseError
        Rows are missing or too many, geometries are invalid, or the audit trail is broken or another.
    """
    found = copies.count_rows(session)
    tables = sorted(set(found) | set(manifest.rows))
    wrong = {name: (manifest.rows.get(name), found.get(name)) for name in tables}
    wrong = {name: pair for name, pair in wrong.items() if pair[0] != pair[1]}
    if wrong:
        raise _differs(f"行数不符 {wrong}", f"rows differ {wrong}")
    invalid = copies.invalid_geometries(session)
    if invalid:
        raise _differs(f"无效几何 {invalid}", f"invalid geometries {invalid}")
    noted = [audit.Head.parse(manifest.audit_head)] if manifest.audit_head else []
    findings = audit.verify(session, noted) if _has_trail(session) else []
    if findings:
        raise _differs(f"审计记录:{findings[0].zh}", f"the audit trail: {findings[0].en}")


def _differs(zh: str, en: str) -> DatabaseError:
    return DatabaseError(
        f"恢复的数据与备份所述不一致({zh}),已放弃,原有数据未动",
        f"what was restored is not what the backup says ({en}); it was given up, and the old data is as it was",
    )


@contextmanager
def _one_moment(engine: Engine) -> Iterator[Session]:
    """Open a transaction that sees one moment of the database and changes nothing."""
    connection = engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with connection, Session(bind=connection) as session:
        yield session
        session.rollback()


def _head(session: Session) -> str | None:
    """Return where the audit trail stands; None where there is none, as in older schemas."""
    head = audit.head(session) if _has_trail(session) else None
    return None if head is None else str(head)


def _has_trail(session: Session) -> bool:
    return session.scalar(text("SELECT to_regclass('public.event_chain')")) is not None


def _is_empty(engine: Engine) -> bool:
    """Tell whether the store in use holds nothing that anybody could miss."""
    with session_scope(engine) as session:
        counts = copies.count_rows(session)
    return not any(count for name, count in counts.items() if name != "alembic_version")


def _refuse_newer(manifest: Manifest) -> None:
    try:
        ScriptDirectory.from_config(migration_config()).get_revision(manifest.schema_revision)
    except CommandError:
        raise SchemaError(
            f"备份的数据库结构版本 {manifest.schema_revision} 比本程序新;请升级程序后再恢复",
            f"the backup's schema {manifest.schema_revision} is newer than this program; update the program first",
        ) from None


def _refuse_older_server(manifest: Manifest, server_version: int) -> None:
    if server_version < manifest.server_version:
        raise DatabaseError(
            f"备份来自 PostgreSQL {manifest.server_version},不能恢复到更旧的 {server_version};请升级数据库服务器",
            f"the backup is of PostgreSQL {manifest.server_version} and cannot go into the older {server_version}; "
            "update the server",
        )


def _share_of(tables: dict[str, int], tell: Progress) -> Callable[[str], None]:
    """Turn names of tables, as they begin, into a share of all bytes."""
    total = max(sum(tables.values()), 1)
    lock, done = threading.Lock(), 0

    def begun(table: str) -> None:
        nonlocal done
        with lock:
            tell(f"写出 Writing {table}", min(done / total, 1.0) * 0.98)
            done += tables.get(table, 0)

    return begun


def _told_bytes(chunks: Iterator[bytes], total: int, tell: Progress) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        tell("写入数据 Filling", 0.1 + 0.65 * done / max(total, 1))


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "audit_head": manifest.audit_head,
        "dump_sha256": manifest.dump_sha256,
        "rows": sum(manifest.rows.values()),
    }


def _silent(what: str, share: float) -> None:
    return
