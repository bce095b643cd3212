"""A merged plan in force ends the departments' plans that it was merged from: all of them, or none."""

from datetime import datetime, timedelta

import pytest

from geo.errors import ConflictError, StaleVersionError
from geo.services.adopting import adopt_plan
from geo.services.merging import merge_scope
from geo.services.retiring import adopt_merged, merged_from, retire_sources, told_ended
from geo.storage import events, network, plans
from geo.territory.times import CHINA_TIME
from tests import factories
from tests.geo.services import old_networks
from tests.geo.services.old_networks import CITY, POLICE, WHO, old_grids


def lay(session):
    return old_networks.build(session)


@pytest.fixture
def session(on_laid):
    return on_laid


@pytest.fixture
def town(laid):
    return laid[1]


def merged(session, scope=factories.COMMUNITY, **options):
    outcome = merge_scope(session, scope, who=WHO, compare=False, **options)
    return plans.read_plan(session, outcome.plan_id)


def in_force(session):
    return network.departments(session, factories.STREET)


def test_a_draft_says_which_plans_it_was_merged_from(session, town):
    draft = merged(session)
    sources = merged_from(draft)
    assert [(one["department"], one["grids"], one["version"]) for one in sources] == [("公安", 4, 2), ("城管", 2, 2)]
    assert [plans.read_plan(session, one["plan"]).state for one in sources] == ["adopted", "adopted"]


def test_departments_plans_stay_in_force_unless_asked_for(session, town):
    draft = merged(session)
    adopt_plan(session, draft.id, who=WHO, version=draft.version)
    assert in_force(session) == ["公安", "城管"]


def test_adopting_ends_them_and_keeps_their_history(session, town):
    draft = merged(session)
    adopted, ended = adopt_merged(session, draft.id, who="张三", version=draft.version)
    assert adopted.state == "adopted"
    assert in_force(session) == []
    assert [plan.id for plan in ended] == [one["plan"] for one in merged_from(draft)]
    assert {(plan.state, plan.superseded_at) for plan in ended} == {("superseded", adopted.adopted_at)}
    for plan in ended:
        (told,) = (one for one in events.read(session, noun="plan", code=str(plan.id)) if one.what == "superseded")
        assert told.who == "张三"
    assert len(plans.read_grids(session, ended[0].id)) == 4


def test_what_was_in_force_on_an_earlier_day_is_still_told(session, town):
    # One transaction has one moment, so the departments' plans are taken back to last year before they end.
    last_year = datetime.now(CHINA_TIME) - timedelta(days=365)
    emergency = old_networks.old_grids(session, "应急", CITY, 801, adopt=False)
    (plan,) = plans.list_plans(session, department="应急")
    plans.adopt(session, plan.id, who=WHO, version=plan.version, at=last_year)
    draft = merged(session, departments=["应急"])
    adopt_merged(session, draft.id, who=WHO, version=draft.version)
    then = network.read_network(session, factories.COMMUNITY, department="应急", on=last_year.date())
    assert sorted(then["code"]) == emergency
    assert network.read_network(session, factories.COMMUNITY, department="应急").empty


def test_only_the_departments_that_were_merged_end(session, town):
    draft = merged(session, departments=["城管"])
    adopt_merged(session, draft.id, who=WHO, version=draft.version)
    assert in_force(session) == ["公安"]


def test_a_department_without_weight_was_not_merged(session, town):
    draft = merged(session, weights={"城管": 0.0})
    _, ended = adopt_merged(session, draft.id, who=WHO, version=draft.version)
    assert [plan.department for plan in ended] == ["公安"]


def test_a_community_s_own_plan_ends_with_the_street_s_beneath(session, town):
    # Ending the community's plan alone would bring the street's older grids back in force there.
    community = plans.latest(session, factories.COMMUNITY, "城管")
    grids = plans.read_grids(session, community.id)
    street = factories.make_plan(
        session, scope_code=factories.STREET, department="消防", grids=grids, lower=None, upper=None, seed=None
    )
    plans.adopt(session, street, who=WHO, version=1)
    own = factories.make_plan(session, department="消防", grids=grids, lower=None, upper=None, seed=None)
    plans.adopt(session, own, who=WHO, version=1)
    draft = merged(session, scope=factories.STREET, departments=["消防"])
    _, ended = adopt_merged(session, draft.id, who=WHO, version=draft.version)
    assert [plan.id for plan in ended] == [street, own]
    assert network.read_network(session, factories.STREET, department="消防").empty


class TestRefused:
    def test_a_department_changed_its_grids_meanwhile(self, session, town):
        draft = merged(session)
        old_grids(session, "公安", POLICE, 401)
        newer = plans.latest(session, factories.COMMUNITY, "公安")
        with pytest.raises(ConflictError, match=f"now {newer.id} is in force"), session.begin_nested():
            adopt_merged(session, draft.id, who=WHO, version=draft.version)
        assert plans.read_plan(session, draft.id).state == "draft"
        assert in_force(session) == ["公安", "城管"]

    def test_a_department_s_plan_reaches_beyond_the_merged_one(self, session, town):
        grids = plans.read_grids(session, plans.latest(session, factories.COMMUNITY, "城管").id)
        street = factories.make_plan(
            session, scope_code=factories.STREET, department="消防", grids=grids, lower=None, upper=None, seed=None
        )
        plans.adopt(session, street, who=WHO, version=1)
        draft = merged(session, departments=["消防"])
        with pytest.raises(ConflictError, match=f"covers all of {factories.STREET}"):
            adopt_merged(session, draft.id, who=WHO, version=draft.version)

    def test_a_plan_that_was_not_merged(self, session, town):
        plan = factories.make_plan(session)
        with pytest.raises(ConflictError, match="no record of departments' plans"):
            adopt_merged(session, plan, who=WHO, version=1)

    def test_a_version_that_was_not_the_newest(self, session, town):
        draft = merged(session)
        with pytest.raises(StaleVersionError):
            adopt_merged(session, draft.id, who=WHO, version=draft.version + 1)

    def test_a_draft_ends_nothing(self, session, town):
        with pytest.raises(ConflictError, match="is draft, not in force"):
            retire_sources(session, merged(session).id, who=WHO)

    def test_a_plan_that_is_in_force_no_more_is_not_ended(self, session, town):
        draft = merged(session)
        adopt_merged(session, draft.id, who=WHO, version=draft.version)
        with pytest.raises(ConflictError, match="— is in force"):
            retire_sources(session, draft.id, who=WHO)
        with pytest.raises(ConflictError, match="is superseded, not in force"):
            plans.retire(session, [merged_from(draft)[0]["plan"]], who=WHO)


def test_they_may_end_later_than_the_merged_plan_began(session, town):
    draft = merged(session)
    adopt_plan(session, draft.id, who=WHO, version=draft.version)
    ended = retire_sources(session, draft.id, who=WHO)
    today = f"{datetime.now(CHINA_TIME):%Y-%m-%d}"
    for line, plan in zip(told_ended(ended), ended, strict=True):
        for word in (plan.department, f"方案 {plan.id}", plan.name, today):
            assert word in line
