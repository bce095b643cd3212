"""The fixtures themselves: a test that leans on them must not pass because they are hollow."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.conftest import Databases, OfflinePage


def tables_left_behind(session: Session) -> int:
    return session.execute(text("SELECT count(*) FROM pg_tables WHERE tablename = 'left_behind'")).scalar_one()


class TestDatabase:
    @pytest.mark.parametrize("turn", [1, 2])
    def test_a_commit_in_one_test_is_gone_in_the_next(self, session: Session, turn: int) -> None:
        assert tables_left_behind(session) == 0
        session.execute(text("CREATE TABLE left_behind (id int)"))
        session.commit()
        assert tables_left_behind(session) == 1

    def test_the_schema_comes_from_the_migrations(self, engine: Engine) -> None:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1

    def test_a_fresh_database_is_migrated_and_not_the_shared_one(
        self, fresh_database_url: str, database_url: str, databases: Databases
    ) -> None:
        assert fresh_database_url != database_url
        with psycopg.connect(fresh_database_url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)

    def test_an_empty_database_has_extensions_and_no_schema(self, empty_database_url: str) -> None:
        with psycopg.connect(empty_database_url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)
            assert connection.execute("SELECT postgis_lib_version() IS NOT NULL").fetchone() == (True,)


@pytest.mark.browser
class TestOfflinePage:
    def test_a_request_to_the_outside_is_recorded_and_fails(self, offline_page: OfflinePage, tmp_path: Path) -> None:
        page = tmp_path / "page.html"
        page.write_text('<script src="https://cdn.example.org/a.js" onerror="window.failed = true"></script>')
        opened = offline_page.open(page)
        assert offline_page.outside == ["https://cdn.example.org/a.js"]
        assert opened.evaluate("window.failed") is True

    def test_errors_of_the_page_are_recorded(self, offline_page: OfflinePage, tmp_path: Path) -> None:
        page = tmp_path / "page.html"
        page.write_text("<script>console.error('said'); throw new Error('thrown')</script>")
        offline_page.open(page)
        assert any("said" in line for line in offline_page.errors)
        assert any("thrown" in line for line in offline_page.errors)

    def test_a_plain_page_leaves_no_trace(self, offline_page: OfflinePage, tmp_path: Path) -> None:
        page = tmp_path / "page.html"
        page.write_text("<p>网格</p>", encoding="utf-8")
        assert offline_page.open(page).text_content("p") is not None
        assert (offline_page.outside, offline_page.errors) == ([], [])
