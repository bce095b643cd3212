"""Which division, compound or building each imported row belongs to, and what follows from its shape."""

import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs_of
from geo.exchange.columns import fold
from geo.exchange.intake import Intake
from geo.exchange.placing import check_parents, inner_points, place_in, refuse_shifted, reject_lost
from geo.exchange.rejections import Problem
from geo.services.ground import Ground
from geo.territory.households import estimate_households
from geo.territory.nouns import NOUNS

STOREY_M = 3.0
HEIGHT_NAMES = ("height", "高度", "建筑高度", "hauteur", "楼高", "height_m")
#: Lines may reach this far beyond their street; about 2 km.
_NEAR_DEGREES = 0.02

_OUTSIDE_STREET = Problem(
    "位置不在所属街道附近", "it lies nowhere near its street", "检查坐标或 --under", "check the coordinates or --under"
)


def site(intake: Intake, ground: Ground) -> None:
    """Fill in the parents that rows do not name, and reject rows that lie outside the parent they name.

    Raises
    ------
    DatumError
        Most rows lie outside their divisions and inside once GCJ-02 or BD-09 is undone.
    NotFoundError
        The store has no community to put them in.
    """
    if intake.noun.name == "community":
        _in_street(intake, ground)
    elif "community_code" in intake.noun.column_names and intake.noun.name != "grid":
        _in_communities(intake, ground)
        # Where the file has the column, a blank means that the building is in no compound.
        if intake.noun.name == "building" and "compound_code" not in intake.stated:
            _in_compounds(intake, ground)
    elif intake.noun.name == "stairwell":
        _in_buildings(intake, ground)
    elif intake.noun.name in ("barrier", "place"):
        _near_street(intake, ground)


def _in_street(intake: Intake, ground: Ground) -> None:
    streets = ground.streets()
    missing = intake.frame["street_code"].isna()
    if missing.any():
        intake.frame.loc[missing, "street_code"] = ground.need_street()
        intake.written.add("street_code")
    if len(streets):
        points = inner_points(intake.frame.geometry.to_numpy())
        refuse_shifted(points[intake.good], streets, intake.read.datum)
        check_parents(intake.frame, streets, "street_code", intake.checklist)


def _in_communities(intake: Intake, ground: Ground) -> None:
    frame = intake.frame
    communities = ground.communities()
    points = inner_points(frame.geometry.to_numpy())
    refuse_shifted(points[intake.good], communities, intake.read.datum)
    missing = frame["community_code"].isna().to_numpy()
    if missing.any():
        # A row with a code of its own says with it where it belongs, unless its community changed since.
        homes = ground.homes(intake.noun, frame["code"])
        coded = frame["code"].map(lambda code: homes.get(code, code[:12]), na_action="ignore")
        placed = np.where(frame["code"].notna(), coded, place_in(points, communities))
        frame.loc[missing, "community_code"] = placed[missing]
        intake.written.add("community_code")
        reject_lost(frame, "community_code", NOUNS["community"], intake.checklist)
    check_parents(frame, communities, "community_code", intake.checklist)


def _in_compounds(intake: Intake, ground: Ground) -> None:
    frame = intake.frame
    missing = frame["compound_code"].isna().to_numpy() & intake.good
    compounds = ground.compounds()
    if not missing.any() or compounds.empty:
        return
    found = place_in(inner_points(frame.geometry.to_numpy()), compounds)
    same = [code is not None and code[:12] == home for code, home in zip(found, frame["community_code"], strict=True)]
    chosen = missing & np.array(same, bool)
    frame.loc[chosen, "compound_code"] = found[chosen]
    intake.written.add("compound_code")


def _in_buildings(intake: Intake, ground: Ground) -> None:
    frame = intake.frame
    missing = frame["building_code"].isna().to_numpy() & frame.geometry.notna().to_numpy()
    buildings = ground.buildings() if missing.any() else None
    if buildings is None or buildings.empty:
        return
    found = place_in(inner_points(frame.geometry.to_numpy()), buildings)
    frame.loc[missing, "building_code"] = found[missing]
    intake.written.add("building_code")
    reject_lost(frame, "building_code", NOUNS["building"], intake.checklist)


def _near_street(intake: Intake, ground: Ground) -> None:
    streets = ground.streets() if ground.street else None
    if streets is None or streets.empty:
        return
    shapes = intake.frame.geometry.to_numpy()
    refuse_shifted(inner_points(shapes)[intake.good], streets, intake.read.datum)
    reach = _NEAR_DEGREES if intake.noun.name == "barrier" else 0.0
    distance = shapely.distance(shapes, streets.geometry.iloc[0])
    intake.checklist.reject_all(np.flatnonzero(intake.good & (distance > reach)), "geometry", _OUTSIDE_STREET)


def count_households(intake: Intake, *, estimate: bool) -> None:
    """Say where the household counts of buildings come from, and estimate missing ones when asked to.

    An estimate takes floors, else height over three metres, else one floor.
    """
    frame = intake.frame
    counted = frame["households"].notna().to_numpy()
    source = pd.Series(np.where(counted | ~np.bool_(estimate), "register", "estimated"), dtype=object)
    frame["households_source"] = frame["households_source"].where(frame["households_source"].notna(), source)
    intake.written.add("households_source")
    wanted = intake.good & ~counted
    if not estimate or not wanted.any():
        return
    shapes = frame.geometry[wanted]
    areas = shapes.geom_type.isin(("Polygon", "MultiPolygon")).to_numpy()
    wanted[np.flatnonzero(wanted)[~areas]] = False
    if not areas.all():
        count = int((~areas).sum())
        intake.checklist.note(f"{count} 个点没有面积,无法估算户数", f"{count} points have no area to estimate from")
    if not wanted.any():
        return
    floors = _floors(intake)[wanted]
    metric = frame.geometry[wanted].to_crs(metric_crs_of(frame.geometry[wanted]))
    kinds = frame["kind"][wanted] if "kind" in intake.stated else None
    frame.loc[wanted, "households"] = estimate_households(metric, floors, kinds).astype(object)
    frame.loc[wanted, "households_source"] = "estimated"
    intake.written.add("households")
    count, total = int(wanted.sum()), int(frame["households"][wanted].sum())
    intake.checklist.note(
        f"{count} 栋楼的户数由层数和占地面积估算,共 {total} 户,已标明“估算”",
        f"households of {count} buildings were estimated from floors and footprint, {total} in all, and are marked so",
    )


def _floors(intake: Intake) -> "pd.Series[float]":
    floors: pd.Series[float] = pd.to_numeric(intake.frame["floors"])
    heading = next((name for name in intake.columns.unused if fold(name) in HEIGHT_NAMES), None)
    if floors.isna().any() and heading is not None:
        heights = pd.to_numeric(intake.read.frame[heading], errors="coerce")
        floors = floors.fillna((heights / STOREY_M).round().clip(lower=1))
        intake.checklist.note(
            f"没有层数的楼按“{heading}”每 {STOREY_M:g} 米一层估算",
            f"missing floors: one per {STOREY_M:g} m of {heading!r}",
        )
    unknown = int(floors.isna().sum())
    if unknown:
        intake.checklist.note(
            f"{unknown} 栋楼既无层数也无高度,按 1 层估算",
            f"{unknown} buildings have neither floors nor height: taken as 1 floor",
        )
    return floors


def reject_unknown_parents(intake: Intake, known: dict[str, set[str]]) -> None:
    """Reject good rows that point at something neither in the store nor being written.

    Parameters
    ----------
    known
        By column, the codes that exist.
    """
    for column, codes in known.items():
        values = intake.frame[column]
        bad = intake.good & values.notna().to_numpy() & ~values.isin(codes).to_numpy()
        for position in np.flatnonzero(bad).tolist():
            code = str(values.iloc[position])
            parent = NOUNS[str(intake.noun.column(column).code_of)]
            problem = Problem(
                f"库中没有{parent.zh} {code}",
                f"the store has no {parent.name} {code}",
                f"先导入{parent.zh},或更正编码",
                f"import the {parent.name} first, or correct the code",
            )
            intake.checklist.reject(position, intake.heading(column), code, problem)
