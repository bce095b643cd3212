"""The house in order: what lies at the top, what `make help` says, and what the linters say of everything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"geo", "api", "maps", "data", "tests"}
FILES = {"pyproject.toml", "README.md", "Makefile", "LICENSE", "CHANGELOG.md", "uv.lock"}
#: Made by running things; none of it is in the repository.
RESULTS = {"out", "build", "dist"}


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def test_nothing_new_lies_at_the_top() -> None:
    kept = run("git", "ls-files")
    names = kept.stdout.splitlines() if kept.returncode == 0 else [path.name for path in ROOT.iterdir()]
    found = {name.partition("/")[0] for name in names if not name.startswith(".") and not name.endswith(".egg-info")}
    assert found - RESULTS <= ROOMS | FILES


def test_make_help_explains_every_target_in_both_languages() -> None:
    shown = run("make", "help").stdout
    for target in ("setup", "demo", "test", "bench", "screens", "serve", "lint", "clean", "clean-all"):
        explained = re.search(rf"make {target} +(\S.*)\n +(\S.*)", shown)
        assert explained, target
        assert re.search(r"[\u4e00-\u9fff]", explained[1]), target
        assert re.search(r"[a-z]{3}", explained[2]), target


def test_plain_make_is_help() -> None:
    assert run("make").stdout == run("make", "help").stdout


def test_continuous_integration_runs_what_a_person_runs() -> None:
    commands = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test </dev/null"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("lint-imports",), ("mypy",)],
    ids=lambda command: " ".join(command[:2]),
)
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    result = run(Path(sys.executable).parent / command[0], *command[1:])
    assert result.returncode == 0, result.stdout[-6000:]
