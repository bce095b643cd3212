"""Any seed gives a sound town."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.sample import generate_town
from tests.examples import examples
from tests.geo.sample import properties
from tests.geo.sample.recipes import small_recipe

RECIPE = small_recipe()


@settings(examples(3), suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_seed_gives_a_sound_town(seed):
    town = generate_town(seed, recipe=RECIPE)
    for check in properties.ALL:
        check(town)
    assert 0.5 < town["building"].households.sum() / RECIPE.street.households < 1.5


@pytest.fixture(scope="module")
def town():
    return generate_town(7, recipe=RECIPE)


def test_small_town_has_four_communities_within_its_area(town):
    assert len(town["community"]) == 4
    assert town["street"].to_crs(4547).area.sum() == pytest.approx(0.56e6, rel=1e-3)


def test_river_and_railway_bound_communities(town):
    barriers = town["barrier"].to_crs(4547)
    borders = town["community"].to_crs(4547).boundary.union_all().buffer(0.01)
    for kind in ("river", "railway", "main_road"):
        own = barriers[barriers.kind == kind]
        assert len(own) > 0
        assert own.within(borders).all(), kind


def test_other_seed_gives_another_town(town):
    other = generate_town(8, recipe=RECIPE)
    assert not town["building"].geometry.head(20).equals(other["building"].geometry.head(20))


def test_without_units_everything_else_is_the_same(town):
    lean = generate_town(7, recipe=RECIPE, units=False)
    assert len(lean["household_unit"]) == 0
    assert lean["building"].equals(town["building"])
    assert lean["stairwell"].equals(town["stairwell"])
    assert lean["grid"].equals(town["grid"])
    assert lean["place"].household_unit_code.isna().all()
