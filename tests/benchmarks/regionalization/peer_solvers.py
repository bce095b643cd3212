"""What a peer runs inside its own environment: ``python peer_solvers.py NAME graph.npz answer.npz SEED SECONDS``.

Knows nothing of wangge: the graph comes as numpy arrays, the labels go back the same way, beside the CPU seconds of the
peer's own work. Loading libraries and handing over the graph are not counted. Each peer is asked for grids of 250
households on average, and for at most 300 or at least 200 in the way it knows.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MEAN, LOWER, UPPER = 250, 200, 300
#: Blocks may be this much heavier than the mean: 0.2 lets them reach the upper limit.
WIDE, NARROW = UPPER / MEAN - 1, 0.08


class Graph:
    """Atoms, their households and positions in metres, and edges with the cost of cutting them (whole, >= 1)."""

    def __init__(self, path: str) -> None:
        with np.load(path) as stored:
            self.households, self.edges = stored["households"], stored["edges"]
            self.cost, self.xy = stored["cost"], stored["xy"]
        self.n = len(self.households)
        self.parts = max(2, round(int(self.households.sum()) / MEAN))
        a, b = np.r_[self.edges, self.edges[:, ::-1]].T
        order = np.lexsort((b, a))
        self.near = b[order]
        self.near_cost = np.r_[self.cost, self.cost][order]
        self.start = np.r_[0, np.cumsum(np.bincount(a, minlength=self.n))]

    def neighbours(self, atom: int) -> slice:
        return slice(self.start[atom], self.start[atom + 1])

    def metis_file(self, folder: str) -> str:
        """The graph in METIS's text format, nodes and edges weighted."""
        path = Path(folder) / "graph.metis"
        with path.open("w") as file:
            file.write(f"{self.n} {len(self.edges)} 11\n")
            for atom in range(self.n):
                at = self.neighbours(atom)
                pairs = np.c_[self.near[at] + 1, self.near_cost[at]].ravel()
                file.write(" ".join(map(str, [self.households[atom], *pairs])) + "\n")
        return str(path)


class Clock:
    """CPU seconds of all threads of this process, between ``with`` and its end."""

    seconds = 0.0

    def __enter__(self) -> "Clock":
        self._began = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.process_time() - self._began


Labels = np.ndarray | list[int]
Solver = Callable[[Graph, int, float, Clock], Labels]


def kaminpar(context: str, eps: float) -> Solver:
    def solve(graph: Graph, seed: int, _: float, clock: Clock) -> Labels:
        import kaminpar

        with tempfile.TemporaryDirectory() as folder:
            loaded = kaminpar.load_graph(graph.metis_file(folder), kaminpar.GraphFileFormat.METIS)
        kaminpar.reseed(seed)
        solver = kaminpar.KaMinPar(1, kaminpar.context_by_name(context))
        with clock:
            return solver.compute_partition(loaded, graph.parts, eps=eps)

    return solve


def metis(*, contiguous: bool) -> Solver:
    def solve(graph: Graph, seed: int, _: float, clock: Clock) -> Labels:
        import pymetis

        options = pymetis.Options(seed=seed, contig=int(contiguous))
        with clock:
            return pymetis.part_graph(
                graph.parts,
                xadj=graph.start,
                adjncy=graph.near,
                vweights=graph.households,
                eweights=graph.near_cost,
                recursive=not contiguous,
                options=options,
            )[1]

    return solve


def mtkahypar(preset: str, eps: float) -> Solver:
    def solve(graph: Graph, seed: int, _: float, clock: Clock) -> Labels:
        import mtkahypar

        start = mtkahypar.initialize(1)
        mtkahypar.set_seed(seed)
        context = start.context_from_preset(getattr(mtkahypar.PresetType, preset))
        context.set_partitioning_parameters(graph.parts, eps, mtkahypar.Objective.CUT)
        context.logging = False
        edges = [tuple(edge) for edge in graph.edges.tolist()]
        made = start.create_graph(context, graph.n, len(edges), edges, graph.households.tolist(), graph.cost.tolist())
        with clock:
            found = made.partition(context)
        return [found.block_id(atom) for atom in range(graph.n)]

    return solve


def kahip(mode: int, eps: float) -> Solver:
    """KaFFPa; its wheel has no way to ask for connected blocks, which only its command line knows."""

    def solve(graph: Graph, seed: int, _: float, clock: Clock) -> Labels:
        import kahip

        arrays = [x.tolist() for x in (graph.households, graph.start, graph.near_cost, graph.near)]
        with clock:
            return kahip.kaffpa(*arrays, graph.parts, eps, True, seed, mode)[1]

    return solve


def gerrychain(graph: Graph, seed: int, seconds: float, clock: Clock) -> Labels:
    """Recursive tree partition; begun anew with another seed whenever a bipartition is not found in 1,000 trees."""
    import warnings
    from functools import partial

    import networkx
    from gerrychain import Graph as Dual
    from gerrychain.partition.initial_partition_generators import recursive_tree_part
    from gerrychain.tree import bipartition_tree

    warnings.simplefilter("ignore")
    net = networkx.Graph()
    net.add_nodes_from((i, {"households": int(h)}) for i, h in enumerate(graph.households))
    net.add_edges_from(graph.edges.tolist())
    dual = Dual.from_networkx(net)
    target = int(graph.households.sum()) / graph.parts
    eps = min(UPPER / target - 1, 1 - LOWER / target)
    once = partial(bipartition_tree, max_attempts=1000)
    rng = random.Random(seed)
    with clock:
        while time.process_time() < seconds:
            try:
                found = recursive_tree_part(
                    dual, range(graph.parts), target, "households", eps, bipartition_tree_fn=once, rng=rng
                )
            except Exception as error:  # the library raises its own kinds, and RuntimeError, for a tree not found
                print(type(error).__name__, error, file=sys.stderr)
                continue
            return [found[i] for i in range(graph.n)]
    raise TimeoutError


def geoda(method: str) -> Solver:
    def solve(graph: Graph, seed: int, _: float, clock: Clock) -> Labels:
        import pygeoda
        from pygeoda.weights import read_gal

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graph.gal"
            with path.open("w") as file:
                file.write(f"0 {graph.n} graph id\n")
                for atom in range(graph.n):
                    near = graph.near[graph.neighbours(atom)] + 1
                    file.write(f"{atom + 1} {len(near)}\n{' '.join(map(str, near))}\n")
            weights = read_gal(str(path), [str(i + 1) for i in range(graph.n)])
        xy, households = graph.xy.T.tolist(), graph.households.astype(float).tolist()
        common = {"scale_method": "raw", "random_seed": seed + 1, "cpu_threads": 1}
        with clock:
            if method == "maxp":
                found = pygeoda.maxp_greedy(weights, xy, households, float(LOWER), iterations=9, **common)
            elif method == "redcap":
                found = pygeoda.redcap(
                    graph.parts, weights, xy, "fullorder-wardlinkage",
                    bound_variable=households, min_bound=float(LOWER), **common,
                )  # fmt: skip
            else:
                found = pygeoda.skater(
                    graph.parts, weights, xy, bound_variable=households, min_bound=float(LOWER), **common
                )
        labels = np.array(found["Clusters"])
        # 0 stands for atoms that were given to no cluster: each is a grid of its own.
        labels[labels == 0] = labels.max() + 1 + np.arange((labels == 0).sum())
        return labels

    return solve


def spopt(graph: Graph, seed: int, _: float, clock: Clock) -> Labels:
    import warnings

    import geopandas
    from libpysal.weights import W
    from shapely import points
    from spopt.region import MaxPHeuristic

    warnings.simplefilter("ignore")
    np.random.seed(seed)  # noqa: NPY002 - the library draws from the global generator
    frame = geopandas.GeoDataFrame(
        {"x": graph.xy[:, 0], "y": graph.xy[:, 1], "households": graph.households}, geometry=points(graph.xy)
    )
    weights = W({atom: graph.near[graph.neighbours(atom)].tolist() for atom in range(graph.n)}, silence_warnings=True)
    model = MaxPHeuristic(frame, weights, ["x", "y"], "households", LOWER, top_n=2)
    with clock:
        model.solve()
    return model.labels_


SOLVERS: dict[str, Solver] = {
    "KaMinPar default, +20 %": kaminpar("default", WIDE),
    "KaMinPar strong, +20 %": kaminpar("strong", WIDE),
    "KaMinPar largek, +20 %": kaminpar("largek", WIDE),
    "KaMinPar default, +8 %": kaminpar("default", NARROW),
    "KaMinPar strong, +8 %": kaminpar("strong", NARROW),
    "METIS recursive": metis(contiguous=False),
    "METIS k-way, contiguous": metis(contiguous=True),
    "Mt-KaHyPar default, +20 %": mtkahypar("DEFAULT", WIDE),
    "Mt-KaHyPar default, +8 %": mtkahypar("DEFAULT", NARROW),
    "Mt-KaHyPar quality, +8 %": mtkahypar("QUALITY", NARROW),
    "KaHIP eco, +20 %": kahip(1, WIDE),
    "KaHIP strong, +8 %": kahip(2, NARROW),
    "GerryChain recursive tree": gerrychain,
    "GeoDa max-p": geoda("maxp"),
    "GeoDa REDCAP": geoda("redcap"),
    "GeoDa SKATER": geoda("skater"),
    "spopt max-p": spopt,
}


def main() -> None:
    name, source, target, seed, seconds = sys.argv[1:]
    clock = Clock()
    labels = SOLVERS[name](Graph(source), int(seed), float(seconds), clock)
    np.savez(target, labels=np.asarray(labels, np.int64), seconds=clock.seconds)


if __name__ == "__main__":
    main()
