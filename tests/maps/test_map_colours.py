"""The colours that maps ask for are in the catalogue, and can be told apart and read by day as by night."""

from dataclasses import astuple
from typing import Any

import pytest

from geo.territory.layer_catalogue import Colour, map_colours
from maps import ledger_styles, round_styles, styles
from maps.layers import extent_of
from maps.pages import page_data
from maps.styles import CHANGE_CLASSES, OLD_GRID_LINES, UNKNOWN, household_classes
from tests.maps.content import content

#: From less to more: darker by day, brighter by night.
SCALES = {
    "grids": [each.fill for each in household_classes(200, 300) if each.key.startswith("in_")],
    "change": [each.fill for each in CHANGE_CLASSES if each.at_most is not None],
    "ages": [each.fill for each in ledger_styles.AGES],
    "results": list(ledger_styles.RESULT_FILLS),
    "published": [f"published_{place}" for place in range(5)],
}
WORDS = ("text", "road_text", "water_text", "compound_text", "building_text", "community_line", "cell_line")
LINES = ("grid_line", "community_line", "cell_line", "railway", "wall", "highlight", "hot_spot")
#: What WCAG asks of words and of other things that have to be seen (1.4.3, 1.4.11).
READ, SEEN = 4.5, 3.0


def luminance(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(*names: str) -> list[Colour]:
    return [map_colours()[name] for name in names]


def asked() -> set[str]:
    """The names of colours that classes of maps have."""
    classes: list[Any] = [UNKNOWN, *household_classes(200, 300), *CHANGE_CLASSES, ledger_styles.UNJUDGED]
    for each in (ledger_styles.STATES, ledger_styles.AGES, ledger_styles.SEEN, ledger_styles.COVERAGE):
        classes += each
    names = {each.fill for each in (*classes, *round_styles.RESULTS)}
    plain = (*ledger_styles.NATURE_FILLS, *ledger_styles.KIND_FILLS, *ledger_styles.RESULT_FILLS)
    return names | set(plain) | {name for name, _ in OLD_GRID_LINES}


def test_every_class_has_a_colour_of_the_catalogue() -> None:
    assert asked() <= set(map_colours())


def test_a_page_has_both_schemes_and_names_for_its_classes() -> None:
    given = content()
    extent = extent_of(given)
    assert extent is not None
    data = page_data(given, extent)
    assert data["palette"]["grids_below"] == list(astuple(map_colours()["grids_below"]))
    assert {row["fill"] for row in (*data["classes"], data["unknown"])} <= set(data["palette"])


@pytest.mark.parametrize("scale", SCALES)
def test_more_is_darker_by_day_and_brighter_by_night(scale: str) -> None:
    found = colours(*SCALES[scale])
    days, nights = [luminance(each.day) for each in found], [luminance(each.night) for each in found]
    assert days == sorted(days, reverse=True)
    assert nights == sorted(nights)
    assert len(set(days)) == len(set(nights)) == len(found) >= 3


def test_words_are_read_on_their_halo() -> None:
    (halo,) = colours("halo")
    for each in colours(*WORDS, *(name for name, _ in OLD_GRID_LINES)):
        assert contrast(each.day, halo.day) >= READ
        assert contrast(each.night, halo.night) >= READ


def test_lines_are_seen_on_the_land() -> None:
    (land,) = colours("land")
    for each in colours(*LINES):
        assert contrast(each.day, land.day) >= SEEN
        assert contrast(each.night, land.night) >= SEEN


def test_hazards_are_seen_by_night() -> None:
    """By day their discs have marks and white rims; by night it is the fill that shows."""
    (land,) = colours("land")
    discs = [each.fill for each in (*ledger_styles.STATES, *ledger_styles.AGES)]
    for each in colours(*discs, *ledger_styles.NATURE_FILLS, *ledger_styles.KIND_FILLS):
        assert contrast(each.night, land.night) >= SEEN


def test_paper_has_the_colours_of_the_day() -> None:
    assert {name: colour.day for name, colour in map_colours().items()} == styles.PALETTE
