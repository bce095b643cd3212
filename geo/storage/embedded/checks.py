"""What is asked of a server once it answers, and what its failures mean."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from geo.errors import ServerError
from geo.storage.embedded import folders
from geo.storage.embedded.programs import NEEDED_EXTENSIONS

#: Two characters any address may hold; a C-locale pg_trgm drops both and finds nothing.
_PROBE = "南湖"

#: PostgreSQL writes its log ahead in files of this size and ends when there is no room for the next.
WAL_SEGMENT_BYTES = 16 * 1024**2

_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded")


class UnreachableError(ServerError):
    """The server does not take connections; it may be starting or ending just now."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a running server says of itself."""

    version: str
    database_bytes: int | None
    connections: int


def connect(url: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a plain connection in autocommit mode to another database of the server of a SQLAlchemy URL."""
    where = make_url(url).query
    try:
        return psycopg.connect(
            host=str(where["host"]),
            port=str(where["port"]),
            user=make_url(url).username,
            dbname=database,
            connect_timeout=10,
            autocommit=True,
        )
    except psycopg.OperationalError as error:
        if f'"{make_url(url).username}"' in str(error):  # libpq gives no code for a missing role
            raise ServerError(
                "这个数据目录里的数据库不是本程序建立的（没有 wangge 角色）。请另设 WANGGE_DATA_DIR。",
                "The database in this folder was not made by this program (it has no role “wangge”). "
                "Set WANGGE_DATA_DIR to another folder.",
            ) from error
        raise UnreachableError(
            f"数据库正在运行但连接不上：{_first_line(error)}。请查看数据目录中的 server.log。",
            f"The server runs but cannot be reached: {_first_line(error)}. See server.log in the data folder.",
        ) from error


def prepare(url: str, database: str, folder: Path, say: Callable[[str], None]) -> None:
    """Make sure the database and its extensions exist and that Chinese text can be searched.

    Parameters
    ----------
    url
        Any database of the server, as a SQLAlchemy URL.
    database
        The product's database, created when missing.
    folder
        The data folder, to look at its disk when something fails.
    say
        Told before the extensions are added.

    Raises
    ------
    ServerError
        The cluster was made with a locale or encoding that loses Chinese; the disk is full; an extension fails.
    """
    try:
        with connect(url, "postgres") as connection:
            if not _exists(connection, database):
                _check_encoding(connection)
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        with connect(url, database) as connection:
            _check_encoding(connection)
            _add_extensions(connection, say)
            _check_chinese(connection)
    except psycopg.Error as error:
        # A server that finds no room for its write-ahead log ends at once, and the client only sees it gone.
        if isinstance(error, psycopg.errors.DiskFull) or _is_full(folder):
            raise folders.disk_full(folder) from error
        raise ServerError(
            f"数据库 {database} 无法准备好：{_first_line(error)}。请查看数据目录中的 server.log。",
            f"The database “{database}” cannot be made ready: {_first_line(error)}. See server.log in the data folder.",
        ) from error


def facts(url: str, database: str) -> Facts:
    """Ask a running server for its version, the size of ``database`` in bytes and the number of its clients."""
    with connect(url, "postgres") as connection:
        row = connection.execute(
            "SELECT split_part(current_setting('server_version'), ' ', 1),"
            " (SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s),"
            " (SELECT count(*) FROM pg_stat_activity WHERE datname = %s)",
            (database, database),
        ).fetchone()
    if row is None:
        raise AssertionError("a SELECT without FROM returns one row")
    version, size, connections = row
    return Facts(str(version), size if isinstance(size, int) else None, int(str(connections)))


def failure(step: str, output: str, folder: Path) -> ServerError:
    """Return the error for a program that failed, by what it wrote; ``folder`` is where it was working."""
    if _NO_SPACE.search(output) or _is_full(folder):
        return folders.disk_full(folder)
    if "invalid locale name" in output:
        return ServerError(
            "系统没有 C.UTF-8 区域设置，中文检索需要它。请执行 apt-get install locales 或升级系统。",
            "The system lacks the locale C.UTF-8, which searching Chinese text needs. "
            "Run apt-get install locales, or upgrade the system.",
        )
    reason = _reason(output)
    return ServerError(
        f"{step} 失败：{reason}。详情见 {folder}/server.log。",
        f"{step} failed: {reason}. For details see {folder}/server.log.",
    )


def _exists(connection: psycopg.Connection[tuple[object, ...]], database: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
    return found is not None


def _check_encoding(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    row = connection.execute(
        "SELECT pg_encoding_to_char(encoding), datctype::text FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    encoding, ctype = row or ("?", "?")
    if encoding != "UTF8":
        raise _wrong_locale(f"{encoding}, {ctype}")


def _check_chinese(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    row = connection.execute(
        "SELECT cardinality(show_trgm(%s)), datctype::text FROM pg_database WHERE datname = current_database()",
        (_PROBE,),
    ).fetchone()
    count, ctype = row or (0, "?")
    if not count:
        raise _wrong_locale(f"UTF8, {ctype}")


def _add_extensions(connection: psycopg.Connection[tuple[object, ...]], say: Callable[[str], None]) -> None:
    present = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    missing = [name for name in NEEDED_EXTENSIONS if name not in present]
    if missing:
        say(f"正在安装扩展 {'、'.join(missing)}… / Adding the extensions {', '.join(missing)}…")
    for name in missing:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < WAL_SEGMENT_BYTES


def _wrong_locale(found: str) -> ServerError:
    return ServerError(
        f"数据库的编码和区域设置是 {found}，会丢失中文检索。需要 UTF8 和 C.UTF-8（或其他 UTF-8 区域设置）。"
        "请另设 WANGGE_DATA_DIR 指向新目录，由本程序建立数据库，再重新导入数据。",
        f"The database has encoding and locale {found}, which loses Chinese text in searches. "
        "UTF8 with C.UTF-8 (or another UTF-8 locale) is needed. Set WANGGE_DATA_DIR to a new folder, "
        "let this program make the database there, and import the data again.",
    )


def _reason(output: str) -> str:
    """Pick the line that says why: the last FATAL or error line, or else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"PANIC|FATAL|error:|could not", line)]
    return (telling or lines or ["没有输出 / no output"])[-1]


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
