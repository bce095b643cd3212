"""Codes of an authenticator: those of RFC 6238, each taken once."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pyotp
import pytest

from geo.access.second_factor import address_of, new_key, picture_of, step_of_code

#: Test vectors of RFC 6238, appendix B (SHA-1), the last six of their eight digits.
RFC_KEY = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("second", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    at = datetime.fromtimestamp(second, UTC)
    assert step_of_code(RFC_KEY, code, at=at, last_step=None) == second // 30
    assert step_of_code(RFC_KEY, f" {code[:3]} {code[3:]} ", at=at, last_step=None) == second // 30


def test_a_code_is_taken_once_and_no_older_one_after_it() -> None:
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    key = new_key()
    totp = pyotp.TOTP(key)
    step = step_of_code(key, totp.at(at), at=at, last_step=None)
    assert step is not None
    assert step_of_code(key, totp.at(at), at=at, last_step=step) is None
    before = at - timedelta(seconds=30)
    assert step_of_code(key, totp.at(before), at=at, last_step=step) is None
    after = at + timedelta(seconds=30)
    assert step_of_code(key, totp.at(after), at=at, last_step=step) == step + 1


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_telephone_may_be_half_a_minute_off(seconds: int, taken: bool) -> None:
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    key = new_key()
    code = pyotp.TOTP(key).at(at + timedelta(seconds=seconds))
    assert (step_of_code(key, code, at=at, last_step=None) is not None) is taken


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12345\x00"])
def test_what_is_no_code_is_not_taken(code: str) -> None:
    assert step_of_code(RFC_KEY, code, at=datetime.fromtimestamp(59, UTC), last_step=None) is None


def test_the_key_reaches_the_telephone_in_a_picture() -> None:
    key = new_key()
    address = address_of(key, "li hua")
    assert parse_qs(urlsplit(address).query)["secret"] == [key]
    assert len(base64.b32decode(key)) == 20
    picture = ElementTree.fromstring(picture_of(address))
    assert picture.tag.endswith("svg")
    assert "script" not in picture_of(address)
    assert "style" not in picture_of(address)
