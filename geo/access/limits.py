"""The figures of signing in, read from ``data/dictionaries/sign_in.toml``: each has its source beside it."""

from datetime import timedelta

from geo.territory.dictionaries import dictionary


def figure(code: str) -> int:
    """Return a figure by its code, in the unit that the code ends with, or a count.

    Raises
    ------
    CodeError
        There is no such figure.
    """
    return int(dictionary("sign_in")[code].extra["value"])


def span(code: str) -> timedelta:
    """Return a length of time by its code, which ends with its unit.

    Raises
    ------
    CodeError
        There is no such figure.
    ValueError
        It is no length of time.
    """
    unit = code.rpartition("_")[2]
    if unit not in ("seconds", "minutes", "hours", "days"):
        raise ValueError(f"{code} is no length of time")
    return timedelta(**{unit: figure(code)})
