"""Who holds a data folder: reading ``postmaster.pid`` and looking the processes up in ``/proc``.

A process is taken for a server of the folder only when it is a ``postgres`` whose working folder is the data folder
(PostgreSQL changes into it at start). A number alone proves nothing: after a crash it may be anybody's.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ServerError
from geo.storage.embedded.accounts import Account

#: Backends notice within a moment that their postmaster died; one in a long sort may take seconds.
ORPHAN_PATIENCE_SECONDS = 15.0

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server, as its ``postmaster.pid`` describes it."""

    pid: int
    socket_dir: Path
    port: int


def running(data_dir: Path) -> Postmaster | None:
    """Return the live server of ``data_dir``, or None when there is none.

    Raises
    ------
    ServerError
        A live server holds the folder but has no socket: somebody else started it, and it is not ours to use or stop.
    """
    lines = _pid_file(data_dir)
    pid = _number(lines, 0)
    if pid is None or not _serves(pid, data_dir):
        return None
    socket, port = (lines[4] if len(lines) > 4 else ""), _number(lines, 3)
    if not socket or port is None:
        raise _foreign(data_dir, pid)
    return Postmaster(pid, Path(socket), port)


def clear_after_crash(data_dir: Path, account: Account) -> None:
    """Make way for a start after the server was killed.

    Waits for backends that outlived their postmaster, because a second server beside them would corrupt the data; then
    removes a ``postmaster.pid`` that is empty or whose number is another program's by now: PostgreSQL refuses both.

    Raises
    ------
    ServerError
        Backends of the dead server are still there after ``ORPHAN_PATIENCE_SECONDS``.
    """
    deadline = time.monotonic() + ORPHAN_PATIENCE_SECONDS
    while orphans := processes_of(data_dir):
        if time.monotonic() > deadline:
            numbers = ", ".join(map(str, orphans))
            raise ServerError(
                f"数据库主进程已不在，但它的子进程（{numbers}）仍在使用 {data_dir}。请等它们结束，或结束它们后重试。",
                f"The server's main process is gone but its children ({numbers}) still use {data_dir}. "
                "Wait for them or end them, then try again.",
            )
        time.sleep(0.05)
    pid = _number(_pid_file(data_dir), 0)
    # The number of a dead process is left to PostgreSQL, which then also looks for shared memory still in use.
    if pid is None or (_PROC / str(pid)).exists():
        account.run(["rm", "-f", data_dir / "postmaster.pid"])


def _pid_file(data_dir: Path) -> list[str]:
    try:
        return (data_dir / "postmaster.pid").read_text(encoding="utf-8", errors="replace").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return []


def _number(lines: list[str], index: int) -> int | None:
    text = lines[index].strip() if len(lines) > index else ""
    # A server in single-user mode writes its number with a minus sign.
    return abs(int(text)) if text.lstrip("-").isdecimal() else None


def _serves(pid: int, data_dir: Path) -> bool:
    """Tell whether process ``pid`` is a PostgreSQL server process of ``data_dir``."""
    process = _PROC / str(pid)
    try:
        if (process / "comm").read_text().strip() not in ("postgres", "postmaster"):
            return False
        return os.path.samefile(process / "cwd", data_dir)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        # Another user's process may not be looked at, and cannot serve a folder that is ours: PostgreSQL forbids it.
        return False


def processes_of(data_dir: Path) -> list[int]:
    """Return the numbers of all server processes of ``data_dir`` that this user can see."""
    numbers = sorted(int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())
    return [pid for pid in numbers if _serves(pid, data_dir)]


def _foreign(data_dir: Path, pid: int) -> ServerError:
    return ServerError(
        f"数据目录 {data_dir} 正被另一个 PostgreSQL（进程 {pid}）使用，不是本程序启动的。"
        "请先停止它，或另设 WANGGE_DATA_DIR。",
        f"Another PostgreSQL (process {pid}), not started by this program, holds {data_dir}. "
        "Stop it first, or set WANGGE_DATA_DIR to another folder.",
    )
