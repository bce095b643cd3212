"""What each parcel is used for, so that every community has about the households it should have."""

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import Layout
from geo.sample.recipe import Recipe

DWELLING = ("tower", "slab_tower", "walk_up", "urban_village")
#: A dwelling's doors are not all households: shops and vacant doors take this share.
NOT_HOUSEHOLDS = 0.12


def household_targets(layout: Layout, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.float64]:
    """Share the street's households among its communities: larger ground, more households, never evenly."""
    count = layout.community_count
    areas = np.bincount(layout.parcels.community, shapely.area(layout.gross), minlength=count)
    profile = np.array([recipe.communities.profile[k % len(recipe.communities.profile)] for k in range(count)])
    shares = np.sort(profile * rng.uniform(0.97, 1.03, count))[::-1]
    by_size = np.argsort(-areas * rng.uniform(0.8, 1.25, count), kind="stable")
    targets = np.empty(count)
    targets[by_size] = shares / shares.sum() * recipe.street.households
    return targets


def assign_uses(
    layout: Layout, targets: NDArray[np.float64], recipe: Recipe, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Return the use of each parcel: a kind of dwelling, or park, school, market, office, factory, campus."""
    uses = np.full(len(layout.parcels), "", dtype=np.object_)
    area_ha = shapely.area(layout.net) / 1e4
    uses[layout.parcels.village.to_numpy()] = "urban_village"
    uses[(area_ha < 0.22) & (uses == "")] = "park"
    communities = layout.parcels.community.to_numpy()
    for community, target in enumerate(targets):
        members = np.flatnonzero((communities == community) & (uses == ""))
        doors = target / (1 - NOT_HOUSEHOLDS)
        village = np.flatnonzero((communities == community) & (uses == "urban_village"))
        doors -= area_ha[village].sum() * recipe.uses.doors_per_ha["urban_village"]
        _assign_in(uses, rng.permutation(members), area_ha, doors, recipe, rng)
    return uses


def _assign_in(
    uses: NDArray[np.object_],
    members: NDArray[np.int64],
    area_ha: NDArray[np.float64],
    doors: float,
    recipe: Recipe,
    rng: np.random.Generator,
) -> None:
    density = recipe.uses.doors_per_ha
    spare_ha = area_ha[members].sum() - doors / density["walk_up"]
    left = list(members)
    for use, chance, low, high in (
        ("school", recipe.uses.schools_per_community, 0.9, 2.4),
        ("market", recipe.uses.markets_per_community, 0.3, 0.9),
        ("park", recipe.uses.parks_per_community, 0.2, 1.6),
    ):
        fitting = [p for p in left if low <= area_ha[p] <= min(high, max(spare_ha, 0.0))]
        if fitting and rng.random() < chance:
            uses[fitting[0]] = use
            left.remove(fitting[0])
            spare_ha -= area_ha[fitting[0]]
    _house(uses, left, area_ha, doors, recipe, rng)


def _house(
    uses: NDArray[np.object_],
    left: list[int],
    area_ha: NDArray[np.float64],
    doors: float,
    recipe: Recipe,
    rng: np.random.Generator,
) -> None:
    """Give parcels to dwellings until the doors are there, denser kinds when land is scarce; the rest to work."""
    character = np.array(recipe.uses.characters[int(rng.integers(len(recipe.uses.characters)))])
    density = recipe.uses.doors_per_ha
    land = float(sum(area_ha[p] for p in left))
    rest, shares = list(recipe.uses.rest), np.array(list(recipe.uses.rest.values()))
    for parcel in left:
        if doors < 0.35 * area_ha[parcel] * density["walk_up"]:
            uses[parcel] = rng.choice(rest, p=shares / shares.sum())
            continue
        scarce = doors / max(land, 0.1) > 0.92 * density["walk_up"]
        weights = np.array([0.6, 0.4, 0.0]) if scarce else character
        use = str(rng.choice(["tower", "slab_tower", "walk_up"], p=weights))
        if area_ha[parcel] < 0.5:
            use = "walk_up"
        uses[parcel] = use
        doors -= area_ha[parcel] * density[use]
        land -= area_ha[parcel]


def densified(
    uses: NDArray[np.object_],
    communities: NDArray[np.int64],
    area_ha: NDArray[np.float64],
    missing: NDArray[np.float64],
    recipe: Recipe,
) -> NDArray[np.object_]:
    """Turn more land to towers where a community misses households: first work places, then walk-ups."""
    uses = uses.copy()
    density = recipe.uses.doors_per_ha
    for community, doors in enumerate(missing / (1 - NOT_HOUSEHOLDS)):
        for use in ("factory", "campus", "office", "walk_up"):
            gain = density["tower"] - density.get(use, 0.0)
            members = np.flatnonzero((communities == community) & (uses == use) & (area_ha > 0.4))
            for parcel in members[np.argsort(-area_ha[members], kind="stable")]:
                if doors < 0.5 * area_ha[parcel] * gain:
                    continue
                uses[parcel] = "tower"
                doors -= area_ha[parcel] * gain
    return uses
