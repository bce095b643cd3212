"""``wangge account``: accounts from the terminal."""

import re

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.commands.account import account_app
from api.commands.demo import PEOPLE, make_people
from geo.access.roles import roles as all_roles
from geo.errors import InputError, SignInError
from geo.services import signing_in
from geo.storage.database import session_scope

PASSWORD = "correct horse battery"
LINK = re.compile(r"http://127\.0\.0\.1:8000/invitation\?link=([A-Za-z0-9_-]{43})\n")


def run(*words: str) -> str:
    done = CliRunner().invoke(account_app, list(words), env={"COLUMNS": "200"})
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def token_in(said: str) -> str:
    found = LINK.search(said)
    assert found is not None, said
    return found[1]


def test_from_an_empty_store_to_somebody_who_plans(empty_store: Engine) -> None:
    first = token_in(run("link"))
    signing_in.use_link(empty_store, first, login="chen", person="陈静", password=PASSWORD)
    assert "已有系统管理员" in run("link")

    made = run("create", "li.hua", "李华", "--role", "planner", "--scope", "440304006")
    signing_in.use_link(empty_store, token_in(made), login="", person="", password=PASSWORD)
    actor = signing_in.sign_in(empty_store, "li.hua", PASSWORD, kind="bearer").actor
    assert (actor.roles, actor.scopes) == ({"planner"}, ("440304006",))

    run("give", "li.hua", "--role", "staff", "--scope", "440304006001")
    listed = run("list")
    assert re.search(r"li\.hua .*李华 .*工作人员 .*440304006001 .*正常", listed), listed
    assert "chen" in listed
    assert "first-administrator" not in listed

    again = token_in(run("link", "li.hua"))
    assert signing_in.invited(empty_store, again).login == "li.hua"
    run("end", "li.hua")
    assert "已停用" in run("list")


def test_the_address_of_the_office_goes_into_the_link(empty_store: Engine) -> None:
    assert "https://grid.office.cn/invitation?link=" in run("link", "--address", "https://grid.office.cn/")


def test_roles_that_exclude_one_another_are_refused(empty_store: Engine) -> None:
    with pytest.raises(InputError):
        run("create", "li.hua", "李华", "--role", "administrator", "--role", "auditor")
    assert "li.hua" not in run("list")


def test_a_demo_has_one_of_each_kind_with_new_random_passwords_each_time(empty_store: Engine) -> None:
    first, second = (made_people(empty_store) for _ in range(2))
    assert set(first) == set(PEOPLE) == set(second)
    assert len({*first.values(), *second.values()}) == 2 * len(PEOPLE)
    held = {role for _, roles, _ in PEOPLE.values() for role in roles}
    assert held == set(all_roles()) - {"public"}
    found = signing_in.sign_in(empty_store, "demo-planner", second["demo-planner"], kind="bearer")
    assert found.actor.roles == {"planner"}
    with pytest.raises(SignInError):
        signing_in.sign_in(empty_store, "demo-planner", first["demo-planner"], kind="bearer")


def made_people(engine: Engine) -> dict[str, str]:
    with session_scope(engine) as session:
        return make_people(session)
