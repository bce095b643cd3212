"""The input of the engine, checked at the door."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geo.errors import BoundsError, InputError
from geo.regionalization.counting import different_pairs
from geo.regionalization.outcome import Locks, Prices, Quantity

MAX_HOUSEHOLDS = 10**9
#: Dials above this would outweigh a grid out of range.
MAX_DIAL = 20.0


@dataclass(frozen=True)
class Amounts:
    """A further quantity that has passed all checks; no limit is 0 below and infinite above."""

    name: str
    values: NDArray[np.float64]
    lower: float
    upper: float


@dataclass(frozen=True)
class Problem:
    """Atoms, edges and limits that have passed all checks; edges are unique, loops are gone.

    Attributes
    ----------
    group
        Atoms with the same number are moved as one (locks); 0..g-1.
    frozen
        Label of the locked grid of each atom, -1 for free ones.
    detours
        Whether a group took atoms along that nobody named; nothing about it can be proved infeasible then.
    """

    households: NDArray[np.int64]
    edges: NDArray[np.int32]
    cost: NDArray[np.float64]
    barrier: NDArray[np.float64]
    xy: NDArray[np.float64] | None
    previous: NDArray[np.int64] | None
    apart: NDArray[np.int32]
    group: NDArray[np.int32]
    frozen: NDArray[np.int64]
    detours: bool
    n_grids: int | None
    lower: int
    upper: int
    prices: Prices
    quantities: tuple[Amounts, ...]


def check_problem(
    households: ArrayLike,
    edges: ArrayLike,
    boundary_cost: ArrayLike,
    lower: int,
    upper: int,
    xy: ArrayLike | None,
    barrier: ArrayLike | None,
    previous: ArrayLike | None,
    locks: Locks | None,
    prices: Prices | None = None,
    quantities: Sequence[Quantity] = (),
) -> Problem:
    """Check everything that came in and bring it into one shape.

    Raises
    ------
    BoundsError
        A number is out of what is allowed.
    InputError
        A shape is wrong, a value is not a number, or locks contradict one another.
    """
    lower, upper = _checked_limits(lower, upper)
    weight = _whole_numbers(households, "户数", "households", 0, MAX_HOUSEHOLDS)
    n = len(weight)
    pairs = _checked_edges(edges, n)
    m = len(pairs)
    cost = _real_numbers(boundary_cost, m, "划界代价", "boundary_cost", 0.0, np.inf)
    cross = np.zeros(m) if barrier is None else _real_numbers(barrier, m, "屏障权重", "barrier", 0.0, 1.0)
    pairs, cost, cross = _unique_edges(pairs, cost, cross, n)
    locks = locks or Locks()
    frozen = _checked_fixed(locks, n, pairs)
    group, detours = _checked_together(locks, n, pairs, weight, frozen)
    return Problem(
        households=weight,
        edges=pairs,
        cost=cost,
        barrier=cross,
        xy=_checked_xy(xy, n),
        previous=None if previous is None else _labels(previous, n, "原方案", "previous"),
        apart=_checked_apart(locks, n, group),
        group=group,
        frozen=frozen,
        detours=detours,
        n_grids=_checked_count(locks),
        lower=lower,
        upper=upper,
        prices=_checked_prices(prices or Prices()),
        quantities=tuple(_checked_quantity(quantity, n) for quantity in quantities),
    )


def pieces(n: int, edges: NDArray[np.int32]) -> NDArray[np.int32]:
    """Number the connected components of n atoms."""
    joined = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(n, n))
    number: NDArray[np.int32] = connected_components(joined, directed=False)[1]
    return number


def _checked_limits(lower: int, upper: int) -> tuple[int, int]:
    for value in (lower, upper):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise BoundsError(f"户数上下限应为整数,得到 {value!r}", f"limits must be whole numbers, got {value!r}")
    if not 0 < lower <= upper <= MAX_HOUSEHOLDS:
        raise BoundsError(
            f"户数范围 {lower}-{upper} 无效:下限应大于 0 且不超过上限",
            f"range {lower}-{upper} is not usable: the lower limit must be above 0 and not above the upper limit",
        )
    return int(lower), int(upper)


def _array(values: ArrayLike, zh: str, en: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{zh}含有不是数字的值", f"{en} holds values that are not numbers") from None


def _real_numbers(values: ArrayLike, length: int, zh: str, en: str, low: float, high: float) -> NDArray[np.float64]:
    array = _array(values, zh, en)
    if array.shape != (length,):
        raise InputError(
            f"{zh}应为 {length} 个数,得到形状 {array.shape}", f"{en} must be {length} numbers, got shape {array.shape}"
        )
    wrong = np.flatnonzero(~(np.isfinite(array) & (array >= low) & (array <= high)))
    if len(wrong):
        i = wrong[0]
        raise BoundsError(
            f"{zh}第 {i} 个值为 {array[i]},应在 {low} 与 {high} 之间",
            f"{en}[{i}] is {array[i]}; allowed are numbers from {low} to {high}",
        )
    return array


def _whole_numbers(values: ArrayLike, zh: str, en: str, low: int, high: int) -> NDArray[np.int64]:
    array = _array(values, zh, en)
    if array.ndim != 1:
        raise InputError(
            f"{zh}应为一列数,得到形状 {array.shape}", f"{en} must be one row of numbers, got shape {array.shape}"
        )
    array = _real_numbers(array, len(array), zh, en, low, high)
    wrong = np.flatnonzero(array != np.floor(array))
    if len(wrong):
        i = wrong[0]
        raise BoundsError(
            f"{zh}第 {i} 个值为 {array[i]},应为整数", f"{en}[{i}] is {array[i]}; it must be a whole number"
        )
    return array.astype(np.int64)


def _labels(values: ArrayLike, n: int, zh: str, en: str) -> NDArray[np.int64]:
    array = _whole_numbers(values, zh, en, -1, MAX_HOUSEHOLDS)
    if len(array) != n:
        raise InputError(f"{zh}应有 {n} 个值,得到 {len(array)} 个", f"{en} must have {n} values, got {len(array)}")
    return array


def _checked_edges(edges: ArrayLike, n: int) -> NDArray[np.int32]:
    array = _array(edges, "邻接边", "edges")
    if array.size == 0:
        return np.empty((0, 2), np.int32)
    if array.ndim != 2 or array.shape[1] != 2:
        raise InputError(
            f"邻接边应为 m 行 2 列,得到形状 {array.shape}",
            f"edges must have m rows and 2 columns, got shape {array.shape}",
        )
    if not np.isfinite(array).all() or (array != np.floor(array)).any():
        raise InputError("邻接边应为原子序号(整数)", "edges must hold atom numbers (whole numbers)")
    if array.min() < 0 or array.max() >= n:
        i = int(np.flatnonzero((array < 0).any(1) | (array >= n).any(1))[0])
        raise BoundsError(
            f"第 {i} 条边连接 {array[i].astype(np.int64).tolist()},原子序号应在 0 与 {n - 1} 之间",
            f"edge {i} joins {array[i].astype(np.int64).tolist()}; atom numbers go from 0 to {n - 1}",
        )
    return array.astype(np.int32)


def _unique_edges(
    edges: NDArray[np.int32], cost: NDArray[np.float64], barrier: NDArray[np.float64], n: int
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Drop loops; of edges given twice sum the costs and keep the weaker barrier, in an order free of the input's."""
    real = edges[:, 0] != edges[:, 1]
    pairs, at = different_pairs(edges[real, 0], edges[real, 1], n)
    weakest = np.ones(len(pairs))
    np.minimum.at(weakest, at, barrier[real])
    return pairs, np.bincount(at, cost[real], len(pairs)).astype(np.float64), weakest


def _checked_xy(xy: ArrayLike | None, n: int) -> NDArray[np.float64] | None:
    if xy is None:
        return None
    array = _array(xy, "坐标", "xy")
    if array.shape != (n, 2) and not (n == 0 and array.size == 0):
        raise InputError(f"坐标应为 {n} 行 2 列,得到形状 {array.shape}", f"xy must be {n} rows of 2, got {array.shape}")
    if not np.isfinite(array).all():
        i = int(np.flatnonzero(~np.isfinite(array).all(1))[0])
        raise InputError(f"第 {i} 个坐标不是有限数", f"xy[{i}] is not finite")
    return array


def _in_reach(atoms: Iterable[int], n: int) -> list[int]:
    numbers = [int(a) for a in atoms]
    for a in numbers:
        if not 0 <= a < n:
            raise BoundsError(
                f"锁定中的原子序号 {a} 不存在(0 至 {n - 1})", f"locks name atom {a}; there are 0 to {n - 1}"
            )
    return numbers


def _checked_fixed(locks: Locks, n: int, edges: NDArray[np.int32]) -> NDArray[np.int64]:
    if locks.fixed is None:
        return np.full(n, -1, np.int64)
    fixed = _labels(locks.fixed, n, "固定网格", "locks.fixed")
    inner = edges[(fixed[edges[:, 0]] == fixed[edges[:, 1]])]
    piece = pieces(n, inner)
    for label in np.unique(fixed[fixed >= 0]):
        found = len(np.unique(piece[fixed == label]))
        if found > 1:
            raise InputError(
                f"固定网格 {label} 分成 {found} 块,互不相连;请补上中间的楼栋或分开固定",
                f"fixed grid {label} lies in {found} pieces; add the atoms between them or fix the pieces one by one",
            )
    return fixed


def _checked_together(
    locks: Locks, n: int, edges: NDArray[np.int32], weight: NDArray[np.int64], frozen: NDArray[np.int64]
) -> tuple[NDArray[np.int32], bool]:
    links: list[tuple[int, int]] = []
    detours = False
    free = edges[(frozen[edges] < 0).all(axis=1)]
    for group in locks.together:
        atoms = _in_reach(group, n)
        labels = {int(frozen[a]) for a in atoms}
        if len(labels) > 1:
            raise InputError(
                f"要求同组的楼栋 {atoms} 已固定在不同网格",
                f"atoms {atoms} must stay together but are fixed in different grids",
            )
        if labels <= {-1}:
            atoms, added = _with_ways_between(atoms, n, free, weight)
            detours = detours or added
        links += [(atoms[0], a) for a in atoms[1:]]
    if not links:
        return np.arange(n, dtype=np.int32), False
    return pieces(n, np.array(links, np.int32)), detours


def _with_ways_between(
    atoms: list[int], n: int, edges: NDArray[np.int32], weight: NDArray[np.int64]
) -> tuple[list[int], bool]:
    """Add the atoms on the ways with fewest households between the pieces of a group."""
    group = sorted(set(atoms))
    whole = True
    while True:
        inner = edges[np.isin(edges, group).all(axis=1)]
        piece = pieces(n, inner)[group]
        if len(np.unique(piece)) <= 1:
            return group, not whole
        whole = False
        both = np.r_[edges, edges[:, ::-1]]
        steps = coo_array((weight[both[:, 1]] + 1e-3, (both[:, 0], both[:, 1])), shape=(n, n)).tocsr()
        first = [a for a, p in zip(group, piece, strict=True) if p == piece[0]]
        rest = [a for a, p in zip(group, piece, strict=True) if p != piece[0]]
        far, back, _ = dijkstra(steps, indices=first, min_only=True, return_predecessors=True)
        goal = min(rest, key=lambda a: (far[a], a))
        if not np.isfinite(far[goal]):
            raise InputError(
                f"要求同组的楼栋 {group} 之间没有通路,无法放入一个连续的网格",
                f"atoms {group} must stay together but nothing joins them; a grid in one piece cannot hold them",
            )
        while goal >= 0 and goal not in first:
            group = sorted({*group, int(goal)})
            goal = back[goal]


def _checked_apart(locks: Locks, n: int, group: NDArray[np.int32]) -> NDArray[np.int32]:
    pairs = [tuple(_in_reach(pair, n)) for pair in locks.apart]
    for pair in pairs:
        if len(pair) != 2 or group[pair[0]] == group[pair[1]]:
            raise InputError(
                f"要求分开的 {list(pair)} 不是两栋可以分开的楼",
                f"{list(pair)} are not two atoms that can be kept apart",
            )
    return np.array(pairs, np.int32).reshape(-1, 2)


def _checked_count(locks: Locks) -> int | None:
    if locks.n_grids is not None and (isinstance(locks.n_grids, bool) or locks.n_grids < 1):
        raise BoundsError(
            f"网格数 {locks.n_grids} 无效,应至少为 1", f"n_grids is {locks.n_grids}; it must be at least 1"
        )
    return locks.n_grids


def _checked_prices(prices: Prices) -> Prices:
    for name, value in asdict(prices).items():
        if not 0 <= value <= MAX_DIAL:
            raise BoundsError(
                f"权重 {name} 为 {value},应在 0 与 {MAX_DIAL:g} 之间(1 为标准设置)",
                f"the dial {name} is {value}; allowed are 0 to {MAX_DIAL:g}, 1 is the house's own setting",
            )
    return prices


def _checked_quantity(quantity: Quantity, n: int) -> Amounts:
    values = _real_numbers(quantity.values, n, f"{quantity.name}数量", f"values of {quantity.name}", 0.0, np.inf)
    lower = 0.0 if quantity.lower is None else float(quantity.lower)
    upper = np.inf if quantity.upper is None else float(quantity.upper)
    if not (np.isfinite(lower) and 0 <= lower <= upper):
        raise BoundsError(
            f"{quantity.name}的范围 {quantity.lower}-{quantity.upper} 无效:下限应不小于 0 且不超过上限",
            f"{quantity.name}: limits {quantity.lower}-{quantity.upper} are not usable; they start at 0 or above",
        )
    return Amounts(quantity.name, values, lower, upper)
