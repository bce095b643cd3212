"""Responsible bodies: property companies, contractors, work stations and others, and who answers for which site."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.sample.naming import Namer
from geo.sample.sites import Sites

CONTRACTORS = ("环境服务有限公司", "园林绿化有限公司")


@dataclass(frozen=True)
class Bodies:
    """All bodies but shops.

    Attributes
    ----------
    table
        One row per body: name, kind.
    of_site
        int[site], the body that answers for it, or -1.
    stations, cleaners, gardeners
        Rows of the communities' work stations (in order), and of the contractors.
    bus, water
        Rows of the bus and water companies.
    """

    table: pd.DataFrame
    of_site: NDArray[np.int64]
    stations: NDArray[np.int64]
    cleaners: NDArray[np.int64]
    gardeners: NDArray[np.int64]
    bus: int
    water: int


def found_bodies(
    sites: Sites, community_names: list[str], city: str, street: str, namer: Namer, rng: np.random.Generator
) -> Bodies:
    """Found the bodies that answer for sites and city elements."""
    rows: list[tuple[str, str]] = []
    city = city.removesuffix("市")

    def add(names: list[str], kind: str) -> NDArray[np.int64]:
        rows.extend((name, kind) for name in names)
        return np.arange(len(rows) - len(names), len(rows))

    stations = add([f"{name}工作站" for name in community_names], "work_station")
    managed = int((sites.table.kind == "managed").sum())
    companies = add(
        [f"{city}市{namer.stem('property_heads')}物业服务有限公司" for _ in range(max(managed // 3, 2))],
        "property_company",
    )
    cleaners = add([f"{city}{namer.stem('contractor_heads')}{CONTRACTORS[0]}" for _ in range(3)], "contractor")
    gardeners = add([f"{city}{namer.stem('contractor_heads')}{CONTRACTORS[1]}" for _ in range(2)], "contractor")
    utilities = add([f"{city}东部公共汽车有限公司", f"{city}{street.removesuffix('街道')}供水分公司"], "other")
    add([f"{street}办事处城市管理办公室", f"{street}办事处应急管理办公室"], "government")
    of_site = np.full(len(sites.table), -1)
    # A few companies look after many compounds, most after one or two.
    weights = 1.0 / np.arange(1, len(companies) + 1) ** 0.7
    rows_of_sites: Iterator[Any] = iter(sites.table.itertuples())
    for row in rows_of_sites:
        if row.kind in ("managed", "office_park"):
            of_site[row.Index] = rng.choice(companies, p=weights / weights.sum())
        elif row.kind == "urban_village":
            of_site[row.Index] = add([f"{city}{row.name.removesuffix('村')}股份合作公司"], "other")[0]
        elif row.kind == "open":
            of_site[row.Index] = stations[row.community]
        elif row.kind == "campus":
            of_site[row.Index] = add([str(row.name)], "government" if row.use == "campus" else "other")[0]
        elif row.use == "market":
            of_site[row.Index] = add([f"{city}{row.name}管理有限公司"], "other")[0]
        else:
            of_site[row.Index] = rng.choice(gardeners)
    committees = sites.table[(sites.table.kind == "managed") & (rng.random(len(sites.table)) < 0.35)]
    add([f"{name}业主委员会" for name in committees.name], "owners_committee")
    table = pd.DataFrame(rows, columns=["name", "kind"])
    return Bodies(table, of_site, stations, cleaners, gardeners, int(utilities[0]), int(utilities[1]))
