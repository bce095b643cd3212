"""Use case: layers of old grids from files, merged into one network, with no database."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd

from geo.errors import ColumnError, FileFormatError
from geo.regionalization.execution import Progress
from geo.services.file_area import read_area, read_old_grids
from geo.services.file_rows import FileRequest
from geo.services.merging import draft_merged, with_networks
from geo.services.planning_files import FilePlan, file_plan, settings_for
from geo.territory.overlaps import find_overlaps


def merge_files(
    request: FileRequest,
    old: Sequence[Path],
    *,
    column: str | None = None,
    weights: Mapping[str, float] | None = None,
    compare: bool = True,
    progress: Progress | None = None,
) -> FilePlan:
    """Merge layers of old grids over the buildings of a file into one network.

    Parameters
    ----------
    request
        The buildings and limits, as for :func:`~geo.services.planning_files.plan_file`; without grids in force.
    old
        Files of polygons, ``file.gpkg#layer`` for one layer of several. A layer is called as :func:`layer_name` says.
        Where grids of one layer overlap, the ground is the first one's, by code; the report says so.
    column
        The column of the old files that names their grids; None for one of codes or names where one can be guessed,
        else their numbers.
    weights
        By layer; 1 where it is not named, 0 leaves it out.
    compare
        Whether the same bounds are drawn afresh too.

    Returns
    -------
    FilePlan
        Its report has ``merging``: see :func:`~geo.regionalization.handover.handover`.

    Raises
    ------
    InputError
        A file, column, datum, limit or weight is not usable; nothing was written.
    """
    started = time.perf_counter()
    area = read_area(replace(request, previous=None, previous_column=None))
    crs = area.communities[0].buildings.crs
    layers = _read_layers(request, old, column, crs)
    communities, departments = with_networks(area.communities, layers, weights or {})
    area = replace(area, communities=communities)
    area.rows.notes.extend(note for name, grids in layers.items() for note in _overlap_notes(name, grids))
    settings = settings_for(request, area)
    drafts, report = draft_merged(
        communities,
        departments,
        settings,
        compare=compare,
        progress=progress,
        workers=request.workers,
        scheduler=request.scheduler,
    )
    seconds = time.perf_counter() - started
    return file_plan(request, area, drafts, settings, request.wishes, seconds, more={"merging": report})


def layer_name(path: Path) -> str:
    """Return what a layer of old grids is called: the layer of ``file#layer``, else the file's name without ending."""
    file, _, layer = str(path).partition("#")
    return layer or Path(file).stem


def _read_layers(
    request: FileRequest, old: Sequence[Path], column: str | None, crs: object
) -> dict[str, gpd.GeoDataFrame]:
    layers: dict[str, gpd.GeoDataFrame] = {}
    for path in old:
        if not Path(str(path).partition("#")[0]).exists():
            raise FileFormatError(f"没有旧网格文件“{path}”", f"there is no file of old grids {str(path)!r}")
        name = layer_name(path)
        if name in layers:
            raise ColumnError(
                f"有两层旧网格都叫“{name}”;请把文件改名,使每层名称不同",
                f"two layers of old grids are called {name!r}; rename a file so that each has its own name",
            )
        layers[name] = read_old_grids(path, column, request, crs)
    return layers


def _overlap_notes(name: str, grids: gpd.GeoDataFrame) -> list[str]:
    overlaps = find_overlaps(grids.set_index("code").geometry)
    if not overlaps:
        return []
    area = sum(overlap.area_m2 for overlap in overlaps)
    return [
        f"“{name}”有 {len(overlaps)} 对旧网格重叠,共 {area:,.0f} m²,其上的楼栋归编码在前者 "
        f"{len(overlaps)} pairs of old grids of {name} overlap; buildings there count to the first code"
    ]
