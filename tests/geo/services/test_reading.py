"""Looking at plans page by page."""

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from geo.services.reading import read_assignment
from tests import factories

FIRST, SECOND = "440307001001001", "440307001001002"


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_pages_of_an_assignment_by_floors_leave_nothing_out(session: Session, limit: int) -> None:
    tower, block = (factories.make_building(session, number) for number in (1, 2))
    stairwell = factories.make_stairwell(session, block)
    columns = ["building_code", "stairwell_code", "grid_code", "households", "floor_from", "floor_to"]
    rows = [
        (tower, None, FIRST, 10, -1, 2),
        (tower, None, SECOND, 10, 3, 9),
        (tower, None, FIRST, 10, 10, 12),
        (block, stairwell, FIRST, 4, 1, 1),
        (block, stairwell, SECOND, 4, 2, 3),
    ]
    plan = factories.make_plan(session, assignment=pd.DataFrame(rows, columns=columns))
    found, after = [], None
    while True:
        page = read_assignment(session, plan, limit=limit, after=after)
        if page.empty:
            break
        found += list(zip(page["building_code"], page["floor_from"], strict=True))
        after = page["key"].iloc[-1]
    assert found == [(tower, -1), (tower, 3), (tower, 10), (block, 1), (block, 2)]
