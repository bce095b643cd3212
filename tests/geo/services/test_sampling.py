import json
from dataclasses import replace

import geopandas as gpd
import pyogrio
import pytest
from sqlalchemy import text

from geo.errors import BoundsError, ConflictError, FileFormatError
from geo.sample import generate_town
from geo.sample.recipe import load_recipe
from geo.services.sampling import SAMPLE_STREET, load_sample, write_city, write_sample
from geo.storage import layers, plans
from geo.territory.nouns import NOUNS
from tests.geo.sample.recipes import small_recipe

RECIPE = small_recipe()
#: Towns of one superblock, so that a city of several is quickly made.
TINY = replace(
    load_recipe(),
    city=replace(
        load_recipe().city, area_km2=(0.25, 0.3), households=(2000, 3000), villages=(0, 1), columns=(1, 2), rows=(1, 1)
    ),
)


def test_file_has_a_layer_per_noun_and_reads_back(tmp_path):
    path = tmp_path / "town.gpkg"
    rows = write_sample(path, 3, recipe=RECIPE)
    town = generate_town(3, recipe=RECIPE)
    assert {name for name, _ in pyogrio.list_layers(path)} == set(NOUNS)
    assert rows == {noun: len(frame) for noun, frame in town.items()}
    buildings = gpd.read_file(path, layer="building")
    assert buildings.crs.to_epsg() == 4326
    assert buildings.code.tolist() == town["building"].code.tolist()
    assert buildings.geometry.geom_equals(town["building"].geometry).all()


def test_file_of_no_known_format_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"\.gpkg"):
        write_sample(tmp_path / "town.dwg", 3, recipe=RECIPE)


def test_town_is_loaded_whole_and_once(session):
    steps = []
    counts = load_sample(
        session, 3, who="tester", recipe=RECIPE, progress=lambda what, done, total: steps.append((done, total))
    )
    town = generate_town(3, recipe=RECIPE)
    assert {noun: count.inserted for noun, count in counts.items()} == {noun: len(town[noun]) for noun in NOUNS}
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    stored = layers.read(session, NOUNS["building"], street_code=SAMPLE_STREET)
    assert stored.households.sum() == town["building"].households.sum()
    again = load_sample(session, 3, who="tester", recipe=RECIPE)
    assert all(count.inserted == count.updated == 0 for count in again.values())
    assert {noun: count.unchanged for noun, count in again.items()} == {noun: len(town[noun]) for noun in NOUNS}


def test_departments_old_grids_are_adopted_plans(session):
    load_sample(session, 3, who="tester", recipe=RECIPE)
    for department in load_recipe().old_grids.departments:
        plan = plans.latest(session, SAMPLE_STREET, department)
        assert plan is not None
        assert plan.state == "adopted"
        assert plan.adopted_at.year == 2019
    assert session.execute(text("SELECT count(*) FROM plan")).scalar() == 3


def test_two_towns_never_stand_in_each_other(session):
    load_sample(session, 3, who="tester", recipe=RECIPE)
    with pytest.raises(ConflictError, match="种子"):
        load_sample(session, 4, who="tester", recipe=RECIPE)


# ── a city ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_city_goes_on_after_an_interruption(tmp_path):
    whole = write_city(tmp_path / "whole", 5, buildings=400, recipe=TINY)

    def interrupt(what, done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_city(tmp_path / "broken", 5, buildings=400, recipe=TINY, progress=interrupt)
    kept = json.loads((tmp_path / "broken" / "city.json").read_text())
    assert len(kept["streets"]) == 1
    assert write_city(tmp_path / "broken", 5, buildings=400, recipe=TINY) == whole
    for path in sorted((tmp_path / "whole").glob("*.gpkg")):
        one, other = (gpd.read_file(tmp_path / name / path.name, layer="building") for name in ("whole", "broken"))
        assert one.equals(other)
    assert whole.buildings >= 400
    assert whole.streets == len(list((tmp_path / "whole").glob("*.gpkg"))) > 1


def test_city_that_is_there_is_not_made_again(tmp_path):
    first = write_city(tmp_path, 5, buildings=60, recipe=TINY)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert write_city(tmp_path, 5, buildings=60, recipe=TINY) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_city_as_parquet(tmp_path):
    city = write_city(tmp_path, 5, buildings=1, form="parquet", recipe=TINY)
    buildings = gpd.read_parquet(tmp_path / "440390001.building.parquet")
    assert len(buildings) == city.buildings
    assert buildings.households.sum() == city.households


@pytest.mark.parametrize(("seed", "form"), [(6, "gpkg"), (5, "parquet")])
def test_folder_of_another_city_is_left_alone(tmp_path, seed, form):
    write_city(tmp_path, 5, buildings=1, recipe=TINY)
    with pytest.raises(ConflictError, match="文件夹"):
        write_city(tmp_path, seed, buildings=1, form=form, recipe=TINY)


@pytest.mark.parametrize("content", ["{", "[]", '{"seed": 5}', '{"streets": [1]}'])
def test_folder_with_a_strange_list_is_left_alone(tmp_path, content):
    (tmp_path / "city.json").write_text(content)
    with pytest.raises(FileFormatError, match=r"city\.json"):
        write_city(tmp_path, 5, buildings=1, recipe=TINY)


@pytest.mark.parametrize(("buildings", "form"), [(0, "gpkg"), (1, "shp")])
def test_impossible_cities_are_refused(tmp_path, buildings, form):
    with pytest.raises(BoundsError):
        write_city(tmp_path, 5, buildings=buildings, form=form, recipe=TINY)
