"""Use cases: a year's ledger for the sample town, and ledgers of any size for stores of generated cities."""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.ledger.checklists import checklist
from geo.sample.ledger import Told, TownLedger, draw_ledger
from geo.sample.ledger_recipe import LedgerRecipe
from geo.services.ledger_layers import first_month
from geo.storage import cases, inspection_plans, layers, plans, told_cases
from geo.storage.cases import CaseFilter
from geo.storage.inspection_plans import NewPlan
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import BUILDING, PLACE
from geo.territory.times import CHINA_TIME

#: Months of the ledger, the present one among them.
MONTHS = 12
#: Inspectors of each community.
INSPECTORS = 5

#: More plans than any street has.
_MANY_PLANS = 10_000

#: The party whose looks are the inspectors' own.
GRID_WORKER = "grid_worker"
#: Who rates what was done for them.
RESIDENT = "居民 resident"

#: Who plays a part in a community: (part, community) -> name.
People = Mapping[tuple[str, str], str]
#: Names by part.
Crew = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LedgerCounts:
    """What was written for a street; all 0 where there was a ledger already."""

    inspections: int = 0
    hazards: int = 0
    requests: int = 0
    moves: int = 0


def load_sample_ledger(
    session: Session,
    street: str,
    seed: int = 7,
    *,
    who: str,
    people: People | None = None,
    at: datetime | None = None,
    recipe: LedgerRecipe | None = None,
) -> LedgerCounts:
    """Write a year of inspections, hazards and requests for a street that has none.

    Parameters
    ----------
    street
        Code of a street of the sample town or city.
    people
        Logins of those who play parts (``inspector``, ``staff``, ``colleague``, ``leader``) in a community; others
        are named after the part and the community.
    at
        The moment up to which it goes; now when None.

    Raises
    ------
    NotFoundError
        The street has no buildings.
    """
    if cases.read_cases(session, CaseFilter(scope=street), limit=1):
        return LedgerCounts()
    buildings = layers.read(session, BUILDING, street_code=street)
    if buildings.empty:
        raise NotFoundError(
            f"街道 {street} 没有楼栋,无处生成台账", f"street {street} has no buildings to generate a ledger for"
        )
    until = (at or datetime.now(UTC)).astimezone(CHINA_TIME)
    since = first_month(until, MONTHS)
    places = layers.read(session, PLACE, street_code=street)
    drawn = draw_ledger(places, buildings, since=since, until=until, seed=seed, recipe=recipe)
    written = _write(session, street, drawn, since, who, people or {})
    told_cases.record_generated(session, street, asdict(written), who=who)
    return written


def beginning(at: datetime | None = None) -> datetime:
    """Return the first moment of a year's ledger that ends at a moment; now when None."""
    first = first_month(at or datetime.now(UTC), MONTHS)
    return datetime(first.year, first.month, 1, tzinfo=CHINA_TIME)


def write_cases(session: Session, told: Told, *, people: People | None = None) -> int:
    """Write cases as their stories are told, however many; return how many moves there are."""
    return _write_cases(session, told, _registered(session, told, people or {}))


def _registered(session: Session, told: Told, people: People) -> pd.DataFrame:
    """Return the cases with what the store knows them by: ids and numbers in the order in which they were opened."""
    count = len(told.subjects)
    opened = _opened(told)
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(opened.to_numpy(), kind="stable")] = np.arange(count)
    ids = rank + told_cases.reserve_ids(session, "ledger_case", count)
    running = rank + told_cases.reserve_numbers(session, count)
    days = opened.dt.strftime("%Y%m%d")
    prefix = told.stories.workflow.prefix
    numbers = [f"{prefix}{day}{number:06d}" for day, number in zip(days, running.tolist(), strict=True)]
    return told.subjects.assign(id=ids, number=numbers, inspection_id=None, crew=_crew_names(told.subjects, people))


def _opened(told: Told) -> pd.Series:
    """Return when each case was opened, in China's time."""
    opened = pd.to_datetime(told.stories.cases["opened_at"], utc=True).dt.tz_convert(CHINA_TIME)
    return opened.iloc[told.subjects["story"].to_numpy(dtype=int)].reset_index(drop=True)


def _in_grids(session: Session, street: str, rows: pd.DataFrame, moments: pd.Series) -> pd.DataFrame:
    """Return rows with the grid that each lay in at its moment: its own until plans change."""
    own = plans.list_plans(session, scope_code=street, department="", tier="grid", limit=_MANY_PLANS)
    changed = sorted({moment for plan in own for moment in (plan.adopted_at, plan.superseded_at) if moment})
    if not changed:
        return rows.assign(grid_code=None)
    units = rows["household_unit_code"].astype(object).where(rows["household_unit_code"].notna(), None)
    about = zip(rows["building_code"], units, rows["lon"], rows["lat"], moments, strict=True)
    known: dict[tuple[str, str | None, int], str | None] = {}
    found = []
    for building, unit, lon, lat, moment in about:
        key = (building, unit, bisect(changed, moment))
        if key not in known:
            known[key] = cases.find_grid(
                session, building=building, household_unit=unit, lon=float(lon), lat=float(lat), moment=moment
            )
        found.append(known[key])
    return rows.assign(grid_code=pd.Series(found, index=rows.index, dtype=object))


def _write_cases(session: Session, told: Told, rows: pd.DataFrame) -> int:
    if rows.empty:
        return 0
    workflow = told.stories.workflow
    crews = list(dict.fromkeys(rows["crew"]))
    places = {crew: place for place, crew in enumerate(crews)}
    return told_cases.write_told(
        session,
        workflow.code,
        cases.keep_workflow(session, workflow.code, workflow.digest, workflow.content),
        cases=told.stories.cases,
        moves=told.stories.moves,
        told=rows.assign(crew=rows["crew"].map(places)),
        crews=[{**dict(crew), "resident": RESIDENT} for crew in crews],
    )


def _crew_names(subjects: pd.DataFrame, people: People) -> pd.Series:
    """Return the crew of each row: an inspector of the community, by building, and its staff."""
    areas = subjects["building_code"].str[-5:].astype(int) % INSPECTORS
    known: dict[tuple[str, int], Crew] = {}
    crews = [
        known.setdefault((community, area), _crew(community, area, people))
        for community, area in zip(subjects["community_code"], areas, strict=True)
    ]
    return pd.Series(crews, index=subjects.index, dtype=object)


@cache
def _default_crew(community: str, area: int) -> dict[str, str]:
    return {
        "inspector": f"inspector-{community}-{area + 1}",
        "staff": f"staff-{community}-1",
        "colleague": f"staff-{community}-2",
        "leader": f"leader-{community[:9]}",
    }


def _crew(community: str, area: int, people: People) -> Crew:
    crew = _default_crew(community, area)
    return tuple((part, people.get((part, community), name)) for part, name in crew.items())


# ── a town's year ────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(session: Session, street: str, drawn: TownLedger, since: date, who: str, people: People) -> LedgerCounts:
    cycles = _plans(session, street, since, who)
    hazards = _in_grids(session, street, _registered(session, drawn.hazards, people), _opened(drawn.hazards))
    first = told_cases.reserve_ids(session, "inspection", len(drawn.looks.looks))
    # Inspections name the hazards that they found, and hazards their inspection: both have ids before one is written.
    looks = _looks(drawn, cycles, hazards, first, people)
    told_cases.write_looks(session, _in_grids(session, street, looks, looks["inspected_at"]))
    moves = _write_cases(session, drawn.hazards, hazards.assign(inspection_id=first + hazards["look"].astype(int)))
    requests = _in_grids(session, street, _registered(session, drawn.requests, people), _opened(drawn.requests))
    moves += _write_cases(session, drawn.requests, requests)
    _write_people(session, drawn, requests, who)
    return LedgerCounts(len(drawn.looks.looks), len(hazards), len(requests), moves)


def _plans(session: Session, street: str, since: date, who: str) -> dict[str, int]:
    """Make the plans of ``inspection_cycles`` hold since the beginning; return their ids by code."""
    made = {}
    for entry in dictionary("inspection_cycles").entries.values():
        said = {name: entry.extra[name] for name in ("place_kind", "party", "cycle_days", "checklist")}
        new = NewPlan(name=entry.zh, scope_code=street, grade=entry.extra.get("grade"), since=since, **said)
        made[entry.code] = inspection_plans.insert_plan(session, new, who=who).id
    return made


def _looks(
    drawn: TownLedger, cycles: Mapping[str, int], hazards: pd.DataFrame, first: int, people: People
) -> pd.DataFrame:
    """Return the inspections as the store keeps them; the first has the id ``first``."""
    looks = drawn.looks.looks
    subjects = drawn.places.iloc[looks["place"].to_numpy(dtype=int)].reset_index(drop=True)
    findings = drawn.looks.findings
    keys = zip(findings["look"], findings["item"], strict=True)
    found = dict(zip(keys, hazards["id"], strict=True))
    inspectors = [dict(crew)["inspector"] for crew in _crew_names(subjects, people)]
    own = (looks["party"] == GRID_WORKER).to_numpy()
    return subjects.assign(
        id=first + np.arange(len(looks)),
        plan_id=looks["cycle"].map(cycles),
        grid_code=None,
        party=looks["party"],
        checklist=looks["checklist"],
        result=looks["result"],
        items=pd.Series([_items(look, row, found) for look, row in enumerate(looks.itertuples(index=False))]),
        inspected_at=looks["at"],
        recorded_at=looks["at"],
        inspector=np.where(own, inspectors, looks["party"]),
    )


def _items(look: int, row: Any, found: Mapping[tuple[int, str], int]) -> list[dict[str, Any]]:
    """Return what was answered item by item: nothing where nobody opened."""
    if row.result == "no_access":
        return []
    faults = set(row.faults)
    return [
        {"code": code, "result": "fault", "case_id": int(found[look, code])}
        if code in faults
        else {"code": code, "result": "ok"}
        for code in checklist(row.checklist).items
    ]


def _write_people(session: Session, drawn: TownLedger, requests: pd.DataFrame, who: str) -> None:
    """Write the grades of places, and who asked."""
    grades = drawn.looks.grades
    codes = drawn.places["place_code"].iloc[grades["place"].to_numpy(dtype=int)].to_numpy()
    told_cases.write_grades(session, grades.assign(place_code=codes, who=who))
    ids = requests["id"].iloc[drawn.reporters["case"].to_numpy(dtype=int)].to_numpy()
    told_cases.write_reporters(session, drawn.reporters.assign(case_id=ids))
