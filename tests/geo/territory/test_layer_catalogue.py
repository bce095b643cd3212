"""The catalogue of layers holds together with nouns, dictionaries, rights and colours."""

import re

import pytest

from api.access import OFFICE
from geo.access.roles import roles
from geo.errors import NotFoundError
from geo.territory.dictionaries import dictionary
from geo.territory.layer_catalogue import CatalogueLayer, Part, Property, catalogue_layer, layer_catalogue, map_colours
from geo.territory.nouns import CELL_COLUMNS, NOUNS

LAYERS = layer_catalogue().values()
each_layer = pytest.mark.parametrize("layer", LAYERS, ids=[layer.code for layer in LAYERS])
#: What a layer of grids tells beside the noun's columns.
OF_PLANS = {"plan_id"}


@each_layer
def test_titles_are_in_both_languages(layer: CatalogueLayer) -> None:
    titled: list[CatalogueLayer | Property | Part] = [layer, *layer.properties, *layer.parts]
    for each in titled:
        assert re.search("[\u4e00-\u9fff]", each.zh)
        assert re.fullmatch("[ -~]+", each.en)


@each_layer
def test_properties_are_those_of_the_noun_and_none_is_personal(layer: CatalogueLayer) -> None:
    names = [each.name for each in layer.properties]
    assert len(names) == len(set(names))
    assert set(layer.searched) <= set(names)
    noun = NOUNS.get(layer.noun)
    if layer.noun == "cell":
        assert set(names) <= set(CELL_COLUMNS)
    elif noun is not None and layer.group != "ledger":
        assert set(names) <= {*noun.column_names, *OF_PLANS}
        assert not any(noun.column(name).personal for name in names if name not in OF_PLANS)
        for each in layer.properties:
            if each.name not in OF_PLANS:
                assert each.dictionary == noun.column(each.name).dictionary


@each_layer
def test_words_kinds_and_colours_are_there(layer: CatalogueLayer) -> None:
    for each in layer.properties:
        assert each.dictionary is None or dictionary(each.dictionary).entries
    assert {layer.style.line, layer.style.fill, layer.paler[0], *(part.line for part in layer.parts)} - {""} <= set(
        map_colours()
    )
    words = next((each.dictionary for each in layer.properties if each.name == "kind"), None)
    kinds = {*layer.paler[1], *(kind for part in layer.parts for kind in part.kinds)}
    kinds |= set(layer.levels.kinds) if layer.levels else set()
    assert not kinds or (words is not None and kinds <= set(dictionary(words).entries))
    if layer.style.symbols is not None:
        assert all(entry.extra["symbol"] for entry in dictionary(layer.style.symbols).entries.values())


@each_layer
def test_levels_follow_each_other(layer: CatalogueLayer) -> None:
    if layer.levels is None:
        return
    assert 0 <= layer.levels.first <= layer.levels.whole <= 15
    assert all(layer.levels.first <= level <= layer.levels.whole for level in layer.levels.kinds.values())
    assert layer.told_at(layer.levels.first)[0] == layer.key
    assert set(layer.told_at(0)) <= set(layer.told_at(15)) <= {each.name for each in layer.properties}


@each_layer
def test_whoever_works_with_the_territory_may_ask_and_nobody_else(layer: CatalogueLayer) -> None:
    assert layer.roles == OFFICE <= set(roles())


def test_households_are_in_no_tile() -> None:
    assert not [layer.code for layer in LAYERS if "households" in layer.told_at(21)]


def test_colours_are_colours() -> None:
    for colour in map_colours().values():
        assert re.fullmatch("#[0-9a-f]{6}", colour.day)
        assert re.fullmatch("#[0-9a-f]{6}", colour.night)


def test_an_unknown_layer_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"lakes.*buildings"):
        catalogue_layer("lakes")
