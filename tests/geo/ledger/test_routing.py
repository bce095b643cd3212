"""What a text is about, and to whom that goes, case by case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.ledger import duties
from geo.ledger.routing import There, judge, route
from geo.territory.dictionaries import dictionary

COMMUNITY, GRID = "440307001001", "440307001001002"
BODY, COMMITTEE, STATION = "440307001R0001", "440307001R0002", "440307001R0003"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("楼下垃圾堆了三天,没人清运", "rubbish"),
        ("3栋电梯坏了,老人被困", "lift"),
        ("小区门口停车把消防通道都占了,消防车进不来", "fire_safety"),
        ("楼上装修太吵", "noise"),
        ("我想问一下办证要什么材料", "public_service"),
        ("隔壁着火了", "accident"),
        ("你好", "other"),
        ("", "other"),
    ],
)
def test_a_text_is_judged_by_its_words(text: str, kind: str) -> None:
    assert judge(text).kind == kind


def test_words_inside_longer_ones_are_not_counted_twice() -> None:
    assert judge("消防通道").words == ("消防通道",)


def test_a_tie_is_left_to_people() -> None:
    judged = judge("电梯,停车")
    assert (judged.kind, judged.others, judged.is_sure) == ("other", ("lift", "parking"), False)


@given(st.text(max_size=200))
def test_any_text_is_of_a_kind(text: str) -> None:
    judged = judge(text)
    assert judged.kind in dictionary("request_kinds")
    assert all(word in text for word in judged.words)
    assert judged.kind not in judged.others


def there(grid: str | None = GRID, **bodies: str) -> There:
    return There(COMMUNITY, grid, bodies)


def test_it_goes_to_the_body_that_the_place_has() -> None:
    found = route(duties.of("lift"), there(property_company=BODY))
    assert (found.party.code, found.code, found.body, found.rung) == ("property_company", BODY, BODY, "grid")
    assert [party.code for party in found.helps] == ["market_supervision", "grid_worker"]
    assert BODY in found.reasons[-1][0]
    assert BODY in found.reasons[-1][1]


def test_without_that_body_the_next_one_takes_it_and_it_is_said_why() -> None:
    found = route(duties.of("property"), there(owners_committee=COMMITTEE))
    assert (found.party.code, found.code) == ("owners_committee", COMMITTEE)
    assert "物业服务企业" in found.reasons[1][0]
    assert found.helps[0].code == "property_company"


def test_a_grid_worker_needs_a_grid() -> None:
    duty = duties.of("noise")
    assert route(duty, there()).code == GRID
    without = route(duty, there(grid=None))
    assert (without.party.code, without.rung, without.code) == ("police", "community", COMMUNITY)
    assert "网格" in without.reasons[1][0]


def test_a_street_office_is_the_streets() -> None:
    found = route(duties.of("illegal_building"), there())
    assert (found.rung, found.code, found.role) == ("street", COMMUNITY[:9], "leader")


def test_the_community_is_its_work_station_where_there_is_one() -> None:
    assert route(duties.of("hardship"), there(work_station=STATION)).code == STATION
    assert route(duties.of("hardship"), there()).code == COMMUNITY


@pytest.mark.parametrize("workflow", duties.LISTS)
@given(grid=st.sampled_from([GRID, None]), bodies=st.sets(st.sampled_from(sorted(dictionary("body_kinds").entries))))
def test_everything_goes_to_somebody(workflow: str, grid: str | None, bodies: set[str]) -> None:
    place = There(COMMUNITY, grid, dict.fromkeys(bodies, BODY))
    for duty in duties.duties(workflow).values():
        found = route(duty, place)
        assert found.party not in found.helps
        assert found.rung == found.party.rung
        assert found.code in {GRID, COMMUNITY, COMMUNITY[:9], BODY}
        assert (found.rung, grid) != ("grid", None) or found.body
        assert {found.party, *found.helps} >= {duty.party}
