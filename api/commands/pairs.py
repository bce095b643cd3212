"""Options that take ``NAME=VALUE``, several times."""

from geo.errors import InputError


def pairs_of(texts: list[str] | None, option: str) -> dict[str, str]:
    """Read the pairs of an option; what is after the sign may be empty.

    Raises
    ------
    InputError
        One of them is no pair.
    """
    pairs = {}
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InputError(f"{option} 应写成 名称=值,收到“{text}”", f"{option} takes NAME=VALUE, not {text!r}")
        pairs[name.strip()] = value.strip()
    return pairs
