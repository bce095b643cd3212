"""The fixtures themselves: a test that leans on them must not pass because they are hollow."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.storage.database import open_engine
from tests.conftest import OfflinePage
from tests.databases import Databases


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


class TestLentDatabase:
    @pytest.fixture
    def template(self, databases: Databases) -> str:
        return databases.template("counting", lambda engine: self.run(engine, *self.MADE))

    MADE = (
        "CREATE TABLE counted (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text)",
        "CREATE TABLE empty (id int REFERENCES counted)",
        "INSERT INTO counted (what) VALUES ('网格'), (NULL)",
    )

    def run(self, engine: Engine, *statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def said(self, engine: Engine) -> tuple[list[tuple[int, str]], int, int]:
        with engine.begin() as connection:
            rows = [tuple(row) for row in connection.execute(text("SELECT id, what FROM counted ORDER BY id"))]
            empty = connection.execute(text("SELECT count(*) FROM empty")).scalar_one()
            return rows, empty, connection.execute(text("SELECT last_value FROM counted_id_seq")).scalar_one()

    def test_rows_and_sequences_are_as_they_were_for_the_next_one(self, databases: Databases, template: str) -> None:
        with databases.engine(template) as engine:
            was, used = self.said(engine), oid(engine)
            self.run(engine, "INSERT INTO counted (what) VALUES ('x')", "INSERT INTO empty VALUES (3)")
            self.run(engine, "UPDATE counted SET what = 'y' WHERE id = 1", "DELETE FROM counted WHERE id = 2")
            assert self.said(engine) != was
        with databases.engine(template) as engine:
            assert oid(engine) == used, "it was not lent again"
            assert self.said(engine) == was == ([(1, "网格"), (2, None)], 0, 2)

    @pytest.mark.parametrize(
        "change",
        [
            "ALTER TABLE counted ADD COLUMN more int",
            "TRUNCATE empty",
            "CREATE TABLE another (id int)",
            "DROP TABLE empty",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER TABLE counted ENABLE ROW LEVEL SECURITY",
            "GRANT SELECT ON counted TO PUBLIC",
            "ALTER TABLE empty DISABLE TRIGGER ALL",
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
        ],
    )
    def test_one_whose_catalog_changed_is_not_lent_again(
        self, databases: Databases, template: str, change: str
    ) -> None:
        with databases.engine(template) as engine:
            used = oid(engine)
            self.run(engine, change)
        with databases.engine(template) as engine:
            assert oid(engine) != used

    def test_who_was_left_behind_finds_nothing_under_the_old_name(self, databases: Databases, template: str) -> None:
        name = databases.lend(template)
        with psycopg.connect(databases.url(name).replace("+psycopg", "")) as left_behind:
            left_behind.execute("INSERT INTO counted (what) VALUES ('x')")
            databases.take_back(name)
            with pytest.raises(psycopg.OperationalError):
                left_behind.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(databases.url(name).replace("+psycopg", ""))

    def test_what_is_committed_is_noticed(self, databases: Databases, template: str) -> None:
        name = databases.lend(template)
        engine = open_engine(databases.url(name))
        assert databases.differing(name) == []
        self.run(engine, "UPDATE counted SET what = 'y' WHERE id = 1")
        assert databases.differing(name) == ["counted"]
        self.run(engine, "DELETE FROM empty", "DELETE FROM counted", "INSERT INTO counted (what) VALUES ('z')")
        self.run(engine, "INSERT INTO empty SELECT id FROM counted")
        assert databases.differing(name) == ["counted", "empty"]
        engine.dispose()
        databases.take_back(name)

    def test_one_title_for_two_contents_makes_two(self, databases: Databases, template: str) -> None:
        another = databases.template("counting", lambda engine: self.run(engine, *self.MADE))
        assert another != template

    def test_two_lent_at_once_are_two(self, databases: Databases, template: str) -> None:
        with databases.engine(template) as one, databases.engine(template) as another:
            assert oid(one) != oid(another)


def oid(engine: Engine) -> int:
    with engine.connect() as connection:
        statement = text("SELECT oid FROM pg_database WHERE datname = current_database()")
        return connection.execute(statement).scalar_one()


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
