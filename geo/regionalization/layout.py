"""How the kernels find what they work on: records of atoms, arcs and grids, and the arrays that hold them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


def record(**names: str) -> np.dtype[Any]:
    """Return a record type from the names of its fields, by kind."""
    return np.dtype([(name, kind) for kind, listed in names.items() for name in listed.split()], align=True)


#: One atom: where its arcs are, households, and how many points it stands for (one, or those of a cluster) with the
#: sums of their coordinates and of the squares of these. ``home`` is the grid that it was in at the start, -1 when
#: that is nothing to keep.
ATOM = record(i8="weight", f8="points sx sy sq", i4="start stop home")
#: One arc, an edge seen from one end. Soft arcs only carry a price, one cannot walk along them.
ARC = record(f8="price", i4="near", bool="hard")
#: Members of a grid are a doubly linked list.
LINK = record(i4="after before")
#: One grid; ``bad`` lists the grids out of range, ``bad_at`` is each one's place in it, ``free`` the unused numbers.
GRID = record(i8="weight", f8="points sx sy sq", i4="head count bad bad_at free")
#: One atom on the bench, by its local number. ``order`` is the local number of the atom with a rank in the random
#: tree, ``grids`` a grid on the bench and ``queue`` a walk: these are lists of their own.
NODE = record(i4="atom part beside size first rank order grids queue")
#: Sums over what hangs below an atom, by its rank in the tree; or over a part.
STEM = record(i8="weight", f8="points sx sy sq cut inside", i4="place depth rank")
HOMES = record(i8="first second")
#: Where the table of an atom is, by rank, and that of its parent before the two were merged.
ROW = record(i8="begin before", f4="close_cost", i4="size before_size own target")
EDGE = record(f8="price", i4="a b", bool="hard")


class Graph(NamedTuple):
    """Atoms and who touches whom, in compressed rows; ``ends`` lists both ends of every hard edge.

    ``extra`` holds further quantities, one row per atom, and ``limits`` one row for each: least, most, the price of
    a grid outside of these, and of each unit by which it misses them.
    """

    atoms: Any
    arcs: Any
    ends: Ints
    extra: NDArray[np.float64]
    limits: NDArray[np.float64]


class Plan(NamedTuple):
    """The current assignment."""

    label: Ints
    links: Any
    grids: Any
    counts: NDArray[np.int64]
    extra: NDArray[np.float64]


class Bench(NamedTuple):
    """Room to work in: local copies of a few grids, their random tree (``up``: parents' ranks) and its tables."""

    nodes: Any
    stems: Any
    homes: Any
    rows: Any
    up: Ints
    edges: Any
    link: Ints
    table: NDArray[np.float32]
    local: Ints
    stamp: Ints
    extra: NDArray[np.float64]
