"""Where PostgreSQL's programs are, and which of several installed versions to take."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from geo.errors import ServerError

#: Debian and Ubuntu keep the programs of every major version in a folder of their own, outside PATH.
DEBIAN_ROOT = Path("/usr/lib/postgresql")

NEEDED = ("initdb", "pg_ctl", "postgres", "pg_config")
NEEDED_EXTENSIONS = ("postgis", "pg_trgm")


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one installed PostgreSQL."""

    folder: Path
    major: int

    def __truediv__(self, name: str) -> Path:
        """Return the path of one program."""
        return self.folder / name

    def missing_extensions(self) -> list[str]:
        """Return the extensions this PostgreSQL lacks, of those the product needs."""
        extensions = Path(_answer(self / "pg_config", "--sharedir")) / "extension"
        return [name for name in NEEDED_EXTENSIONS if not (extensions / f"{name}.control").is_file()]


def installed() -> list[Programs]:
    """List every complete PostgreSQL found, the newest first."""
    folders = [folder / "bin" for folder in DEBIAN_ROOT.glob("*")] if DEBIAN_ROOT.is_dir() else []
    in_path = shutil.which("initdb")
    if in_path:
        folders.append(Path(in_path).resolve().parent)
    complete = {folder for folder in folders if all(os.access(folder / name, os.X_OK) for name in NEEDED)}
    found = [Programs(folder, _major(folder)) for folder in complete]
    return sorted(found, key=lambda programs: (-programs.major, str(programs.folder)))


def programs_for_new_cluster() -> Programs:
    """Return the newest PostgreSQL that has PostGIS.

    Raises
    ------
    ServerError
        There is no PostgreSQL, or none with the extensions.
    """
    candidates = installed()
    if not candidates:
        raise _no_programs()
    for programs in candidates:
        if not programs.missing_extensions():
            return programs
    raise _no_extensions(candidates[0])


def programs_for_existing_cluster(major: int, data_dir: Path) -> Programs:
    """Return the PostgreSQL whose files ``data_dir`` holds.

    Raises
    ------
    ServerError
        There is no PostgreSQL, none of that major version, or it lacks the extensions.
    """
    candidates = installed()
    if not candidates:
        raise _no_programs()
    for programs in candidates:
        if programs.major == major:
            if programs.missing_extensions():
                raise _no_extensions(programs)
            return programs
    have = "、".join(str(programs.major) for programs in candidates)
    raise ServerError(
        f"数据目录 {data_dir} 属于 PostgreSQL {major}，本机只有 {have}，不能互换。"
        f"请安装 postgresql-{major}-postgis-3；或另设 WANGGE_DATA_DIR 指向新目录后重新导入数据。",
        f"The data folder {data_dir} was made by PostgreSQL {major}; installed here: {have.replace('、', ', ')}. "
        f"Major versions cannot read each other's files. Install postgresql-{major}-postgis-3, "
        "or point WANGGE_DATA_DIR to a new folder and import the data again.",
    )


def _major(folder: Path) -> int:
    answer = _answer(folder / "pg_config", "--version")
    number = re.search(r"\d+", answer)
    if number is None:
        raise ServerError(
            f"无法识别 {folder} 中 PostgreSQL 的版本：{answer!r}。请重新安装 PostgreSQL。",
            f"Cannot read the version of the PostgreSQL in {folder}: {answer!r}. Reinstall PostgreSQL.",
        )
    return int(number.group())


def _answer(program: Path, option: str) -> str:
    result = subprocess.run([program, option], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    return result.stdout.strip()


def _no_programs() -> ServerError:
    return ServerError(
        f"没有找到 PostgreSQL 的程序（已查 {DEBIAN_ROOT}/*/bin 和 PATH）。"
        "Debian/Ubuntu 请执行：apt-get install postgresql postgresql-postgis；"
        "或把 WANGGE_DATABASE_URL 设为已有的 PostGIS 数据库。",
        f"PostgreSQL's programs were not found (looked in {DEBIAN_ROOT}/*/bin and PATH). "
        "On Debian or Ubuntu run: apt-get install postgresql postgresql-postgis; "
        "or set WANGGE_DATABASE_URL to a PostGIS database you have.",
    )


def _no_extensions(programs: Programs) -> ServerError:
    missing = ", ".join(programs.missing_extensions())
    return ServerError(
        f"PostgreSQL {programs.major} 缺少扩展 {missing}。"
        f"Debian/Ubuntu 请执行：apt-get install postgresql-{programs.major} postgresql-{programs.major}-postgis-3。",
        f"PostgreSQL {programs.major} lacks the extensions {missing}. "
        f"On Debian or Ubuntu run: apt-get install postgresql-{programs.major} postgresql-{programs.major}-postgis-3.",
    )
