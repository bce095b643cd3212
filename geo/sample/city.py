"""A city of sub-districts, one after the other, so that only one is in memory at a time."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import geopandas as gpd
import numpy as np
from pyproj import Transformer

from geo.crs import WGS84
from geo.errors import BoundsError
from geo.sample.lattice import PLAN_CRS
from geo.sample.recipe import City, Recipe, Street, load_recipe
from geo.sample.town import generate_town

#: Districts 440390 to 440398 with sub-districts 001 to 099; 440399 is the sample town's.
COUNTIES = tuple(f"44039{digit}" for digit in range(9))
STREETS_PER_COUNTY = 99


def stream_city(
    seed: int, *, buildings: int, units: bool = False, first: int = 0, recipe: Recipe | None = None
) -> Iterator[dict[str, gpd.GeoDataFrame]]:
    """Yield sub-district after sub-district until they have ``buildings`` buildings together.

    Parameters
    ----------
    units
        Whether household units are made; without them buildings still carry their households.
    first
        Number of the sub-district to begin with (0-based). Each depends on the seed and its number alone, so that a
        stream that was broken off goes on where it stopped.

    Raises
    ------
    BoundsError
        More buildings than the codes of nine districts have room for: about 1.7 million.
    """
    recipe = recipe or load_recipe()
    built, number = 0, first
    while built < buildings:
        town = generate_town(town_seed(seed, number), recipe=town_recipe(seed, number, recipe), units=units)
        built += len(town["building"])
        number += 1
        yield town


def town_seed(seed: int, number: int) -> int:
    """Return the seed of the ``number``-th sub-district of a city."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def street_code(number: int) -> str:
    """Return the code of the ``number``-th sub-district of a city.

    Raises
    ------
    BoundsError
        There are no more codes.
    """
    county, street = divmod(number, STREETS_PER_COUNTY)
    if not 0 <= county < len(COUNTIES):
        raise BoundsError(
            f"示例城市最多 {len(COUNTIES) * STREETS_PER_COUNTY} 个街道;请减少楼栋数",
            f"a sample city has {len(COUNTIES) * STREETS_PER_COUNTY} sub-districts at most; ask for fewer buildings",
        )
    return f"{COUNTIES[county]}{street + 1:03d}"


def town_recipe(seed: int, number: int, recipe: Recipe) -> Recipe:
    """Vary the recipe for one sub-district: its place, size, mix, river and railway."""
    rng = np.random.default_rng([seed, number, 1])
    city = recipe.city
    columns, rows = (int(rng.integers(low, high + 1)) for low, high in (city.columns, city.rows))
    skeleton = replace(
        recipe.skeleton,
        columns=columns,
        rows=rows,
        river=bool(rng.random() < 0.6),
        railway=bool(rng.random() < 0.35),
        drop_corner=bool(rng.random() < 0.5),
        merges=(0, 2),
        aspect=float(rng.uniform(0.85, 1.25)) * columns / rows,
    )
    villages = int(rng.integers(city.villages[0], city.villages[1] + 1))
    uses = replace(recipe.uses, villages=(villages, villages))
    return replace(recipe, street=_street(number, recipe, rng), skeleton=skeleton, uses=uses)


def _street(number: int, recipe: Recipe, rng: np.random.Generator) -> Street:
    city, words = recipe.city, recipe.words
    code = street_code(number)
    stems = words["street_stems"]
    # Names repeat in no district: stem by number, then stems with a prefix.
    turn, place = divmod(number % STREETS_PER_COUNTY, len(stems))
    area = float(rng.uniform(*city.area_km2))
    lon, lat = _middle(number, recipe.street, city)
    return replace(
        recipe.street,
        code=code,
        district=words["districts"][int(code[5])],
        name=f"{('', '新', '老')[turn]}{stems[place]}街道",
        area_km2=area,
        households=int(rng.uniform(*city.households) * area / np.mean(city.area_km2)),
        lon=lon,
        lat=lat,
    )


@cache
def _transformers() -> tuple[Transformer, Transformer]:
    there = Transformer.from_crs(WGS84, PLAN_CRS, always_xy=True)
    back = Transformer.from_crs(PLAN_CRS, WGS84, always_xy=True)
    return there, back


def _middle(number: int, street: Street, city: City) -> tuple[float, float]:
    """Place sub-districts row by row northwards, with open country between them."""
    there, back = _transformers()
    x, y = there.transform(street.lon, street.lat)
    row, column = divmod(number, city.streets_in_a_row)
    lon, lat = back.transform(x + (column - city.streets_in_a_row / 2) * city.pitch_m, y + (row + 1) * city.pitch_m)
    return float(lon), float(lat)
