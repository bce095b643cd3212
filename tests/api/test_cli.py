"""The list of commands, and how little is loaded to show it."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.cli import COMMANDS, app, loaded

#: What takes long to load and no list of commands needs.
HEAVY = ("alembic", "fastapi", "folium", "geopandas", "numba", "pandas", "pyarrow", "scipy", "sqlalchemy", "weasyprint")
#: What a process that drafts has no use for.
FOREIGN = (
    "alembic",
    "fastapi",
    "folium",
    "matplotlib",
    "pyogrio",
    "psycopg",
    "rich",
    "sqlalchemy",
    "typer",
    "weasyprint",
)


def loaded_with(module: str, names: tuple[str, ...]) -> list[str]:
    """Load a module in a new process and return which of some packages came with it."""
    program = f"import sys, {module}; print(*(name for name in {names!r} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_of_itself(name: str) -> None:
    command = loaded(name)
    assert command.name == name
    assert COMMANDS[name][1] == command.help.split("\n\n")[0].replace("\n", " ")


def test_every_command_is_listed_with_its_line() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "250"}).output
    for name, (_, line) in COMMANDS.items():
        assert f" {name} " in shown
        assert line in shown


def test_a_word_that_is_no_command_is_answered_with_those_like_it() -> None:
    done = CliRunner().invoke(app, ["plam"])
    assert done.exit_code == 2
    assert "plan" in done.output


def test_commands_of_a_group_are_found() -> None:
    done = CliRunner().invoke(app, ["db", "--help"], env={"COLUMNS": "250"})
    assert done.exit_code == 0
    assert all(f" {word} " in done.output for word in ("start", "stop", "status", "url"))
    assert "completion" not in done.output


def test_completion_finds_the_options_of_a_command() -> None:
    words = {"_WANGGE_COMPLETE": "complete_bash", "COMP_WORDS": "wangge adopt --re", "COMP_CWORD": "2"}
    done = CliRunner().invoke(app, [], env=words, prog_name="wangge")
    assert "--retire" in done.output


def test_the_list_of_commands_loads_none_of_them() -> None:
    assert loaded_with("api.cli", HEAVY) == []


def test_a_process_that_drafts_loads_nothing_foreign() -> None:
    assert loaded_with("geo.regionalization.execution.processes", FOREIGN) == []
