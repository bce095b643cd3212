"""Use case: layers of the store into files that can be imported again.

What leaves is on record, and every file says by whom it was taken, when, and what of.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import Datum, from_wgs84, gauss_kruger_for, parse_datum
from geo.errors import InputError, NotFoundError
from geo.exchange.stamps import stamp_now
from geo.exchange.writing import write_frames
from geo.storage import cells, divisions, events, layers, plans
from geo.storage.divisions import Division
from geo.territory.nouns import NOUNS, Noun

#: The layer of a plan's cells. Cells are drafted here and not imported: they are no noun of the exchange.
CELL = "cell"


def export(
    session: Session,
    nouns: Sequence[str],
    path: Path,
    *,
    scope: str | None = None,
    plan_id: int | None = None,
    datum: str = "wgs84",
    encoding: str | None = None,
    personal: bool = False,
    who: str,
) -> list[Path]:
    """Write layers to a file, one layer per noun; see :func:`geo.exchange.writing.write_frames` for formats.

    Parameters
    ----------
    nouns
        Names of :data:`geo.territory.nouns.NOUNS`; ``grid`` are those of ``plan_id``. :data:`CELL` are its cells; in a
        GeoPackage they go along with its grids.
    scope
        Code or name of a street or community; None for the whole store.
    datum
        Of the coordinates written; ``cgcs2000-gk`` takes the zone that fits.
    personal
        Whether columns that name or reach a person (names and phones of staff) are written.
    who
        Who takes the files: said in them, and in an event for each layer.

    Returns
    -------
    list[Path]
        The files written.

    Raises
    ------
    InputError
        Unknown noun, no layer has any rows, or grids are wanted and no plan is named.
    NotFoundError
        No such division or plan.
    """
    target = parse_datum(datum)
    division = divisions.find(session, scope) if scope is not None else None
    street, communities = _codes_of(division)
    frames = {}
    known = [*NOUNS, CELL]
    if "grid" in nouns and path.suffix.lower() == ".gpkg":
        nouns = [*nouns, CELL]
    for name in dict.fromkeys(nouns):
        if name not in known:
            raise InputError(
                f"没有名为“{name}”的图层;可用:{'、'.join(known)}", f"no noun {name!r}; one of: {', '.join(known)}"
            )
        if name == CELL:
            drafted = _read_cells(session, street, communities, plan_id)
            if not drafted.empty:
                frames[name] = _moved(drafted, NOUNS["grid"], target)
            continue
        frame = _read(session, NOUNS[name], street, communities, plan_id)
        if not frame.empty:
            frames[name] = _moved(_public(frame, NOUNS[name], personal), NOUNS[name], target)
    if not frames:
        raise InputError("所选图层都没有数据", "none of these layers has any rows")
    stamp = stamp_now(
        who,
        scope=f"{division.name} {division.code}" if division else "",
        plan=_plan_of(session, frames, plan_id),
    )
    _record(session, frames, division, personal=personal, who=who)
    return write_frames(frames, path, encoding=encoding, datum=target.name, stamp=stamp)


def _plan_of(session: Session, frames: Iterable[str], plan_id: int | None) -> str:
    if plan_id is None or not {"grid", CELL} & set(frames):
        return ""
    plan = plans.read_plan(session, plan_id)
    return f"{plan.id} {plan.name}"


def _record(
    session: Session, frames: Mapping[str, pd.DataFrame], division: Division | None, *, personal: bool, who: str
) -> None:
    code = division.code if division else None
    for name, frame in frames.items():
        told = {"rows": len(frame), "personal": personal}
        events.record(session, who=who, what="exported", noun=name, code=code, after=told)


def _codes_of(division: Division | None) -> tuple[str | None, list[str] | None]:
    if division is None:
        return None, None
    return (division.code, None) if division.level == "street" else (None, [division.code])


def _read(
    session: Session, noun: Noun, street: str | None, communities: list[str] | None, plan_id: int | None
) -> gpd.GeoDataFrame:
    if noun.name != "grid":
        return layers.read(session, noun, street_code=street, community_codes=communities)
    if plan_id is None:
        raise InputError("导出网格请写明方案编号(--plan)", "to export grids state the plan (--plan)")
    plan = plans.read_plan(session, plan_id)
    grids = plans.read_grids(session, plan_id)
    wanted = [street] if street else communities
    if wanted is not None:
        grids = grids[grids["community_code"].str.startswith(tuple(wanted))]
    if grids.empty:
        raise NotFoundError(f"方案 {plan_id} 在此范围内没有网格", f"plan {plan_id} has no grids there")
    return grids.assign(department=plan.department or None)


def _read_cells(
    session: Session, street: str | None, communities: list[str] | None, plan_id: int | None
) -> gpd.GeoDataFrame:
    """Cells of the plan's grids in the scope; none where these are not divided."""
    grids = _read(session, NOUNS["grid"], street, communities, plan_id)
    assert plan_id is not None
    found = cells.read_cells(session, plan_id)
    return found[found["grid_code"].isin(grids["code"])]


def _public(frame: gpd.GeoDataFrame, noun: Noun, personal: bool) -> gpd.GeoDataFrame:
    """Keep the noun's columns in their order, the personal ones only when asked; reasons stay with grids."""
    columns = [column.name for column in noun.columns if personal or not column.personal]
    extra = [name for name in ("in_range", "reason_code", "reason") if name in frame.columns]
    return frame[[name for name in (*columns, *extra) if name in frame.columns] + [frame.geometry.name]]


def _moved(frame: gpd.GeoDataFrame, noun: Noun, datum: Datum) -> pd.DataFrame:
    """Bring a frame to a datum; encrypted degrees get no CRS, since any would be a lie."""
    if not noun.geometry or frame.geometry.isna().all():
        return pd.DataFrame(frame.drop(columns=frame.geometry.name))
    shapes = frame.geometry.to_numpy()
    if datum.name == "cgcs2000-gk" and datum.crs is None:
        datum = Datum(datum.name, gauss_kruger_for(shapes))
    moved = gpd.GeoSeries(from_wgs84(shapes, datum), index=frame.index, crs=datum.crs)
    table: pd.DataFrame = gpd.GeoDataFrame(frame.drop(columns=frame.geometry.name), geometry=moved)
    return table
