"""Invented towns by seed, with queries about them and their right answers."""

import numpy as np

from tests.geo.addresses.invented.asking import ask
from tests.geo.addresses.invented.towns import MANNERS, make_town
from tests.geo.addresses.scoring import QuerySet

__all__ = ["MANNERS", "invent"]


def invent(seed: int, *, scale: float = 1.0) -> QuerySet:
    """Invent a town, the manner of its region following the seed, and about 600 queries (times ``scale``) about it."""
    town = make_town(seed)
    return QuerySet(town.gazetteer(np.random.default_rng([seed, 22])), town.alias_table(), ask(town, seed, scale))
