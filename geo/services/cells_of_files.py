"""Use case: the grids drafted for a file divided into cells (联户网格), with no database."""

import time
from collections.abc import Sequence
from typing import Any

import geopandas as gpd

from geo.crs import WGS84
from geo.regionalization.cell_ground import cell_ground
from geo.regionalization.communities import Community, tier_bounds
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.execution import Progress, draft_cells_of
from geo.regionalization.numbering import grid_code
from geo.services.cell_tables import cell_report, cell_tables
from geo.services.file_rows import FileRequest, parts_of
from geo.territory.nouns import CELL_COLUMNS


def file_cells(
    request: FileRequest,
    communities: Sequence[Community],
    drafts: Sequence[CommunityDraft],
    frame: gpd.GeoDataFrame,
    progress: Progress | None = None,
) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, Any]]:
    """Divide the grids drafted for a file into cells.

    Parameters
    ----------
    communities, drafts
        What was drafted, community by community.
    frame
        The rows of the file, by building.
    progress
        See :func:`~geo.regionalization.execution.draft_communities`.

    Returns
    -------
    layers, report
        ``cells`` with the columns that the store exports (:data:`~geo.territory.nouns.CELL_COLUMNS`,
        ``in_range``), EPSG:4326, and ``cell_parts``: for each building, and each run of floors of a divided one, the
        ``row`` of the file, ``floor_from``, ``floor_to`` (missing for all floors), ``households``, ``estimated`` and
        ``cell_code``. The report is that of :func:`~geo.services.cell_tables.cell_report`, with ``seconds``, ``notes``
        and ``cancelled``.
    """
    started = time.perf_counter()
    bounds = tier_bounds("cell")
    grounds, kept = [], dict[str, Any]()
    for community, draft in zip(communities, drafts, strict=True):
        codes = {number: grid_code(draft.code, int(number) + 1) for number in draft.grids.index}
        grids = gpd.GeoSeries(draft.grids.geometry.to_numpy(), index=list(codes.values()), crs=draft.grids.crs)
        rows = draft.assignment.assign(grid=draft.assignment["grid"].map(codes))
        grounds.append(cell_ground(community, grids, rows))
        kept |= dict(grids.to_crs(WGS84).items())
    found = draft_cells_of(
        grounds, bounds, seed=request.seed, workers=request.workers, scheduler=request.scheduler, progress=progress
    )
    cells, assignment = cell_tables(found, kept)
    report = cell_report(cells, assignment, bounds, request.seed) | {
        "cancelled": any(draft.cancelled for draft in found),
        "notes": [],
        "seconds": round(time.perf_counter() - started, 3),
    }
    parts = parts_of(assignment, frame, "cell_code").to_crs(WGS84)
    layers = {"cells": cells[[*CELL_COLUMNS, "in_range", "geometry"]], "cell_parts": parts}
    return layers, report
