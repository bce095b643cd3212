"""A year of a town's ledger from a seed: grades, looks, hazards, requests, and what became of each.

Places and buildings are the town's own frames; who did what is given by parts (``ledger_stories``), and told of people
by whoever writes it into a store.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.ledger import duties
from geo.ledger.workflows import workflow
from geo.ledger.working_time import calendar
from geo.sample.ledger_looks import Looks, draw_nature, look_round
from geo.sample.ledger_recipe import LedgerRecipe, load_ledger_recipe
from geo.sample.ledger_stories import Beginning, Stories, play
from geo.sample.naming import Namer
from geo.sample.recipe import load_recipe
from geo.territory.dictionaries import Entry, dictionary

#: What is said of each telling of a story; codes are None where there is nothing, the grid is the one in force then.
TOLD = (
    "story",
    "street_code",
    "community_code",
    "grid_code",
    "building_code",
    "household_unit_code",
    "place_code",
    "responsible_body_code",
    "lon",
    "lat",
    "kind",
    "summary",
    "source",
    "look",
)


@dataclass(frozen=True)
class Told:
    """Stories, and of what they are told.

    Attributes
    ----------
    subjects
        :data:`TOLD`, a row per case; ``look`` is the row of the look that found it, or missing.
    """

    stories: Stories
    subjects: pd.DataFrame


@dataclass(frozen=True)
class TownLedger:
    """A year of a town.

    Attributes
    ----------
    looks
        Rows of ``place`` in them are those of ``places``.
    reporters
        ``case`` (row of ``requests.subjects``), ``name``, ``phone``.
    """

    places: pd.DataFrame
    looks: Looks
    hazards: Told
    requests: Told
    reporters: pd.DataFrame


def draw_ledger(
    places: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    since: date,
    until: datetime,
    seed: int,
    recipe: LedgerRecipe | None = None,
) -> TownLedger:
    """Draw the ledger of a town.

    Parameters
    ----------
    places, buildings
        Canonical frames of one street, EPSG:4326.
    since, until
        The first day of it, and the moment that it is as of; with a time zone.
    seed
        The same seed, frames and moments give the same ledger.
    """
    recipe = recipe or load_ledger_recipe()
    rng = np.random.default_rng([seed, 6])
    known = _subjects(places)
    looks = look_round(known["kind"].tolist(), since=since, until=until, recipe=recipe, rng=rng)
    hazards = _hazards(known, looks, until, recipe, rng)
    count = round(recipe.requests["share"] * len(hazards.subjects))
    requests = _requests(buildings, count, since, until, recipe, rng)
    return TownLedger(known, looks, hazards, requests, _reporters(len(requests.subjects), recipe, rng))


def tell_again(stories: Stories, subjects: pd.DataFrame, count: int, *, rng: np.random.Generator) -> Told:
    """Tell hazards' stories of many places, each of any place and time and again, for stores of any size.

    Parameters
    ----------
    subjects
        Columns of :data:`TOLD` up to ``lat``, without ``story``.
    count
        How many cases are told; fast whatever their number.
    """
    chosen = subjects.iloc[rng.integers(0, len(subjects), count)].reset_index(drop=True)
    story = np.sort(rng.integers(0, len(stories.cases), count))
    kinds = list(dictionary("hazard_kinds").entries.values())
    kind = rng.integers(0, len(kinds), count)
    told = chosen.assign(
        story=story,
        kind=np.array([entry.code for entry in kinds], dtype=object)[kind],
        summary=np.array([entry.zh for entry in kinds], dtype=object)[kind],
        source="patrol",
        look=None,
    )
    return Told(stories, told.reindex(columns=list(TOLD)))


def any_stories(count: int, *, since: date, until: datetime, seed: int, recipe: LedgerRecipe | None = None) -> Stories:
    """Play stories of hazards that were found at any time from a day on, for :func:`tell_again`."""
    recipe = recipe or load_ledger_recipe()
    rng = np.random.default_rng([seed, 7])
    first = datetime(since.year, since.month, since.day, 9, tzinfo=until.tzinfo)
    spans = np.sort(rng.uniform(0, (until - first).total_seconds(), count))
    kinds = list(dictionary("hazard_kinds").entries)
    beginnings = [
        Beginning(first + timedelta(seconds=int(span)), "inspector", draw_nature(str(rng.choice(kinds)), recipe, rng))
        for span in spans
    ]
    return play(workflow("hazard"), calendar(), beginnings, until=until, recipe=recipe, rng=rng)


# ── hazards ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _subjects(places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what cases say of the places that lie in buildings."""
    inside = places[places["building_code"].notna()].reset_index(drop=True)
    building = inside["building_code"]
    return pd.DataFrame(
        {
            "street_code": building.str[:9],
            "community_code": building.str[:12],
            "building_code": building,
            "household_unit_code": inside["household_unit_code"],
            "place_code": inside["code"],
            "responsible_body_code": inside["responsible_body_code"],
            "lon": inside.geometry.x,
            "lat": inside.geometry.y,
            "kind": inside["kind"],
        }
    )


def _hazards(
    places: pd.DataFrame, looks: Looks, until: datetime, recipe: LedgerRecipe, rng: np.random.Generator
) -> Told:
    found = looks.findings
    beginnings = [
        Beginning(at.to_pydatetime(), "inspector", nature)
        for at, nature in zip(pd.to_datetime(found["at"]), found["nature"], strict=True)
    ]
    stories = play(workflow("hazard"), calendar(), beginnings, until=until, recipe=recipe, rng=rng)
    subjects = places.drop(columns="kind").iloc[found["place"].to_numpy(dtype=int)].reset_index(drop=True)
    told = subjects.assign(
        story=range(len(found)),
        kind=found["kind"].to_numpy(),
        summary=found["summary"].to_numpy(),
        source="inspection",
        look=found["look"].to_numpy(),
    )
    return Told(stories, told.reindex(columns=list(TOLD)))


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _requests(
    buildings: gpd.GeoDataFrame,
    count: int,
    since: date,
    until: datetime,
    recipe: LedgerRecipe,
    rng: np.random.Generator,
) -> Told:
    lived_in = buildings[buildings["households"].fillna(0) > 0].reset_index(drop=True)
    weights = lived_in["households"].to_numpy(dtype=float)
    if not len(lived_in):
        count = 0
    chosen = rng.choice(len(lived_in), count, p=weights / weights.sum()) if count else np.zeros(0, dtype=int)
    homes = lived_in.iloc[chosen].reset_index(drop=True)
    kinds = [entry for entry in dictionary("request_kinds").entries.values() if entry.extra.get("words")]
    said = [kinds[place] for place in rng.integers(0, len(kinds), count)]
    first = datetime(since.year, since.month, since.day, 9, tzinfo=until.tzinfo)
    spans = np.sort(rng.uniform(0, (until - first).total_seconds(), count))
    natures = [nature.code for nature in workflow("request").natures]
    beginnings = [
        Beginning(first + timedelta(seconds=int(span)), "staff", str(rng.choice(natures)), duties.of(kind.code).limit)
        for span, kind in zip(spans, said, strict=True)
    ]
    points = homes.geometry.representative_point()
    told = pd.DataFrame(
        {
            "story": range(count),
            "street_code": homes["code"].str[:9],
            "community_code": homes["code"].str[:12],
            "building_code": homes["code"],
            "lon": points.x,
            "lat": points.y,
            "kind": [kind.code for kind in said],
            "summary": [
                _text(kind, address, recipe, rng) for kind, address in zip(said, homes["address"], strict=True)
            ],
            "source": _channels(count, recipe.requests, rng),
        }
    )
    stories = play(workflow("request"), calendar(), beginnings, until=until, recipe=recipe, rng=rng)
    return Told(stories, told.reindex(columns=list(TOLD)))


def _text(kind: Entry, address: str | None, recipe: LedgerRecipe, rng: np.random.Generator) -> str:
    form = str(rng.choice(recipe.requests["texts"]))
    return form.format(address=_as_said(address), word=str(rng.choice(kind.extra["words"])))


def _as_said(address: str | None) -> str:
    """Return an address as people say it: without province, city, district and street."""
    return "我们楼" if not address else str(address).rpartition("街道")[2]


def _channels(count: int, requests: Mapping[str, object], rng: np.random.Generator) -> list[str]:
    listed = requests["channels"]
    assert isinstance(listed, list)
    codes, shares = zip(*listed, strict=True)
    return [str(code) for code in rng.choice(codes, count, p=np.array(shares) / sum(shares))]


def _reporters(count: int, recipe: LedgerRecipe, rng: np.random.Generator) -> pd.DataFrame:
    namer = Namer(load_recipe().words, rng)
    named = np.flatnonzero(rng.random(count) < recipe.requests["named"])
    return pd.DataFrame({"case": named, "name": namer.people(len(named)), "phone": namer.phones(len(named))})
