"""Everything that can go wrong, in one tree. This module knows no HTTP and no terminal.

::

    WanggeError
    ├── InputError              what came from outside is not usable; shown without a traceback
    │   ├── FileFormatError     unreadable, unknown or forbidden file, layer, encoding
    │   ├── ColumnError         a needed column is missing or cannot be guessed
    │   ├── DatumError          the datum of coordinates is not stated, or is wrong
    │   ├── CodeError           a code breaks its structure or is in no dictionary
    │   ├── GeometryError       a geometry cannot be taken as it is
    │   │   └── GeographicCRSError  coordinates are in degrees where metres are needed
    │   ├── BoundsError         limits, shares or counts out of what is allowed
    │   └── PasswordError       a password that is too short, too common or says the login
    ├── NotFoundError           no such thing in the store
    ├── ConflictError           the thing changed meanwhile, or its state forbids the change
    │   └── StaleVersionError   the version that was seen is not the newest any more
    ├── AccessError             who asks may not do this, or not now
    │   ├── SignInError         login, password or code is wrong; never says which
    │   └── LockedOutError      too many failed tries; says how long to wait
    ├── BusyError               as much of this is under way as may be; try again
    ├── ExecutionError          the processes or the cluster that do the work died, differ or cannot be reached
    └── DatabaseError           the database cannot be used
        ├── ServerError         the embedded server cannot be started, stopped or reached
        └── SchemaError         the database's schema is not the one this program knows

The pure core raises meanings; ``api/errors.py`` turns them into statuses, ``api/cli.py`` into exit codes.
"""


class WanggeError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    zh, en
        The same sentence in Chinese and in English: what was found, what is allowed, what to do.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh}\n{self.en}"


class InputError(WanggeError):
    """What came from outside is not usable."""


class FileFormatError(InputError):
    """A file, layer or encoding is unreadable, unknown or forbidden."""


class ColumnError(InputError):
    """A needed column is missing or cannot be guessed."""


class DatumError(InputError):
    """The datum of coordinates is not stated, or is wrong."""


class CodeError(InputError):
    """A code breaks its structure or is in no dictionary."""


class GeometryError(InputError):
    """A geometry cannot be taken as it is."""


class GeographicCRSError(GeometryError):
    """Coordinates are in degrees where metres are needed."""


class BoundsError(InputError):
    """Limits, shares or counts are out of what is allowed."""


class PasswordError(InputError):
    """A password is too short, too common, or says the login."""


class NotFoundError(WanggeError):
    """No such thing in the store."""


class ConflictError(WanggeError):
    """The thing changed meanwhile, or its state forbids the change."""


class StaleVersionError(ConflictError):
    """The version that was seen is not the newest any more."""


class AccessError(WanggeError):
    """Who asks may not do this, or not now."""


class SignInError(AccessError):
    """The login, the password or the code is wrong; which of them is never said."""


class LockedOutError(AccessError):
    """Too many tries failed.

    Parameters
    ----------
    wait_s
        Seconds until the next try is looked at.
    """

    def __init__(self, zh: str, en: str, *, wait_s: int = 60) -> None:
        super().__init__(zh, en)
        self.wait_s = wait_s


class BusyError(WanggeError):
    """As much of this is under way as may be; try again in a moment."""


class ExecutionError(WanggeError):
    """The processes or the cluster that do the work died, differ or cannot be reached."""


class DatabaseError(WanggeError):
    """The database cannot be used."""


class ServerError(DatabaseError):
    """The embedded server cannot be started, stopped or reached."""


class SchemaError(DatabaseError):
    """The database's schema is not the one this program knows."""
