"""City elements: garbage points, markets, toilets, gardens, bus stops, hydrants and others, where they belong."""

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import Layout
from geo.sample.bodies import Bodies
from geo.sample.recipe import Recipe
from geo.sample.sites import Sites
from geo.territory.dictionaries import dictionary

COLUMNS = ["kind", "name", "community", "address", "body"]
#: Things inside a site stand this far from its wall: buildings keep more than this away, metres.
FROM_WALL_M = 0.7


def place_elements(
    layout: Layout,
    sites: Sites,
    bodies: Bodies,
    site_households: NDArray[np.int64],
    recipe: Recipe,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Place all elements.

    Returns
    -------
    table, shapes
        One row per element (kind, name, community, address, body) and its point or polygon in plan metres.
    """
    parts = [
        _in_sites(sites, bodies, site_households, recipe, rng),
        _grounds(sites, bodies),
        _toilets_and_points(layout, sites, bodies, recipe, rng),
        _along_roads(layout, sites, bodies, "hydrant", recipe.elements.hydrant_spacing_m, recipe, rng),
        _along_roads(layout, sites, bodies, "bus_stop", recipe.elements.bus_stop_spacing_m, recipe, rng),
    ]
    table = pd.concat([part for part, _ in parts], ignore_index=True)
    shapes = np.concatenate([shapes for _, shapes in parts])
    order = np.argsort(table.community, kind="stable")
    return table.iloc[order].reset_index(drop=True), shapes[order]


def _rings(sites: Sites) -> NDArray[np.object_]:
    rings = shapely.get_exterior_ring(shapely.buffer(sites.shapes, -FROM_WALL_M, join_style="mitre"))
    return np.asarray(np.where(shapely.is_missing(rings), shapely.get_exterior_ring(sites.shapes), rings))


def _in_sites(
    sites: Sites, bodies: Bodies, households: NDArray[np.int64], recipe: Recipe, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    rings = _rings(sites)
    lived = households > 0
    garbage = np.where(lived, np.ceil(households / recipe.elements.households_per_garbage_point), 0).astype(int)
    sheds = np.round(households / recipe.elements.households_per_charging_shed).astype(int)
    names, shapes = [], []
    for kind, word, count in (
        ("garbage_point", "垃圾收集点", garbage),
        ("charging_shed", "电动车充电棚", sheds),
        ("notice_board", "公告栏", lived.astype(int)),
    ):
        site = np.repeat(np.arange(len(count)), count)
        number = np.arange(len(site)) - np.repeat(np.cumsum(count) - count, count)
        gate = shapely.line_locate_point(rings, sites.gates)[site]
        length = shapely.length(rings)[site]
        if kind == "notice_board":
            at = gate + 7.0
        else:
            at = gate + 14.0 + (number + rng.uniform(0.05, 0.75, len(site))) / count[site] * (length - 20.0)
        shapes.append(shapely.line_interpolate_point(rings[site], at % length))
        rows = sites.table.iloc[site]
        several = count[site] > 1
        suffix = np.where(several, (number + 1).astype(str).astype(object) + "号", "")
        body = _bodies_inside(kind, rows, site, bodies, rng)
        names.append(_rows(kind, rows.name.to_numpy() + suffix + word, rows.community, rows.address, body))
    return pd.concat(names, ignore_index=True), np.concatenate(shapes)


def _bodies_inside(
    kind: str, rows: pd.DataFrame, site: NDArray[np.int64], bodies: Bodies, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Property companies answer inside walls; outside them contractors clean and work stations post notices."""
    inside = (rows.kind == "managed").to_numpy()
    cleaned = kind == "garbage_point"
    others = rng.choice(bodies.cleaners, len(rows)) if cleaned else bodies.stations[rows.community]
    return np.where(inside, bodies.of_site[site], others)


def _rows(kind: str, name: object, community: object, address: object, body: object) -> pd.DataFrame:
    columns = {"name": name, "community": community, "address": address, "body": body}
    frame = pd.DataFrame({key: np.asarray(value) for key, value in columns.items()})
    frame.insert(0, "kind", kind)
    return frame


def _grounds(sites: Sites, bodies: Bodies) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Return parks as gardens and market grounds as markets: their whole polygons."""
    kinds = {"park": "garden", "market": "market"}
    chosen = np.flatnonzero(sites.table.use.isin(list(kinds)))
    rows = sites.table.iloc[chosen]
    table = _rows("", rows.name, rows.community, rows.address, bodies.of_site[chosen])
    table["kind"] = rows.use.map(kinds).to_numpy()
    return table, sites.shapes[chosen]


def _toilets_and_points(
    layout: Layout, sites: Sites, bodies: Bodies, recipe: Recipe, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    rings = _rings(sites)
    public = {"park": 4.0, "market": 4.0, "urban_village": 3.0, "campus": 1.0, "walk_up": 0.3}
    parts, shapes = [], []
    for kind, word, mean in (
        ("public_toilet", "公厕", recipe.elements.public_toilets_per_community),
        ("service_point", "邻里服务点", recipe.elements.service_points_per_community),
    ):
        for community in range(layout.community_count):
            members = np.flatnonzero(sites.table.community == community)
            uses = sites.table.use.to_numpy()[members]
            if kind == "service_point":
                members = members[~np.isin(uses, ["park", "market", "factory"])]
                weights = np.ones(len(members))
            else:
                weights = np.array([public.get(use, 0.05) for use in uses])
            count = min(max(int(rng.poisson(mean)), 1), len(members))
            if not count:
                continue
            site = np.sort(rng.choice(members, count, replace=False, p=weights / weights.sum()))
            shapes.append(shapely.line_interpolate_point(rings[site], rng.uniform(0.3, 0.7, count), normalized=True))
            rows = sites.table.iloc[site]
            body = rng.choice(bodies.cleaners, count) if kind == "public_toilet" else bodies.stations[rows.community]
            parts.append(_rows(kind, rows.name + word, rows.community, rows.address, body))
    return pd.concat(parts, ignore_index=True), np.concatenate(shapes)


def _along_roads(
    layout: Layout,
    sites: Sites,
    bodies: Bodies,
    kind: str,
    spacing: float,
    recipe: Recipe,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    kinds = layout.lines.kind.to_numpy()
    carriers = np.isin(kinds, ["main_road"] if kind == "bus_stop" else ["main_road", "road"])
    lines = np.flatnonzero(carriers)
    lengths = shapely.length(layout.line_shapes[lines])
    count = np.maximum(np.floor(lengths / spacing), 1).astype(int)
    line = np.repeat(np.arange(len(lines)), count)
    number = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    at = (number + rng.uniform(0.25, 0.75, len(line))) / count[line] * lengths[line]
    side = rng.choice([-1.0, 1.0], len(line))
    widths = {code: entry.extra["width_m"] / 2 for code, entry in dictionary("barrier_kinds").entries.items()}
    half = np.array([widths[kinds[index]] for index in lines])[line]
    points = _beside(layout.line_shapes[lines[line]], at, side * (half + 1.2))
    tree = shapely.STRtree(layout.gross)
    found, parcel = tree.query(points, predicate="within")
    roads = np.array([sites.line_names[index] for index in lines], dtype=np.object_)[line][found]
    communities = layout.parcels.community.to_numpy()[parcel]
    if kind == "bus_stop":
        name = roads + "站" + np.array([f"{n + 1}" for n in number], dtype=np.object_)[found]
        body = np.full(len(found), bodies.bus)
    else:
        name = roads + np.array([f"{n + 1}" for n in number], dtype=np.object_)[found] + "号消火栓"
        body = np.full(len(found), bodies.water)
    return _rows(kind, name, communities, recipe.street.address + roads, body), points[found]


def _beside(lines: NDArray[np.object_], at: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return points at distances along lines, moved aside by ``offset`` (left positive), metres."""
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, at + 2.0))
    back = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(at - 2.0, 0.0)))
    along = ahead - back
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    return np.asarray(shapely.points(here + offset[:, None] * np.stack([-along[:, 1], along[:, 0]], axis=1)))
