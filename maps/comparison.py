"""The comparison page: plans of one area side by side or under a curtain, their figures, and who changes grid."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Literal

from geo.crs import metric_crs_of
from geo.regionalization.communities import Bounds
from geo.regionalization.comparison import Change, change, figures
from geo.territory.dictionaries import dictionary
from geo.territory.map_content import ComparisonContent, PlanSide
from maps.assets import COMPARISON_SCRIPTS, PAGE_STYLES, page_script, page_style
from maps.escaping import json_text, plain_text
from maps.facts import holds_estimates
from maps.layers import Extent, Layer, extent_of, grids, layers_of
from maps.pages import NOWHERE, PlanFigure, PlanMap, shared_data, stamp_markup
from maps.panel import panel_markup
from maps.styles import CHANGE_CLASSES, household_classes

Colouring = Literal["households", "change"]


#: Of the flows between two plans the page lists so many; a city has thousands.
MOST_FLOWS = 300


def comparison_page(comparison: ComparisonContent, *, colouring: Colouring = "households", stamp: str = "") -> str:
    """Return the comparison of two or more plans as one self-contained HTML document.

    Parameters
    ----------
    colouring
        How grids are coloured when the page opens: by their households, or by how many of them change grid.
    stamp
        Who took the comparison out of the store, when and what of: a line on it.

    Raises
    ------
    NotFoundError
        The page's assets are not installed.
    """
    extent = _extent(comparison)
    data = comparison_data(comparison, extent) | {"colouring": colouring}
    figure = PlanFigure(
        title=comparison.ground.title,
        panel=panel_markup("comparison_page.html"),
        over_map=panel_markup("comparison_panes.html") + stamp_markup(stamp),
        data=json_text(data),
        script=page_script(COMPARISON_SCRIPTS),
        style=page_style(*PAGE_STYLES, "comparison.css"),
    )
    for name in ("left", "right"):
        figure.add_child(PlanMap(extent, name))
    return str(figure.render())


def comparison_data(comparison: ComparisonContent, extent: Extent) -> dict[str, Any]:
    """Return everything the page's script is told, as plain values."""
    ground, sides = comparison.ground, comparison.plans
    bounds = _bounds(sides)
    every = [value for side in sides for value in side.grids["households"].tolist()]
    lower, upper = (bounds.lower, bounds.upper) if bounds else (None, None)
    classes = household_classes(lower, upper, every)
    keys = {} if ground.buildings is None else {key: i for i, key in enumerate(ground.buildings["key"])}
    changes = {
        (one, other): change(sides[one].assignment, sides[other].assignment)
        for one in range(len(sides))
        for other in range(one + 1, len(sides))
    }
    return shared_data(ground, extent, classes) | {
        "facts": [],
        "estimated": holds_estimates(ground),
        "layers": [_quiet(layer).as_row() for layer in layers_of(ground, extent.origin, classes)],
        "change_classes": [each.as_row() for each in CHANGE_CLASSES],
        "plans": [
            {
                "name": plain_text(side.name),
                "note": plain_text(side.note),
                "grids": grids(side.grids, extent.origin, classes).as_row(),
                "building_grid": _grid_of_building(side, keys),
            }
            for side in sides
        ],
        "table": figure_table(comparison, changes),
        "changes": {f"{one}-{other}": _change_row(sides, one, other, found, keys)
                    for (one, other), found in changes.items()},
    }  # fmt: skip


def _quiet(layer: Layer) -> Layer:
    """City elements wait until asked for: a comparison is about borders."""
    return replace(layer, visible=False) if layer.group == "elements" else layer


def figure_table(comparison: ComparisonContent, changes: Mapping[tuple[int, int], Change]) -> list[dict[str, Any]]:
    """Return the table of trade-offs: per figure its words, one value per plan (None: not known), and the best ones.

    Parameters
    ----------
    changes
        By positions of two plans, the first one the smaller.
    """
    sides = comparison.plans
    bounds = _bounds(sides)
    values = []
    for position, side in enumerate(sides):
        metres = side.grids.to_crs(metric_crs_of(side.grids))
        found: dict[str, float | None] = asdict(figures(metres, side.assignment, bounds))
        found["moved"] = float(changes[0, position].households) if position else None
        values.append(found | dict(side.measured))
    rows = []
    for code, entry in dictionary("comparison_figures").entries.items():
        row = [each.get(code) for each in values]
        known = [value for value in row if value is not None]
        if not known:
            continue
        better = entry.extra["better"]
        target = None if not better else (min(known) if better == "less" else max(known))
        apart = len(set(known)) > 1
        rows.append(
            {
                "code": code,
                "zh": entry.zh,
                "en": entry.en,
                "values": row,
                "shown": ["–" if value is None else f"{value:,.{entry.extra['digits']}f}" for value in row],
                "best": [apart and value is not None and value == target for value in row],
            }
        )
    return rows


def _bounds(sides: tuple[PlanSide, ...]) -> Bounds | None:
    """The bounds that all plans with any were made for; the widest where they differ."""
    known = [(side.lower, side.upper) for side in sides if side.lower is not None and side.upper is not None]
    return Bounds(min(low for low, _ in known), max(high for _, high in known)) if known else None


def _extent(comparison: ComparisonContent) -> Extent:
    boxes = [tuple(side.grids.total_bounds.tolist()) for side in comparison.plans if len(side.grids)]
    ground = extent_of(comparison.ground)
    if comparison.ground.communities is not None and ground is not None:
        boxes.append((ground.west, ground.south, ground.east, ground.north))
    if not boxes:
        return ground or NOWHERE
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return Extent(min(wests), min(souths), max(easts), max(norths))


def _grid_of_building(side: PlanSide, keys: Mapping[str, int]) -> list[int]:
    """The position of each building's grid, of a divided one the grid with most of its households; -1 for none."""
    order = {code: i for i, code in enumerate(side.grids["code"])}
    rows = side.assignment[side.assignment["grid"].notna()]
    summed = rows.groupby(["building", "grid"], sort=True)["households"].sum().reset_index()
    most = summed.sort_values("households", kind="stable").drop_duplicates("building", keep="last")
    found = [-1] * len(keys)
    for building, grid in zip(most["building"], most["grid"], strict=True):
        if building in keys:
            found[keys[building]] = order.get(grid, -1)
    return found


def _change_row(
    sides: tuple[PlanSide, ...], one: int, other: int, found: Change, keys: Mapping[str, int]
) -> dict[str, Any]:
    """One change for the page: grids and buildings by position, as far as somebody lives there."""
    before, after = ({code: i for i, code in enumerate(sides[at].grids["code"])} for at in (one, other))
    continues = [before.get(found.continues.get(code, ""), -1) for code in after]
    flows = [flow for flow in found.flows if flow.households and flow.before in before and flow.after in after]
    return {
        "households": found.households,
        "compared": found.compared,
        "continues": continues,
        "left": [found.leaving.get(code, 0) for code in before],
        "right": [found.coming.get(code, 0) for code in after],
        "buildings": [[keys[key], count] for key, count in found.buildings.items() if count and key in keys],
        "flows": [[before[f.before], after[f.after], f.households, f.buildings] for f in flows[:MOST_FLOWS]],
        "more_flows": max(0, len(flows) - MOST_FLOWS),
    }
