"""The compiled inner loops of the search, in one file.

numba notices that kept machine code is stale by the time stamp of the one file that holds the called function, so
every kernel that calls another lives here, beside it.

A *split* cuts two touching grids anew in two; a *redraw* takes several and cuts a random spanning tree of theirs by
dynamic programming, choosing the number of grids too; a *flip* moves one atom across a border. All three keep every
grid in one piece. Energies have no unit: a border that crosses one average edge costs 1.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.compilation import kernel

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

#: Slots of ``Plan.counts``.
GRIDS, BAD, FREE, FLIPS, MOVES = 0, 1, 2, 3, 4
#: Slots of ``Rules.numbers``.
LOWER, UPPER, BAD_GRID, BAD_HOUSEHOLD, COMPACTNESS, DP_LOWER, DP_UPPER, GRID_PRICE = 0, 1, 2, 3, 4, 5, 6, 7

UNREACHABLE = np.float32(1e30)


class Graph(NamedTuple):
    """Atoms and who touches whom, in compressed rows; soft edges only carry a price, one cannot walk along them."""

    start: Ints
    near: Ints
    price: Floats
    hard: NDArray[np.bool_]
    weight: NDArray[np.int64]
    coarse: NDArray[np.int64]
    x: Floats
    y: Floats
    ends: Ints


class Plan(NamedTuple):
    """The current assignment, with the members of each grid as a doubly linked list."""

    label: Ints
    head: Ints
    after: Ints
    before: Ints
    weight: NDArray[np.int64]
    size: Ints
    sx: Floats
    sy: Floats
    sq: Floats
    bad: Ints
    bad_at: Ints
    free: Ints
    counts: NDArray[np.int64]


class Bench(NamedTuple):
    """Room to work in: local copies of a few grids, their random tree and its tables."""

    atom: Ints
    local: Ints
    edge_a: Ints
    edge_b: Ints
    edge_price: Floats
    edge_key: Floats
    leader: Ints
    first: Ints
    link: Ints
    order: Ints
    parent: Ints
    depth: Ints
    inside: Floats
    cut: Floats
    weight: NDArray[np.int64]
    size: Ints
    sx: Floats
    sy: Floats
    sq: Floats
    part: Ints
    grids: Ints
    stamp: Ints
    queue: Ints
    table: NDArray[np.float32]
    table_at: NDArray[np.int64]
    table_len: Ints
    before_at: NDArray[np.int64]
    before_len: Ints
    close_cost: NDArray[np.float32]
    close_at: Ints
    target: Ints


@kernel
def draw(state: Any) -> Any:
    """Return the next number in [0, 1) of a xorshift64* stream (Vigna 2016)."""
    bits = state[0]
    bits ^= bits >> np.uint64(12)
    bits ^= bits << np.uint64(25)
    bits ^= bits >> np.uint64(27)
    state[0] = bits
    return float((bits * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@kernel
def violation(weight: Any, numbers: Any) -> Any:
    """Price of a grid's households being out of range."""
    if weight < numbers[LOWER]:
        return numbers[BAD_GRID] + numbers[BAD_HOUSEHOLD] * (numbers[LOWER] - weight)
    if weight > numbers[UPPER]:
        # Else a heap of small grids, each out of range, would be cheaper as one monster.
        over = weight - numbers[UPPER]
        return numbers[BAD_GRID] * (1.0 + 1.5 * over / numbers[LOWER]) + numbers[BAD_HOUSEHOLD] * over
    return 0.0


@kernel
def spread(size: Any, sx: Any, sy: Any, sq: Any) -> Any:
    """Sum of squared distances of a grid's atoms from their middle."""
    if size == 0:
        return 0.0
    return sq - (sx * sx + sy * sy) / size


@kernel
def grid_energy(plan: Any, grid: Any, numbers: Any) -> Any:
    """What one grid costs by itself, without its borders."""
    return (
        violation(plan.weight[grid], numbers)
        + numbers[COMPACTNESS] * spread(plan.size[grid], plan.sx[grid], plan.sy[grid], plan.sq[grid])
        + numbers[GRID_PRICE]
    )


@kernel
def enter(graph: Any, plan: Any, atom: Any, grid: Any) -> None:
    """Put an atom that is in no grid into one."""
    plan.label[atom] = grid
    first = plan.head[grid]
    plan.after[atom] = first
    plan.before[atom] = -1
    if first >= 0:
        plan.before[first] = atom
    plan.head[grid] = atom
    plan.weight[grid] += graph.weight[atom]
    plan.size[grid] += 1
    plan.sx[grid] += graph.x[atom]
    plan.sy[grid] += graph.y[atom]
    plan.sq[grid] += graph.x[atom] ** 2 + graph.y[atom] ** 2


@kernel
def leave(graph: Any, plan: Any, atom: Any) -> None:
    """Take an atom out of its grid."""
    grid = plan.label[atom]
    back, ahead = plan.before[atom], plan.after[atom]
    if back >= 0:
        plan.after[back] = ahead
    else:
        plan.head[grid] = ahead
    if ahead >= 0:
        plan.before[ahead] = back
    plan.label[atom] = -1
    plan.weight[grid] -= graph.weight[atom]
    plan.size[grid] -= 1
    plan.sx[grid] -= graph.x[atom]
    plan.sy[grid] -= graph.y[atom]
    plan.sq[grid] -= graph.x[atom] ** 2 + graph.y[atom] ** 2


@kernel
def mark(plan: Any, grid: Any, numbers: Any) -> None:
    """Keep the list of grids out of range true after a change of ``grid``."""
    weight = plan.weight[grid]
    wrong = plan.size[grid] > 0 and (weight < numbers[LOWER] or weight > numbers[UPPER])
    at = plan.bad_at[grid]
    if wrong and at < 0:
        plan.bad_at[grid] = plan.counts[BAD]
        plan.bad[plan.counts[BAD]] = grid
        plan.counts[BAD] += 1
    elif not wrong and at >= 0:
        plan.counts[BAD] -= 1
        last = plan.bad[plan.counts[BAD]]
        plan.bad[at] = last
        plan.bad_at[last] = at
        plan.bad_at[grid] = -1


@kernel
def gather(graph: Any, plan: Any, bench: Any, n_grids: Any) -> tuple[int, int]:
    """Copy the atoms and inner edges of the grids on the bench; return how many of each."""
    n = 0
    for i in range(n_grids):
        atom = plan.head[bench.grids[i]]
        while atom >= 0:
            bench.atom[n] = atom
            bench.local[atom] = n
            n += 1
            atom = plan.after[atom]
    return n, gather_edges(graph, bench, n)


@kernel
def gather_edges(graph: Any, bench: Any, n: Any) -> Any:
    """Copy the edges among the first ``n`` atoms of the bench: hard ones first, then soft ones, keys below zero."""
    m = 0
    for wanted in (True, False):
        for i in range(n):
            atom = bench.atom[i]
            for e in range(graph.start[atom], graph.start[atom + 1]):
                j = bench.local[graph.near[e]]
                if j > i and graph.hard[e] == wanted:
                    bench.edge_a[m] = i
                    bench.edge_b[m] = j
                    bench.edge_price[m] = graph.price[e]
                    bench.edge_key[m] = 0.0 if wanted else -1.0
                    m += 1
    return m


@kernel
def scatter(bench: Any, n: Any) -> None:
    """Forget the local numbers of the atoms on the bench."""
    for i in range(n):
        bench.local[bench.atom[i]] = -1


@kernel
def leader_of(leader: Any, i: Any) -> Any:
    """Find the representative of a set, halving paths."""
    while leader[i] != i:
        leader[i] = leader[leader[i]]
        i = leader[i]
    return i


@kernel
def grow_tree(bench: Any, n: Any, m: Any, state: Any) -> None:
    """Draw a random spanning tree of the bench that crosses cheap borders late, and order it from a random root.

    Each edge waits an exponential time with its price as the rate, and edges join in that order (Kruskal): streets
    and barriers, cheap to draw a border on, join whole compounds instead of running through them.
    """
    hard = 0
    while hard < m and bench.edge_key[hard] >= 0:
        price = bench.edge_price[hard]
        wait = -np.log(1.0 - draw(state))
        bench.edge_key[hard] = wait / price if price > 0.05 else 20.0 * wait + 200.0 * (0.05 - price)
        hard += 1
    ranks = np.argsort(bench.edge_key[:hard])
    for i in range(n):
        bench.leader[i] = i
        bench.first[i] = -1
    used = 0
    for r in range(hard):
        e = ranks[r]
        a, b = bench.edge_a[e], bench.edge_b[e]
        root_a, root_b = leader_of(bench.leader, a), leader_of(bench.leader, b)
        if root_a != root_b:
            bench.leader[root_a] = root_b
            for end, other in ((a, b), (b, a)):
                slot = 2 * used + (0 if end == a else 1)
                bench.link[2 * slot] = other
                bench.link[2 * slot + 1] = bench.first[end]
                bench.first[end] = slot
            used += 1
            if used == n - 1:
                break
    root = int(draw(state) * n)
    bench.order[0] = root
    bench.parent[root] = -1
    bench.depth[root] = 0
    filled = 1
    for at in range(n):
        i = bench.order[at]
        slot = bench.first[i]
        while slot >= 0:
            j = bench.link[2 * slot]
            if j != bench.parent[i]:
                bench.parent[j] = i
                bench.depth[j] = bench.depth[i] + 1
                bench.order[filled] = j
                filled += 1
            slot = bench.link[2 * slot + 1]


@kernel
def sum_subtrees(graph: Any, bench: Any, n: Any, m: Any, reach: Any) -> None:
    """For each atom of the tree, sum what hangs below it: households, position, and the whole price of cutting it off.

    The price counts every edge that leaves the subtree, not the tree edge alone: the edges at the subtree's atoms
    less twice those with both ends in it, which are found at the lowest common ancestor of their ends. Edges whose
    ends are further apart than ``reach`` on the tree are left out: almost any plan cuts them.
    """
    for i in range(n):
        atom = bench.atom[i]
        bench.weight[i] = graph.weight[atom]
        bench.size[i] = 1
        bench.sx[i] = graph.x[atom]
        bench.sy[i] = graph.y[atom]
        bench.sq[i] = graph.x[atom] ** 2 + graph.y[atom] ** 2
        bench.cut[i] = 0.0
        bench.inside[i] = 0.0
    for e in range(m):
        a, b, price = bench.edge_a[e], bench.edge_b[e], bench.edge_price[e]
        far = 0
        while a != b and far < reach:
            if bench.depth[a] >= bench.depth[b]:
                a = bench.parent[a]
            else:
                b = bench.parent[b]
            far += 1
        if a == b:
            bench.cut[bench.edge_a[e]] += price
            bench.cut[bench.edge_b[e]] += price
            bench.inside[a] += price
    for at in range(n - 1, 0, -1):
        i = bench.order[at]
        p = bench.parent[i]
        bench.weight[p] += bench.weight[i]
        bench.size[p] += bench.size[i]
        bench.sx[p] += bench.sx[i]
        bench.sy[p] += bench.sy[i]
        bench.sq[p] += bench.sq[i]
        bench.cut[p] += bench.cut[i]
        bench.inside[p] += bench.inside[i]
    for i in range(n):
        bench.cut[i] -= 2.0 * bench.inside[i]


@kernel
def cut_in_two(bench: Any, n: Any, numbers: Any) -> tuple[float, int]:
    """Find the tree edge whose two sides make the cheapest pair of grids; return the energy and the edge's lower end.

    The root instead of a lower end means: leave all in one grid.
    """
    root = bench.order[0]
    weight, size = bench.weight[root], bench.size[root]
    sx, sy, sq = bench.sx[root], bench.sy[root], bench.sq[root]
    best = violation(weight, numbers) + numbers[COMPACTNESS] * spread(size, sx, sy, sq) + numbers[GRID_PRICE]
    where = root
    for at in range(1, n):
        i = bench.order[at]
        energy = bench.cut[i] + violation(bench.weight[i], numbers) + violation(weight - bench.weight[i], numbers)
        energy += 2.0 * numbers[GRID_PRICE]
        if energy < best:
            energy += numbers[COMPACTNESS] * (
                spread(bench.size[i], bench.sx[i], bench.sy[i], bench.sq[i])
                + spread(size - bench.size[i], sx - bench.sx[i], sy - bench.sy[i], sq - bench.sq[i])
            )
            if energy < best:
                best = energy
                where = i
    return best, where


@kernel
def fill_below(bench: Any, n: Any, where: Any) -> Any:
    """Number the two sides of a cut; return how many parts there are."""
    if where == bench.order[0]:
        for i in range(n):
            bench.part[i] = 0
        return 1
    for at in range(n):
        i = bench.order[at]
        if i == where:
            bench.part[i] = 1
        else:
            bench.part[i] = 0 if at == 0 else bench.part[bench.parent[i]]
    return 2


@kernel
def merge_tables(into: Any, a: Any, b: Any) -> None:
    """Add to ``into[i + j]`` the cheapest of ``a[i] + b[j]``."""
    upper = len(into)
    for i in range(len(a)):
        base = a[i]
        if base < UNREACHABLE:
            reach = min(len(b), upper - i)
            row = into[i : i + reach]
            for j in range(reach):
                row[j] = min(row[j], base + b[j])


@kernel
def cut_tree(graph: Any, bench: Any, n: Any, numbers: Any) -> Any:
    """Cut the tree on the bench into the cheapest grids; return how many.

    For each atom, ``table[w]`` is the least price of cutting its subtree so that the open part, the one that holds
    the atom, has w households and all closed parts are paid for: the border, and being out of range. Tables end at
    the upper limit, so the work is at most households times limit. Borders are priced by what each subtree's cutting
    off costs by itself, which counts an edge between two parts once per cut between them.
    """
    lower, upper = int(numbers[DP_LOWER]), int(numbers[DP_UPPER])
    fixed = np.float32(numbers[BAD_GRID])
    each = np.float32(numbers[BAD_HOUSEHOLD] * numbers[LOWER] / max(lower, 1))
    end = 0
    for i in range(n):
        own = min(graph.coarse[bench.atom[i]], upper)
        bench.table_at[i] = end
        bench.table_len[i] = own + 1
        bench.table[end : end + own] = UNREACHABLE
        bench.table[end + own] = 0.0
        end += own + 1
    for at in range(n - 1, -1, -1):
        i = bench.order[at]
        own = bench.table[bench.table_at[i] : bench.table_at[i] + bench.table_len[i]]
        least = UNREACHABLE
        close, close_at = UNREACHABLE, 0
        for w in range(len(own)):
            if own[w] < UNREACHABLE:
                if own[w] < least:
                    least = own[w]
                price = own[w] if w >= lower else own[w] + fixed + each * np.float32(lower - w)
                if price < close:
                    close, close_at = price, w
        bench.close_at[i] = close_at
        if at == 0:
            break
        # Only differences within a table matter: taking the least away keeps single precision enough.
        for w in range(len(own)):
            if own[w] < UNREACHABLE:
                own[w] -= least
        bench.close_cost[i] = close - least + np.float32(bench.cut[i] + numbers[GRID_PRICE])
        p = bench.parent[i]
        old = bench.table[bench.table_at[p] : bench.table_at[p] + bench.table_len[p]]
        size = min(len(old) + len(own) - 1, upper + 1)
        new = bench.table[end : end + size]
        new[:] = UNREACHABLE
        for w in range(len(old)):
            if old[w] < UNREACHABLE:
                new[w] = old[w] + bench.close_cost[i]
        if len(old) <= len(own):
            merge_tables(new, old, own)
        else:
            merge_tables(new, own, old)
        bench.before_at[i] = bench.table_at[p]
        bench.before_len[i] = bench.table_len[p]
        bench.table_at[p] = end
        bench.table_len[p] = size
        end += size
    return read_back(bench, n)


@kernel
def read_back(bench: Any, n: Any) -> Any:
    """Follow the tables from the root down and number the parts; return how many."""
    root = bench.order[0]
    bench.target[root] = bench.close_at[root]
    bench.part[root] = 0
    parts = 1
    for at in range(1, n):
        i = bench.order[at]
        p = bench.parent[i]
        w = bench.target[p]
        before = bench.table[bench.before_at[i] : bench.before_at[i] + bench.before_len[i]]
        own = bench.table[bench.table_at[i] : bench.table_at[i] + bench.table_len[i]]
        best, kept = UNREACHABLE, -1
        if w < len(before) and before[w] < UNREACHABLE:
            best = before[w] + bench.close_cost[i]
        for mine in range(max(0, w - len(before) + 1), min(w + 1, len(own))):
            price = before[w - mine] + own[mine]
            if price < best:
                best, kept = price, mine
        if kept < 0:
            bench.target[i] = bench.close_at[i]
            bench.part[i] = parts
            parts += 1
        else:
            bench.target[i] = kept
            bench.target[p] = w - kept
            bench.part[i] = bench.part[p]
    return parts


@kernel
def parts_energy(graph: Any, bench: Any, n: Any, m: Any, parts: Any, numbers: Any) -> Any:
    """Price the parts on the bench truly: every edge between two parts once."""
    energy = numbers[GRID_PRICE] * parts
    for e in range(m):
        if bench.part[bench.edge_a[e]] != bench.part[bench.edge_b[e]]:
            energy += bench.edge_price[e]
    for k in range(parts):
        bench.weight[k] = 0
        bench.size[k] = 0
        bench.sx[k] = 0.0
        bench.sy[k] = 0.0
        bench.sq[k] = 0.0
    for i in range(n):
        k, atom = bench.part[i], bench.atom[i]
        bench.weight[k] += graph.weight[atom]
        bench.size[k] += 1
        bench.sx[k] += graph.x[atom]
        bench.sy[k] += graph.y[atom]
        bench.sq[k] += graph.x[atom] ** 2 + graph.y[atom] ** 2
    for k in range(parts):
        energy += violation(bench.weight[k], numbers)
        energy += numbers[COMPACTNESS] * spread(bench.size[k], bench.sx[k], bench.sy[k], bench.sq[k])
    return energy


@kernel
def adopt(graph: Any, plan: Any, bench: Any, n: Any, n_grids: Any, parts: Any, numbers: Any) -> None:
    """Put the parts on the bench in the place of the grids they were made of."""
    for i in range(n):
        leave(graph, plan, bench.atom[i])
    names = n_grids
    while names < parts:
        plan.counts[FREE] -= 1
        bench.grids[names] = plan.free[plan.counts[FREE]]
        names += 1
    for i in range(n):
        enter(graph, plan, bench.atom[i], bench.grids[bench.part[i]])
    for k in range(names):
        grid = bench.grids[k]
        if k >= parts:
            plan.free[plan.counts[FREE]] = grid
            plan.counts[FREE] += 1
        # Sums of coordinates drift by rounding as atoms come and go; here they were just made anew.
        mark(plan, grid, numbers)
    plan.counts[GRIDS] += parts - n_grids


@kernel
def stays_whole(graph: Any, plan: Any, bench: Any, atom: Any, epoch: Any) -> Any:
    """Tell whether the grid of ``atom`` stays in one piece without it."""
    grid = plan.label[atom]
    wanted = 0
    begin = -1
    for e in range(graph.start[atom], graph.start[atom + 1]):
        other = graph.near[e]
        if graph.hard[e] and plan.label[other] == grid and bench.stamp[other] != epoch:
            bench.stamp[other] = epoch
            wanted += 1
            begin = other
    if wanted <= 1:
        return wanted == 1
    # Walk from one neighbour; -epoch means walked on, so that each neighbour is counted when it is met.
    bench.stamp[atom] = -epoch
    bench.stamp[begin] = -epoch
    bench.queue[0] = begin
    done, filled = 0, 1
    wanted -= 1
    while done < filled:
        i = bench.queue[done]
        done += 1
        for e in range(graph.start[i], graph.start[i + 1]):
            j = graph.near[e]
            if graph.hard[e] and plan.label[j] == grid and bench.stamp[j] != -epoch:
                if bench.stamp[j] == epoch:
                    wanted -= 1
                    if wanted == 0:
                        return True
                bench.stamp[j] = -epoch
                bench.queue[filled] = j
                filled += 1
    return False


@kernel
def accepts(change: Any, heat: Any, state: Any) -> Any:
    """Metropolis: always downhill, uphill with a chance that falls with the price."""
    if change <= 0:
        return True
    return heat > 0 and change < 40 * heat and draw(state) < np.exp(-change / heat)


@kernel
def try_flip(graph: Any, plan: Any, bench: Any, numbers: Any, heat: Any, state: Any) -> Any:
    """Offer one atom at a random border to the grid on the other side."""
    e = int(draw(state) * (len(graph.ends) // 2))
    side = 1 if draw(state) < 0.5 else 0
    atom = graph.ends[2 * e + side]
    source, goal = plan.label[atom], plan.label[graph.ends[2 * e + 1 - side]]
    if source == goal or plan.size[source] == 1:
        return False
    weight = graph.weight[atom]
    change = 0.0
    for f in range(graph.start[atom], graph.start[atom + 1]):
        other = plan.label[graph.near[f]]
        if other == source:
            change += graph.price[f]
        elif other == goal:
            change -= graph.price[f]
    if weight > 0:
        change += violation(plan.weight[source] - weight, numbers) - violation(plan.weight[source], numbers)
        change += violation(plan.weight[goal] + weight, numbers) - violation(plan.weight[goal], numbers)
    x, y = graph.x[atom], graph.y[atom]
    # Huygens: how the spread about the middle changes when one atom leaves one grid and joins another.
    n_from, n_to = plan.size[source], plan.size[goal]
    dx, dy = x - plan.sx[source] / n_from, y - plan.sy[source] / n_from
    ex, ey = x - plan.sx[goal] / n_to, y - plan.sy[goal] / n_to
    change += numbers[COMPACTNESS] * (
        (ex * ex + ey * ey) * n_to / (n_to + 1.0) - (dx * dx + dy * dy) * n_from / (n_from - 1.0)
    )
    if not accepts(change, heat, state):
        return False
    plan.counts[FLIPS] += 1
    if not stays_whole(graph, plan, bench, atom, plan.counts[FLIPS]):
        return False
    leave(graph, plan, atom)
    enter(graph, plan, atom, goal)
    mark(plan, source, numbers)
    mark(plan, goal, numbers)
    return True


@kernel
def neighbour_grid(graph: Any, plan: Any, bench: Any, n_grids: Any, state: Any) -> Any:
    """Find a grid that touches one of those on the bench and is not among them; -1 when luck fails."""
    for _ in range(6):
        grid = bench.grids[int(draw(state) * n_grids)]
        skip = int(draw(state) * plan.size[grid])
        atom = plan.head[grid]
        for _skip in range(skip):
            atom = plan.after[atom]
        for _turn in range(plan.size[grid]):
            degree = graph.start[atom + 1] - graph.start[atom]
            shift = int(draw(state) * degree)
            for d in range(degree):
                e = graph.start[atom] + (d + shift) % degree
                other = plan.label[graph.near[e]]
                if graph.hard[e] and other != grid:
                    known = False
                    for k in range(n_grids):
                        known = known or bench.grids[k] == other
                    if not known:
                        return other
            atom = plan.after[atom]
            if atom < 0:
                atom = plan.head[grid]
    return -1


@kernel
def choose_grids(graph: Any, plan: Any, bench: Any, want: Any, focus: Any, state: Any) -> Any:
    """Put up to ``want`` grids that hang together on the bench; return how many."""
    if plan.counts[BAD] > 0 and draw(state) < focus:
        bench.grids[0] = plan.bad[int(draw(state) * plan.counts[BAD])]
    else:
        bench.grids[0] = plan.label[int(draw(state) * len(plan.label))]
    chosen = 1
    while chosen < want:
        other = neighbour_grid(graph, plan, bench, chosen, state)
        if other < 0:
            break
        bench.grids[chosen] = other
        chosen += 1
    return chosen


@kernel
def try_move(graph: Any, plan: Any, bench: Any, want: Any, focus: Any, numbers: Any, heat: Any, state: Any) -> Any:
    """Split or redraw a few grids that hang together, and keep the result if it is accepted."""
    chosen = choose_grids(graph, plan, bench, want, focus, state)
    n, m = gather(graph, plan, bench, chosen)
    old = 0.0
    for k in range(chosen):
        old += grid_energy(plan, bench.grids[k], numbers)
    for e in range(m):
        if plan.label[bench.atom[bench.edge_a[e]]] != plan.label[bench.atom[bench.edge_b[e]]]:
            old += bench.edge_price[e]
    grow_tree(bench, n, m, state)
    sum_subtrees(graph, bench, n, m, n)
    if chosen <= 2:
        new, where = cut_in_two(bench, n, numbers)
        parts = fill_below(bench, n, where)
    else:
        parts = cut_tree(graph, bench, n, numbers)
        new = parts_energy(graph, bench, n, m, parts, numbers)
    taken = accepts(new - old, heat, state)
    if taken:
        adopt(graph, plan, bench, n, chosen, parts, numbers)
        plan.counts[MOVES] += 1
    scatter(bench, n)
    return taken


@kernel
def search(
    graph: Any,
    plan: Any,
    bench: Any,
    numbers: Any,
    steps: Any,
    flips: Any,
    wide: Any,
    focus: Any,
    hot: Any,
    cold: Any,
    state: Any,
) -> None:
    """Anneal for ``steps`` splits or redraws with ``flips`` flips after each, cooling from ``hot`` to ``cold``.

    ``wide`` is the share of moves that redraw three to five grids; ``focus`` the share that starts at a grid out of
    range while there is one.
    """
    for step in range(steps):
        heat = hot + (cold - hot) * step / steps
        chance = draw(state)
        want = 2
        if chance < wide:
            want = 3 + int(chance / wide * 2.5)
        try_move(graph, plan, bench, want, focus, numbers, heat, state)
        for _ in range(flips):
            try_flip(graph, plan, bench, numbers, heat, state)


@kernel
def start_from_tree(graph: Any, plan: Any, bench: Any, numbers: Any, state: Any) -> None:
    """Make the first plan: the cheapest cut of one random spanning tree of all atoms."""
    n = len(plan.label)
    for i in range(n):
        bench.atom[i] = i
        bench.local[i] = i
    m = gather_edges(graph, bench, n)
    grow_tree(bench, n, m, state)
    sum_subtrees(graph, bench, n, m, 100)
    cut_tree(graph, bench, n, numbers)
    scatter(bench, n)
    load(graph, plan, bench.part[:n], numbers)


@kernel
def load(graph: Any, plan: Any, labels: Any, numbers: Any) -> None:
    """Replace the whole plan by ``labels`` (0..k-1, each in one piece)."""
    n = len(labels)
    plan.head[:] = -1
    plan.weight[:] = 0
    plan.size[:] = 0
    plan.sx[:] = 0.0
    plan.sy[:] = 0.0
    plan.sq[:] = 0.0
    plan.bad_at[:] = -1
    plan.counts[BAD] = 0
    grids = 0
    for i in range(n):
        enter(graph, plan, i, labels[i])
        grids = max(grids, labels[i] + 1)
    plan.counts[GRIDS] = grids
    plan.counts[FREE] = 0
    for grid in range(n - 1, grids - 1, -1):
        plan.free[plan.counts[FREE]] = grid
        plan.counts[FREE] += 1
    for grid in range(grids):
        mark(plan, grid, numbers)


@kernel
def total_energy(graph: Any, plan: Any, numbers: Any) -> Any:
    """Price the whole plan: for being out of range, and for everything."""
    energy = 0.0
    wrong = 0.0
    for i in range(len(plan.label)):
        for e in range(graph.start[i], graph.start[i + 1]):
            j = graph.near[e]
            if j > i and plan.label[i] != plan.label[j]:
                energy += graph.price[e]
    for grid in range(len(plan.head)):
        if plan.size[grid] > 0:
            energy += grid_energy(plan, grid, numbers)
            wrong += violation(plan.weight[grid], numbers)
    return wrong, energy
