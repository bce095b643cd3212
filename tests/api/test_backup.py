"""``wangge backup`` and ``wangge restore`` as somebody types them."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from api.cli import app
from geo.errors import FileFormatError, InputError
from geo.storage.database import session_scope
from tests.api import town

RUN = CliRunner()


def run(*arguments: str) -> str:
    done = RUN.invoke(app, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_back_up_check_and_restore(empty_store: Engine, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        town.build(session)
    empty_store.dispose()
    said = run("backup", "a.backup")
    assert "已写出 Wrote a.backup" in said
    assert "audit trail" in said
    with pytest.raises(InputError, match="--force"):
        run("backup", "a.backup")
    run("backup", "a.backup", "--force")
    assert "SHA-256" in run("restore", "a.backup", "--check")
    with pytest.raises(InputError, match="--yes"):
        run("restore", "a.backup")

    with session_scope(empty_store) as session:
        session.execute(text("UPDATE street SET name = '改过', version = version + 1"))
    empty_store.dispose()
    said = run("restore", "a.backup", "--yes")
    assert "已恢复并核对 Restored and checked" in said
    with session_scope(empty_store) as session:
        assert session.scalar(text("SELECT name FROM street")) == "南湖街道"
    kept = said.split("kept as the database ")[1].split()[0]
    server = empty_store.url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(server.render_as_string(False), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(kept)))


def test_a_file_that_is_no_backup(empty_store: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.backup").write_text("hello")
    with pytest.raises(FileFormatError, match="no backup"):
        run("restore", "a.backup", "--yes")
