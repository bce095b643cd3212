"""The data folder, the socket folder beside it, and what is checked about both before anything is written."""

import errno
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from geo.errors import ServerError
from geo.storage.embedded.accounts import Account, account_name

PORT = 5432  # only part of the socket's name; no network port is opened

#: ``sun_path`` of a Unix socket on Linux holds 108 bytes, the last of them a zero.
MAX_SOCKET_PATH_BYTES = 107

#: A new cluster with PostGIS takes about 60 MB, and the write-ahead log needs room to turn over.
MIN_FREE_BYTES = 200 * 1024**2


def default_data_dir() -> Path:
    """Return the data folder of the present user; it need not exist.

    ``WANGGE_DATA_DIR`` wins; root has ``/var/lib/wangge/postgres``, since the ``postgres`` account cannot enter root's
    home; others have ``wangge/postgres`` in ``XDG_DATA_HOME`` or ``~/.local/share``.
    """
    stated = os.environ.get("WANGGE_DATA_DIR")
    if stated:
        return Path(stated)
    if os.geteuid() == 0:
        return Path("/var/lib/wangge/postgres")
    data_home = os.environ.get("XDG_DATA_HOME", "")
    # The XDG specification has relative values ignored.
    root = Path(data_home) if data_home.startswith("/") else Path.home() / ".local/share"
    return root / "wangge/postgres"


def check_name(data_dir: Path) -> None:
    """Raise if the folder's name cannot be written into PostgreSQL's lock file and a URL, and read back."""
    name = str(data_dir)
    if name.isprintable() and name.encode("utf-8", "replace").decode() == name:
        return
    raise ServerError(
        f"数据目录的名称 {name!a} 含有控制字符或不是 UTF-8 文字。请把 WANGGE_DATA_DIR 设为普通名称的目录。",
        f"The name of the data folder {name!a} holds control characters or is not UTF-8. "
        "Set WANGGE_DATA_DIR to a folder with a plain name.",
    )


def make_parent(data_dir: Path) -> None:
    """Make the folders above ``data_dir`` that are missing; those that exist keep their permissions."""
    missing = [folder for folder in data_dir.parents if not folder.exists()]
    mode = 0o755 if os.geteuid() == 0 else 0o700
    try:
        for folder in reversed(missing):
            folder.mkdir(mode, exist_ok=True)
            folder.chmod(mode)  # a umask of 077 would lock the server's account out of what root just made
    except OSError as error:
        raise unusable_folder(data_dir, error) from error


def check_reachable(data_dir: Path, account: Account) -> None:
    """Raise if the server's account cannot pass through the folders above ``data_dir``."""
    if account.drops and not account.can_enter(data_dir.parent):
        raise ServerError(
            f"{account.name} 账户进不了 {data_dir.parent}（上级目录对其关闭），而 root 的数据库须以该账户运行。"
            "请把 WANGGE_DATA_DIR 设到它能进入的目录，例如 /var/lib/wangge/postgres。",
            f"The account “{account.name}”, under which root's server runs, cannot enter {data_dir.parent}. "
            "Set WANGGE_DATA_DIR to a folder it can enter, such as /var/lib/wangge/postgres.",
        )


def holds_cluster(data_dir: Path, account: Account) -> bool:
    """Tell whether ``data_dir`` holds a cluster of ours (True) or is free for a new one (False).

    Raises
    ------
    ServerError
        It is a file, belongs to another user, or holds something else.
    """
    try:
        found = data_dir.stat()
        # Another user's folder is refused below whatever it holds; it may not even be readable.
        names = os.listdir(data_dir) if found.st_uid in (account.uid, os.geteuid()) else None
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unusable_folder(data_dir, error) from error
    if names == []:
        return False
    if names is not None and "PG_VERSION" not in names:
        raise ServerError(
            f"{data_dir} 里是别的东西，不是数据库目录，不会动它。请另设 WANGGE_DATA_DIR 指向空目录或不存在的目录。",
            f"{data_dir} holds something else, not a database, and is left alone. "
            "Set WANGGE_DATA_DIR to an empty folder or one that does not exist.",
        )
    if found.st_uid != account.uid:
        owner = account_name(found.st_uid)
        raise ServerError(
            f"数据目录 {data_dir} 属于用户 {owner}，而数据库将以 {account.name} 运行。"
            f"请以 {owner} 的身份运行，或另设 WANGGE_DATA_DIR。",
            f"The data folder {data_dir} belongs to “{owner}”, but the server would run as “{account.name}”. "
            f"Work as {owner}, or set WANGGE_DATA_DIR to another folder.",
        )
    return True


def check_free_space(folder: Path) -> None:
    """Raise if the disk under ``folder`` has no room for a new cluster."""
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise disk_full(folder)


def disk_full(folder: Path) -> ServerError:
    """Return the error for a disk without room, saying how much is left."""
    free = shutil.disk_usage(folder).free / 1024**2
    need = MIN_FREE_BYTES / 1024**2
    return ServerError(
        f"磁盘已满：{folder} 所在磁盘只剩 {free:.0f} MB，至少需要 {need:.0f} MB。"
        "请清理磁盘，或把 WANGGE_DATA_DIR 设到别的磁盘后重试。已有数据没有改动。",
        f"Disk full: {free:.0f} MB are left on the disk of {folder}, at least {need:.0f} MB are needed. "
        "Free some space, or set WANGGE_DATA_DIR to another disk, then try again. Existing data is untouched.",
    )


def socket_dir(data_dir: Path, account: Account) -> Path:
    """Return the folder of the server's socket, making it when it is not the data folder itself.

    The data folder is private already, so the socket lies in it unless its path is too long for a socket or holds a
    comma, which both PostgreSQL and libpq take for a list.
    """
    folder = _socket_dir(data_dir, account)
    if folder == data_dir:
        return folder
    try:
        folder.mkdir(0o700)
        if account.drops:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        _check_private(folder, account)
    return folder


def remove_socket_dir(data_dir: Path, account: Account) -> None:
    """Remove what ``socket_dir`` made; the server must be down."""
    folder = _socket_dir(data_dir, account)
    if folder != data_dir:
        with suppress(OSError):  # gone already, or another user's: nothing of ours is left behind either way
            folder.rmdir()


def unusable_folder(data_dir: Path, error: OSError) -> ServerError:
    """Return the error for a folder that the operating system will not let us use."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        existing = next(folder for folder in data_dir.parents if folder.exists())
        return disk_full(existing)
    return ServerError(
        f"不能使用数据目录 {data_dir}：{error.strerror}（{error.filename}）。请检查权限，或另设 WANGGE_DATA_DIR。",
        f"The data folder {data_dir} cannot be used: {error.strerror} ({error.filename}). "
        "Check its permissions, or set WANGGE_DATA_DIR to another folder.",
    )


def _socket_dir(data_dir: Path, account: Account) -> Path:
    path = data_dir / f".s.PGSQL.{PORT}"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES and "," not in str(data_dir):
        return data_dir
    short = Path("/run") if os.geteuid() == 0 else Path("/tmp")  # noqa: S108 - _check_private looks at the owner
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return short / f"wangge-{account.uid}-{name}"


def _check_private(folder: Path, account: Account) -> None:
    """Refuse a socket folder that another user put there first: they could answer in the server's place."""
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077:
        return
    raise ServerError(
        f"套接字目录 {folder} 已存在，但不是 {account.name} 的私有目录（应为 0700）。请删除它后重试。",
        f"The socket folder {folder} exists but is not a private folder (0700) of “{account.name}”. "
        "Remove it and try again.",
    )
