"""The set-up scripts: quiet when there is nothing to do, and one clear line when they cannot go on."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = [
    "bash",
    "cut",
    "dirname",
    "env",
    "fc-list",
    "grep",
    "id",
    "paste",
    "readlink",
    "sed",
    "mkdir",
    "tail",
    "ldconfig",
]


@pytest.mark.parametrize("script", sorted((ROOT / ".setup").glob("[a-z]*")), ids=lambda path: path.name)
def test_scripts_are_sound_bash(script: Path) -> None:
    if script.name != "lock":
        subprocess.run(["bash", "-n", script], check=True)


class TestSystem:
    """In a copy of the scripts, with a PATH that holds the usual tools and no browser."""

    @pytest.fixture
    def clone(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="wangge-room-", dir="/tmp"))
        folder.chmod(0o755)
        shutil.copytree(ROOT / ".setup", folder / ".setup")
        tools = folder / "tools"
        tools.mkdir()
        for name in TOOLS:
            found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            if found:
                (tools / name).symlink_to(found)
        (tools / "python3").symlink_to(Path(sys.base_prefix, "bin", "python3").resolve())
        yield folder
        shutil.rmtree(folder)

    @staticmethod
    def look(clone: Path, *options: str, **account: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [clone / ".setup/system", *options],
            env={"PATH": str(clone / "tools")},
            capture_output=True,
            text=True,
            **account,
        )

    def test_nothing_is_said_when_nothing_is_missing(self, clone: Path) -> None:
        result = self.look(clone)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    def test_on_another_system_one_line_names_what_to_install(self, clone: Path) -> None:
        result = self.look(clone, "--with-browser")
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        assert result.stderr.endswith("Please install with your system's package manager: Chromium\n")

    def test_without_rights_one_line_is_the_command_to_run(self, clone: Path) -> None:
        (clone / "tools" / "apt-get").symlink_to("/bin/false")
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        result = self.look(clone, "--with-browser", **nobody)
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        # Python may be named as well, where it lies in a home that another user cannot enter.
        line = r".* run first: sudo apt-get install -y --no-install-recommends (python3-venv )?chromium\n"
        assert re.fullmatch(line, result.stderr)
