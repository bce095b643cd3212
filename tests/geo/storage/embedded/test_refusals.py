"""What the server is refused for. Every case is the real thing: a full disk is full, a missing program is missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.errors import ServerError
from geo.storage import embedded
from geo.storage.embedded import folders, programs
from geo.storage.embedded.accounts import server_account
from geo.storage.embedded.programs import programs_for_new_cluster
from tests.geo.storage.embedded.conftest import FAST, connect, kill_all, refusal

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a disk or giving files away takes root")


def initdb(folder: Path, *options: str) -> None:
    """Make a cluster that is not ours: other options, in the server account's name."""
    account = server_account()
    folder.mkdir(0o700)
    if account.drops:
        os.chown(folder, account.uid, account.gid)
    made = account.run([programs_for_new_cluster() / "initdb", "-D", folder, "--no-sync", *options])
    assert made.returncode == 0, made.stdout


class TestPrograms:
    @pytest.fixture
    def elsewhere(self, room: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Look for programs in an empty folder laid out as Debian's, and nowhere else."""
        monkeypatch.setattr(programs, "DEBIAN_ROOT", room / "lib" / "postgresql")
        monkeypatch.setenv("PATH", str(room / "bin"))
        return room

    def test_none_installed_names_the_packages(self, elsewhere: Path, data_dir: Path) -> None:
        assert "apt-get install postgresql postgresql-postgis" in refusal(data_dir)
        assert not data_dir.exists()

    def test_postgis_missing_names_the_package(self, elsewhere: Path, data_dir: Path) -> None:
        self.install(elsewhere, extensions=["pg_trgm"])
        message = refusal(data_dir)
        assert "lacks the extensions postgis" in message
        assert "-postgis-3" in message

    def test_an_incomplete_installation_is_none(self, elsewhere: Path, data_dir: Path) -> None:
        bin_dir = self.install(elsewhere, extensions=["pg_trgm", "postgis"])
        (bin_dir / "initdb").unlink()
        assert "were not found" in refusal(data_dir)

    @staticmethod
    def install(root: Path, *, extensions: list[str]) -> Path:
        """Copy the real programs; ``pg_config`` then reports folders relative to where it lies."""
        source = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
        version = source.parent.name
        target = root / "lib" / "postgresql" / version / "bin"
        target.mkdir(parents=True)
        for name in programs.NEEDED:
            shutil.copy(source / name, target / name)
        share = root / "share" / "postgresql" / version / "extension"
        share.mkdir(parents=True)
        for name in extensions:
            (share / f"{name}.control").touch()
        return target


class TestFolder:
    def test_another_major_version(self, made: Path) -> None:
        (made / "PG_VERSION").write_text("9\n")
        message = refusal(made)
        assert "made by PostgreSQL 9" in message
        assert "postgresql-9-postgis-3" in message

    def test_a_damaged_version_file(self, made: Path) -> None:
        (made / "PG_VERSION").write_text("")
        assert "damaged" in refusal(made)

    def test_something_else_is_in_it(self, data_dir: Path) -> None:
        data_dir.mkdir()
        (data_dir / "thesis.docx").write_text("years of work")
        assert "holds something else" in refusal(data_dir)
        assert (data_dir / "thesis.docx").read_text() == "years of work"

    def test_it_is_a_file(self, data_dir: Path) -> None:
        data_dir.write_text("")
        assert "cannot be used" in refusal(data_dir)

    def test_an_empty_folder_is_taken(self, data_dir: Path) -> None:
        data_dir.mkdir()
        embedded.start(data_dir, settings=FAST)
        assert embedded.status(data_dir).running

    @needs_root
    def test_it_belongs_to_another_user(self, made: Path) -> None:
        os.chown(made, 65534, 65534)
        assert "belongs to “nobody”" in refusal(made)

    @needs_root
    def test_the_server_account_cannot_enter_and_nothing_is_opened_up(self, room: Path) -> None:
        closed = room / "closed"
        closed.mkdir(0o700)
        assert "cannot enter" in refusal(closed / "data" / "postgres")
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_no_right_to_write_above_it(self, room: Path) -> None:
        if os.geteuid() == 0:
            assert "cannot be used" in refusal(Path("/proc/wangge/postgres"))
            return
        room.chmod(0o500)
        assert "cannot be used" in refusal(room / "deeper" / "postgres")
        room.chmod(0o755)

    def test_a_socket_folder_that_is_not_ours_is_not_trusted(self, room: Path) -> None:
        folder = room / ("x" * 120)
        planted = folders.socket_dir(folder, server_account())
        planted.chmod(0o755)
        try:
            with pytest.raises(ServerError, match="not a private folder"):
                embedded.start(folder, settings=FAST)
        finally:
            kill_all(folder)
            planted.rmdir()


class TestForeignCluster:
    def test_a_locale_that_loses_chinese(self, data_dir: Path) -> None:
        initdb(data_dir, "--username=wangge", "--locale=C", "--encoding=UTF8")
        assert "loses Chinese" in refusal(data_dir)
        assert not embedded.status(data_dir).running, "a refused server is not left running"

    def test_an_encoding_that_is_not_utf8(self, data_dir: Path) -> None:
        initdb(data_dir, "--username=wangge", "--locale=C", "--encoding=SQL_ASCII")
        assert "SQL_ASCII" in refusal(data_dir)

    def test_a_cluster_without_our_role(self, data_dir: Path) -> None:
        initdb(data_dir, "--username=somebody", "--locale=C.UTF-8", "--encoding=UTF8")
        assert "not made by this program" in refusal(data_dir)
        assert not embedded.status(data_dir).running

    def test_a_damaged_control_file_is_told_with_the_reason(self, made: Path) -> None:
        (made / "global" / "pg_control").write_bytes(b"\0" * 8192)
        message = refusal(made)
        assert "pg_ctl start failed" in message
        assert "server.log" in message


@needs_root
class TestFullDisk:
    @pytest.fixture
    def disk(self, room: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
        """A small disk of its own, as large as the test says."""
        folder = room / "disk"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={request.param},mode=755", "tmpfs", folder], check=True)
        yield folder
        kill_all(folder / "postgres")
        subprocess.run(["umount", "-l", folder], check=True)

    @staticmethod
    def fill(disk: Path) -> Path:
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            file.write(b"\0" * shutil.disk_usage(disk).free)
        return ballast

    @pytest.mark.parametrize("disk", ["100m"], indirect=True)
    def test_too_little_room_is_seen_before_anything_is_written(self, disk: Path) -> None:
        message = refusal(disk / "postgres")
        assert "Disk full" in message
        assert "100 MB are left" in message
        assert {path.name for path in disk.iterdir()} <= {"postgres.lock"}

    @pytest.mark.parametrize("disk", ["30m"], indirect=True)
    def test_a_disk_that_fills_up_during_the_first_start(self, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "MIN_FREE_BYTES", 0)
        assert "Disk full" in refusal(disk / "postgres")
        assert {path.name for path in disk.iterdir()} <= {"postgres.lock"}, "the half-made cluster is cleared away"

    @pytest.mark.parametrize("disk", ["50m"], indirect=True)
    def test_a_disk_that_fills_up_while_the_extensions_are_added(
        self, disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "MIN_FREE_BYTES", 0)
        assert "Disk full" in refusal(disk / "postgres")

    @pytest.mark.parametrize("disk", ["300m"], indirect=True)
    def test_a_disk_that_is_full_when_an_old_server_starts(self, disk: Path, pristine: Path) -> None:
        data_dir = disk / "postgres"
        subprocess.run(["cp", "-a", pristine, data_dir], check=True)
        with connect(embedded.start(data_dir, settings=FAST)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
        embedded.stop(data_dir)
        ballast = self.fill(disk)
        assert "Disk full" in refusal(data_dir)
        ballast.unlink()
        with connect(embedded.start(data_dir, settings=FAST)) as connection:
            assert connection.execute("SELECT id FROM kept").fetchone() == (1,)
