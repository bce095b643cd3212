"""Secrets that stand for a person for a while: sign-ins and one-time links. Only their fingerprints are ever kept."""

import hashlib
import re
import secrets

#: 256 bits, far beyond guessing (ASVS 5.0 7.2.3 asks for 128); a fingerprint without salt is enough for so much chance.
TOKEN_BYTES = 32

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Return a new secret of 43 characters that are safe in addresses, headers and cookies."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def looks_like_token(text: str) -> bool:
    """Tell whether a text has the form of a token; what has not is not worth asking the store about."""
    return _TOKEN.fullmatch(text) is not None


def fingerprint(token: str) -> bytes:
    """Return what is kept of a token: its SHA-256, 32 bytes, from which nobody comes back to the token."""
    return hashlib.sha256(token.encode()).digest()
