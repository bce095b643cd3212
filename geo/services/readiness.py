"""Use case for monitoring: can the store take work now; asked by the minute, so it looks at little."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import DatabaseError
from geo.storage import audit
from geo.storage.database import check_schema, session_scope
from geo.storage.embedded.folders import MIN_FREE_BYTES

# Only who may read the server's settings is told the folder; for others, and for servers elsewhere, it is not known.
_FOLDER = text(
    "SELECT CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'MEMBER') "
    "THEN current_setting('data_directory') END"
)
_NEWEST_IS_CHAINED = text(
    "SELECT NOT EXISTS (SELECT FROM event e WHERE e.id = (SELECT max(id) FROM event) "
    "AND NOT EXISTS (SELECT FROM event_chain c WHERE c.event_id = e.id))"
)


@dataclass(frozen=True)
class Ready:
    """What was found of a store that can take work.

    Attributes
    ----------
    disk
        ``unknown`` when the server is elsewhere.
    """

    schema_revision: str
    disk: Literal["enough", "unknown"]


def check_readiness(engine: Engine) -> Ready:
    """Look at the schema, the end of the audit trail and the room on the disk.

    Raises
    ------
    DatabaseError
        The database is away or of another schema, its disk is nearly full, or the trail's end is not what it should
        be. ``wangge audit verify`` looks at all of the trail.
    """
    revision = check_schema(engine)
    with session_scope(engine) as session:
        folder = session.scalar(_FOLDER) if engine.url.host is None else None
        chained = session.scalar(_NEWEST_IS_CHAINED) and (audit.head(session) is not None or _no_events(session))
    if not chained:
        raise DatabaseError(
            "最新的审计记录不在哈希链上;请运行 wangge audit verify",
            "the newest event is not in the audit trail's chain; run wangge audit verify",
        )
    return Ready(revision, _disk(folder))


def _no_events(session: Session) -> bool:
    return not session.scalar(text("SELECT EXISTS (SELECT FROM event)"))


def _disk(folder: str | None) -> Literal["enough", "unknown"]:
    if folder is None or not Path(folder).is_dir():
        return "unknown"
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise DatabaseError(
            f"数据库所在磁盘只剩 {free / 2**20:.0f} MB;请腾出空间",
            f"the database's disk has {free / 2**20:.0f} MB left; make room",
        )
    return "enough"
