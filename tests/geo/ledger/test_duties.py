"""Every kind has a line on a duty list, every line names parties that there are, and limits that the calendar knows."""

from datetime import datetime

import pytest

from geo.access.roles import roles
from geo.errors import CodeError
from geo.ledger import duties
from geo.ledger.working_time import calendar
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME


def test_every_kind_of_request_has_its_line_and_the_same_names() -> None:
    kinds, listed = dictionary("request_kinds").entries, duties.duties("request")
    assert set(listed) == set(kinds)
    assert {kind: (duty.zh, duty.en) for kind, duty in listed.items()} == {
        kind: (entry.zh, entry.en) for kind, entry in kinds.items()
    }


@pytest.mark.parametrize("workflow", duties.LISTS)
def test_every_line_is_whole(workflow: str) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=CHINA_TIME)
    for duty in duties.duties(workflow).values():
        assert duty.party not in duty.helps, duty.kind
        assert len(set(duty.helps)) == len(duty.helps) > 0, duty.kind
        assert duty.standard_zh, duty.kind
        assert duty.standard_en, duty.kind
        assert duty.source, duty.kind
        assert calendar().add(noon, duty.limit) > noon, duty.kind


def test_parties_are_of_rungs_and_roles_that_there_are() -> None:
    bodies = dictionary("body_kinds").entries
    for party in duties.parties().values():
        assert party.rung in duties.RUNGS
        assert party.roles <= set(roles())
        assert all(roles()[role].handles_cases for role in party.roles)
        assert party.bodies <= set(bodies)
    assert {party.rung for party in duties.parties().values()} == set(duties.RUNGS)


def test_what_is_on_no_list_is_dealt_with_as_other() -> None:
    assert duties.of("never heard of") == duties.of("other")
    assert duties.of("lift", workflow="hazard").workflow == "hazard"


def test_a_workflow_without_a_list_is_refused_by_name() -> None:
    with pytest.raises(CodeError, match="city_case"):
        duties.of("other", workflow="city_case")
