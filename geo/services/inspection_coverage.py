"""Use case: when was each building last seen."""

from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from geo.services.inspectors import day_of, today
from geo.storage import inspections


def coverage(session: Session, scope_code: str, on: date | None = None) -> pd.DataFrame:
    """Return when somebody last got in somewhere in each building of a street, community or grid.

    Parameters
    ----------
    on
        As it was at the end of this day, in China; today when None.

    Returns
    -------
    DataFrame
        One row for each living building, by code: ``building_code``, ``last_seen`` (a day in China, or None where
        nobody was seen to) and ``days`` since, ``pd.NA`` where never.
    """
    day = on or today()
    seen = inspections.read_last_seen(session, scope_code, on)
    days = [None if moment is None else day_of(moment) for moment in seen.values()]
    since = [pd.NA if last is None else (day - last).days for last in days]
    return pd.DataFrame(
        {
            "building_code": pd.Series(list(seen), dtype="str"),
            "last_seen": pd.Series(days, dtype="object"),
            "days": pd.array(since, dtype="Int64"),
        }
    )
