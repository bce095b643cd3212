"""The addresses of a generated city as a gazetteer: a million rows, a few numbers each."""

from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.addresses.book import COLUMNS
from geo.sample import stream_city

SEED = 7
TEXTS = COLUMNS[1:-2]  # without the id and the place
#: The city's sub-districts have about so many buildings each; the stream is left as soon as there are rows enough.
BUILDINGS = 1_000_000
_PREFIX = r"^(?P<province>\D+?省)(?P<city>\D+?市)(?P<district>\D+?区)"
_ROAD = r"^(?P<road>\D+?)(?P<number>\d[^号]*号)?$"


class _Columns:
    """Columns of texts as numbers into vocabularies, filled block by block."""

    def __init__(self) -> None:
        self._words: dict[str, dict[str, int]] = {name: {"": 0} for name in TEXTS}
        self._blocks: list[dict[str, NDArray[np.int32]]] = []
        self._lon: list[NDArray[np.float64]] = []
        self._lat: list[NDArray[np.float64]] = []
        self.rows = 0

    def add(self, block: pd.DataFrame) -> None:
        """Put a block of rows below those that are there; a column that it lacks is empty."""
        codes = {}
        for name in TEXTS:
            if name not in block:
                codes[name] = np.zeros(len(block), np.int32)
                continue
            numbers, texts = pd.factorize(block[name].fillna(""))
            words = self._words[name]
            places = np.array([words.setdefault(str(text), len(words)) for text in texts], np.int32)
            codes[name] = places[numbers]
        self._blocks.append(codes)
        self._lon.append(block["lon"].to_numpy(float))
        self._lat.append(block["lat"].to_numpy(float))
        self.rows += len(block)

    def frame(self, rows: int) -> pd.DataFrame:
        """The first so many rows."""
        frame = pd.DataFrame({"id": [f"N{row:07d}" for row in range(rows)]})
        for name in TEXTS:
            codes = np.concatenate([block.pop(name) for block in self._blocks])[:rows]
            frame[name] = pd.Categorical.from_codes(codes, categories=list(self._words[name]))
        for name, parts in (("lon", self._lon), ("lat", self._lat)):
            frame[name] = np.concatenate(parts)[:rows]
        return frame


def addresses(rows: int, *, seed: int = SEED) -> pd.DataFrame:
    """Return a gazetteer of so many rows: communities, roads, compounds, buildings, stairwells, doors, landmarks.

    Sub-district after sub-district, so that only one is in memory; the last one may be cut off.
    """
    columns = _Columns()
    for town in stream_city(seed, buildings=BUILDINGS, units=True):
        for block in _blocks(town):
            columns.add(block)
        if columns.rows >= rows:
            break
    return columns.frame(rows)


def _blocks(town: dict[str, gpd.GeoDataFrame]) -> Iterable[pd.DataFrame]:
    """The rows of one sub-district, level by level."""
    buildings = _buildings(town)
    division = ["province", "city", "district", "street"]
    ground = [*division, "community", "road", "number", "compound"]
    yield _level(buildings[[*division, "community", "lon", "lat"]], "community", [*division, "community"])
    yield _level(buildings[[*division, "road", "lon", "lat"]], "road", [*division, "road"])
    inside = buildings[buildings.compound != ""]
    yield _level(inside[[*ground, "lon", "lat"]], "compound", [*division, "community", "compound"])
    yield _level(buildings[buildings.building != ""], "building", [*ground, "building"])
    joined = buildings[[*ground, "building", "lon", "lat", "code"]].rename(columns={"code": "building_code"})
    stairwells = pd.DataFrame(town["stairwell"][["code", "name", "building_code"]]).rename(columns={"name": "unit"})
    yield stairwells.merge(joined, on="building_code").assign(level="unit", kind="stairwell")
    doors = pd.DataFrame(town["household_unit"][["building_code", "stairwell_code", "room", "kind"]])
    named = stairwells[["code", "unit"]].rename(columns={"code": "stairwell_code"})
    yield doors.merge(named, on="stairwell_code", how="left").merge(joined, on="building_code").assign(level="room")
    yield _landmarks(town["city_element"], town["community"], buildings)


def _buildings(town: dict[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Buildings with the elements of their written address apart."""
    table = town["building"]
    points = table.geometry.representative_point()
    rows = pd.DataFrame(table.drop(columns="geometry")).assign(lon=points.x.round(6), lat=points.y.round(6))
    street = str(town["street"].name.iat[0])
    names = town["compound"].set_index("code").name
    rows["compound"] = rows.compound_code.map(names).fillna("")
    rows["community"] = rows.community_code.map(town["community"].set_index("code").name)
    rows = rows.join(rows.address.str.extract(_PREFIX)).assign(street=street)
    # A building that is all of its compound bears its name: then there is no building below the compound.
    rows["building"] = rows.name.where((rows.name != rows.compound) & rows.name.notna(), "")
    tails = zip(rows.address, rows.compound, rows.building, strict=True)
    place = [_ground(address, street, compound + building) for address, compound, building in tails]
    return rows.join(pd.Series(place, rows.index).str.extract(_ROAD).fillna("")).drop(columns=["address", "name"])


def _ground(address: str, street: str, tail: str) -> str:
    return address.partition(street)[2].removesuffix(tail)


def _level(rows: pd.DataFrame, level: str, by: Sequence[str]) -> pd.DataFrame:
    return rows.drop_duplicates(list(by)).assign(level=level)


def _landmarks(elements: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, buildings: pd.DataFrame) -> pd.DataFrame:
    points = elements.geometry.representative_point()
    first = buildings.iloc[0]
    return pd.DataFrame(
        {
            "level": "poi",
            "kind": elements.kind,
            "name": elements.name,
            "community": elements.community_code.map(communities.set_index("code").name),
            "lon": points.x.round(6),
            "lat": points.y.round(6),
            **{name: first[name] for name in ("province", "city", "district", "street")},
        }
    )
