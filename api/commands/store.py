"""What commands share: the store, opened for one transaction, and files written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from geo.storage.database import migrate, open_engine, session_scope


@contextmanager
def open_store() -> Iterator[Session]:
    """Open one transaction on a store whose schema is up to date, and leave no connection behind."""
    engine = open_engine()
    try:
        migrate(engine)
        with session_scope(engine) as session:
            yield session
    finally:
        engine.dispose()


def who_runs() -> str:
    """Name the account that runs the terminal, for the record of changes."""
    return os.environ.get("USER") or f"uid {os.getuid()}"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable as the account's files are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
