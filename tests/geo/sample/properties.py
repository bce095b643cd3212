"""What holds in every generated town, whatever its seed and size."""

import numpy as np
import pandas as pd
import shapely

from geo.crs import WGS84
from geo.territory.codes import problem
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import NOUNS

#: Degrees are kept to 1e-9 (0.1 mm); what was inside may lie outside by that much.
ROUNDING_M = 0.001
PLAN = 4547


def metres(frame):
    return frame.geometry.to_crs(PLAN).to_numpy()


def check_frames(town):
    """Columns, codes, dictionaries, references and geometries are what the catalogue of nouns says."""
    assert set(town) == set(NOUNS)
    for name, noun in NOUNS.items():
        frame = town[name]
        assert list(frame.columns) == [*noun.column_names, "geometry"], name
        assert frame.crs == WGS84
        assert frame.code.is_unique, name
        for column in noun.columns:
            values = frame[column.name].dropna()
            assert not column.required or len(values) == len(frame), (name, column.name)
            if column.dictionary:
                assert set(values) <= set(dictionary(column.dictionary).entries), (name, column.name)
            if column.code_of:
                assert not [found for code in values if (found := problem(column.code_of, code))], (name, column.name)
                assert set(values) <= set(town[column.code_of].code), (name, column.name)
        check_geometry(frame, noun)


def check_geometry(frame, noun):
    if not noun.geometry:
        assert frame.geometry.isna().all()
        return
    shapes = frame.geometry.to_numpy()
    assert set(frame.geometry.geom_type) <= set(noun.geometry), noun.name
    assert shapely.is_valid(shapes).all(), noun.name
    assert not shapely.is_empty(shapes).any()


def check_divisions(town):
    """Communities tile the street exactly: they share edges, and together they are the street."""
    communities = town["community"].geometry.to_numpy()
    assert shapely.coverage_is_valid(communities)
    whole = shapely.coverage_union_all(communities)
    assert shapely.equals(whole, town["street"].geometry.iloc[0])
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0


def check_buildings(town):
    """No two buildings touch, none touches a barrier, each is inside its community and its compound."""
    shapes = metres(town["building"])
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.3)
    assert (left == right).all()
    barriers = metres(town["barrier"])
    assert len(shapely.STRtree(shapes).query(barriers, predicate="dwithin", distance=0.3)[0]) == 0
    check_inside(town["building"], town["community"], "community_code")
    check_inside(town["building"].dropna(subset=["compound_code"]), town["compound"], "compound_code")


def check_inside(parts, wholes, column):
    around = shapely.buffer(metres(wholes), ROUNDING_M)
    owner = wholes.reset_index(drop=True).reset_index().set_index("code")["index"][parts[column]].to_numpy()
    assert shapely.covers(around[owner], metres(parts)).all()


def check_stairwells(town):
    """Stairwells divide their building exactly and share its households among them."""
    stairwells = town["stairwell"]
    buildings = town["building"].set_index("code")
    for code, rows in stairwells.groupby("building_code").groups.items():
        parts = stairwells.geometry.loc[rows].to_numpy()
        assert shapely.coverage_is_valid(parts)
        assert shapely.equals(shapely.coverage_union_all(parts), buildings.geometry[code])
    total = stairwells.groupby("building_code").households.sum()
    assert (total == buildings.households[total.index]).all()
    assert set(stairwells.building_code) == set(buildings.index[buildings.kind.isin(["tower", "walk_up", "mixed"])])


def check_units(town):
    """Buildings count the units whose kind counts, and every door has an address of its own."""
    units, buildings = town["household_unit"], town["building"].set_index("code")
    kinds = dictionary("unit_kinds").entries
    counted = units[units.kind.map({code: bool(entry.extra["counts"]) for code, entry in kinds.items()})]
    total = counted.groupby("building_code").size().reindex(buildings.index, fill_value=0)
    pd.testing.assert_series_equal(total, buildings.households, check_names=False)
    behind = counted.dropna(subset=["stairwell_code"]).groupby("stairwell_code").size()
    stairwells = town["stairwell"].set_index("code").households
    pd.testing.assert_series_equal(behind.reindex(stairwells.index, fill_value=0), stairwells, check_names=False)
    assert (units.code.str[:19] == units.building_code).all()
    assert (units.floor <= buildings.floors[units.building_code].to_numpy()).all()
    assert units.address.is_unique
    own = buildings.address[units.building_code].to_numpy()
    assert all(address.startswith(stem) for address, stem in zip(units.address, own, strict=True))


def check_walls(town):
    """Every managed compound has a wall around it with a gap for the gate."""
    walls = town["barrier"][town["barrier"].kind == "wall"]
    managed = town["compound"][town["compound"].kind == "managed"]
    lines, rings = metres(walls), shapely.get_exterior_ring(metres(managed))
    near = shapely.STRtree(lines).query(shapely.buffer(rings, 0.01), predicate="contains")
    assert set(near[0]) == set(range(len(managed)))
    gaps = shapely.length(rings[near[0]]) - shapely.length(lines[near[1]])
    assert (gaps > 3).all()
    assert (gaps < 20).all()


def check_old_grids(town):
    """Each department's grids are a coverage within communities and hold every household."""
    grids = town["grid"]
    households = town["building"].households.sum()
    layers = dict(list(grids.groupby("department")))
    assert set(layers) == {"公安", "城管", "社工"}
    for own in layers.values():
        assert shapely.coverage_is_valid(own.geometry.to_numpy())
        assert own.households.sum() == households
        check_inside(own, town["community"], "community_code")


def check_things(town):
    """Elements lie in their community and off buildings, places in their building."""
    elements = town["city_element"]
    check_inside(elements, town["community"], "community_code")
    points = elements[elements.geometry.geom_type == "Point"]
    buildings = metres(town["building"])
    assert len(shapely.STRtree(buildings).query(metres(points), predicate="within")[0]) == 0
    places = town["place"]
    owner = pd.Series(np.arange(len(buildings)), town["building"].code)[places.building_code].to_numpy()
    assert shapely.covers(shapely.buffer(buildings[owner], ROUNDING_M), metres(places)).all()


ALL = (
    check_frames,
    check_divisions,
    check_buildings,
    check_stairwells,
    check_units,
    check_walls,
    check_old_grids,
    check_things,
)
