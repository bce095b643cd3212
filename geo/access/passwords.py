"""Passwords: hashed slowly, checked a few at a time, and refused when anybody would guess them."""

import re
import secrets
import threading
import tomllib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from geo.access.limits import figure
from geo.errors import BusyError, PasswordError

#: Fewer different characters than this are a pattern, not a password.
DIFFERENT_LEAST = 5

_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "asdfghjkl", "zxcvbnm")
_TAIL = re.compile(r"[\W\d_]+$")


class Checks:
    """A bounded room for password checks: some at work, some waiting, nobody else let in.

    Parameters
    ----------
    at_once
        Checks at the same time; each takes a processor and 19 MiB for a twentieth of a second.
    waiting
        Checks that may wait for a place.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._inside = threading.BoundedSemaphore(at_once + waiting)
        self._at_work = threading.BoundedSemaphore(at_once)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for one check.

        Raises
        ------
        BusyError
            As many wait as may.
        """
        if not self._inside.acquire(blocking=False):
            raise BusyError("正在登录的人太多,请稍后再试", "too many are signing in right now; try again in a moment")
        try:
            with self._at_work:
                yield
        finally:
            self._inside.release()


@cache
def checks() -> Checks:
    """Return this process's room for password checks."""
    return Checks(figure("checks_at_once"), figure("checks_waiting"))


def hash_password(password: str) -> str:
    """Return the hash to keep: Argon2id with its parameters and salt in the text.

    Raises
    ------
    BusyError
        Too many passwords are being worked on.
    """
    with checks().place():
        return _hasher().hash(_normal(password))


def is_password(password: str, kept: str | None) -> bool:
    """Tell whether a password is the one that was kept; without one, work as long and say no.

    Raises
    ------
    BusyError
        Too many passwords are being worked on.
    """
    with checks().place():
        try:
            right = _hasher().verify(kept or _nobodys_hash(), _normal(password)[: 4 * figure("password_most")])
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None


def refuse_weak(password: str, login: str, person: str = "") -> None:
    """Refuse a password that is easily guessed.

    Raises
    ------
    PasswordError
        It is too short or too long, says the login or the person, is among the commonest, or is a pattern.
    """
    text = _normal(password)
    least, most = figure("password_least"), figure("password_most")
    if not least <= len(text) <= most:
        raise PasswordError(
            f"密码有 {len(text)} 个字符,应为 {least} 至 {most} 个;可用一句自己记得住的话",
            f"the password has {len(text)} characters, it takes {least} to {most}; a sentence of your own will do",
        )
    plain = text.casefold()
    if any(len(name) >= 2 and name in plain for name in (_normal(login).casefold(), _normal(person).casefold())):
        raise PasswordError(
            "密码中含有登录名或姓名,请换一个", "the password contains the login or the person's name; choose another"
        )
    if _is_common(plain) or _is_pattern(plain):
        raise PasswordError(
            "这个密码太常见或太有规律,容易被猜中,请换一个",
            "the password is too common or too regular and easily guessed; choose another",
        )


def random_password() -> str:
    """Return a random password of 20 letters and digits in five groups, about 100 bits, to be printed once."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))


def _normal(password: str) -> str:
    # The same keys give full-width or half-width signs, by the input method that happens to be on.
    return unicodedata.normalize("NFKC", password)


def _is_common(plain: str) -> bool:
    stems = _stems()
    return any(_made_of(text, stems) for text in (plain, _TAIL.sub("", plain)))


def _made_of(text: str, stems: frozenset[str]) -> bool:
    """Tell whether a text is nothing but stems in a row."""
    reached = [True] + [False] * len(text)
    for end in range(1, len(text) + 1):
        reached[end] = any(reached[start] and text[start:end] in stems for start in range(max(0, end - 16), end))
    return bool(text) and reached[-1]


def _is_pattern(plain: str) -> bool:
    if len(set(plain)) < DIFFERENT_LEAST:
        return True
    if any(plain == (plain[:period] * len(plain))[: len(plain)] for period in range(1, len(plain) // 2 + 1)):
        return True
    rows = [row * 12 for row in _ROWS] + [row[::-1] * 12 for row in _ROWS]
    return any(plain in row for row in rows)


@cache
def _stems() -> frozenset[str]:
    path = files("data") / "dictionaries" / "common_passwords.toml"
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))["stems"])


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=figure("argon2_passes"),
        memory_cost=figure("argon2_memory_kib"),
        parallelism=figure("argon2_lanes"),
    )


@cache
def _nobodys_hash() -> str:
    """A hash that no password has, for logins that do not exist: the answer takes as long."""
    return _hasher().hash(secrets.token_urlsafe(32))
