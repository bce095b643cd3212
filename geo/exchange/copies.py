"""The file of a backup: what PostgreSQL's own program dumped, and beside it what was in it, in one tar.

::

    wangge.dump      of ``pg_dump --format=custom``; any pg_restore reads it
    manifest.json    version of the schema, rows of each table, head of the audit trail, SHA-256 of the dump
    SHA256           of the manifest, so that no byte of the file can change unseen

Written in one go beside its name and given it at the end: there is never half a backup under a backup's name.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from geo.errors import FileFormatError, NotFoundError

DUMP, MANIFEST, SUM = "wangge.dump", "manifest.json", "SHA256"
FORMAT = 1
CHUNK_BYTES = 2**20
#: A manifest is a list of tables: a few kilobytes.
MAX_MANIFEST_BYTES = 2**20
#: Personal data lies in it: for nobody but its owner.
MODE = 0o600


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    schema_revision
        Of the migrations.
    server_version
        Major version of the PostgreSQL it was taken from.
    rows
        Table → rows.
    audit_head
        Where the audit trail stood, as ``geo.storage.audit.Head`` writes it; None when there were no events.
    made_at
        ISO 8601, UTC.
    dump_bytes, dump_sha256
        Of the dump.
    """

    schema_revision: str
    server_version: int
    rows: dict[str, int]
    audit_head: str | None
    made_at: str
    program_version: str
    dump_bytes: int = 0
    dump_sha256: str = ""
    format: int = FORMAT


class CopyWriter:
    """A backup being written: dump first, manifest last."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._bytes = 0
        stream.seek(tarfile.BLOCKSIZE)  # room for the dump's header, which tells a size not known yet

    def write(self, chunk: bytes) -> None:
        """Append to the dump."""
        self._stream.write(chunk)
        self._hash.update(chunk)
        self._bytes += len(chunk)

    def finish(self, manifest: Manifest) -> Manifest:
        """Write what was dumped beside the dump; return the manifest with the dump's size and sum."""
        whole = Manifest(**{**asdict(manifest), "dump_bytes": self._bytes, "dump_sha256": self._hash.hexdigest()})
        self._stream.write(b"\0" * (-self._bytes % tarfile.BLOCKSIZE))
        text = json.dumps(asdict(whole), ensure_ascii=False, indent=1, sort_keys=True).encode()
        self._member(MANIFEST, text)
        self._member(SUM, hashlib.sha256(text).hexdigest().encode())
        self._stream.write(b"\0" * 2 * tarfile.BLOCKSIZE)
        self._stream.seek(0)
        self._stream.write(_header(DUMP, self._bytes))
        return whole

    def _member(self, name: str, content: bytes) -> None:
        self._stream.write(_header(name, len(content)) + content + b"\0" * (-len(content) % tarfile.BLOCKSIZE))


@contextmanager
def new_copy(path: Path) -> Iterator[CopyWriter]:
    """Open a backup for writing; it gets its name when the block ends without an error, else it is removed.

    Raises
    ------
    FileFormatError
        The folder is missing or may not be written to.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise FileFormatError(
            f"无法在 {path.parent} 中写备份:{reason}", f"no backup can be written in {path.parent}: {reason}"
        ) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield CopyWriter(stream)
            stream.flush()
            os.fchmod(stream.fileno(), MODE)
            os.fsync(stream.fileno())
        os.replace(name, path)
        _sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def open_copy(path: Path) -> Iterator[tuple[Manifest, Iterator[bytes]]]:
    """Open a backup: what it says it holds, and its dump in chunks.

    Raises
    ------
    NotFoundError
        There is no such file.
    FileFormatError
        It is no backup, of a newer format, or its manifest was altered; while the chunks are read, the dump was.
    """
    if not path.is_file():
        raise NotFoundError(f"没有备份文件 {path}", f"there is no backup {path}")
    try:
        archive = tarfile.open(path, "r:")  # noqa: SIM115 - closed by the with below
    except (tarfile.TarError, OSError, EOFError):
        raise _no_copy(path) from None
    with archive:
        manifest = _read_manifest(archive, path)
        yield manifest, _read_dump(archive, manifest, path)


def check_copy(path: Path, progress: Callable[[float], None] | None = None) -> Manifest:
    """Read a backup to its end and hold it against its own sums; return its manifest.

    Raises
    ------
    FileFormatError
        See :func:`open_copy`.
    """
    tell = progress or _silent
    with open_copy(path) as (manifest, chunks):
        done = 0
        for chunk in chunks:
            done += len(chunk)
            tell(done / max(manifest.dump_bytes, 1))
    return manifest


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, MODE
    # A GNU header of one block takes any size; the older form ends at 8 GB.
    return info.tobuf(tarfile.GNU_FORMAT)


def _read_manifest(archive: tarfile.TarFile, path: Path) -> Manifest:
    try:
        members = archive.getmembers()
    except (tarfile.TarError, OSError, EOFError, ValueError):
        raise _altered(path) from None
    if [member.name for member in members] != [DUMP, MANIFEST, SUM] or not all(member.isreg() for member in members):
        raise _no_copy(path)
    text, stated = (_small_member(archive, member, path) for member in members[1:])
    if hashlib.sha256(text).hexdigest().encode() != stated:
        raise _altered(path)
    content = json.loads(text)
    if content["format"] > FORMAT:
        raise FileFormatError(
            f"备份 {path} 的格式({content['format']})比本程序新;请升级程序后再恢复",
            f"the backup {path} has format {content['format']}, newer than this program; update the program first",
        )
    manifest = Manifest(**content)
    if members[0].size != manifest.dump_bytes:
        raise _altered(path)
    return manifest


def _small_member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    stream = archive.extractfile(member) if member.size <= MAX_MANIFEST_BYTES else None
    content = stream.read() if stream is not None else b""
    if not content or len(content) != member.size:
        raise _altered(path)
    return content


def _read_dump(archive: tarfile.TarFile, manifest: Manifest, path: Path) -> Iterator[bytes]:
    stream = archive.extractfile(DUMP) or io.BytesIO()
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != manifest.dump_sha256:
        raise _altered(path)


def _altered(path: Path) -> FileFormatError:
    return FileFormatError(
        f"备份 {path} 不完整或被改动过(校验和不符),没有恢复任何内容;请换一份备份",
        f"the backup {path} is incomplete or was altered (its sums do not match); nothing was restored; use another",
    )


def _no_copy(path: Path) -> FileFormatError:
    return FileFormatError(f"{path} 不是 wangge 的备份文件", f"{path} is no backup of wangge")


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _silent(_: float) -> None:
    return
