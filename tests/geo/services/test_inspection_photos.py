"""Photos of inspections: with the hazard that an item is, or with the inspection itself."""

import io

import pytest
from PIL import Image
from sqlalchemy import Engine

from geo.errors import CodeError, NotFoundError
from geo.services import inspecting
from geo.storage import evidence
from geo.storage.database import session_scope
from tests.geo.services.inspected import ELSEWHERE, INSPECTOR
from tests.geo.services.test_inspecting import send, shop, store

__all__ = ["store"]


def photo(colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(held, "JPEG")
    return held.getvalue()


def test_photos_go_to_the_hazard_or_stay_with_the_inspection(store: Engine) -> None:
    (taken,) = send(store, shop("k1", "wiring"))
    assert taken.inspection is not None
    number = taken.inspection.id
    with session_scope(store, INSPECTOR) as session:
        of_hazard = inspecting.attach_photo(session, number, photo(), item="wiring", actor=INSPECTOR)
        again = inspecting.attach_photo(session, number, photo(), item="wiring", actor=INSPECTOR)
        of_place = inspecting.attach_photo(session, number, photo("blue"), lon=114.1, lat=22.6, actor=INSPECTOR)
    assert again == of_hazard
    assert (of_hazard.case_id, of_hazard.inspection_id) == (taken.hazards[0].case_id, None)
    assert (of_place.case_id, of_place.inspection_id) == (None, number)
    with session_scope(store, INSPECTOR) as session:
        assert len(evidence.read(session, case_id=taken.hazards[0].case_id)) == 1
        with pytest.raises(NotFoundError):
            inspecting.attach_photo(session, number + 1, photo(), actor=INSPECTOR)
        with pytest.raises(CodeError, match="roof"):
            inspecting.attach_photo(session, number, photo(), item="roof", actor=INSPECTOR)
    with session_scope(store, ELSEWHERE) as session, pytest.raises(NotFoundError):
        inspecting.attach_photo(session, number, photo(), actor=ELSEWHERE)
