"""A year in a sub-district: a small share of its buildings grows, shrinks, is demolished or is new."""

from dataclasses import dataclass

import numpy as np

#: How the changed buildings divide: households up or down, demolished, newly built.
RESIZED, DEMOLISHED = 0.6, 0.2
#: A resized building has this share of its households afterwards, evenly drawn.
SMALLEST, LARGEST = 0.6, 1.5


@dataclass(frozen=True)
class Changed:
    """A graph after the changes. ``before`` is the grid that each atom had; -1 for new buildings."""

    households: np.ndarray
    edges: np.ndarray
    cost: np.ndarray
    xy: np.ndarray
    before: np.ndarray
    changed: int


def change(
    households: np.ndarray,
    edges: np.ndarray,
    cost: np.ndarray,
    xy: np.ndarray,
    labels: np.ndarray,
    *,
    share: float,
    upper: int,
    seed: int,
) -> Changed:
    """Change ``share`` of the buildings; none grows beyond ``upper`` households, which would be another question."""
    rng = np.random.default_rng([seed, len(households)])
    inhabited = np.flatnonzero(households > 0)
    count = max(3, round(share * len(households)))
    resized, demolished = round(RESIZED * count), round(DEMOLISHED * count)
    chosen = rng.permutation(inhabited)[:count]
    now = households.copy()
    factor = rng.uniform(SMALLEST, LARGEST, resized)
    now[chosen[:resized]] = np.clip(np.rint(households[chosen[:resized]] * factor), 1, upper).astype(now.dtype)
    now[chosen[resized : resized + demolished]] = 0
    hosts = chosen[resized + demolished :]
    new = len(now) + np.arange(len(hosts))
    # A new building stands beside its host and touches it and one of the host's neighbours.
    towards = np.array([_neighbour(edges, host, rng) for host in hosts])
    return Changed(
        households=np.r_[now, rng.choice(households[inhabited], len(hosts))],
        edges=np.vstack([edges, np.c_[hosts, new], np.c_[towards, new]]),
        cost=np.r_[cost, np.full(2 * len(hosts), int(np.median(cost)))],
        xy=np.vstack([xy, xy[hosts] * 0.6 + xy[towards] * 0.4]),
        before=np.r_[labels, np.full(len(hosts), -1)],
        changed=count,
    )


def _neighbour(edges: np.ndarray, atom: int, rng: np.random.Generator) -> int:
    touching = edges[(edges == atom).any(axis=1)]
    return int(rng.choice(touching[touching != atom]))
