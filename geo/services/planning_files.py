"""Use case: draft grids from files alone, with no database."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.crs import WGS84
from geo.errors import FileFormatError
from geo.exchange.stamps import Stamp
from geo.exchange.writing import write_frames
from geo.regionalization.choices import distinct, trade_offs
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import Progress, draft_communities, part_of
from geo.regionalization.reporting import grid_code, report
from geo.regionalization.unmet import unmet
from geo.services.alternatives import draft_choices
from geo.services.cells_of_files import file_cells
from geo.services.file_area import FileArea, read_area
from geo.services.file_rows import FileRequest, parts_of
from geo.services.wishes import Wishes, parameters_of, settings_of


@dataclass(frozen=True)
class FilePlan:
    """A draft from files: frames in EPSG:4326 and the report.

    Attributes
    ----------
    layers
        ``grids`` (code, community, households, in_range, reason ..., polygon), ``atoms`` (the rows of the file with
        ``grid_code``; of a divided building the grid that has most of its households), ``communities`` and, when
        there were some, ``barriers`` and ``parts``: of divided buildings the ``row``, ``floor_from``, ``floor_to``,
        ``households``, ``estimated`` and ``grid_code`` of each run of floors. Where the grids were divided into cells
        too, ``cells`` and ``cell_parts`` (see :func:`~geo.services.cells_of_files.file_cells`), and the report has
        ``cells``.
    """

    layers: dict[str, gpd.GeoDataFrame]
    report: dict[str, Any]


@dataclass(frozen=True)
class FileAlternatives:
    """Several drafts from files, by the code of their style, and the table that weighs them (``choices.trade_offs``).

    A style that comes twice, with different seeds, has its seed behind it: ``balanced-1``.
    """

    plans: dict[str, FilePlan]
    table: dict[str, Any]


def plan_file(request: FileRequest, *, cells: bool = False, progress: Progress | None = None) -> FilePlan:
    """Draft grids for the buildings of a file, and cells within them when asked.

    Parameters
    ----------
    cells
        Whether to divide the grids into cells of the tier's size.
    progress
        See :func:`~geo.regionalization.execution.draft_communities`, as for ``workers`` and ``scheduler``.

    Raises
    ------
    InputError
        A file, column, datum or bound is not usable; nothing was written.
    """
    started = time.perf_counter()
    area = read_area(request)
    settings = settings_for(request, area)
    drafts = draft_communities(
        area.communities,
        settings,
        workers=request.workers,
        scheduler=request.scheduler,
        progress=part_of(progress, 0, 2) if cells else progress,
    )
    plan = file_plan(request, area, drafts, settings, request.wishes, time.perf_counter() - started)
    if cells:
        layers, told = file_cells(request, area.communities, drafts, area.rows.frame, part_of(progress, 1, 2))
        plan = FilePlan(plan.layers | layers, plan.report | {"cells": told})
    return plan


def plan_file_alternatives(
    request: FileRequest, styles: Sequence[str] | None = None, *, progress: Progress | None = None
) -> FileAlternatives:
    """Draft several plans that differ for the buildings of a file.

    Parameters
    ----------
    styles
        Codes or names of styles; None for all that make sense. The style of the wishes comes first.

    Raises
    ------
    InputError
        A file, column, datum, bound, style or lock is not usable; nothing was written.
    """
    area = read_area(request)
    choices = draft_choices(
        area.communities,
        settings_for(request, area),
        request.wishes.style,
        styles,
        workers=request.workers,
        scheduler=request.scheduler,
        progress=progress,
    )
    kept, left_out = distinct(choices)
    table = trade_offs(kept, left_out)
    found: dict[str, FilePlan] = {}
    for choice in kept:
        code = choice.style.code
        name = code if code not in found else f"{code}-{choice.settings.seed}"
        wishes = replace(request.wishes, style=code)
        found[name] = file_plan(request, area, choice.drafts, choice.settings, wishes, choice.seconds)
        found[name].report["alternatives"] = table
    return FileAlternatives(found, table)


def settings_for(request: FileRequest, area: FileArea) -> DraftSettings:
    """Turn a request's limits and wishes into the settings of its draft.

    Raises
    ------
    CodeError, InputError
        A wish names what is not there, or two of them contradict each other.
    """
    bounds = Bounds(request.lower, request.upper)
    return settings_of(request.wishes, bounds, request.seed, request.time_limit, area.communities)


def file_plan(
    request: FileRequest,
    area: FileArea,
    drafts: Sequence[CommunityDraft],
    settings: DraftSettings,
    wishes: Wishes,
    seconds: float,
    more: dict[str, Any] | None = None,
) -> FilePlan:
    """Put a plan together from drafts of an area; ``more`` is what the report says besides."""
    summary = report(drafts, settings.bounds, seed=settings.seed, seconds=seconds, quantities=settings.quantities)
    summary |= {
        "households_source": {_source(request): len(area.rows.frame)},
        "source": request.path.name,
        "rejected": area.rows.rejected,
        "notes": area.rows.notes + unmet(drafts, settings),
        "settings": parameters_of(wishes, settings),
        **(more or {}),
    }
    layers = _layers(area.rows.frame, area.communities, drafts, area.barriers)
    return FilePlan({name: layer.to_crs(WGS84) for name, layer in layers.items()}, summary)


def _source(request: FileRequest) -> str:
    return "estimated" if request.households is None else "register"


def write_plan(plan: FilePlan, path: Path, *, stamp: Stamp | None = None) -> None:
    """Write the layers of a plan to one GeoPackage, whole or not at all, with a stamp of who wrote it."""
    if path.suffix.lower() != ".gpkg":
        raise FileFormatError(
            f"划分结果有多个图层,只能写入 .gpkg,而不是“{path.name}”",
            f"a plan has several layers and goes to a .gpkg file, not {path.name!r}",
        )
    write_frames(plan.layers, path, stamp=stamp)


def _layers(
    frame: gpd.GeoDataFrame,
    communities: list[Community],
    drafts: Sequence[CommunityDraft],
    barriers: gpd.GeoDataFrame,
) -> dict[str, gpd.GeoDataFrame]:
    grids: list[gpd.GeoDataFrame] = []
    assigned: list[pd.DataFrame] = []
    for draft in drafts:
        part = draft.grids.copy()
        part.insert(0, "code", [grid_code(draft.code, int(number) + 1) for number in part.index])
        part.insert(1, "community", draft.code)
        grids.append(part)
        assigned.append(draft.assignment.assign(grid_code=draft.assignment["grid"].map(part["code"].to_dict())))
    rows = pd.concat(assigned, ignore_index=True)
    ours = [name for name in frame.columns if name.startswith(("_count ", "_compound", "_floors"))]
    atoms = frame.drop(columns=["_row", "_community", "_households", "grid_code", *ours], errors="ignore")
    atoms = atoms.assign(grid_code=_grid_of_most(rows).reindex(frame.index), households=frame["_households"])
    before = [community.previous for community in communities if community.previous is not None]
    if before:
        grid = pd.concat(before).set_index("building")["grid"].reindex(frame.index).astype(object)
        atoms["previous_grid"] = grid.where(grid.notna(), None)
    layers = {
        "grids": gpd.GeoDataFrame(pd.concat(grids, ignore_index=True), crs=frame.crs),
        "atoms": atoms.reset_index(drop=True),
        "communities": gpd.GeoDataFrame(
            {"name": [c.code for c in communities]}, geometry=[c.boundary for c in communities], crs=frame.crs
        ),
    }
    if len(barriers):
        layers["barriers"] = barriers
    parts = rows[rows["floor_from"].notna()]
    if len(parts):
        layers["parts"] = parts_of(parts, frame, "grid_code")
    return layers


def _grid_of_most(rows: pd.DataFrame) -> "pd.Series[str]":
    """The grid of each building; of a divided one the grid that has most of its households."""
    summed = rows.groupby(["building", "grid_code"])["households"].sum().reset_index()
    most = summed.sort_values(["building", "households", "grid_code"]).drop_duplicates("building", keep="last")
    found: pd.Series[str] = most.set_index("building")["grid_code"]
    return found
