"""What an edit of a draft asks for: buildings moved from grid to grid, grids made and ended; checked before anything.

What is impossible is refused here (a grid of another community, a grid without a building) or where the grids are
drawn (``edited_grids``: a grid in two pieces); what is merely out of range gets its reason, as in a draft.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import CodeError, ConflictError, InputError
from geo.regionalization.communities import Community
from geo.regionalization.continuity import by_place
from geo.regionalization.floors import part_keys
from geo.territory.codes import problem as code_problem

#: Columns of the rows that are edited: what a plan's assignment says of one community.
ROW_COLUMNS = ["building", "stairwell", "floor_from", "floor_to", "households", "grid"]
#: Codes named in a message, at most.
NAMED = 5


@dataclass(frozen=True)
class Move:
    """One building, stairwell or run of floors, and the grid that it goes to.

    Attributes
    ----------
    building, grid
        Codes.
    stairwell
        Of a building that the plan divides: only this stairwell; None for the whole building.
    floors
        First and last floor of a run that the plan has; None for all.
    """

    building: str
    grid: str
    stairwell: str | None = None
    floors: tuple[int, int] | None = None

    def __str__(self) -> str:
        part = self.stairwell or self.building
        return part if self.floors is None else f"{part} F{self.floors[0]}-{self.floors[1]}"


@dataclass(frozen=True)
class GridChanges:
    """What one edit changes at once: all of it, or nothing.

    Attributes
    ----------
    moves
        What goes where; a target is a grid of the plan or one of ``new``.
    new
        Codes of grids to make; each gets something.
    ended
        Codes of grids to end; the moves leave nothing in them.
    """

    moves: tuple[Move, ...]
    new: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """Something that the editor should know, Chinese and English."""

    zh: str
    en: str


def row_keys(rows: pd.DataFrame) -> list[str]:
    """Name each row of :data:`ROW_COLUMNS`: its stairwell or building and, of a run of floors, ``F`` with its ends."""
    ends = zip(rows["floor_from"], rows["floor_to"], strict=True)
    floors = ["" if pd.isna(low) else f"F{int(low)}-{int(high)}" for low, high in ends]
    return [f"{part}{run}" for part, run in zip(part_keys(rows), floors, strict=True)]


def joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the parts of a building that are all in one grid together again, as a draft counts them."""
    parts = rows.groupby("building", sort=False)["grid"]
    whole = ((parts.transform("nunique") == 1) & (parts.transform("size") > 1)).to_numpy(bool)
    if not whole.any():
        return rows
    total = rows[whole].groupby("building", sort=False)["households"].sum()
    first = rows[whole].drop_duplicates("building")
    again = first.assign(stairwell=None, floor_from=np.nan, floor_to=np.nan, households=total.to_numpy())
    return pd.concat([rows[~whole], again], ignore_index=True)


def divided(rows: pd.DataFrame, moves: Sequence[Move], stairwells: pd.DataFrame) -> pd.DataFrame:
    """Divide the whole buildings of which a stairwell is to move: one row for each of their stairwells.

    Parameters
    ----------
    rows
        :data:`ROW_COLUMNS`.
    stairwells
        ``building``, ``stairwell``, ``households``: all stairwells of each building that has any. Where they do not
        have the households that the plan counts, the building stays whole.
    """
    asked = {move.building for move in moves if move.stairwell is not None}
    whole = rows[rows["building"].isin(asked) & rows["stairwell"].isna() & rows["floor_from"].isna()]
    parts = stairwells.loc[stairwells["building"].isin(whole["building"]), ["building", "stairwell", "households"]]
    counted = parts.groupby("building")["households"].sum()
    known = whole[whole["households"].to_numpy() == whole["building"].map(counted).to_numpy()]
    if known.empty:
        return rows
    home = known.set_index("building")["grid"]
    own = parts[parts["building"].isin(home.index)]
    own = own.assign(floor_from=np.nan, floor_to=np.nan, grid=own["building"].map(home))
    found: pd.DataFrame = pd.concat([rows.drop(index=known.index), own[ROW_COLUMNS]], ignore_index=True)
    return found


def moved(rows: pd.DataFrame, changes: GridChanges, grids: Sequence[str]) -> "pd.Series[str]":
    """Return the grid of each row after an edit.

    Parameters
    ----------
    rows
        :data:`ROW_COLUMNS`, of all communities that the edit is about.
    grids
        Codes of all grids of the plan.

    Raises
    ------
    CodeError
        A move names what the plan does not have, or the code of a new grid is taken or wrong.
    InputError
        Two moves contradict each other, a grid would be in two communities or without a building, or nothing changes.
    """
    known = set(grids)
    _check_grids(changes, known)
    homes = rows["grid"].to_numpy(dtype=object, copy=True)
    places = {code: np.asarray(own, np.int64) for code, own in rows.groupby("building", sort=False).indices.items()}
    told: dict[int, str] = {}
    for move in changes.moves:
        target = _checked_target(move, known, changes)
        for position in _rows_of(move, rows, places.get(move.building, np.zeros(0, np.int64))):
            if told.setdefault(position, target) != target:
                raise InputError(
                    f"{move} 同时移到 {told[position]} 和 {target};一次修改中每处只能去一个网格",
                    f"{move} goes to both {told[position]} and {target}; in one edit everything goes to one grid",
                )
            homes[position] = target
    goal = pd.Series(homes, index=rows.index, name="grid", dtype=object)
    _check_held(rows, goal, changes, known)
    return goal


def _check_grids(changes: GridChanges, known: set[str]) -> None:
    for code in changes.new:
        wrong = code_problem("grid", code)
        if wrong:
            raise CodeError(*wrong)
        if code in known:
            raise CodeError(f"网格 {code} 已在方案中,不能新建", f"the plan has a grid {code}; it cannot be made anew")
        if not any(code[:12] == other[:12] for other in known):
            raise CodeError(
                f"新网格 {code} 不属于方案中的任何社区", f"the new grid {code} is of no community of the plan"
            )
    unknown = [code for code in changes.ended if code not in known]
    if unknown:
        raise CodeError(
            f"方案中没有网格 {'、'.join(unknown[:NAMED])},无法撤销",
            f"the plan has no grid {', '.join(unknown[:NAMED])} to end",
        )
    twice = [code for codes in (changes.new, changes.ended) for code in codes if codes.count(code) > 1]
    if twice:
        raise InputError(f"网格 {twice[0]} 写了两次", f"grid {twice[0]} is named twice")


def _checked_target(move: Move, known: set[str], changes: GridChanges) -> str:
    if move.grid in changes.ended:
        raise InputError(
            f"{move} 移到网格 {move.grid},但它要撤销;请换一个网格",
            f"{move} goes to grid {move.grid}, which is to end; name another one",
        )
    if move.grid not in known and move.grid not in changes.new:
        raise CodeError(
            f"方案中没有网格 {move.grid};请核对编码,或把它列为新网格",
            f"the plan has no grid {move.grid}; check its code, or list it as a new one",
        )
    return move.grid


def _rows_of(move: Move, rows: pd.DataFrame, mine: NDArray[np.int64]) -> list[int]:
    """Positions of what a move is about; ``mine`` are those of its building."""
    if not len(mine):
        raise CodeError(
            f"方案没有分配楼栋 {move.building};请核对编码", f"the plan has no building {move.building}; check its code"
        )
    home = str(rows["grid"].iat[mine[0]])[:12]
    if home != move.grid[:12]:
        raise InputError(
            f"楼栋 {move.building} 属于社区 {home},不能移到社区 {move.grid[:12]} 的网格 {move.grid}",
            f"building {move.building} is in community {home} and cannot go to grid {move.grid} of {move.grid[:12]}",
        )
    if move.stairwell is not None:
        mine = mine[(rows["stairwell"].iloc[mine] == move.stairwell).to_numpy(bool)]
    if move.floors is not None:
        ends = rows[["floor_from", "floor_to"]].iloc[mine].to_numpy(np.float64, na_value=np.nan)
        mine = mine[(ends == np.asarray(move.floors, np.float64)).all(axis=1)]
    if not len(mine):
        has = row_keys(rows[rows["building"] == move.building])
        raise CodeError(
            f"方案没有把楼栋 {move.building} 分到 {move};方案中的部分:{'、'.join(has[:NAMED])}",
            f"the plan does not divide building {move.building} into {move}; its parts: {', '.join(has[:NAMED])}",
        )
    found: list[int] = mine.tolist()
    return found


def _check_held(rows: pd.DataFrame, goal: "pd.Series[str]", changes: GridChanges, known: set[str]) -> None:
    inhabited, after = {str(code)[:12] for code in rows["grid"]}, set(goal)
    before = {code for code in known if code[:12] in inhabited}
    bare = sorted(code for code in changes.ended if code[:12] not in inhabited)
    if bare:
        raise InputError(
            f"网格 {'、'.join(bare[:NAMED])} 所在社区没有楼栋,不能撤销",
            f"grid {', '.join(bare[:NAMED])} is in a community without buildings and cannot end",
        )
    empty = sorted((before | set(changes.new)) - after - set(changes.ended))
    if empty:
        raise InputError(
            f"网格 {'、'.join(empty[:NAMED])} 将没有楼栋;不再需要的网格请一并撤销",
            f"grid {', '.join(empty[:NAMED])} would be left without a building; end those that are not needed",
        )
    held = sorted(set(changes.ended) & after)
    if held:
        raise InputError(
            f"要撤销的网格 {'、'.join(held[:NAMED])} 仍有楼栋;请先把楼栋移走",
            f"grid {', '.join(held[:NAMED])} is to end but still has buildings; move them too",
        )
    if not changes.ended and (goal.to_numpy() == rows["grid"].to_numpy()).all():
        raise InputError("这次修改没有改变任何楼栋的网格", "this edit changes the grid of nothing")


# ── the ground of today ──────────────────────────────────────────────────────────────────────────────────────────────


def settled(
    rows: pd.DataFrame, community: Community, areas: gpd.GeoSeries, elsewhere: frozenset[str]
) -> tuple[pd.DataFrame, list[Notice]]:
    """Bring the rows of one community up to date: the register went on since the plan was drafted.

    Buildings that ended are left out; new ones join the grid in which they stand.

    Parameters
    ----------
    rows
        :data:`ROW_COLUMNS`, the plan's rows in this community's grids.
    areas
        The grids' polygons by code, in the community's CRS.
    elsewhere
        Buildings that are in other communities today.

    Raises
    ------
    ConflictError
        A building of these grids is in another community today: the plan has to be drafted anew.
    """
    astray = sorted(set(rows["building"]) & elsewhere)
    if astray:
        raise ConflictError(
            f"楼栋 {'、'.join(astray[:NAMED])} 等 {len(astray)} 栋已不在社区 {community.code};请重新划分网格",
            f"{len(astray)} buildings such as {', '.join(astray[:NAMED])} are not in community {community.code} any "
            "more; draft the grids anew",
        )
    notices = []
    standing = rows["building"].isin(community.buildings.index).to_numpy(bool)
    gone = sorted(set(rows.loc[~standing, "building"]))
    if gone:
        notices.append(
            Notice(
                f"{len(gone)} 栋已注销的楼栋不再计入:{'、'.join(gone[:NAMED])}",
                f"{len(gone)} buildings that ended are not counted any more: {', '.join(gone[:NAMED])}",
            )
        )
    fresh = community.buildings[~community.buildings.index.isin(rows["building"])]
    if len(fresh):
        added = _joining(fresh, areas)
        rows, standing = pd.concat([rows, added], ignore_index=True), np.append(standing, np.ones(len(added), bool))
        notices.append(
            Notice(
                f"{len(fresh)} 栋新登记的楼栋计入所在网格:{'、'.join(map(str, fresh.index[:NAMED]))}",
                f"{len(fresh)} buildings registered since then count where they stand: "
                f"{', '.join(map(str, fresh.index[:NAMED]))}",
            )
        )
    return rows[standing].reset_index(drop=True)[ROW_COLUMNS], notices


def _joining(fresh: gpd.GeoDataFrame, areas: gpd.GeoSeries) -> pd.DataFrame:
    """Rows of buildings that the plan does not know: each in the grid that it stands in, or the nearest one."""
    grids = gpd.GeoDataFrame({"code": areas.index}, geometry=areas.to_numpy(), crs=areas.crs)
    found = by_place(fresh, grids)
    lost = fresh[~fresh.index.isin(found["building"])]
    if len(lost):
        near = areas.sindex.nearest(lost.representative_point().to_numpy(), return_all=False)[1]
        rest = {"building": lost.index.to_numpy(dtype=object), "grid": areas.index[near].to_numpy(dtype=object)}
        counted = {"households": lost["households"].to_numpy(np.int64)}
        found = pd.concat([found, pd.DataFrame(rest | counted)], ignore_index=True)
    return found.reindex(columns=ROW_COLUMNS)
