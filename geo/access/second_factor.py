"""The second factor: codes of an authenticator on a telephone (TOTP, RFC 6238), each taken once."""

import io
import re
from datetime import datetime

import pyotp
import segno

from geo.access.limits import figure

ISSUER = "网格 wangge"

_CODE = re.compile(r"[0-9]+")


def new_key() -> str:
    """Return a new key of 160 bits in base32, as authenticators take them."""
    return pyotp.random_base32()


def address_of(key: str, login: str) -> str:
    """Return the ``otpauth://`` address that carries a key into an authenticator."""
    return _totp(key).provisioning_uri(name=login, issuer_name=ISSUER)


def picture_of(address: str) -> str:
    """Draw an address as a QR code: an SVG element without script or style, 4 units a module."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, nl=False, svgclass=None, lineclass=None
    )
    return drawn.getvalue().decode()


def step_of_code(key: str, code: str, *, at: datetime, last_step: int | None) -> int | None:
    """Return the step of time that a code belongs to, or None when the code is not to be taken.

    Parameters
    ----------
    key
        The account's key.
    code
        What was typed; blanks are passed over.
    at
        Now, with its zone.
    last_step
        Step of the code that was taken last; that code, and every older one, is not taken again.
    """
    typed = "".join(code.split())
    if len(typed) != figure("code_digits") or not _CODE.fullmatch(typed) or not typed.isascii():
        return None
    totp = _totp(key)
    now = totp.timecode(at)
    either_side = figure("code_steps_either_side")
    # Every step is tried whatever the earlier ones gave: how long it takes tells nothing.
    found = [
        step
        for step in range(now - either_side, now + either_side + 1)
        if pyotp.utils.strings_equal(totp.generate_otp(step), typed)
    ]
    fresh = [step for step in found if last_step is None or step > last_step]
    return max(fresh, default=None)


def _totp(key: str) -> pyotp.TOTP:
    return pyotp.TOTP(key, digits=figure("code_digits"), interval=figure("code_seconds"))
