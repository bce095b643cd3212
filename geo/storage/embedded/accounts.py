"""The operating system account the server runs under.

PostgreSQL refuses to run as root, so root's server runs as the system account ``postgres``; everybody else's runs as
themselves. Whatever is written inside a data folder is written by that account, never by root on its behalf, so that a
symbolic link planted in the folder can do no more than its owner could.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ServerError

SERVICE_ACCOUNT = "postgres"

# Nothing is inherited: a PGDATA, PGPORT or PGOPTIONS would send the programs to somebody else's server.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns the data folder and runs the server's programs."""

    name: str
    uid: int
    gid: int
    home: Path

    @property
    def drops(self) -> bool:
        """Whether running as this account means giving up root."""
        return os.geteuid() != self.uid

    def run(
        self, command: Sequence[str | Path], *, folder: Path = Path("/"), timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account in ``folder``, with a clean environment, and wait for it.

        The caller's own folder may be closed to this account, so it is never the one to run in. A non-zero
        exit is returned, not raised: only the caller knows what it means.

        Raises
        ------
        ServerError
            The program did not end within ``timeout`` seconds.
        """
        words = [str(word) for word in command]
        drops = self.drops
        try:
            return subprocess.run(  # noqa: S603 - our own argument lists, no shell
                words,
                cwd=folder,
                env={**_ENVIRONMENT, "HOME": str(self.home), "USER": self.name},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=timeout,
                check=False,
                user=self.uid if drops else None,
                group=self.gid if drops else None,
                extra_groups=[] if drops else None,
            )
        except subprocess.TimeoutExpired:
            raise ServerError(
                f"{Path(words[0]).name} 在 {timeout:.0f} 秒内没有结束。请检查磁盘和系统负载后重试。",
                f"{Path(words[0]).name} did not end within {timeout:.0f} s. Check disk and load, then try again.",
            ) from None

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this account can pass through ``folder`` and everything above it."""
        return self.run(["test", "-x", folder]).returncode == 0


def server_account() -> Account:
    """Return the account the server of the present user runs under.

    Raises
    ------
    ServerError
        The present user is root and the system has no ``postgres`` account to drop to.
    """
    if os.geteuid() != 0:
        entry = _entry_of_present_user()
    else:
        try:
            entry = pwd.getpwnam(SERVICE_ACCOUNT)
        except KeyError:
            raise ServerError(
                f"当前是 root，而 PostgreSQL 不以 root 运行；系统中没有 {SERVICE_ACCOUNT} 账户。"
                "请执行 apt-get install postgresql postgresql-postgis，或改用普通用户。",
                f"You are root, PostgreSQL refuses to run as root, and there is no account “{SERVICE_ACCOUNT}”. "
                "Run apt-get install postgresql postgresql-postgis, or work as an ordinary user.",
            ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, Path(entry.pw_dir))


def account_name(uid: int) -> str:
    """Return the name of an account, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _entry_of_present_user() -> pwd.struct_passwd:
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise ServerError(
            f"当前用户编号 {uid} 在系统中没有账户，PostgreSQL 无法运行。请使用有账户的用户。",
            f"The present user number {uid} has no account, so PostgreSQL cannot run. Work as a user with an account.",
        ) from None
