"""Alembic's entry: runs migrations on the connection it is handed, or on the configured database."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text

from geo.storage.catalogue import METADATA
from geo.storage.database import open_engine

#: A migration that cannot get its lock fails soon instead of queueing every reader behind it.
LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "15min"


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": LOCK_TIMEOUT})
        connection.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": STATEMENT_TIMEOUT})
        context.run_migrations()


def main() -> None:
    if context.is_offline_mode():
        raise SystemExit("迁移需要连接数据库\nmigrations need a database connection")
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    engine = open_engine()
    with engine.connect() as connection:
        run(connection)
    engine.dispose()


main()
