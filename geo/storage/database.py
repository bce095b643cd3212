"""The way into the database: settings, engine, schema, transactions.

::

    engine = open_engine()                  # WANGGE_DATABASE_URL, or the program's own server
    migrate(engine)                         # schema up to date; safe to call from several processes at once
    with session_scope(engine) as session:  # one transaction: committed at the end, rolled back on any error
        ...
    with session_scope(engine, actor):      # the same for a person: row-level security sees to their scope

Transactions run at READ COMMITTED: the rules over several rows (``migrations/sql/``) lock the plan they look at and
then read it afresh, which a snapshot taken earlier would not allow.
"""

import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from psycopg.pq import Format
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from geo.access.actor import Actor
from geo.errors import DatabaseError, SchemaError, ServerError
from geo.storage.acting import Extent, act
from geo.storage.boxes import trust_boxes
from geo.storage.refusals import in_plain_words, refusal

CONNECT_TIMEOUT_S = 10
#: A connection that was used so lately is not asked whether it still holds, unless its socket has something to say.
LATELY_S = 1.0
_USED_AT = "wangge_used_at"
_BINARY = "wangge_binary"
#: Execution options of queries for many bytes, which else come as text, twice as long.
IN_BINARY = {_BINARY: True}
MINIMUM_POSTGIS = (3, 1)

#: Key of the advisory lock under which the schema changes: any number, the same in every version of the program.
_MIGRATION_LOCK = 0x77616E67676501

_DRIVERS = {"postgres", "postgresql", "postgresql+psycopg"}


class DatabaseSettings(BaseSettings):
    """``WANGGE_DATABASE_URL``: a PostgreSQL server of one's own; unset, the program runs a private one."""

    model_config = SettingsConfigDict(env_prefix="WANGGE_")

    database_url: SecretStr | None = None


def open_engine(url: str | None = None) -> Engine:
    """Connect and make sure that the database can hold what the program stores.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:port/database``. Without it ``WANGGE_DATABASE_URL`` is used, and without
        that the embedded server is started.

    Raises
    ------
    ServerError
        The address is unusable, or nobody answers there.
    DatabaseError
        The database lacks PostGIS or pg_trgm, is not UTF-8, or its locale cannot read Chinese.
    """
    engine = create_engine(
        _psycopg_url(url or _configured_url() or _embedded_url()),
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "wangge"},
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_refuse_dead, engine.dialect))
    event.listen(engine, "before_cursor_execute", _choose_format)
    try:
        with engine.connect() as connection:
            _check_database(connection)
    except OperationalError as error:
        engine.dispose()
        raise _unreachable(engine.url, error) from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version, in one transaction; another process doing the same waits.

    Raises
    ------
    SchemaError
        The schema is newer than this program, or was not made by it; or the connecting user may neither make nor take
        the role that persons act as (``acting``).
    """
    with in_plain_words(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config = migration_config(connection)
        _refuse_unknown_schema(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")
        trust_boxes(connection)


def check_schema(engine: Engine) -> str:
    """Return the schema's version when it is the newest one that this program knows; changes nothing.

    Raises
    ------
    SchemaError
        The schema is older or newer, or there is none.
    """
    newest = ScriptDirectory.from_config(migration_config()).get_current_head()
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if newest is None or found != newest:
        raise SchemaError(
            f"数据库结构版本是 {found},本程序需要 {newest};重新启动 wangge serve 会更新它",
            f"the schema's version is {found}, this program needs {newest}: wangge serve updates it when it starts",
        )
    return newest


def migration_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to an open connection when one is given."""
    config = Config()
    config.set_main_option("script_location", str(files("geo.storage") / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def session_scope(engine: Engine, actor: Actor | None = None, *, around: Extent | None = None) -> Iterator[Session]:
    """Open a session for one transaction: committed at the end, rolled back when anything is raised.

    Parameters
    ----------
    actor
        Who acts: only rows of their scope are seen and written, and events are in their name (``acting``). Without one
        (the terminal, migrations) the owner of the store acts, and callers say who it is.
    around
        Where most of what is asked for lies, west, south, east, north in degrees: rows there are found more quickly.

    Raises
    ------
    WanggeError
        The database refused a write; the rule it broke is said in plain words.
    """
    with Session(engine, expire_on_commit=False) as session:
        if actor is not None:
            act(session, actor, around=around)
        try:
            yield session
            session.commit()
        except DBAPIError as error:
            session.rollback()
            raise refusal(error) from error
        except BaseException:
            session.rollback()
            raise


def _configured_url() -> str | None:
    configured = DatabaseSettings().database_url
    return configured.get_secret_value() if configured else None


def _embedded_url() -> str:
    # Imported late: who has a server of their own never touches the embedded one.
    from geo.storage import embedded

    return embedded.start()


def _psycopg_url(url: str) -> URL:
    # The text of the address is never repeated in an error: it may hold a password.
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ServerError(
            "数据库地址无法解析;应形如 postgresql://用户:密码@主机:端口/库名",
            "the database URL cannot be parsed; it looks like postgresql://user:password@host:port/database",
        ) from None
    if parsed.drivername not in _DRIVERS:
        raise ServerError(
            f"数据库地址的类型是 {parsed.drivername};只支持 postgresql://",
            f"the database URL is for {parsed.drivername}; only postgresql:// is supported",
        )
    return parsed.set(drivername="postgresql+psycopg")


def _prepare_connection(dbapi_connection: Any, _record: object) -> None:
    # Compiling a query (JIT) takes longer than running any of ours; UTC makes timestamps read alike everywhere.
    with dbapi_connection.cursor() as cursor:
        cursor.execute("SET jit = off")
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute("SET client_encoding = 'UTF8'")
    dbapi_connection.commit()


def _note_use(_dbapi_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED_AT] = time.monotonic()


def _refuse_dead(
    dialect: Dialect, dbapi_connection: Any, record: ConnectionPoolEntry, _borrowed: PoolProxiedConnection
) -> None:
    """Let the pool open a connection anew that holds no more, such as after the server was started again.

    A server that ends closes its sockets, which is seen at no cost; only what closes none, such as a network that is
    cut, needs a round trip to be noticed.
    """
    used_at = record.info.get(_USED_AT)
    if used_at is None:
        return  # just opened
    if time.monotonic() - used_at < LATELY_S and not _has_news(dbapi_connection):
        return
    try:
        dialect.do_ping(dbapi_connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _has_news(dbapi_connection: Any) -> bool:
    """Whether something came for a connection that nobody asks anything: mostly its end."""
    if dbapi_connection.closed:
        return True
    waiting = select.poll()
    waiting.register(dbapi_connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def is_in_binary(options: Mapping[str, Any]) -> bool:
    """Whether a query's execution options have it fetched in binary (:data:`IN_BINARY`)."""
    return bool(options.get(_BINARY))


def _choose_format(
    _connection: Connection, cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
) -> None:
    """Fetch in binary what was asked for with :data:`IN_BINARY`."""
    if context is not None and is_in_binary(context.execution_options):
        cursor.format = Format.BINARY


def _unreachable(url: URL, error: OperationalError) -> ServerError:
    where = f"{url.host or url.query.get('host', 'localhost')}:{url.port or 5432}/{url.database or ''}"
    reason = " ".join(str(error.orig).split())
    if url.password:
        reason = reason.replace(str(url.password), "***")
    return ServerError(
        f"连不上数据库 {where}:{reason};请检查地址、用户、密码和服务器是否启动",
        f"cannot connect to the database {where}: {reason}; check the address, user, password and that it runs",
    )


def _check_database(connection: Connection) -> None:
    encoding = connection.scalar(text("SELECT current_setting('server_encoding')"))
    if encoding != "UTF8":
        raise DatabaseError(
            f"数据库编码是 {encoding};需要 UTF8,请用 CREATE DATABASE … ENCODING 'UTF8' 重建",
            f"the database's encoding is {encoding}; UTF8 is needed: create it with ENCODING 'UTF8'",
        )
    rows = connection.execute(text("SELECT extname, extversion FROM pg_extension"))
    installed: dict[str, str] = {row.extname: row.extversion for row in rows}
    for extension in ("postgis", "pg_trgm"):
        if extension not in installed:
            raise DatabaseError(
                f"数据库没有扩展 {extension};请由管理员执行 CREATE EXTENSION {extension}",
                f"the database lacks the extension {extension}; have an administrator run CREATE EXTENSION {extension}",
            )
    _check_postgis_version(installed["postgis"])
    _check_locale(connection)


def _check_postgis_version(version: str) -> None:
    if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM_POSTGIS:
        least = ".".join(map(str, MINIMUM_POSTGIS))
        raise DatabaseError(
            f"PostGIS 版本是 {version};需要 {least} 或更新", f"PostGIS is {version}; {least} or newer is needed"
        )


def _check_locale(connection: Connection) -> None:
    # In a database with the C locale pg_trgm takes no Chinese character for a letter and drops them all.
    if not connection.scalar(text("SELECT cardinality(show_trgm('网格'))")):
        raise DatabaseError(
            "数据库的区域设置(LC_CTYPE)不识别汉字,地址检索会失效;请用 C.UTF-8 或 zh_CN.UTF-8 重建数据库",
            "the database's locale (LC_CTYPE) knows no Chinese characters, so address search would fail; "
            "create the database anew with C.UTF-8 or zh_CN.UTF-8",
        )


def _refuse_unknown_schema(connection: Connection, scripts: ScriptDirectory) -> None:
    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            scripts.get_revision(revision)
        except CommandError:
            raise SchemaError(
                f"数据库结构版本 {revision} 比本程序新;请升级程序,或使用另一个数据库",
                f"the schema's version {revision} is newer than this program; update the program or use another "
                "database",
            ) from None
