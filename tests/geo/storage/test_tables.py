"""The tables mirror the catalogue of nouns, and guard every geometry and code."""

import re

import pytest
from geoalchemy2 import Geometry
from sqlalchemy import Boolean, Date, Float, Integer, Text
from sqlalchemy.types import TypeEngine

from geo.storage.catalogue import METADATA
from geo.storage.declaring import code_pattern
from geo.storage.tables import NOUN_TABLES
from geo.territory import codes
from geo.territory.nouns import NOUNS

KEPT = {"source", "source_key", "version", "created_at", "changed_at", "ended_at"}
TYPES: dict[str, type[TypeEngine]] = {
    "text": Text,
    "integer": Integer,
    "number": Float,
    "boolean": Boolean,
    "date": Date,
}
LAYERS = [noun for noun in NOUNS if noun != "grid"]
SPATIAL = [*(noun for noun in LAYERS if NOUNS[noun].geometry), "grid", "cell"]


def test_every_noun_has_a_table() -> None:
    assert set(NOUN_TABLES) == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_table_has_the_columns_of_its_noun(name: str) -> None:
    noun, table = NOUNS[name], METADATA.tables[name]
    expected = {*noun.column_names, *KEPT, *(["geom"] if noun.geometry else [])}
    assert set(table.columns.keys()) == expected
    for column in noun.columns:
        kept = table.columns[column.name]
        assert isinstance(kept.type, TYPES[column.type])
        assert kept.nullable == (not column.required)
        target = {key.column.table.name for key in kept.foreign_keys}
        points_at = column.code_of if column.code_of not in (name, "grid") else None
        assert target == ({points_at} if points_at else set())
    if noun.geometry:
        assert table.columns["geom"].nullable == (not noun.geometry_required)


def test_grids_of_plans_have_the_columns_of_the_noun() -> None:
    kept = set(METADATA.tables["grid"].columns.keys())
    # A department's name is its plan's.
    assert kept >= {*NOUNS["grid"].column_names, "geom"} - {"department"}
    assert "department" in METADATA.tables["plan"].columns


@pytest.mark.parametrize("name", SPATIAL)
def test_geometry_is_4326_indexed_and_checked(name: str) -> None:
    table = METADATA.tables[name]
    kind = table.columns["geom"].type
    assert isinstance(kind, Geometry)
    assert (kind.srid, kind.dimension) == (4326, 2)
    indexes = [index for index in table.indexes if index.columns.keys() == ["geom"]]
    assert [index.dialect_options["postgresql"]["using"] for index in indexes] == ["gist"]
    checks = {str(constraint.name) for constraint in table.constraints}
    assert {f"ck_{name}_geom_{rule}" for rule in ("type", "valid", "extent")} <= checks


@pytest.mark.parametrize("noun", [*codes.DIGITS, *codes.LETTERS])
def test_code_patterns_take_what_the_codes_module_makes(noun: str) -> None:
    parent = {9: "440307001", 12: "440307001001", 15: "440307001001001", 19: "4403070010010000001"}
    stem = codes.LETTERS[noun][1] if noun in codes.LETTERS else {12: 9, 15: 12, 19: 12, 25: 19}.get(codes.DIGITS[noun])
    code = codes.make(noun, parent[stem], 1) if stem else "440307001"
    assert re.search(code_pattern(noun), code)
    assert not re.search(code_pattern(noun), f"{code}0")
    assert not re.search(code_pattern(noun), code[:-1])
