"""Cases in the store: opened where they lie, acted on as their workflow says, never entered twice, never lost."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from geo.errors import CodeError, ConflictError, FileFormatError, InputError, NotFoundError, StaleVersionError
from geo.ledger.lights import light_at
from geo.ledger.permissions import NotAllowedError, StepError
from geo.ledger.workflows import parse, workflow
from geo.services import cases
from geo.services.cases import CaseFilter, Deed, NewCase, Reporter, act_on_case, open_case, open_or_join
from geo.storage import cases as stored
from geo.storage import events
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.ledgered import ANNA, BEN, LEADER, STAFF, Ground, adopt, close, do, ground, photo

REQUEST = {"workflow": "request", "kind": next(iter(cases.kinds_of("request") or ()), "other")}


lay = ground


@pytest.fixture
def session(on_laid: Session) -> Session:
    return on_laid


@pytest.fixture
def place(laid: tuple[Engine, Ground]) -> Ground:
    return laid[1]


def new(place: Ground, **given: Any) -> NewCase:
    told: dict[str, Any] = {"workflow": "hazard", "kind": "wiring", "summary": "插座过载", "place_code": place.place}
    return NewCase(**(told | given))


# ── where it lies ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_place_says_where_the_case_lies(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    assert (case.street_code, case.community_code) == (make.STREET, make.COMMUNITY)
    assert (case.building_code, case.household_unit_code, case.place_code) == (place.building, place.unit, place.place)
    assert (case.grid_code, case.responsible_body_code) == (place.grids[0], place.body)
    assert (case.step, case.state, case.version, case.sightings) == ("found", "open", 1, 1)
    assert case.found_by == ANNA.name
    assert (case.lon, case.lat) == pytest.approx(place.point)


def test_a_mere_point_is_in_the_grid_round_it(session: Session, place: Ground) -> None:
    lon, lat = place.far_point
    case = open_case(session, new(place, place_code=None, lon=lon, lat=lat), actor=ANNA)
    assert (case.building_code, case.community_code, case.grid_code) == (None, make.COMMUNITY, place.grids[1])


def test_a_compound_answers_for_its_buildings(session: Session, place: Ground) -> None:
    case = open_case(session, new(place, place_code=None, building_code=place.building), actor=ANNA)
    assert case.responsible_body_code == place.company
    named = new(place, place_code=None, building_code=place.building, kind="gas", responsible_body_code=place.body)
    assert open_case(session, named, actor=ANNA).responsible_body_code == place.body


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"workflow": "dance"}, CodeError, "dance"),
        ({"kind": "ghosts"}, CodeError, "ghosts"),
        ({"summary": "  "}, InputError, "内容"),
        ({"summary": "长" * 2001}, InputError, "2000"),
        ({"nature": "terrible"}, InputError, "性质"),
        ({"place_code": f"{make.STREET}P999999"}, NotFoundError, "P999999"),
        ({"place_code": None}, InputError, "位置"),
        ({"place_code": None, "lon": 114.1}, InputError, "经度"),
        ({"place_code": None, "lon": 10.0, "lat": 10.0}, NotFoundError, "社区"),
        ({"details": {str(number): 1 for number in range(41)}}, InputError, "41"),
    ],
)
def test_what_is_wrong_is_said(
    session: Session, place: Ground, wrong: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        open_case(session, new(place, **wrong), actor=ANNA)


def test_a_place_is_not_in_another_building(session: Session, place: Ground) -> None:
    with pytest.raises(InputError, match=place.building):
        open_case(session, new(place, building_code=place.other_building), actor=ANNA)


def test_numbers_run_on_by_day_and_are_never_given_twice(session: Session, place: Ground) -> None:
    first = open_case(session, new(place), actor=ANNA)
    second = open_case(session, new(place, kind="gas"), actor=ANNA)
    day = f"{first.opened_at.astimezone(CHINA_TIME):%Y%m%d}"
    assert first.number.startswith(f"YH{day}")
    assert second.number.startswith(f"YH{day}")
    assert second.number > first.number


# ── seen twice, sent twice ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_seen_twice_is_one_case(session: Session, place: Ground) -> None:
    first = open_or_join(session, new(place), actor=ANNA)
    again = open_or_join(session, new(place, summary="又看到了"), actor=BEN)
    assert (first.outcome, again.outcome) == ("opened", "joined")
    assert again.case.id == first.case.id
    assert (again.case.sightings, again.case.version, again.case.found_by) == (2, 2, ANNA.name)
    moves = cases.read_moves(session, first.case.id)
    assert [(move.action, move.who, move.note) for move in moves] == [
        ("open", ANNA.name, None),
        ("seen_again", BEN.name, "又看到了"),
    ]


@pytest.mark.parametrize(
    "other", ["kind", "unit", "building", "closed", "workflow"], ids=lambda name: f"of another {name}"
)
def test_other_things_are_other_cases(session: Session, place: Ground, other: str) -> None:
    first = open_case(session, new(place), actor=ANNA)
    given: dict[str, Any] = {
        "kind": {"kind": "gas"},
        "unit": {"place_code": None, "household_unit_code": place.unit},
        "building": {"place_code": None, "building_code": place.building},
        "closed": {},
        "workflow": REQUEST,
    }[other]
    if other == "closed":
        close(session, first)
    assert open_or_join(session, new(place, **given), actor=BEN).outcome == "opened"


def test_requests_are_not_joined_by_themselves(session: Session, place: Ground) -> None:
    asked = new(place, **REQUEST, summary="电梯坏了")
    one, other = (open_or_join(session, asked, actor=ANNA) for _ in range(2))
    assert (one.outcome, other.outcome) == ("opened", "opened")
    assert one.case.id != other.case.id


def test_sent_twice_is_one(session: Session, place: Ground) -> None:
    sent = new(place, client_key="phone-7:1")
    first = open_or_join(session, sent, actor=ANNA)
    assert open_or_join(session, sent, actor=ANNA) == replace(first, outcome="known")
    # Another person's device may call something by the same name.
    assert open_or_join(session, new(place, client_key="phone-7:1"), actor=BEN).outcome == "joined"


def test_a_joined_sighting_sent_again_is_known_even_after_the_case_was_closed(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    sent = new(place, client_key="phone-8:1")
    joined = open_or_join(session, sent, actor=BEN)
    assert joined.outcome == "joined"
    close(session, joined.case)
    again = open_or_join(session, sent, actor=BEN)
    assert (again.outcome, again.case.id, again.case.state, again.case.sightings) == ("known", case.id, "closed", 2)


# ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_from_found_to_gone(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    case = do(session, case, "judge", LEADER, nature="general")
    assert (case.nature, case.step, case.version) == ("general", "judged", 2)
    case = do(session, case, "assign", LEADER, assignee="anna")
    case = do(session, case, "start", ANNA)
    with pytest.raises(InputError, match="照片"):
        do(session, case, "rectified", ANNA, note="换了插座")
    cases.attach(session, case.id, photo(), "after", actor=ANNA)
    case = do(session, case, "rectified", ANNA, note="换了插座")
    assert (case.fixed_by, case.step) == (ANNA.name, "reinspecting")
    with pytest.raises(NotAllowedError):
        do(session, case, "pass", ANNA)
    case = do(session, case, "pass", BEN)
    assert (case.state, case.closed_by, case.assignee) == ("closed", BEN.name, "anna")
    moves = cases.read_moves(session, case.id)
    assert [move.action for move in moves] == ["open", "judge", "assign", "start", "rectified", "pass"]
    assert [move.role for move in moves] == ["inspector", "leader", "leader", "inspector", "inspector", "inspector"]
    assert {move.grid_code for move in moves} == {place.grids[0]}
    told = [event.what for event in reversed(events.read(session, noun="case", code=str(case.id)))]
    assert told == ["opened", "judge", "assign", "start", "rectified", "pass"]


def test_events_say_nothing_of_what_a_case_is_about(session: Session, place: Ground) -> None:
    case = open_case(session, new(place, summary="姓王的家里"), actor=ANNA)
    told = events.read(session, noun="case", code=str(case.id))[0].after
    assert told is not None
    assert set(told) == set(stored._TOLD)
    assert "王" not in str(told)


def test_a_step_that_does_not_lead_there_says_what_is_possible(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    with pytest.raises(StepError, match="定级"):
        do(session, case, "pass", LEADER)
    assert issubclass(StepError, ConflictError)
    assert [action.code for action in cases.possible_actions(session, case, actor=LEADER)] == [
        "judge", "void", "escalate", "note",
    ]  # fmt: skip


def test_a_stale_version_is_refused(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    do(session, case, "note", BEN, note="看过了")
    with pytest.raises(StaleVersionError, match="第 2 版"):
        do(session, case, "judge", LEADER, nature="general")


def test_a_deed_sent_twice_is_done_once(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    deed = Deed("note", case.opened_at, note="看过了")
    done = act_on_case(session, case.id, deed, version=1, client_key="d1", actor=BEN)
    assert act_on_case(session, case.id, deed, version=1, client_key="d1", actor=BEN) == done
    assert len(cases.read_moves(session, case.id)) == 2


def test_a_clock_that_is_wrong_moves_nothing_before_what_it_follows(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    slow = act_on_case(session, case.id, Deed("note", case.opened_at - timedelta(days=3), note="慢"), actor=ANNA)
    fast = act_on_case(session, case.id, Deed("note", case.opened_at + timedelta(days=3), note="快"), actor=ANNA)
    assert slow.moved_at == case.opened_at
    assert fast.moved_at is not None
    assert fast.moved_at <= session.scalars(select(func.clock_timestamp())).one()


def test_photos_of_an_earlier_fix_do_not_show_a_later_one(session: Session, place: Ground) -> None:
    case = do(session, open_case(session, new(place), actor=ANNA), "judge", LEADER, nature="general")
    case = do(session, do(session, case, "assign", LEADER, assignee="anna"), "start", ANNA)
    cases.attach(session, case.id, photo(), "after", actor=ANNA)
    case = do(session, do(session, case, "rectified", ANNA, note="好了"), "fail", BEN, reason="没好")
    with pytest.raises(InputError, match="照片"):
        do(session, case, "rectified", ANNA, note="真好了")
    cases.attach(session, case.id, photo(7), "after", actor=ANNA)
    assert do(session, case, "rectified", ANNA, note="真好了").step == "reinspecting"


def test_a_case_finishes_under_the_workflow_it_began_with(
    session: Session, place: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = open_case(session, new(place), actor=ANNA)
    shipped = workflow("hazard")
    kept = [row for row in shipped.content["actions"] if row["code"] != "judge_again"]
    changed = parse({**shipped.content, "actions": kept})
    monkeypatch.setattr(cases, "workflow", lambda code: changed)
    later = open_case(session, new(place, kind="gas"), actor=ANNA)
    assert later.workflow_version_id != case.workflow_version_id
    old, young = (do(session, one, "judge", LEADER, nature="major") for one in (case, later))
    again = {"nature": "general", "reason": "看错了"}
    assert do(session, old, "judge_again", STAFF, **again).nature == "general"
    with pytest.raises(StepError):
        do(session, young, "judge_again", STAFF, **again)


def test_a_move_is_in_the_grid_of_its_day(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    adopt(session, {place.building: 2, place.other_building: 1})
    do(session, case, "judge", LEADER, nature="general")
    assert cases.read_case(session, case.id).grid_code == place.grids[0]
    assert [move.grid_code for move in cases.read_moves(session, case.id)] == list(place.grids)


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_filter_takes_its_own(session: Session, place: Ground) -> None:
    shop = open_case(session, new(place), actor=ANNA)
    lon, lat = place.far_point
    far = open_case(
        session,
        new(place, place_code=None, lon=lon, lat=lat, kind="gas", nature="major", summary="煤气味 100%"),
        actor=BEN,
    )
    done = close(session, open_case(session, new(place, kind="other"), actor=ANNA))
    wanted = {
        "workflow": ("hazard", [shop, far, done]),
        "kind": ("gas", [far]),
        "nature": ("major", [far]),
        "states": (("closed",), [done]),
        "step": ("found", [shop, far]),
        "scope": (place.grids[1], [far]),
        **{
            f"about {code}": (code, found)
            for code, found in {
                place.building: [shop, done],
                place.unit: [shop, done],
                place.place: [shop, done],
                place.compound: [shop, done],
                place.body: [shop, done],
                place.other_building: [],
            }.items()
        },
        "assignee": ("anna", [done]),
        "found_by": ("ben", [far]),
        "text": ("100%", [far]),
        "since": (done.opened_at, [done]),
        "until": (far.opened_at, [shop]),
        "box": ((lon - 1e-4, lat - 1e-4, lon + 1e-4, lat + 1e-4), [far]),
    }
    for name, (value, expected) in wanted.items():
        found = cases.read_cases(session, CaseFilter(**{name.split()[0]: value}))
        assert [case.id for case in found] == sorted((case.id for case in expected), reverse=True), name
    assert cases.read_cases(session, CaseFilter(scope=make.STREET), limit=1, after=far.id) == [
        cases.read_case(session, shop.id)
    ]


def test_a_light_is_the_same_to_the_store_and_to_the_engine(session: Session, place: Ground) -> None:
    kinds = ("wiring", "gas", "other")
    opened = [open_case(session, new(place, kind=kind), actor=ANNA) for kind in kinds]
    opened[1] = do(session, opened[1], "judge", LEADER, nature="major")
    close(session, opened[2])
    seen = set()
    for days in (0, 0.5, 0.9, 1, 2, 5, 20, 40):
        moment = opened[0].opened_at + timedelta(days=days)
        for light in ("green", "yellow", "red"):
            found = {case.id for case in cases.read_cases(session, CaseFilter(light=light, moment=moment))}
            told = {
                case.id
                for case in cases.read_cases(session, CaseFilter(states=("open",)))
                if light_at(moment, case.yellow_at, min(filter(None, (case.step_due_at, case.due_at)))) == light
            }
            assert found == told
            seen |= {light} if found else set()
    assert seen == {"green", "yellow", "red"}


def test_a_look_at_somebodys_place_is_an_event(session: Session, place: Ground) -> None:
    home = open_case(session, new(place), actor=ANNA)
    lon, lat = place.far_point
    street = open_case(session, new(place, place_code=None, lon=lon, lat=lat), actor=ANNA)
    cases.look_at_case(session, street.id, actor=LEADER)
    assert looks(session) == []
    cases.look_at_case(session, home.id, actor=LEADER)
    cases.look_at_cases(session, CaseFilter(), actor=BEN)
    assert looks(session) == [(LEADER.name, str(home.id)), (BEN.name, str(home.id))]


def test_who_asked_is_kept_apart_and_each_look_is_an_event(session: Session, place: Ground) -> None:
    asked = new(place, **REQUEST, reporter=Reporter("王女士", "13800001234"))
    case = open_case(session, asked, actor=STAFF)
    assert "13800001234" not in str(case)
    assert cases.look_at_reporter(session, case.id, actor=STAFF) == Reporter("王女士", "13800001234")
    found = [event for event in events.read(session, noun="case_reporter") if event.what == "looked"]
    assert [(event.who, event.code, event.after) for event in found] == [(STAFF.name, str(case.id), None)]
    nobody = open_case(session, new(place), actor=STAFF)
    assert cases.look_at_reporter(session, nobody.id, actor=STAFF) is None


def looks(session: Session) -> list[tuple[str, str | None]]:
    found = [event for event in reversed(events.read(session, noun="case")) if event.what == "looked"]
    return [(event.who, event.code) for event in found]


# ── photos ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_photo_is_kept_once_and_without_what_the_camera_wrote(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    exif = Image.Exif()
    exif[0x010F] = "a camera that tells"
    exif[0x0112] = 6  # lies on its side
    written = io.BytesIO()
    Image.new("RGB", (32, 24), "red").save(written, "JPEG", exif=exif, comment=b"and a remark")
    kept = cases.attach(session, case.id, written.getvalue(), "finding", lon=114.1, lat=22.6, actor=ANNA)
    assert cases.attach(session, case.id, written.getvalue(), "finding", actor=ANNA) == kept
    assert cases.read_evidence(session, case.id) == [kept]
    media_type, content = cases.read_photo_content(session, kept.id)
    assert media_type == "image/jpeg"
    assert b"camera" not in content
    assert b"remark" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (24, 32)
        assert not picture.getexif()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_these_are_photos(session: Session, place: Ground, form: str) -> None:
    case = open_case(session, new(place), actor=ANNA)
    kept = cases.attach(session, case.id, photo(form=form), "before", actor=ANNA)
    assert cases.read_photo_content(session, kept.id)[0] == f"image/{form.lower()}"


@pytest.mark.parametrize(
    "sent",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", photo(form="GIF"), photo()[:200], b"\xff\xd8" * 9],
    ids=["nothing", "a gif's head", "svg", "gif", "half", "noise"],
)
def test_these_are_none(session: Session, place: Ground, sent: bytes) -> None:
    case = open_case(session, new(place), actor=ANNA)
    with pytest.raises(FileFormatError):
        cases.attach(session, case.id, sent, "before", actor=ANNA)


def test_a_photo_too_large_is_refused(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    with pytest.raises(FileFormatError, match="MB"):
        cases.attach(session, case.id, bytes(8 * 2**20 + 1), "before", actor=ANNA)
    written = io.BytesIO()
    Image.new("1", (8000, 8000)).save(written, "PNG")
    with pytest.raises(FileFormatError, match="像素"):
        cases.attach(session, case.id, written.getvalue(), "before", actor=ANNA)


def test_what_a_photo_shows_has_a_word(session: Session, place: Ground) -> None:
    case = open_case(session, new(place), actor=ANNA)
    with pytest.raises(CodeError):
        cases.attach(session, case.id, photo(), "selfie", actor=ANNA)
    with pytest.raises(NotFoundError):
        cases.attach(session, case.id + 1, photo(), "before", actor=ANNA)
