"""Tokens: long, random, and kept as fingerprints only."""

from geo.access.tokens import fingerprint, looks_like_token, new_token


def test_tokens_are_long_and_never_the_same() -> None:
    made = {new_token() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(looks_like_token(token) for token in made)
    assert len(set("".join(made))) == 64


def test_what_is_no_token_is_known_without_asking() -> None:
    for text in ("", "a" * 42, "a" * 44, "a" * 42 + "!", "a" * 42 + "é", "a" * 43 + "\n"):
        assert not looks_like_token(text), text


def test_fingerprints_are_sha256_and_say_nothing_of_the_token() -> None:
    assert fingerprint("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    token = new_token()
    assert token.encode() not in fingerprint(token)
