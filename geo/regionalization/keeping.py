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
    k = int(new.max(initial=-1)) + 1
    posts, post_of = _posts(weight, layers)
    flows = _flows(weight, new, posts, post_of)
    importance = posts["layer"].map({layer.name: layer.weight for layer in layers}).to_numpy(np.float64)
    posts["new"] = _matched(flows, importance[flows["post"]], len(posts), k)
    flows["kept"] = flows["new"].to_numpy() == posts["new"].to_numpy()[flows["post"]]
    posts["kept"] = np.bincount(flows["post"], flows["households"] * flows["kept"], len(posts)).astype(np.int64)
    posts["moved"] = posts["households"] - posts["kept"]
    posts["together"] = flows.groupby("post")["households"].max().reindex(posts.index, fill_value=0)
    stays, covered = np.zeros(len(weight), bool), np.zeros(len(weight), bool)
    for of_atom in post_of:
        known = of_atom >= 0
        covered |= known
        stays[known] |= posts["new"].to_numpy()[of_atom[known]] == new[known]
    return Keeping(
        kept=int(weight[stays].sum()),
        moved=int(weight[covered & ~stays].sum()),
        uncovered=int(weight[~covered].sum()),
        posts=posts,
        flows=flows[["layer", "old", "new", "households", "kept"]],
        grids=_new_grids(weight, new, k, posts),
        layers=_layer_rows(layers, posts, flows),
    )


def worker_grids(
    households: NDArray[np.int64], layers: Sequence[OldLayer], labels: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Return per layer, as given, the new grid that each atom's old worker gets, :data:`NOBODY` for none.

    Workers get grids as :func:`keeping` gives them.
    """
    posts, post_of = _posts(households, layers)
    flows = _flows(households, labels, posts, post_of)
    importance = posts["layer"].map({layer.name: layer.weight for layer in layers}).to_numpy(np.float64)
    new = _matched(flows, importance[flows["post"]], len(posts), int(labels.max(initial=-1)) + 1)
    # -1, for an atom without an old grid, is the last.
    return [np.r_[new, NOBODY][of_atom] for of_atom in post_of]


def _posts(weight: NDArray[np.int64], layers: Sequence[OldLayer]) -> tuple[pd.DataFrame, list[NDArray[np.int64]]]:
    """List the old grids of all layers, and per layer the post of each atom (-1: none)."""
    rows, post_of, count = [], [], 0
    for layer in layers:
        old = np.asarray(layer.labels, np.int64)
        names, at = np.unique(old[old >= 0], return_inverse=True)
        of_atom = np.full(len(old), -1, np.int64)
        of_atom[old >= 0] = at + count
        sums = np.bincount(at, weight[old >= 0], len(names)).astype(np.int64)
        rows.append(pd.DataFrame({"layer": layer.name, "old": names, "households": sums}))
        post_of.append(of_atom)
        count += len(names)
    empty = pd.DataFrame({"layer": [], "old": [], "households": []})
    posts = pd.concat(rows, ignore_index=True) if rows else empty
    return posts.astype({"layer": object, "old": np.int64, "households": np.int64}), post_of


def _flows(
    weight: NDArray[np.int64], new: NDArray[np.int64], posts: pd.DataFrame, post_of: Sequence[NDArray[np.int64]]
) -> pd.DataFrame:
    """Count the households that each post shares with each new grid, where there are any."""
    k = int(new.max(initial=-1)) + 1
    pairs = np.concatenate([of_atom[of_atom >= 0] * k + new[of_atom >= 0] for of_atom in post_of] or [new[:0]])
    shares = np.concatenate([weight[of_atom >= 0] for of_atom in post_of] or [weight[:0]])
    key, at = np.unique(pairs, return_inverse=True)
    shared = np.bincount(at, shares, len(key)).astype(np.int64)
    key, shared = key[shared > 0], shared[shared > 0]
    table = pd.DataFrame({"post": key // max(k, 1), "new": key % max(k, 1), "households": shared})
    return table.assign(layer=posts["layer"].to_numpy()[table["post"]], old=posts["old"].to_numpy()[table["post"]])


def _matched(flows: pd.DataFrame, importance: NDArray[np.floating], n_posts: int, n_grids: int) -> NDArray[np.int64]:
    """Give each post at most one grid and each grid at most one post, for the largest weighted sum shared."""
    if flows.empty:
        return np.full(n_posts, NOBODY, np.int64)
    # A column of its own for each post means no grid; every value is raised by one, so that none is 0 and missing.
    post, grid = flows["post"].to_numpy(), flows["new"].to_numpy()
    value = flows["households"].to_numpy(np.float64) * importance / importance.max() + 1.0
    alone = np.arange(n_posts)
    table = coo_array(
        (np.r_[value, np.ones(n_posts)], (np.r_[post, alone], np.r_[grid, n_grids + alone])),
        shape=(n_posts, n_grids + n_posts),
    ).tocsr()
    rows, columns = min_weight_full_bipartite_matching(table, maximize=True)
    found = np.full(n_posts, NOBODY, np.int64)
    found[rows] = np.where(columns < n_grids, columns, NOBODY)
    return found


def _new_grids(weight: NDArray[np.int64], new: NDArray[np.int64], k: int, posts: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame({"households": np.bincount(new, weight, k).astype(np.int64)})
    given = posts[posts["new"] != NOBODY].set_index("new")
    table["layer"] = given["layer"].reindex(table.index).astype(object).where(lambda name: name.notna(), None)
    for name, missing in (("old", NOBODY), ("kept", 0)):
        table[name] = given[name].reindex(table.index, fill_value=missing).astype(np.int64)
    return table


def _layer_rows(layers: Sequence[OldLayer], posts: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    rows = []
    n_grids = int(flows["new"].max()) + 1 if len(flows) else 0
    for layer in layers:
        mine = (posts["layer"] == layer.name).to_numpy()
        own = flows[flows["layer"] == layer.name]
        match = _matched(own, np.ones(len(own)), len(posts), n_grids)
        alone = own["households"][own["new"].to_numpy() == match[own["post"]]].sum()
        rows.append(
            {
                "layer": layer.name,
                "weight": layer.weight,
                "grids": int(mine.sum()),
                "households": int(posts["households"][mine].sum()),
                "together": int(posts["together"][mine].sum()),
                "unmixed": int(own.groupby("new")["households"].max().sum()),
                "kept": int(alone),
                "posts_kept": int((posts["new"][mine] != NOBODY).sum()),
            }
        )
    columns = ["layer", "weight", "grids", "households", "together", "unmixed", "kept", "posts_kept"]
    return pd.DataFrame(rows, columns=columns).set_index("layer")
