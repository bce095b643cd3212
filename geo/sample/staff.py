"""The grid workers of the social workers' old grids, and of grids that are new."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from geo.sample.naming import Namer

#: Share of workers who left, each with a successor.
LEFT = 0.08


def hire(grid_codes: Sequence[str], namer: Namer, rng: np.random.Generator) -> pd.DataFrame:
    """Hire a worker per grid, a leader for every sixth, and remember some who left.

    Returns
    -------
    DataFrame
        name, role, phone, grid_code, since, until; until is NaT for those in office.
    """
    rows: list[tuple[str, str, np.datetime64, np.datetime64]] = []
    for number, code in enumerate(grid_codes):
        since = np.datetime64("2019-03-01") + int(rng.integers(0, 2000))
        if rng.random() < LEFT:
            rows.append((code, "grid_worker", since - int(rng.integers(200, 900)), since))
        rows.append((code, "grid_worker", since, np.datetime64("NaT")))
        if number % 6 == 0:
            rows.append((code, "grid_leader", since, np.datetime64("NaT")))
    return _people(rows, namer)


def hire_for_new(grid_codes: Sequence[str], since: date, namer: Namer) -> pd.DataFrame:
    """Hire a worker for each grid from a day on; columns as of :func:`hire`."""
    return _people([(code, "grid_worker", np.datetime64(since), np.datetime64("NaT")) for code in grid_codes], namer)


def _people(rows: Sequence[tuple[str, str, np.datetime64, np.datetime64]], namer: Namer) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["grid_code", "role", "since", "until"])
    table["name"] = namer.people(len(table))
    table["phone"] = namer.phones(len(table))
    table["since"] = pd.to_datetime(table["since"]).astype("datetime64[ms]")
    table["until"] = pd.to_datetime(table["until"]).astype("datetime64[ms]")
    return table
