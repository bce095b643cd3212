"""The sample town: the size and the look of a real sub-district."""

import hashlib

import numpy as np
import pytest
import shapely

from geo.sample import generate_town
from geo.territory.dictionaries import dictionary
from tests.geo.sample import properties


@pytest.fixture(scope="module")
def town():
    return generate_town(7)


@pytest.mark.parametrize("check", properties.ALL, ids=lambda check: check.__name__)
def test_town_is_sound(town, check):
    check(town)


def test_size_is_nanhus(town):
    assert 2.4e6 < town["street"].to_crs(4547).area.sum() < 2.8e6
    assert 40_000 < town["building"].households.sum() < 50_000
    assert 12 <= len(town["community"]) <= 15


@pytest.mark.parametrize("seed", [1, 2])
def test_size_holds_for_other_seeds(seed):
    town = generate_town(seed, units=False)
    households = town["building"].groupby("community_code").households.sum()
    assert 12 <= len(households) <= 15
    assert 40_000 < households.sum() < 50_000
    assert (households > 4000).sum() >= 3


def test_communities_are_far_from_even(town):
    households = town["building"].groupby("community_code").households.sum()
    assert households.max() > 6500
    assert (households > 4000).sum() >= 3
    assert households.min() < 2200


def test_old_grids_are_too_many_and_unequal(town):
    grids = town["grid"]
    assert 140 < len(grids) < 230  # founding document 001 tells of 174 before the merger
    lived = grids[grids.households > 0].groupby("department").households
    assert 400 < lived.mean()["社工"] < 560  # founding document 003: 457 on average
    assert (lived.std() > 200).all()


def test_departments_grids_lie_across_each_other(town):
    layers = {name: properties.metres(own) for name, own in town["grid"].groupby("department")}
    police, city = layers["公安"], layers["城管"]
    left, right = shapely.STRtree(police).query(city, predicate="intersects")
    shared = shapely.area(shapely.intersection(city[left], police[right]))
    neither_holds_the_other = shared < np.minimum(shapely.area(police[right]), shapely.area(city[left])) - 100
    assert ((shared > 100) & neither_holds_the_other).sum() > 25
    for own in layers.values():
        assert shapely.union_all(own).area > 0.6 * properties.metres(town["street"])[0].area


def test_every_kind_of_thing_is_there(town):
    elements = set(town["city_element"].kind)
    assert elements == set(dictionary("element_kinds").entries) - {"other"}
    assert {"home", "rental", "vacant", "shop", "office"} == set(town["household_unit"].kind)
    assert {"rental", "single_flats", "small_shop", "small_workshop", "small_entertainment", "special_equipment"} < set(
        town["place"].kind
    )
    assert set(town["compound"].kind) == set(dictionary("compound_kinds").entries)
    kinds = {"main_road", "road", "lane", "river", "railway", "wall"}
    assert set(town["barrier"].kind) == kinds
    assert town["barrier"].name.notna().all()


def test_buildings_have_the_households_of_their_kind(town):
    buildings, stairwells = town["building"], town["stairwell"]
    house = buildings[buildings.kind == "village_house"]
    assert house.households.between(1, 14).all()
    assert 5 < house.households.mean() < 9
    assert buildings[buildings.kind.isin(["office", "school", "market", "factory", "public"])].households.eq(0).all()
    sections = stairwells.groupby("building_code").size()
    assert sections.max() <= 5
    towers = buildings[(buildings.kind == "tower")]
    assert towers.floors.between(18, 33).all()
    walk_ups = buildings[(buildings.kind == "walk_up")]
    assert walk_ups.floors.between(6, 8).all()
    assert towers.households.max() > 320  # a building that alone is over the range of a grid


def test_addresses_read_like_addresses(town):
    units = town["household_unit"]
    assert units.address.str.startswith("广东省深圳市南华区南华街道").all()
    assert units.address.str.contains(r"(?:路|街|大道|巷)\d+号\D+\d+(?:栋|号楼)[1-5]单元\d{3,4}$").any()
    assert units.address.str.contains(r"[村围][一二三四五六七八九十]+巷\d+号\d{3}$").any()
    assert town["building"].address.is_unique


def test_names_of_flats_and_compounds_tell_them_apart(town):
    places = town["place"]
    flats = places[places["kind"] == "single_flats"]["name"]
    assert len(flats) > 20
    assert flats.is_unique
    assert town["compound"]["name"].is_unique


def test_nobody_can_be_rung_by_chance(town):
    # No number in China begins with 000.
    for frame in (town["grid_staff"], town["responsible_body"]):
        assert frame.phone.str.fullmatch(r"000\d{8}").all()


def test_workers_stand_in_the_social_workers_grids(town):
    staff, grids = town["grid_staff"], town["grid"]
    own = grids[grids.department == "社工"]
    in_office = staff[staff.until.isna() & (staff.role == "grid_worker")]
    assert sorted(in_office.grid_code) == sorted(own.code)
    assert (staff.until.dropna() >= staff.since[staff.until.notna()]).all()


def test_same_seed_gives_the_same_bytes(town):
    again = generate_town(7)
    assert digests(again) == digests(town)


def digests(town):
    found = {}
    for name, frame in town.items():
        content = hashlib.sha256(frame.drop(columns="geometry").to_csv().encode())
        for wkb in frame.geometry.to_wkb():
            content.update(wkb or b"-")
        found[name] = content.hexdigest()
    return found
