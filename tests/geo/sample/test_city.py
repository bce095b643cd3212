import itertools

import pytest
import shapely

from geo.errors import BoundsError
from geo.sample.city import stream_city, street_code, town_recipe, town_seed
from geo.sample.recipe import load_recipe
from tests.geo.sample import properties


@pytest.fixture(scope="module")
def towns():
    return list(stream_city(5, buildings=3000))


def test_stream_stops_once_the_buildings_are_there(towns):
    counts = [len(town["building"]) for town in towns]
    assert sum(counts) >= 3000
    assert sum(counts[:-1]) < 3000


def test_towns_of_a_city_are_sound(towns):
    for check in properties.ALL:
        if check is not properties.check_units:  # left out of a city
            check(towns[0])


def test_towns_lie_apart_and_share_no_code(towns):
    streets = [properties.metres(town["street"])[0] for town in towns]
    for one, other in itertools.combinations(streets, 2):
        assert shapely.distance(one, other) > 0
    codes = [set(town["building"].code) for town in towns]
    assert len(set.union(*codes)) == sum(map(len, codes))


def test_stream_goes_on_where_it_stopped(towns):
    later = next(stream_city(5, buildings=1, first=1))
    assert later["building"].equals(towns[1]["building"])


def test_towns_differ():
    recipes = [town_recipe(5, number, load_recipe()) for number in range(40)]
    assert len({recipe.street.code for recipe in recipes}) == 40
    assert len({(recipe.street.district, recipe.street.name) for recipe in recipes}) == 40
    assert {recipe.skeleton.river for recipe in recipes} == {True, False}
    assert len({town_seed(5, number) for number in range(40)}) == 40


def test_codes_fill_district_after_district_and_end():
    assert [street_code(n) for n in (0, 98, 99, 890)] == ["440390001", "440390099", "440391001", "440398099"]
    with pytest.raises(BoundsError, match="891"):
        street_code(891)
