import pytest

from geo.errors import BoundsError
from geo.sample.recipe import City, _section, load_recipe
from geo.territory.codes import problem
from geo.territory.dictionaries import dictionary


def test_shipped_recipe_names_known_kinds_only():
    recipe = load_recipe()
    assert {size.kind for size in recipe.footprints.values()} <= set(dictionary("building_kinds").entries)
    assert set(recipe.blocks.pavement_m) == set(dictionary("barrier_kinds").entries) - {"wall"}
    assert problem("street", recipe.street.code) is None


def test_no_word_list_repeats_itself():
    for key, words in load_recipe().words.items():
        if not key.endswith("_tails") and key not in ("given",):
            assert len(set(words)) == len(words), key


def test_unknown_parameters_are_refused():
    with pytest.raises(BoundsError, match="pitch_km"):
        _section(City, {"pitch_km": 3})
