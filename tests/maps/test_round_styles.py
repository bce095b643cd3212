"""How the phone's map looks: each class has words and a colour of its own, each kind a character."""

import json
from typing import Any

import pytest

from geo.territory.dictionaries import dictionary
from maps.round_styles import round_styles


def classes(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(round_styles()))[name]
    return found


@pytest.mark.parametrize("name", ["seen", "result", "light", "level"])
def test_classes_are_told_apart_and_named(name: str) -> None:
    found = classes(name)
    assert len({each["key"] for each in found}) == len(found) == len({each["fill"] for each in found})
    assert all(each["zh"] and each["en"] for each in found)


def test_whatever_stands_open_has_its_class() -> None:
    assert [each["key"] for each in classes("light")] == [*reversed(dictionary("lights").entries), "paused"]
    assert [each["key"] for each in classes("level")] == [*dictionary("hazard_natures").entries, "unjudged"]
    assert classes("seen")[-1]["key"] == "never"
    assert {"clear", "findings", "no_access", "none"} == {each["key"] for each in classes("result")}


def test_each_kind_has_a_character() -> None:
    styles: Any = round_styles()
    assert set(styles["hazard_symbols"]) == set(dictionary("hazard_kinds").entries)
    assert set(styles["elements"]) == set(dictionary("element_kinds").entries)
    assert {len(symbol) for symbol in styles["hazard_symbols"].values()} == {1}
