"""Streets and communities are found by code or by the name people say."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import InputError, NotFoundError
from geo.storage import divisions
from tests import factories as make


def lay(session: Session) -> None:
    """南湖街道 with 渔邨社区 and 嘉北社区, and 东门街道 with another 渔邨社区."""
    make.make_community(session, 1, name="渔邨社区")
    make.make_community(session, 2, name="嘉北社区")
    make.make_street(session, code="440307002", name="东门街道")
    make.make_community(session, 1, street_code="440307002", name="渔邨社区")


@pytest.fixture
def town(on_laid: Session) -> Session:
    return on_laid


@pytest.mark.parametrize("said", ["440307001", "南湖街道", "南湖", " 南湖 "])
def test_street_by_code_or_name(town: Session, said: str) -> None:
    found = divisions.find(town, said)
    assert (found.code, found.name, found.level, found.parent) == ("440307001", "南湖街道", "street", None)


@pytest.mark.parametrize("said", ["440307001002", "嘉北社区", "嘉北"])
def test_community_by_code_or_name(town: Session, said: str) -> None:
    found = divisions.find(town, said)
    assert (found.code, found.level, found.parent) == ("440307001002", "community", "440307001")


def test_a_name_that_two_have_is_asked_back(town: Session) -> None:
    with pytest.raises(InputError) as asked:
        divisions.find(town, "渔邨")
    assert "440307001001" in asked.value.zh
    assert "440307002001" in asked.value.en


def test_the_exact_name_goes_before_the_shortened(town: Session) -> None:
    make.make_community(town, 3, name="渔邨")
    assert divisions.find(town, "渔邨").code == "440307001003"


@pytest.mark.parametrize("said", ["不存在", "44030700", "", "' OR true --", "%", "440307009"])
def test_what_is_not_there_is_said_with_what_is(town: Session, said: str) -> None:
    for look in (divisions.find, divisions.name_of, divisions.community_codes):
        with pytest.raises(NotFoundError, match="南湖街道"):
            look(town, said)


def test_an_empty_store_says_so(session: Session) -> None:
    with pytest.raises(NotFoundError, match="import"):
        divisions.find(session, "南湖")


def test_lists(town: Session) -> None:
    assert [street.code for street in divisions.streets(town)] == ["440307001", "440307002"]
    assert [found.name for found in divisions.communities(town, "440307001")] == ["渔邨社区", "嘉北社区"]
    assert len(divisions.communities(town)) == 3
    assert divisions.name_of(town, "440307002") == "东门街道"
    assert divisions.community_codes(town, "440307001") == ["440307001001", "440307001002"]
    assert divisions.community_codes(town, "440307001002") == ["440307001002"]
    assert len(divisions.community_codes(town)) == 3


def test_ended_divisions_are_gone(town: Session) -> None:
    town.execute(text("UPDATE community SET ended_at = now() WHERE code = '440307001002'"))
    assert divisions.community_codes(town, "440307001") == ["440307001001"]
    with pytest.raises(NotFoundError):
        divisions.find(town, "嘉北")
