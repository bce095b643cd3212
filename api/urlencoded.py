"""The fields of a form as browsers and programs send it (``application/x-www-form-urlencoded``), read strictly."""

from urllib.parse import parse_qsl

FORM = "application/x-www-form-urlencoded"


def read_fields(body: bytes, *, most: int, longest: int) -> list[tuple[str, str]] | None:
    """Return the fields of a form in their order, empty ones too; None for what is none.

    Parameters
    ----------
    body
        UTF-8, percent-encoded.
    most, longest
        Fields at most, and characters of one at most; NUL is never taken.
    """
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=most,
            errors="strict",
        )
    except ValueError:
        return None
    if any(len(text) > longest or "\x00" in text for _, text in fields):
        return None
    return fields
