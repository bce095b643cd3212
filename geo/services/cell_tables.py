"""Drafted cells as the tables, the report and the codes that a plan keeps of them, in the store or in a file."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import WGS84
from geo.regionalization.cells import CellDraft
from geo.regionalization.communities import Bounds
from geo.territory.codes import make
from geo.territory.coverage import to_degrees
from geo.territory.nouns import CELL_COLUMNS


def cell_code(grid: str, number: int) -> str:
    """Return the code of a grid's cell: ``L`` and two digits behind the grid's, be that a code of ours or a file's."""
    return make("cell", grid, number) if len(grid) == 15 and grid.isdigit() else f"{grid}L{number:02d}"


def cell_tables(
    drafts: Sequence[CellDraft], grids: Mapping[Any, shapely.Geometry]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return drafted cells and what is in them, as a plan keeps them.

    Parameters
    ----------
    grids
        By code, the grids as they are kept: EPSG:4326. The rim of their cells is put back onto them.

    Returns
    -------
    cells, assignment
        :data:`~geo.territory.nouns.CELL_COLUMNS`, ``reason_en``, ``in_range`` and ``geometry``, EPSG:4326; and
        ``cell_code``, ``building``, ``stairwell``, ``floor_from``, ``floor_to``, ``households``, ``estimated``.
    """
    cells, held = [], []
    for draft in drafts:
        frame = draft.cells
        codes = [cell_code(grid, int(number)) for grid, number in zip(frame["grid"], frame["number"], strict=True)]
        shapes = [
            to_degrees(own, boundary=grids[grid]) for grid, own in frame.geometry.groupby(frame["grid"], sort=False)
        ]
        table = pd.DataFrame(frame.drop(columns=["geometry", "number"])).rename(
            columns={"grid": "grid_code", "reason_zh": "reason"}
        )
        cells.append(
            table.assign(
                code=codes,
                name=[f"第{number}联户网格" for number in frame["number"]],
                geometry=np.concatenate([shape.to_numpy() for shape in shapes]),
            )
        )
        held.append(draft.assignment.assign(cell_code=np.array(codes, dtype=object)[draft.assignment["cell"]]))
    columns = [*CELL_COLUMNS, "reason_en", "in_range", "geometry"]
    every = pd.concat(cells, ignore_index=True)[columns]
    frame = gpd.GeoDataFrame(every.drop(columns="geometry"), geometry=every["geometry"].to_numpy(), crs=WGS84)
    return frame, pd.concat([rows for rows in held if len(rows)] or held[:1], ignore_index=True).drop(columns="cell")


def cell_report(cells: gpd.GeoDataFrame, assignment: pd.DataFrame, bounds: Bounds, seed: int) -> dict[str, Any]:
    """Sum up the tables of :func:`cell_tables` as plain values.

    Returns
    -------
    dict
        ``grids``, ``cells``, ``in_range``, ``in_range_share``, ``households``, ``lower``, ``upper``, ``seed``,
        ``estimated_parts`` (runs of floors whose households were shared out evenly), ``reasons`` (count by code) and
        ``out_of_range`` (one row per cell with its reason in Chinese and English).
    """
    in_range = cells["in_range"].to_numpy(bool)
    missed = cells[~in_range]
    return {
        "grids": int(cells["grid_code"].nunique()),
        "cells": len(cells),
        "in_range": int(in_range.sum()),
        "in_range_share": round(float(in_range.mean()), 6),
        "households": int(cells["households"].sum()),
        "lower": bounds.lower,
        "upper": bounds.upper,
        "seed": seed,
        "estimated_parts": int(assignment["estimated"].sum()),
        "reasons": {str(code): int(count) for code, count in missed["reason_code"].value_counts().items()},
        "out_of_range": [
            {
                "code": row.code,
                "households": int(row.households),
                "reason": row.reason_code,
                "reason_zh": row.reason,
                "reason_en": row.reason_en,
            }
            for row in missed.itertuples()
        ],
    }
