"""Passwords: which are refused, how they are kept, and that only a few are checked at a time."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.access import passwords
from geo.access.limits import figure
from geo.access.passwords import Checks, hash_password, is_password, random_password, refuse_weak
from geo.errors import BusyError, PasswordError


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "x" * 129,
        "Password1234",
        "PASSWORD!!!!",
        "123456789012",
        "098765432109",
        "qwertyuiopas",
        "abcdefghijklmn",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "woaini1314520",
        "1qaz2wsx3edc",
        "adminpassword",
        "wangge123456789",
        "社区社区社区社区社区社区",
        "lihua-is-my-name",
        "I-am-LiHua-indeed",
        "我是李华不是别人真的是我",
        "Ｐａｓｓｗｏｒｄ１２３４",
    ],
)
def test_passwords_that_anybody_would_guess_are_refused(password: str) -> None:
    with pytest.raises(PasswordError) as refused:
        refuse_weak(password, "lihua", "李华")
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "今天下班去公园散步三圈吧好吗", "Tr0ub4dor&3-and-more", "x7 K! q9 ~p Zz"]
)
def test_sentences_and_random_passwords_are_taken(password: str) -> None:
    refuse_weak(password, "lihua", "李华")


def test_printed_passwords_are_good_and_differ() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        refuse_weak(password, "planner")


def test_what_is_kept_is_argon2id_with_the_figures_of_the_dictionary() -> None:
    kept = hash_password("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != hash_password("correct horse battery")
    assert is_password("correct horse battery", kept)
    assert is_password("ｃｏｒｒｅｃｔ horse battery", kept)  # full-width keys of an input method
    assert not is_password("correct horse batterz", kept)
    assert not is_password("correct horse battery", None)
    assert not is_password("correct horse battery", "no hash at all")


def test_an_unknown_login_takes_as_long_as_a_wrong_password() -> None:
    kept = hash_password("correct horse battery")
    is_password("warm up", None)

    def took(stored: str | None) -> float:
        times = []
        for _ in range(7):
            start = time.process_time()
            is_password("wrong password", stored)
            times.append(time.process_time() - start)
        return sorted(times)[3]

    assert 0.5 < took(None) / took(kept) < 2


@given(st.text(max_size=300))
def test_any_text_is_refused_or_taken(text: str) -> None:
    try:
        refuse_weak(text, "lihua")
    except PasswordError:
        return
    assert figure("password_least") <= len(passwords._normal(text)) <= figure("password_most")


def test_only_a_few_are_checked_at_a_time_and_a_flood_is_turned_away() -> None:
    room = Checks(2, 3)
    leave, busy = threading.Event(), 0
    at_work, most, lock = 0, 0, threading.Lock()

    def check() -> None:
        nonlocal at_work, most
        with room.place():
            with lock:
                at_work += 1
                most = max(most, at_work)
            leave.wait(20)
            with lock:
                at_work -= 1

    inside = [threading.Thread(target=check) for _ in range(5)]
    for thread in inside:
        thread.start()
    limit = time.monotonic() + 20
    while room._inside._value and time.monotonic() < limit:
        time.sleep(0.001)
    for _ in range(4):
        with pytest.raises(BusyError), room.place():
            pass
        busy += 1
    leave.set()
    for thread in inside:
        thread.join()
    assert (most, busy) == (2, 4)
    with room.place():
        pass  # the room is free again
