"""Inspection coverage on the map: when was each building last seen, as of any month."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo.territory.ledger_content import LedgerContent


def seen_hours(ledger: LedgerContent, building_codes: Sequence[str]) -> list[list[int] | None]:
    """Return per building when it was seen, in hours since the ledger's beginning, in order; None if never.

    Of each month only the last look counts: more than that no stop of the time bar can show.
    """
    hours = ledger.hours(ledger.seen["seen_at"])
    ends = np.array([stop.end for stop in ledger.stops()])
    looks = pd.DataFrame(
        {"building": ledger.seen["building_code"], "hour": hours, "month": np.searchsorted(ends, hours)}
    ).dropna()
    # What was seen before the first month is known by its last look alone.
    looks["month"] = looks["month"].where(looks["hour"] >= 0, -1)
    last = looks.groupby(["building", "month"])["hour"].max().sort_index()
    by_building = {str(code): [int(hour) for hour in own] for code, own in last.groupby(level="building")}
    return [by_building.get(str(code)) for code in building_codes]
