"""What a planner wants kept, by the codes that planners know, and what that means for atoms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import CodeError, InputError
from geo.regionalization.communities import Community
from geo.regionalization.continuity import Codes
from geo.regionalization.outcome import Locks
from geo.regionalization.problem import pieces

#: Asks for every compound of at most as many households as a grid may have.
FITTING: Literal["fitting"] = "fitting"
_SHOWN = 5


@dataclass(frozen=True)
class CodeLocks:
    """Locks by codes of buildings, compounds and grids.

    Attributes
    ----------
    keep_grids
        Grids of the plan in force that stay exactly as they are.
    whole_compounds
        Compounds that stay in one grid; :data:`FITTING` for all of at most as many households as a grid may have
        and whose buildings stand side by side.
    together
        Groups of buildings of one community that stay in one grid.
    apart
        Pairs of buildings that must not share a grid.
    n_grids
        How many grids a community shall have, by its code; as many as serve best where it is not named.
    posts
        Buildings at which a grid worker sits: each grid of their communities holds exactly one.
    """

    keep_grids: tuple[str, ...] = ()
    whole_compounds: tuple[str, ...] | Literal["fitting"] = ()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    n_grids: dict[str, int] = field(default_factory=dict)
    posts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != CodeLocks()


# ── checked once, over all communities ───────────────────────────────────────────────────────────────────────────────


def check_locks(locks: CodeLocks, communities: Sequence[Community], upper: int) -> None:
    """Refuse locks that name what is not there or contradict one another.

    Parameters
    ----------
    upper
        Most households of a grid.

    Raises
    ------
    CodeError
        A code is of no grid in force, no compound, no building or no community of the draft.
    InputError
        Two locks cannot both be kept, or one cannot be kept at all; the message names both.
    """
    if not locks:
        return
    _check_codes(locks, communities)
    place = pd.concat([community.buildings["households"] for community in communities])
    home = {key: community.code for community in communities for key in community.buildings.index}
    groups = _groups(locks, communities)
    for name, group in groups:
        _check_group(name, group, home, place, upper)
    _check_kept(locks, communities, groups)
    _check_apart(locks, groups)
    _check_posts(locks, communities, groups)
    _check_counts(locks, communities)


def _check_codes(locks: CodeLocks, communities: Sequence[Community]) -> None:
    buildings = {str(key) for community in communities for key in community.buildings.index}
    kept = {str(g) for c in communities if c.previous is not None for g in c.previous["grid"]}
    if locks.keep_grids and not kept:
        raise InputError(
            "没有现行方案,无法保留网格;请先采用一个方案,或用 --previous 指明",
            "there is no plan in force whose grids could be kept; adopt one first, or name one with --previous",
        )
    _known("现行方案的网格", "grid of the plan in force", locks.keep_grids, kept)
    if locks.whole_compounds != FITTING:
        compounds = {str(key) for c in communities for key in c.buildings["compound"].dropna()}
        _known("小区", "compound", locks.whole_compounds, compounds)
    for group in (*locks.together, *locks.apart):
        _known("楼栋", "building", group, buildings)
    _known("楼栋", "building", locks.posts, buildings)
    _known("社区", "community", locks.n_grids, {community.code for community in communities})


def _known(zh: str, en: str, wanted: Iterable[str], there: set[str]) -> None:
    unknown = [code for code in wanted if code not in there]
    if unknown:
        some = "、".join(sorted(there)[:_SHOWN]) or "—"
        names = "、".join(unknown[:_SHOWN])
        raise CodeError(
            f"划分范围内没有这样的{zh}:{names};共有 {len(there)} 个,如 {some}",
            f"the area has no such {en}: {names}; there are {len(there)}, such as {some}",
        )


def _groups(locks: CodeLocks, communities: Sequence[Community]) -> list[tuple[str, tuple[str, ...]]]:
    """Everything named that stays together, with a name for messages."""
    groups = [("、".join(group[:3]), group) for group in locks.together]
    if locks.whole_compounds != FITTING:
        for compound in locks.whole_compounds:
            members = [str(k) for c in communities for k in c.buildings.index[c.buildings["compound"] == compound]]
            groups.append((compound, tuple(members)))
    return groups


def _check_group(name: str, group: tuple[str, ...], home: dict[str, str], place: "pd.Series[int]", upper: int) -> None:
    homes = sorted({home[key] for key in group})
    if len(homes) > 1:
        raise InputError(
            f"要求同格的 {name} 分属社区 {'、'.join(homes)};一个网格只能在一个社区内",
            f"{name} shall share a grid but lies in communities {', '.join(homes)}; a grid lies in one community",
        )
    households = int(place[list(group)].sum())
    if households > upper:
        raise InputError(
            f"要求同格的 {name} 共 {households} 户,超过上限 {upper} 户;请提高上限或取消此锁定",
            f"{name} shall share a grid but has {households} households, more than {upper}; raise the limit or drop "
            "the lock",
        )


def _check_kept(
    locks: CodeLocks, communities: Sequence[Community], groups: Sequence[tuple[str, tuple[str, ...]]]
) -> None:
    """A group is in a kept grid with all of its buildings or with none."""
    grid_of = {
        str(row.building): str(row.grid)
        for community in communities
        if community.previous is not None
        for row in community.previous[community.previous["grid"].isin(locks.keep_grids)].itertuples()
    }
    for name, group in groups:
        grids = {grid_of.get(key) for key in group}
        if len(grids) > 1:
            shown = "、".join(sorted(grid for grid in grids if grid))
            raise InputError(
                f"{name} 要求同格,但只有一部分楼栋在保留的网格 {shown} 内;两项锁定请取消一项",
                f"{name} shall share a grid, but only part of it is in the kept grid {shown}; drop one of the two",
            )
    for pair in locks.apart:
        grid = grid_of.get(pair[0])
        if grid is not None and grid == grid_of.get(pair[1]):
            raise InputError(
                f"{pair[0]} 与 {pair[1]} 要求分开,却同在保留的网格 {grid} 内;两项锁定请取消一项",
                f"{pair[0]} and {pair[1]} shall be apart, but the kept grid {grid} holds both; drop one of the two",
            )


def _check_apart(locks: CodeLocks, groups: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    for pair in locks.apart:
        both = next((name for name, group in groups if set(pair) <= set(group)), None)
        if pair[0] == pair[1] or both is not None:
            raise InputError(
                f"{pair[0]} 与 {pair[1]} 要求分开,但" + (f"{both} 要求同格" if both else "它们是同一栋楼"),
                f"{pair[0]} and {pair[1]} shall be kept apart, but "
                + (f"{both} shall share a grid" if both else "they are one building"),
            )


def _check_posts(
    locks: CodeLocks, communities: Sequence[Community], groups: Sequence[tuple[str, tuple[str, ...]]]
) -> None:
    double = sorted({code for code in locks.posts if locks.posts.count(code) > 1})
    if double:
        raise InputError(
            f"岗位 {'、'.join(double[:_SHOWN])} 列了两次;一栋楼只能有一个固定岗位",
            f"posts {', '.join(double[:_SHOWN])} are listed twice; a building holds one fixed post",
        )
    shared = [(name, sorted(set(group) & set(locks.posts))) for name, group in groups]
    shared += [(f"保留的网格 kept grid {grid}", held) for grid, held in _posts_of_kept(locks, communities)]
    for name, held in shared:
        if len(held) > 1:
            raise InputError(
                f"{name} 要求同格,却有 {len(held)} 个岗位:{'、'.join(held[:_SHOWN])};每个网格只有一个岗位",
                f"{name} shall be one grid but holds {len(held)} posts: {', '.join(held[:_SHOWN])}; a grid has one",
            )


def _posts_of_kept(locks: CodeLocks, communities: Sequence[Community]) -> Iterable[tuple[str, list[str]]]:
    for community in communities:
        if community.previous is not None:
            mine = community.previous[community.previous["building"].isin(locks.posts)]
            for grid in locks.keep_grids:
                yield grid, sorted(set(mine.loc[mine["grid"] == grid, "building"].astype(str)))


def _check_counts(locks: CodeLocks, communities: Sequence[Community]) -> None:
    for community in communities:
        count = locks.n_grids.get(community.code)
        posts = len(set(locks.posts) & set(community.buildings.index))
        if count is not None and posts and count != posts:
            raise InputError(
                f"{community.code} 有 {posts} 个岗位,却要求 {count} 个网格;每个网格一个岗位,两者应相等",
                f"{community.code} has {posts} posts but shall have {count} grids; with one post a grid they are equal",
            )
        kept = set(locks.keep_grids) & set(community.previous["grid"] if community.previous is not None else ())
        if count is not None and not max(1, len(kept)) <= count <= max(1, len(community.buildings)):
            raise InputError(
                f"{community.code} 要求 {count} 个网格;有 {len(kept)} 个保留的网格和 {len(community.buildings)} 栋楼,"
                f"可以是 {max(1, len(kept))} 至 {max(1, len(community.buildings))} 个",
                f"{community.code} shall have {count} grids; with {len(kept)} kept grids and "
                f"{len(community.buildings)} buildings it can have {max(1, len(kept))} to "
                f"{max(1, len(community.buildings))}",
            )


# ── in one community ─────────────────────────────────────────────────────────────────────────────────────────────────


def atom_locks(
    locks: CodeLocks, atoms: pd.DataFrame, before: Codes, edges: NDArray[np.integer], upper: int, community: str
) -> Locks:
    """Turn locks by codes into locks by atoms; what lies in other communities is left out.

    Parameters
    ----------
    atoms
        Columns ``building``, ``compound``, ``households``.
    before
        The grid of the plan in force that each atom is in, None for none.
    edges
        Pairs of atoms that touch.
    community
        Code of the community.

    Raises
    ------
    InputError
        A grid that shall be kept does not lie in one piece.
    """
    fixed = np.full(len(atoms), -1, np.int64)
    for label, code in enumerate(locks.keep_grids):
        fixed[before == code] = label
    _refuse_pieces(fixed, locks.keep_grids, edges)
    buildings = atoms.groupby("building", sort=False).indices
    posts = [code for code in locks.posts if code in buildings]
    return Locks(
        fixed=fixed if (fixed >= 0).any() else None,
        together=_together(locks, atoms, fixed, edges, upper),
        apart=[
            (int(a), int(b))
            for first, second in locks.apart
            if first in buildings and second in buildings
            for a, b in product(buildings[first], buildings[second])
        ],
        n_grids=locks.n_grids.get(community, len(posts) or None),
    )


def post_values(locks: CodeLocks, buildings: pd.DataFrame) -> NDArray[np.int64] | None:
    """Return 1 at each building with a post; None where the community has none."""
    held = buildings.index.isin(locks.posts).astype(np.int64)
    return held if held.any() else None


def _together(
    locks: CodeLocks, atoms: pd.DataFrame, fixed: NDArray[np.int64], edges: NDArray[np.integer], upper: int
) -> list[list[int]]:
    buildings = atoms["building"].to_numpy()
    found = [np.flatnonzero(np.isin(buildings, group)) for group in locks.together]
    for compound, indices in atoms.groupby("compound", sort=True).indices.items():
        rows = np.asarray(indices, np.int64)
        if locks.whole_compounds == FITTING:
            fits = int(atoms["households"].to_numpy()[rows].sum()) <= upper and (fixed[rows] < 0).all()
            if fits and _pieces_of(rows, edges, len(atoms)) == 1:
                found.append(rows)
        elif compound in locks.whole_compounds:
            found.append(rows)
    # What a kept grid holds stays together by that.
    return [[int(atom) for atom in rows] for rows in found if len(rows) > 1 and (fixed[rows] < 0).all()]


def _refuse_pieces(fixed: NDArray[np.int64], codes: Sequence[str], edges: NDArray[np.integer]) -> None:
    for label, code in enumerate(codes):
        found = _pieces_of(np.flatnonzero(fixed == label), edges, len(fixed))
        if found > 1:
            raise InputError(
                f"网格 {code} 现为互不相连的 {found} 块,不能原样保留;请取消对它的保留",
                f"grid {code} lies in {found} pieces that do not touch and cannot be kept as it is; do not keep it",
            )


def _pieces_of(rows: NDArray[np.integer], edges: NDArray[np.integer], n: int) -> int:
    inside = np.zeros(n, bool)
    inside[rows] = True
    inner = np.asarray(edges, np.int32).reshape(-1, 2)
    inner = inner[inside[inner].all(axis=1)]
    return len(np.unique(pieces(n, inner)[rows]))
