"""Reports for meetings over cases that can be counted by hand; what is resolved is followed as a case."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import CodeError, InputError, NotFoundError
from geo.services.reporting import Resolution, draw_up_report, resolve
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services.test_figuring import done
from tests.geo.services.test_leading import EAST, NEW, NOW, WEST, day, fill
from tests.ledgered import LEADER, STAFF


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("leading", fill)) as engine:
        yield engine


@pytest.fixture
def session(store: Engine) -> Iterator[Session]:
    """As the store's owner; undone afterwards."""
    with session_scope(store) as session:
        yield session
        session.rollback()


def test_a_month_of_a_community(session: Session) -> None:
    report = draw_up_report(session, "community_monthly", COMMUNITY, now=NOW, who="tester")
    assert (report.name, report.has_ended) == ("2026-08", True)
    assert {one.figure.code: (one.value, one.before, one.is_met) for one in report.goals} == {
        "grids_without_worker": (3, 3, False), "complaints": (1, 0, False), "accidents": (0, 0, True),
    }  # fmt: skip
    figures = {one.figure.code: one for one in report.figures}
    assert (figures["found"].value, figures["found"].before, figures["found"].is_better) == (2, 0, None)
    assert figures["coverage"].is_better
    # The one of June is the longest overdue; that of August passed its limit on the 20th.
    assert [(one.named.kind.zh, one.days) for one in report.overdue] == [("燃气隐患", 72), ("电梯隐患", 11)]
    assert report.n_overdue == 2
    assert report.spots == []
    # Those of whom nothing is known but that nobody came by come after who was visited; all had nothing before.
    assert [(one.code, one.place, one.before) for one in report.ranking] == [
        (NEW, 1, 1),
        (WEST, 2, 1),
        (EAST, None, None),
    ]


def test_what_was_late_stays_so_long_late_when_its_limit_is_put_off(session: Session) -> None:
    case_id = session.scalars(text("SELECT id FROM ledger_case WHERE kind = 'lift'")).one()
    done(session, case_id, ("x", "open", day(9, 10)), late=day(8, 20))
    put_off = text("UPDATE ledger_case SET due_at = :due, moved_at = :at WHERE id = :id")
    session.execute(put_off, {"due": day(12, 1), "at": day(9, 10), "id": case_id})
    report = draw_up_report(session, "community_monthly", COMMUNITY, now=NOW, who="tester")
    assert [(one.named.kind.zh, one.days) for one in report.overdue] == [("燃气隐患", 72), ("电梯隐患", 11)]


def test_half_a_year_of_a_street(session: Session) -> None:
    report = draw_up_report(session, "street_half_yearly", STREET, "2026-H2", now=NOW, who="tester")
    assert not report.has_ended
    assert (report.before.first.isoformat(), report.period.last.isoformat()) == ("2026-01-01", "2026-12-31")
    assert [(one.code, one.name, one.place) for one in report.ranking] == [(COMMUNITY, "第1社区", 1)]


def test_what_is_resolved_is_a_case_with_somebody_in_charge(session: Session) -> None:
    wanted = Resolution("加装电动车充电桩", kind="fire_safety", assignee="物业公司")
    opening = resolve(session, "community_monthly", COMMUNITY, "2026-08", wanted, actor=LEADER)
    case = opening.case
    assert (opening.outcome, case.step, case.assignee, case.source) == ("opened", "handling", "物业公司", "meeting")
    assert (case.community_code, case.nature) == (COMMUNITY, "suggestion")
    report = draw_up_report(session, "community_monthly", COMMUNITY, "2026-08", now=NOW, who="tester")
    assert [one.case.id for one in report.resolutions] == [case.id]
    following = draw_up_report(session, "community_monthly", COMMUNITY, "2026-09", now=NOW, who="tester")
    assert [one.case.id for one in following.follow_up] == [case.id]
    assert following.resolutions == []
    # Of other scopes and meetings it is none.
    street = draw_up_report(session, "street_half_yearly", STREET, "2026-H2", now=NOW, who="tester")
    assert street.resolutions == []


def test_without_anybody_named_the_duty_list_names_who(session: Session) -> None:
    opening = resolve(session, "community_monthly", COMMUNITY, "2026-08", Resolution("修路灯"), actor=STAFF)
    assert opening.case.assignee
    assert opening.case.due_at is not None


def test_a_hazard_that_is_open_already_is_joined_and_linked(session: Session) -> None:
    report = draw_up_report(session, "community_monthly", COMMUNITY, "2026-08", now=NOW, who="tester")
    late = report.overdue[0].named.case
    wanted = Resolution("限期整改", workflow="hazard", kind=late.kind, building_code=late.building_code)
    opening = resolve(session, "community_monthly", COMMUNITY, "2026-08", wanted, actor=LEADER)
    assert (opening.outcome, opening.case.id) == ("joined", late.id)
    again = resolve(session, "community_monthly", COMMUNITY, "2026-08", wanted, actor=LEADER)
    assert len(again.case.details["meetings"]) == 1
    linked = draw_up_report(session, "community_monthly", COMMUNITY, "2026-08", now=NOW, who="tester").resolutions
    assert [one.case.id for one in linked] == [late.id]


@pytest.mark.parametrize(("nature", "step"), [("general", "assigned"), ("major", "judged")])
def test_a_new_hazard_is_handed_on_as_its_workflow_lets_a_meeting(session: Session, nature: str, step: str) -> None:
    report = draw_up_report(session, "community_monthly", COMMUNITY, "2026-08", now=NOW, who="tester")
    building = report.overdue[0].named.case.building_code
    given = {"workflow": "hazard", "kind": "structure", "nature": nature, "assignee": "anna", "client_key": "meeting-1"}
    wanted = Resolution("外墙开裂", building_code=building, **given)  # type: ignore[arg-type]
    opening = resolve(session, "community_monthly", COMMUNITY, "2026-08", wanted, actor=LEADER)
    assert (opening.outcome, opening.case.step) == ("opened", step)
    sent_again = resolve(session, "community_monthly", COMMUNITY, "2026-08", wanted, actor=LEADER)
    assert (sent_again.outcome, sent_again.case.id) == ("known", opening.case.id)


def test_what_is_wrong_is_refused_in_words(session: Session) -> None:
    with pytest.raises(CodeError):
        draw_up_report(session, "weekly", COMMUNITY)
    with pytest.raises(InputError, match="社区"):
        draw_up_report(session, "community_monthly", STREET)
    with pytest.raises(InputError):
        draw_up_report(session, "community_monthly", COMMUNITY, "2026-H1")
    with pytest.raises(NotFoundError):
        draw_up_report(session, "community_monthly", "440307001009")
    with pytest.raises(InputError, match="隐患须写明"):
        resolve(
            session, "community_monthly", COMMUNITY, "2026-08", Resolution("x", workflow="hazard", kind="gas"), who="x"
        )
    with pytest.raises(InputError, match="哪个社区"):
        resolve(session, "street_half_yearly", STREET, "2026-H1", Resolution("x"), who="x")
    elsewhere = Resolution("x", community_code="440307002001")
    with pytest.raises(InputError, match="哪个社区"):
        resolve(session, "street_half_yearly", STREET, "2026-H1", elsewhere, who="x")
