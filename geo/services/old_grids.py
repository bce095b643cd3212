"""A department's old grids into the store: each street's become one plan of that department."""

import hashlib

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import metric_crs_of
from geo.errors import ColumnError
from geo.exchange.intake import Intake
from geo.exchange.numbering import Codes
from geo.exchange.placing import largest_share, refuse_shifted, reject_lost
from geo.exchange.rejections import Problem
from geo.services.ground import Ground
from geo.storage import plans
from geo.territory.codes import make, number_grids
from geo.territory.nouns import NOUNS

#: The database refuses grids of one plan that share more than this (0.01 m2) and are wider there than 2 cm.
_OVERLAP_M2 = 0.01
_OVERLAP_WIDTH_M = 0.02
_NO_ASSIGNMENT = ["building_code", "stairwell_code", "grid_code", "households"]


def department_of(intake: Intake, department: str | None) -> str:
    """Return whose grids these are: as stated, or the one department the file names.

    Raises
    ------
    ColumnError
        Nobody says, or the file names several.
    """
    if department:
        return department
    named = intake.frame["department"][intake.good].dropna().unique()
    if len(named) != 1:
        raise ColumnError(
            f"文件中有 {len(named)} 个部门;请用 --department 写明这些网格属于哪个部门",
            f"the file names {len(named)} departments; state whose grids these are with --department",
        )
    return str(named[0])


def site_grids(intake: Intake, ground: Ground) -> None:
    """Give each grid the community that most of it lies in, and a code; reject grids that overlap earlier ones."""
    frame = intake.frame
    communities = ground.communities()
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    refuse_shifted(points[intake.good], communities, intake.read.datum)
    missing = frame["community_code"].isna().to_numpy() & intake.good
    frame.loc[missing, "community_code"] = largest_share(frame[missing], communities)
    reject_lost(frame, "community_code", NOUNS["community"], intake.checklist)
    _reject_overlaps(intake)
    for community in frame["community_code"][intake.good].dropna().unique():
        rows = np.flatnonzero(intake.good & (frame["community_code"] == community).to_numpy())
        frame.iloc[rows, frame.columns.get_loc("code")] = _codes(frame.iloc[rows], community)


def write_grids(session: Session, intake: Intake, department: str, *, adopt: bool, who: str) -> tuple[list[int], int]:
    """Write one plan per street; return the plans' ids and how many grids were there already, unchanged.

    A street whose newest plan of that department came from the same rows keeps it.
    """
    good = intake.frame[intake.good]
    made, unchanged = [], 0
    for street, grids in good.groupby(good["community_code"].str[:9]):
        digest = _digest(grids)
        before = plans.latest(session, str(street), department)
        if before is not None and before.parameters.get("digest") == digest:
            unchanged += len(grids)
            continue
        plan_id = plans.create_draft(
            session,
            name=f"{department}原有网格",
            scope_code=str(street),
            department=department,
            lower=None,
            upper=None,
            seed=None,
            parameters={"source": intake.source, "digest": digest},
            report={},
            grids=grids[["code", "name", "community_code", "households", "geometry"]],
            assignment=pd.DataFrame({name: [] for name in _NO_ASSIGNMENT}),
            who=who,
        )
        if adopt:
            plans.adopt(session, plan_id, who=who, version=plans.read_plan(session, plan_id).version)
        made.append(plan_id)
    return made, unchanged


def _codes(grids: gpd.GeoDataFrame, community: str) -> Codes:
    """Keep codes that fit; number the other grids from north to south around them."""
    codes: Codes = grids["code"].to_numpy(object).copy()
    kept = {code for code in codes if isinstance(code, str) and code.startswith(community)}
    missing = np.array([code not in kept for code in codes], bool)
    points = grids.geometry.to_crs(metric_crs_of(grids)).representative_point()
    order = np.argsort(number_grids(np.column_stack([points.x, points.y])[missing]))
    free = (code for number in range(1, 1000) if (code := make("grid", community, number)) not in kept)
    for row in np.flatnonzero(missing)[order]:
        codes[row] = next(free)
    return codes


def _reject_overlaps(intake: Intake) -> None:
    rows = np.flatnonzero(intake.good)
    shapes = intake.frame.geometry.iloc[rows].to_crs(metric_crs_of(intake.frame.iloc[rows])).to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = left < right
    left, right = left[pairs], right[pairs]
    shared = shapely.intersection(shapes[left], shapes[right])
    wide = shapely.area(shapely.buffer(shared, -_OVERLAP_WIDTH_M / 2)) > 0
    for pair in np.lexsort((left, right)):
        first, second = int(rows[left[pair]]), int(rows[right[pair]])
        area = shapely.area(shared[pair])
        if not wide[pair] or area <= _OVERLAP_M2 or not (intake.good[first] and intake.good[second]):
            continue
        number = intake.checklist.row_number(first)
        problem = Problem(
            f"与第 {number} 行的网格重叠 {area:.1f} 平方米",
            f"it overlaps the grid in row {number} by {area:.1f} m2",
            "同一部门的网格不能重叠:修正边界",
            "grids of one department may not overlap: mend the border",
        )
        intake.checklist.reject(second, "geometry", "", problem)


def _digest(grids: gpd.GeoDataFrame) -> str:
    known = hashlib.blake2b(digest_size=16)
    for row in zip(grids["code"], grids["name"], grids["households"], grids.geometry.to_wkb(), strict=True):
        known.update("\x1f".join(map(str, row[:3])).encode() + row[3])
    return known.hexdigest()
