"""What setup compiles is all that planning needs: the first plan waits for nothing."""

import numpy as np
import pytest

from geo.regionalization import counting, covering, regionalize, smallest_change
from geo.regionalization.__main__ import main
from geo.regionalization.cover import BITS, Budget, Cover, land

#: The kernels that Python calls; the others are compiled into them.
CALLED = [
    counting.put_in_order,
    covering.gather_country,
    covering.gather_ball,
    covering.share_rest,
    covering.reach_through,
    covering.measure,
    covering.grow_sets,
    covering.drop_supersets,
    covering.choose_sets,
    covering.rehash,
    smallest_change.grow_parts,
    smallest_change.join_parts,
]


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint8])
def test_setup_compiles_the_exact_searches_for_every_kind_of_input(kind):
    main()
    edges = np.array([(i, (i + step) % 40) for i in range(40) for step in (1, 2)], kind)
    ring = land(np.full(40, 7, kind), edges, np.ones(80, np.float32), 20, 30)
    assert next(Cover(ring, range(40), 5, Budget(10**6)).covers()) is not None
    plan = regionalize(
        np.full(20, 60, kind),
        edges[:36],
        np.ones(36),
        lower=200,
        upper=300,
        previous=np.arange(20) // 7,
        effort="repair",
    )
    assert plan.metrics["smallest_change_proved"] == 1
    assert [len(kernel.signatures) for kernel in CALLED] == [1] * len(CALLED)


def test_sets_of_more_atoms_than_one_number_holds_are_covered_too():
    # A path of pairs: 2 of 110 in each, first with second, and so on to the end.
    n = 2 * BITS + 2
    edges = np.array([(i, i + 1) for i in range(n - 1)])
    area = land(np.full(n, 110), edges, np.ones(n - 1), 200, 300)
    found = next(Cover(area, range(n), 0, Budget(10**6)).covers())
    assert sorted(sorted(atoms) for atoms in found) == [[i, i + 1] for i in range(0, n, 2)]
    odd = land(np.full(n - 1, 110), edges[:-1], np.ones(n - 2), 200, 300)
    assert next(Cover(odd, range(n - 1), 0, Budget(10**6)).covers(), None) is None
