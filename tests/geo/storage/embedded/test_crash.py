"""After ``kill -9``: what was committed is there, and what the dead server left behind does not stand in the way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from geo.errors import ServerError
from geo.storage import embedded
from geo.storage.embedded import postmaster
from geo.storage.embedded.accounts import server_account
from geo.storage.embedded.postmaster import processes_of
from geo.storage.embedded.programs import programs_for_new_cluster
from tests.geo.storage.embedded.conftest import FAST, connect, kill_all, refusal


def write_pid_file(folder: Path, text: str) -> None:
    account = server_account()
    path = folder / "postmaster.pid"
    path.write_text(text)
    os.chown(path, account.uid, account.gid)
    path.chmod(0o600)


def test_committed_rows_survive_and_others_do_not(made: Path) -> None:
    url = embedded.start(made)
    with connect(url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",), name
        connection.execute("CREATE TABLE hazards (id int PRIMARY KEY, note text)")
        connection.execute("INSERT INTO hazards SELECT n, '通道堵塞' FROM generate_series(1, 5000) n")
    unfinished = connect(url)
    unfinished.execute("BEGIN")
    unfinished.execute("INSERT INTO hazards VALUES (9999, 'not committed')")

    assert len(kill_all(made)) > 3
    unfinished.close()
    assert (made / "postmaster.pid").exists(), "a killed server leaves its lock behind"
    assert not embedded.status(made).running

    with connect(embedded.start(made)) as connection:
        assert connection.execute("SELECT count(*), max(id) FROM hazards").fetchone() == (5000, 5000)


def test_a_lock_whose_number_another_program_has_now_is_cleared(made: Path) -> None:
    embedded.start(made, settings=FAST)
    lines = (made / "postmaster.pid").read_text().splitlines(keepends=True)
    kill_all(made)
    account = server_account()
    # PostgreSQL itself refuses a number that belongs to a live process of its own user.
    program = subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
        if not account.drops
        else ["sleep", "60"],
        user=account.uid if account.drops else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
    try:
        write_pid_file(made, "".join([f"{program.pid}\n", *lines[1:]]))
        assert not embedded.status(made).running
        embedded.start(made, settings=FAST)
        assert embedded.status(made).running
        assert program.poll() is None, "the other program must be left alone"
    finally:
        program.kill()
        program.wait()


def test_a_broken_lock_is_cleared(made: Path) -> None:
    for text in ("", "not a number\n", "\0\0\0\0"):
        write_pid_file(made, text)
        embedded.start(made, settings=FAST)
        assert embedded.status(made).running
        embedded.stop(made)


def test_children_that_outlive_the_server_are_waited_for(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(embedded.start(made, settings=FAST)) as connection:
        backend = connection.info.backend_pid
        main = embedded.status(made).pid
        assert main is not None
        os.kill(backend, signal.SIGSTOP)  # a stopped child cannot notice that its parent is gone
        os.kill(main, signal.SIGKILL)
        monkeypatch.setattr(postmaster, "ORPHAN_PATIENCE_SECONDS", 1.0)
        with pytest.raises(ServerError, match=str(backend)):
            embedded.start(made, settings=FAST)
        os.kill(backend, signal.SIGCONT)
        monkeypatch.setattr(postmaster, "ORPHAN_PATIENCE_SECONDS", 15.0)
        embedded.start(made, settings=FAST)
        connection.close()
    assert embedded.status(made).running


def test_an_interrupted_first_start_leaves_nothing_broken(data_dir: Path) -> None:
    code = "import sys; from pathlib import Path; from geo.storage import embedded; embedded.start(Path(sys.argv[1]))"
    first = subprocess.Popen([sys.executable, "-c", code, str(data_dir)], start_new_session=True)
    while not list(data_dir.parent.glob(".postgres.new-*/PG_VERSION")):
        assert first.poll() is None
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not data_dir.exists()
    assert list(data_dir.parent.glob(".postgres.new-*"))

    embedded.start(data_dir, settings=FAST)
    assert list(data_dir.parent.glob(".postgres.new-*")) == []
    assert embedded.status(data_dir).running


def test_a_first_start_interrupted_before_the_extensions_is_finished_by_the_next(made: Path) -> None:
    url = embedded.start(made, settings=FAST)
    with connect(url.replace("/wangge?", "/postgres?")) as connection:
        connection.execute("DROP DATABASE wangge WITH (FORCE)")
        connection.execute("CREATE DATABASE wangge")
    with connect(embedded.start(made, settings=FAST)) as connection:
        assert connection.execute("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'").fetchone() == (1,)


class TestForeignServer:
    """A live server that holds the folder and that this program did not start."""

    @pytest.fixture
    def served_elsewhere(self, made: Path) -> Path:
        options = "-c unix_socket_directories='' -c listen_addresses=127.0.0.1 -c port=54991"
        pg_ctl = programs_for_new_cluster() / "pg_ctl"
        log = made / "foreign.log"
        started = server_account().run([pg_ctl, "start", "-D", made, "-w", "-l", log, "-o", options])
        assert started.returncode == 0, started.stdout
        return made

    def test_it_is_neither_used_nor_stopped(self, served_elsewhere: Path) -> None:
        before = processes_of(served_elsewhere)
        assert "Another PostgreSQL" in refusal(served_elsewhere)
        with pytest.raises(ServerError):
            embedded.stop(served_elsewhere)
        assert processes_of(served_elsewhere) == before
