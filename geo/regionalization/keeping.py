"""Whose households stay together when old grids become new ones, and who moves from whom to whom.

Every old grid is a post: somebody's job. In the one network each new grid has one worker, the one of at most one post,
and each post gets at most one new grid; matched so that as many households as possible keep a worker they had.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from geo.regionalization.old_layers import OldLayer, checked_layers

NOBODY = -1


@dataclass(frozen=True)
class Keeping:
    """What a new network keeps of old ones. All counts are households.

    ``kept + moved + uncovered`` are all households, and ``kept + moved`` of each post its own.

    Attributes
    ----------
    kept
        Households of which one earlier worker stays theirs.
    moved
        Households that had a worker, or several, and keep none.
    uncovered
        Households that no old layer covers.
    posts
        One row per old grid, by layer and label: ``layer``, ``old`` (its label), ``households``, ``new`` (the grid
        that its worker gets, :data:`NOBODY` for none: the post is redundant), ``kept`` (of its households, those in
        ``new``), ``moved``, ``together`` (its largest part in one new grid).
    flows
        One row per old and new grid that share households, by layer, old and new: ``layer``, ``old``, ``new``,
        ``households``, ``kept`` (whether the post goes along).
    grids
        One row per new grid: ``households``, ``layer`` and ``old`` of the post whose worker it gets (None and
        :data:`NOBODY` for a grid without an earlier worker), ``kept``.
    layers
        One row per layer, by name: ``weight``, ``grids``, ``households``, ``together`` (the largest parts, summed),
        ``unmixed`` (the largest part of each new grid that comes from one old grid, summed), ``kept`` (the layer
        matched with the new grids by itself, one to one), ``posts_kept`` (of its posts, those that get a new grid).
    """

    kept: int
    moved: int
    uncovered: int
    posts: pd.DataFrame
    flows: pd.DataFrame
    grids: pd.DataFrame
    layers: pd.DataFrame


def keeping(households: ArrayLike, layers: Sequence[OldLayer], labels: ArrayLike) -> Keeping:
    """Measure what a new network keeps of old layers.

    Parameters
    ----------
    households
        n whole numbers >= 0.
    layers
        The old layers; one of weight 0 is left out, and a heavier one's posts are matched first.
    labels
        New grid 0..k-1 of each atom.

    Raises
    ------
    BoundsError, InputError
        A layer is not usable: see :func:`~geo.regionalization.old_layers.checked_layers`.
    """
    weight, new = np.asarray(households, np.int64), np.asarray(labels, np.int64)
    layers = checked_layers(layers, len(weight))
    count = _count(weight, layers, new)
    stays, covered = count.stays(new), count.covered
    return Keeping(
        kept=int(weight[stays].sum()),
        moved=int(weight[covered & ~stays].sum()),
        uncovered=int(weight[~covered].sum()),
        posts=_post_rows(layers, count),
        flows=_flow_rows(layers, count),
        grids=_new_grids(weight, new, layers, count),
        layers=_layer_rows(layers, count),
    )


def worker_grids(
    households: NDArray[np.int64], layers: Sequence[OldLayer], labels: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Return per layer, as given, the new grid that each atom's old worker gets, :data:`NOBODY` for none.

    Workers get grids as :func:`keeping` gives them.
    """
    count = _count(households, layers, labels)
    return list(np.r_[count.given, NOBODY][count.post_of])


def losses(
    households: NDArray[np.int64], layers: Sequence[OldLayer], labels: NDArray[np.int64]
) -> tuple[list[int], int]:
    """Return the households of each layer away from the largest part of their old grid, and those without a worker.

    As :func:`keeping` counts them, for checked layers, without its tables.
    """
    count = _count(households, layers, labels)
    away = count.households - count.together
    parted = [int(away[count.layer == number].sum()) for number in range(len(layers))]
    return parted, int(households[count.covered & ~count.stays(labels)].sum())


@dataclass(frozen=True)
class _Count:
    """Posts, what they share with new grids, and which of these they get.

    Attributes
    ----------
    layer, old, households, given
        Of each post: the number of its layer, its label there, its households, and the grid that its worker gets.
    post_of
        The post of each atom, a row per layer; -1 for none.
    post, grid, shared
        Of each flow: its post, its new grid, and the households that both hold; by post and grid.
    """

    layer: NDArray[np.int64]
    old: NDArray[np.int64]
    households: NDArray[np.int64]
    given: NDArray[np.int64]
    post_of: NDArray[np.int64]
    post: NDArray[np.int64]
    grid: NDArray[np.int64]
    shared: NDArray[np.int64]

    @property
    def together(self) -> NDArray[np.int64]:
        """The largest part of each post in one new grid."""
        largest = np.zeros(len(self.old), np.int64)
        np.maximum.at(largest, self.post, self.shared)
        return largest

    @property
    def goes_along(self) -> NDArray[np.bool_]:
        """Of each flow: whether the post's worker gets its grid."""
        return np.asarray(self.grid == self.given[self.post], np.bool_)

    @property
    def kept(self) -> NDArray[np.int64]:
        """Of each post: its households in the grid that its worker gets."""
        return np.bincount(self.post, self.shared * self.goes_along, len(self.old)).astype(np.int64)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Of each atom: whether some layer has it."""
        return np.asarray((self.post_of >= 0).any(axis=0), np.bool_)

    def stays(self, new: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each atom whether one of its workers gets its grid."""
        # -1, for an atom without an old grid, is the last.
        theirs = np.r_[self.given, NOBODY][self.post_of]
        return np.asarray((theirs == new).any(axis=0), np.bool_)


def _count(weight: NDArray[np.int64], layers: Sequence[OldLayer], new: NDArray[np.int64]) -> _Count:
    k = int(new.max(initial=-1)) + 1
    empty = np.empty(0, np.int64)
    layer, old, sums = [empty], [empty], [empty]
    post_of = np.full((len(layers), len(weight)), -1, np.int64)
    n_posts = 0
    for number, one in enumerate(layers):
        labels = np.asarray(one.labels, np.int64)
        known = labels >= 0
        names, at = np.unique(labels[known], return_inverse=True)
        post_of[number, known] = at + n_posts
        layer.append(np.full(len(names), number))
        old.append(names)
        sums.append(np.bincount(at, weight[known], len(names)).astype(np.int64))
        n_posts += len(names)
    in_layer, atom = np.nonzero(post_of >= 0)
    key, at = np.unique(post_of[in_layer, atom] * k + new[atom], return_inverse=True)
    shared = np.bincount(at, weight[atom], len(key)).astype(np.int64)
    key, shared = key[shared > 0], shared[shared > 0]
    post, grid = key // max(k, 1), key % max(k, 1)
    of_post = np.concatenate(layer)
    weights = np.array([one.weight for one in layers])
    importance = weights[of_post[post]] / weights.max(initial=0.0) if len(post) else np.empty(0)
    return _Count(
        layer=of_post,
        old=np.concatenate(old),
        households=np.concatenate(sums),
        given=_matched(post, grid, shared * importance, n_posts, k),
        post_of=post_of,
        post=post,
        grid=grid,
        shared=shared,
    )


def _matched(
    post: NDArray[np.int64], grid: NDArray[np.int64], worth: NDArray[np.floating], n_posts: int, n_grids: int
) -> NDArray[np.int64]:
    """Give each post at most one grid and each grid at most one post, for the largest sum of what flows are worth."""
    if not len(post):
        return np.full(n_posts, NOBODY, np.int64)
    # A column of its own for each post means no grid; every value is raised by one, so that none is 0 and missing.
    value = worth + 1.0
    alone = np.arange(n_posts)
    table = coo_array(
        (np.r_[value, np.ones(n_posts)], (np.r_[post, alone], np.r_[grid, n_grids + alone])),
        shape=(n_posts, n_grids + n_posts),
    ).tocsr()
    rows, columns = min_weight_full_bipartite_matching(table, maximize=True)
    found = np.full(n_posts, NOBODY, np.int64)
    found[rows] = np.where(columns < n_grids, columns, NOBODY)
    return found


def _names(layers: Sequence[OldLayer], numbers: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([layer.name for layer in layers], object)[numbers]


def _post_rows(layers: Sequence[OldLayer], count: _Count) -> pd.DataFrame:
    kept = count.kept
    return pd.DataFrame(
        {
            "layer": _names(layers, count.layer),
            "old": count.old,
            "households": count.households,
            "new": count.given,
            "kept": kept,
            "moved": count.households - kept,
            "together": count.together,
        }
    )


def _flow_rows(layers: Sequence[OldLayer], count: _Count) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "layer": _names(layers, count.layer[count.post]),
            "old": count.old[count.post],
            "new": count.grid,
            "households": count.shared,
            "kept": count.goes_along,
        }
    )


def _new_grids(
    weight: NDArray[np.int64], new: NDArray[np.int64], layers: Sequence[OldLayer], count: _Count
) -> pd.DataFrame:
    k = int(new.max(initial=-1)) + 1
    given = np.flatnonzero(count.given != NOBODY)
    layer, old, kept = np.full(k, None, object), np.full(k, NOBODY, np.int64), np.zeros(k, np.int64)
    layer[count.given[given]] = _names(layers, count.layer[given])
    old[count.given[given]] = count.old[given]
    kept[count.given[given]] = count.kept[given]
    households = np.bincount(new, weight, k).astype(np.int64)
    return pd.DataFrame({"households": households, "layer": pd.Series(layer, dtype=object), "old": old, "kept": kept})


def _layer_rows(layers: Sequence[OldLayer], count: _Count) -> pd.DataFrame:
    rows = []
    n_grids = int(count.grid.max(initial=-1)) + 1
    for number, layer in enumerate(layers):
        mine, own = count.layer == number, count.layer[count.post] == number
        post, grid, shared = count.post[own], count.grid[own], count.shared[own]
        match = _matched(post, grid, shared.astype(np.float64), len(count.old), n_grids)
        unmixed = np.zeros(n_grids, np.int64)
        np.maximum.at(unmixed, grid, shared)
        rows.append(
            {
                "layer": layer.name,
                "weight": layer.weight,
                "grids": int(mine.sum()),
                "households": int(count.households[mine].sum()),
                "together": int(count.together[mine].sum()),
                "unmixed": int(unmixed.sum()),
                "kept": int(shared[grid == match[post]].sum()),
                "posts_kept": int((count.given[mine] != NOBODY).sum()),
            }
        )
    columns = ["layer", "weight", "grids", "households", "together", "unmixed", "kept", "posts_kept"]
    return pd.DataFrame(rows, columns=columns).set_index("layer")
