"""The compiled inner loops of the search, in one file.

numba notices that kept machine code is stale by the time stamp of the one file that holds the called function, so
every kernel that calls another lives here, beside it.

A *split* cuts two touching grids anew in two; a *redraw* takes several and cuts a random spanning tree of theirs by
dynamic programming, choosing the number of grids too; a *flip* moves one atom across a border. All three keep every
grid in one piece. Energies have no unit: a border that crosses one average edge costs 1.
"""

from typing import Any

import numpy as np

from geo.regionalization.compilation import kernel

#: Slots of ``Plan.counts``.
GRIDS, BAD, FREE, FLIPS, MOVES = 0, 1, 2, 3, 4
#: Slots of the numbers that ``Rules`` makes; limits of further quantities have slots of their own.
LOWER, UPPER, BAD_GRID, BAD_HOUSEHOLD, COMPACTNESS, DP_LOWER, DP_UPPER, WANTED, MISCOUNT = 0, 1, 2, 3, 4, 5, 6, 7, 8
EACH, MOVE, GRAIN = 9, 10, 11

LEAST, MOST, MISSED, MISSED_EACH = 0, 1, 2, 3

UNREACHABLE = np.float32(1e30)

#: Shelves that numbers are sorted on: from 2 to the power of -12 (as their bits say it) for so many doublings.
LEAST_DOUBLING, DOUBLINGS = 127 - 12, 24


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
def missing(amount: Any, limit: Any) -> Any:
    """Price of a grid's amount of a further quantity being outside of its limits."""
    if amount < limit[LEAST] - 1e-9:
        return limit[MISSED] + limit[MISSED_EACH] * (limit[LEAST] - amount)
    if amount > limit[MOST] + 1e-9:
        return limit[MISSED] + limit[MISSED_EACH] * (amount - limit[MOST])
    return 0.0


@kernel
def spread(size: Any, sx: Any, sy: Any, sq: Any) -> Any:
    """Sum of squared distances of a grid's points from their middle."""
    if size <= 0:
        return 0.0
    return sq - (sx * sx + sy * sy) / size


@kernel
def spread_with(atom: Any, grid: Any, sign: Any) -> Any:
    """Tell how the spread of a grid changes when an atom joins (1) or leaves (-1)."""
    return spread(
        grid.points + sign * atom.points, grid.sx + sign * atom.sx, grid.sy + sign * atom.sy, grid.sq + sign * atom.sq
    ) - spread(grid.points, grid.sx, grid.sy, grid.sq)


@kernel
def miscount(grids: Any, numbers: Any) -> Any:
    """Price of the number of grids: each one's, and of having another number than wanted; 0 wanted means any."""
    each = numbers[EACH] * grids
    if numbers[WANTED] == 0:
        return each
    return each + numbers[MISCOUNT] * abs(grids - numbers[WANTED])


@kernel
def grid_energy(graph: Any, plan: Any, grid: Any, numbers: Any) -> Any:
    """What one grid costs by itself, without its borders."""
    row = plan.grids[grid]
    energy = violation(row.weight, numbers) + numbers[COMPACTNESS] * spread(row.points, row.sx, row.sy, row.sq)
    for q in range(len(graph.limits)):
        energy += missing(plan.extra[grid, q], graph.limits[q])
    return energy


@kernel
def enter(graph: Any, plan: Any, atom: Any, grid: Any) -> None:
    """Put an atom that is in no grid into one."""
    plan.label[atom] = grid
    first = plan.grids[grid].head
    plan.links[atom].after = first
    plan.links[atom].before = -1
    if first >= 0:
        plan.links[first].before = atom
    plan.grids[grid].head = atom
    plan.grids[grid].weight += graph.atoms[atom].weight
    plan.grids[grid].count += 1
    plan.grids[grid].points += graph.atoms[atom].points
    plan.grids[grid].sx += graph.atoms[atom].sx
    plan.grids[grid].sy += graph.atoms[atom].sy
    plan.grids[grid].sq += graph.atoms[atom].sq
    for q in range(len(graph.limits)):
        plan.extra[grid, q] += graph.extra[atom, q]


@kernel
def leave(graph: Any, plan: Any, atom: Any) -> None:
    """Take an atom out of its grid."""
    grid = plan.label[atom]
    back, ahead = plan.links[atom].before, plan.links[atom].after
    if back >= 0:
        plan.links[back].after = ahead
    else:
        plan.grids[grid].head = ahead
    if ahead >= 0:
        plan.links[ahead].before = back
    plan.label[atom] = -1
    plan.grids[grid].weight -= graph.atoms[atom].weight
    plan.grids[grid].count -= 1
    plan.grids[grid].points -= graph.atoms[atom].points
    plan.grids[grid].sx -= graph.atoms[atom].sx
    plan.grids[grid].sy -= graph.atoms[atom].sy
    plan.grids[grid].sq -= graph.atoms[atom].sq
    for q in range(len(graph.limits)):
        plan.extra[grid, q] -= graph.extra[atom, q]
    if plan.grids[grid].count == 0:
        # Sums drift by rounding as atoms come and go; an empty grid is where they can start anew.
        plan.grids[grid].points = 0.0
        plan.grids[grid].sx = 0.0
        plan.grids[grid].sy = 0.0
        plan.grids[grid].sq = 0.0


@kernel
def mark(graph: Any, plan: Any, grid: Any, numbers: Any) -> None:
    """Keep the list of grids out of range true after a change of ``grid``."""
    weight = plan.grids[grid].weight
    wrong = weight < numbers[LOWER] or weight > numbers[UPPER]
    for q in range(len(graph.limits)):
        wrong = wrong or missing(plan.extra[grid, q], graph.limits[q]) > 0
    wrong = wrong and plan.grids[grid].count > 0
    at = plan.grids[grid].bad_at
    if wrong and at < 0:
        plan.grids[grid].bad_at = plan.counts[BAD]
        plan.grids[plan.counts[BAD]].bad = grid
        plan.counts[BAD] += 1
    elif not wrong and at >= 0:
        plan.counts[BAD] -= 1
        last = plan.grids[plan.counts[BAD]].bad
        plan.grids[at].bad = last
        plan.grids[last].bad_at = at
        plan.grids[grid].bad_at = -1


@kernel
def gather(graph: Any, plan: Any, bench: Any, n_grids: Any) -> tuple[int, int]:
    """Copy the atoms and inner edges of the grids on the bench; return how many of each."""
    n = 0
    for i in range(n_grids):
        atom = plan.grids[bench.nodes[i].grids].head
        while atom >= 0:
            bench.nodes[n].atom = atom
            bench.local[atom] = n
            n += 1
            atom = plan.links[atom].after
    return n, gather_edges(graph, bench, n)


@kernel
def gather_edges(graph: Any, bench: Any, n: Any) -> Any:
    """Copy the edges among the first ``n`` atoms of the bench: hard ones first, then soft ones."""
    m = 0
    for wanted in (True, False):
        others = 0
        for i in range(n):
            atom = bench.nodes[i].atom
            for e in range(graph.atoms[atom].start, graph.atoms[atom].stop):
                j = bench.local[graph.arcs[e].near]
                if j <= i:
                    continue
                if graph.arcs[e].hard != wanted:
                    others += 1
                    continue
                bench.edges[m].a = i
                bench.edges[m].b = j
                bench.edges[m].price = graph.arcs[e].price
                bench.edges[m].hard = wanted
                m += 1
        if wanted and others == 0:
            break
    return m


@kernel
def scatter(bench: Any, n: Any) -> None:
    """Forget the local numbers of the atoms on the bench."""
    for i in range(n):
        bench.local[bench.nodes[i].atom] = -1


@kernel
def leader_of(nodes: Any, i: Any) -> Any:
    """Find the representative of a part, halving paths."""
    while nodes[i].leader != i:
        nodes[i].leader = nodes[nodes[i].leader].leader
        i = nodes[i].leader
    return i


@kernel
def in_turn(waits: Any) -> Any:
    """Order edges by how long they wait, positive numbers in single precision; return what ends in their numbers.

    Numbers of this kind rank as their bits do, so the first bits tell a shelf, equally many for every doubling; the
    few that share a shelf are put right by hand.
    """
    m, fine = len(waits), 4
    while DOUBLINGS << fine < m:
        fine += 1
    shelves, least = DOUBLINGS << fine, LEAST_DOUBLING << fine
    bits = waits.view(np.int32)
    shelf = np.empty(m, np.int32)
    start = np.zeros(shelves + 1, np.int32)
    for e in range(m):
        shelf[e] = min(max((bits[e] >> (23 - fine)) - least, 0), shelves - 1)
        start[shelf[e] + 1] += 1
    for at in range(shelves):
        start[at + 1] += start[at]
    turns = np.empty(m, np.int64)
    for e in range(m):
        turns[start[shelf[e]]] = (np.int64(bits[e]) << 32) + e
        start[shelf[e]] += 1
    for at in range(1, m):
        turn, to = turns[at], at
        while to > 0 and turns[to - 1] > turn:
            turns[to] = turns[to - 1]
            to -= 1
        turns[to] = turn
    return turns


@kernel
def hang(bench: Any, slot: Any, atom: Any, other: Any) -> None:
    """Put an atom among those that another one is tied to in the tree."""
    bench.link[2 * slot] = other
    bench.link[2 * slot + 1] = bench.nodes[atom].first
    bench.nodes[atom].first = slot


@kernel
def grow_tree(bench: Any, n: Any, m: Any, state: Any) -> None:
    """Draw a random spanning tree of the bench that crosses cheap borders late, and order it from a random root.

    Each edge waits an exponential time with its price as the rate, and edges join in that order (Kruskal 1956):
    streets and barriers, cheap to draw a border on, join whole compounds instead of running through them.
    """
    hard = 0
    while hard < m and bench.edges[hard].hard:
        hard += 1
    waits = np.empty(hard, np.float32)
    for e in range(hard):
        price = bench.edges[e].price
        wait = -np.log(1.0 - draw(state))
        waits[e] = wait / price if price > 0.05 else 20.0 * wait + 200.0 * (0.05 - price)
    for i in range(n):
        bench.nodes[i].leader = i
        bench.nodes[i].first = -1
    used = 0
    for turn in in_turn(waits):
        edge = np.int32(turn)
        a, b = bench.edges[edge].a, bench.edges[edge].b
        root_a, root_b = leader_of(bench.nodes, a), leader_of(bench.nodes, b)
        if root_a != root_b:
            bench.nodes[root_a].leader = root_b
            hang(bench, 2 * used, a, b)
            hang(bench, 2 * used + 1, b, a)
            used += 1
            if used == n - 1:
                break
    root = int(draw(state) * n)
    bench.nodes[0].order = root
    bench.nodes[root].parent = -1
    bench.nodes[root].depth = 0
    filled = 1
    for at in range(n):
        i = bench.nodes[at].order
        slot = bench.nodes[i].first
        while slot >= 0:
            j = bench.link[2 * slot]
            if j != bench.nodes[i].parent:
                bench.nodes[j].parent = i
                bench.nodes[j].depth = bench.nodes[i].depth + 1
                bench.nodes[filled].order = j
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
        atom = bench.nodes[i].atom
        bench.nodes[i].weight = graph.atoms[atom].weight
        bench.nodes[i].points = graph.atoms[atom].points
        bench.nodes[i].sx = graph.atoms[atom].sx
        bench.nodes[i].sy = graph.atoms[atom].sy
        bench.nodes[i].sq = graph.atoms[atom].sq
        bench.nodes[i].cut = 0.0
        bench.nodes[i].inside = 0.0
    for e in range(m):
        a, b, price = bench.edges[e].a, bench.edges[e].b, bench.edges[e].price
        far = 0
        while a != b and far < reach:
            if bench.nodes[a].depth >= bench.nodes[b].depth:
                a = bench.nodes[a].parent
            else:
                b = bench.nodes[b].parent
            far += 1
        if a == b:
            bench.nodes[bench.edges[e].a].cut += price
            bench.nodes[bench.edges[e].b].cut += price
            bench.nodes[a].inside += price
    for at in range(n - 1, 0, -1):
        i = bench.nodes[at].order
        p = bench.nodes[i].parent
        bench.nodes[p].weight += bench.nodes[i].weight
        bench.nodes[p].points += bench.nodes[i].points
        bench.nodes[p].sx += bench.nodes[i].sx
        bench.nodes[p].sy += bench.nodes[i].sy
        bench.nodes[p].sq += bench.nodes[i].sq
        bench.nodes[p].cut += bench.nodes[i].cut
        bench.nodes[p].inside += bench.nodes[i].inside
    for i in range(n):
        bench.nodes[i].cut -= 2.0 * bench.nodes[i].inside


@kernel
def sum_extras(graph: Any, bench: Any, n: Any) -> None:
    """For each atom of the tree, sum the further quantities below it."""
    for i in range(n):
        for q in range(len(graph.limits)):
            bench.extra[i, q] = graph.extra[bench.nodes[i].atom, q]
    for at in range(n - 1, 0, -1):
        i = bench.nodes[at].order
        for q in range(len(graph.limits)):
            bench.extra[bench.nodes[i].parent, q] += bench.extra[i, q]


@kernel
def sum_homes(graph: Any, bench: Any, n: Any) -> None:
    """For each atom of the tree, sum the households below it that are at home in either of the two grids there are."""
    for i in range(n):
        atom = bench.nodes[i].atom
        home, weight = graph.atoms[atom].home, graph.atoms[atom].weight
        bench.nodes[i].first_home = weight if home == bench.nodes[0].grids else 0
        bench.nodes[i].second_home = weight if home == bench.nodes[1].grids else 0
    for at in range(n - 1, 0, -1):
        i = bench.nodes[at].order
        p = bench.nodes[i].parent
        bench.nodes[p].first_home += bench.nodes[i].first_home
        bench.nodes[p].second_home += bench.nodes[i].second_home


@kernel
def away(bench: Any, i: Any, root: Any) -> Any:
    """Households that leave home when the tree is cut above ``i``, each side named after whom it holds most of."""
    first, second = bench.nodes[root].first_home, bench.nodes[root].second_home
    below, beyond = bench.nodes[i].first_home, bench.nodes[i].second_home
    return first + second - max(below + second - beyond, beyond + first - below)


@kernel
def extras_apart(graph: Any, bench: Any, i: Any, root: Any) -> Any:
    """Price of the further quantities of both sides when the tree is cut above ``i``."""
    energy = 0.0
    for q in range(len(graph.limits)):
        below = bench.extra[i, q]
        energy += missing(below, graph.limits[q]) + missing(bench.extra[root, q] - below, graph.limits[q])
    return energy


@kernel
def cut_in_two(graph: Any, bench: Any, n: Any, others: Any, numbers: Any) -> tuple[float, int]:
    """Find the tree edge whose two sides make the cheapest pair of grids; return the energy and the edge's lower end.

    The root instead of a lower end means: leave all in one grid. ``others`` counts the grids that are not on the bench.
    """
    root = bench.nodes[0].order
    weight, size = bench.nodes[root].weight, bench.nodes[root].points
    sx, sy, sq = bench.nodes[root].sx, bench.nodes[root].sy, bench.nodes[root].sq
    best = violation(weight, numbers) + numbers[COMPACTNESS] * spread(size, sx, sy, sq) + miscount(others + 1, numbers)
    for q in range(len(graph.limits)):
        best += missing(bench.extra[root, q], graph.limits[q])
    if numbers[MOVE] > 0:
        best += numbers[MOVE] * min(bench.nodes[root].first_home, bench.nodes[root].second_home)
    two = miscount(others + 2, numbers)
    where = root
    for at in range(1, n):
        i = bench.nodes[at].order
        below = bench.nodes[i].weight
        energy = two + bench.nodes[i].cut + violation(below, numbers) + violation(weight - below, numbers)
        if energy < best:
            energy += numbers[COMPACTNESS] * (
                spread(bench.nodes[i].points, bench.nodes[i].sx, bench.nodes[i].sy, bench.nodes[i].sq)
                + spread(
                    size - bench.nodes[i].points, sx - bench.nodes[i].sx, sy - bench.nodes[i].sy, sq - bench.nodes[i].sq
                )
            )
            energy += extras_apart(graph, bench, i, root)
            if numbers[MOVE] > 0:
                energy += numbers[MOVE] * away(bench, i, root)
            if energy < best:
                best = energy
                where = i
    return best, where


@kernel
def fill_below(bench: Any, n: Any, where: Any) -> Any:
    """Number the two sides of a cut; return how many parts there are."""
    if where == bench.nodes[0].order:
        for i in range(n):
            bench.nodes[i].part = 0
        return 1
    for at in range(n):
        i = bench.nodes[at].order
        if i == where:
            bench.nodes[i].part = 1
        else:
            bench.nodes[i].part = 0 if at == 0 else bench.nodes[bench.nodes[i].parent].part
    return 2


@kernel
def merge_tables(into: Any, shift: Any, a: Any, b: Any) -> None:
    """Add to ``into[shift + i + j]`` the cheapest of ``a[i] + b[j]``, as far as it reaches.

    Views of the rows would each count a reference, which takes longer than most rows.
    """
    for i in range(len(a)):
        base = a[i]
        if base < UNREACHABLE:
            at = shift + i
            for j in range(min(len(b), len(into) - at)):
                into[at + j] = min(into[at + j], base + b[j])


@kernel
def cheapest(table: Any, shortfall: Any) -> tuple[Any, Any]:
    """Return the least of a table, and the least of it with what each entry falls short added."""
    # Four at a time: a single chain of comparisons would have to wait for each of them.
    a = b = c = d = e = f = g = h = UNREACHABLE
    whole = len(table) // 4 * 4
    for w in range(0, whole, 4):
        a, b = min(a, table[w]), min(b, table[w + 1])
        c, d = min(c, table[w + 2]), min(d, table[w + 3])
        e, f = min(e, table[w] + shortfall[w]), min(f, table[w + 1] + shortfall[w + 1])
        g, h = min(g, table[w + 2] + shortfall[w + 2]), min(h, table[w + 3] + shortfall[w + 3])
    for w in range(whole, len(table)):
        a, e = min(a, table[w]), min(e, table[w] + shortfall[w])
    return min(min(a, b), min(c, d)), min(min(e, f), min(g, h))


@kernel
def cut_tree(graph: Any, bench: Any, n: Any, each_grid: Any, numbers: Any) -> Any:
    """Cut the tree on the bench into the cheapest grids; return how many.

    For each atom, ``table[w - own]`` is the least price of cutting its subtree so that the open part, the one that
    holds the atom (its own households are the least there can be), has w households and all closed parts are paid
    for: the border, and being out of range. Tables end at the upper limit, so the work is at most households times
    limit; they may count in grains of a few households, rounded atom by atom. Borders are priced by what each
    subtree's cutting off costs by itself, which counts an edge between two parts once per cut between them.
    ``each_grid`` is added for every grid.
    """
    lower, upper, grain = int(numbers[DP_LOWER]), int(numbers[DP_UPPER]), numbers[GRAIN]
    shortfall = np.zeros(upper + 1, np.float32)
    each = numbers[BAD_HOUSEHOLD] * numbers[LOWER] / max(lower, 1)
    for w in range(lower):
        shortfall[w] = numbers[BAD_GRID] + each * (lower - w)
    for i in range(n):
        bench.nodes[i].own = min(int(graph.atoms[bench.nodes[i].atom].weight / grain + 0.5), upper)
        bench.nodes[i].table_at = i
        bench.nodes[i].table_len = 1
        bench.table[i] = 0.0
    end = n
    for at in range(n - 1, 0, -1):
        i = bench.nodes[at].order
        base, length = bench.nodes[i].own, bench.nodes[i].table_len
        own = bench.table[bench.nodes[i].table_at : bench.nodes[i].table_at + length]
        least, close = cheapest(own, shortfall[base : base + length])
        # Only differences within a table matter: taking the least away keeps single precision enough.
        for w in range(length):
            own[w] -= least
        close_cost = close - least + np.float32(bench.nodes[i].cut + each_grid)
        bench.nodes[i].close_cost = close_cost
        p = bench.nodes[i].parent
        before = bench.nodes[p].table_len
        old = bench.table[bench.nodes[p].table_at : bench.nodes[p].table_at + before]
        size = min(before + base + length - 1, upper + 1 - bench.nodes[p].own)
        new = bench.table[end : end + size]
        for w in range(before):
            new[w] = old[w] + close_cost
        for w in range(before, size):
            new[w] = UNREACHABLE
        if before <= length:
            merge_tables(new, base, old, own)
        else:
            merge_tables(new, base, own, old)
        bench.nodes[i].before_at = bench.nodes[p].table_at
        bench.nodes[i].before_len = before
        bench.nodes[p].table_at = end
        bench.nodes[p].table_len = size
        end += size
    return read_back(bench, n, shortfall)


@kernel
def closing_weight(bench: Any, i: Any, shortfall: Any) -> Any:
    """Households of an atom's open part when it is closed for the least price, the fewest of several."""
    at, own = bench.nodes[i].table_at, bench.nodes[i].own
    best, where = UNREACHABLE, 0
    for w in range(bench.nodes[i].table_len):
        price = bench.table[at + w] + shortfall[own + w]
        if price < best:
            best, where = price, w
    return own + where


@kernel
def read_back(bench: Any, n: Any, shortfall: Any) -> Any:
    """Follow the tables from the root down and number the parts; return how many."""
    root = bench.nodes[0].order
    bench.nodes[root].target = closing_weight(bench, root, shortfall)
    bench.nodes[root].part = 0
    parts = 1
    for at in range(1, n):
        i = bench.nodes[at].order
        p = bench.nodes[i].parent
        open_least, least = bench.nodes[p].own, bench.nodes[i].own
        w = bench.nodes[p].target - open_least
        before = bench.table[bench.nodes[i].before_at : bench.nodes[i].before_at + bench.nodes[i].before_len]
        own = bench.table[bench.nodes[i].table_at : bench.nodes[i].table_at + bench.nodes[i].table_len]
        best, kept = UNREACHABLE, -1
        if w < len(before) and before[w] < UNREACHABLE:
            best = before[w] + bench.nodes[i].close_cost
        rest = w - least
        for mine in range(max(0, rest - len(before) + 1), min(rest + 1, len(own))):
            price = before[rest - mine] + own[mine]
            if price < best:
                best, kept = price, mine
        if kept < 0:
            bench.nodes[i].target = closing_weight(bench, i, shortfall)
            bench.nodes[i].part = parts
            parts += 1
        else:
            bench.nodes[i].target = least + kept
            bench.nodes[p].target -= least + kept
            bench.nodes[i].part = bench.nodes[p].part
    return parts


@kernel
def parts_energy(graph: Any, bench: Any, n: Any, m: Any, parts: Any, numbers: Any) -> Any:
    """Price the parts on the bench truly: every edge between two parts once."""
    energy = 0.0
    for e in range(m):
        if bench.nodes[bench.edges[e].a].part != bench.nodes[bench.edges[e].b].part:
            energy += bench.edges[e].price
    for k in range(parts):
        bench.nodes[k].weight = 0
        bench.nodes[k].points = 0.0
        bench.nodes[k].sx = 0.0
        bench.nodes[k].sy = 0.0
        bench.nodes[k].sq = 0.0
    for i in range(n):
        k, atom = bench.nodes[i].part, bench.nodes[i].atom
        bench.nodes[k].weight += graph.atoms[atom].weight
        bench.nodes[k].points += graph.atoms[atom].points
        bench.nodes[k].sx += graph.atoms[atom].sx
        bench.nodes[k].sy += graph.atoms[atom].sy
        bench.nodes[k].sq += graph.atoms[atom].sq
    for k in range(parts):
        energy += violation(bench.nodes[k].weight, numbers)
        energy += numbers[COMPACTNESS] * spread(
            bench.nodes[k].points, bench.nodes[k].sx, bench.nodes[k].sy, bench.nodes[k].sq
        )
    for q in range(len(graph.limits)):
        bench.extra[:parts, q] = 0.0
        for i in range(n):
            bench.extra[bench.nodes[i].part, q] += graph.extra[bench.nodes[i].atom, q]
        for k in range(parts):
            energy += missing(bench.extra[k, q], graph.limits[q])
    return energy


@kernel
def name_parts(graph: Any, bench: Any, n: Any, n_grids: Any, parts: Any) -> Any:
    """Name each part after the grid most of whose households it keeps, the largest share first.

    Parts and grids on the bench are put in the order of their pairs; the households that leave home are returned.
    """
    kept = np.zeros((parts, n_grids), np.int64)
    moved = 0
    for i in range(n):
        atom = bench.nodes[i].atom
        for k in range(n_grids):
            if graph.atoms[atom].home == bench.nodes[k].grids:
                kept[bench.nodes[i].part, k] += graph.atoms[atom].weight
                moved += graph.atoms[atom].weight
    number = np.full(parts, -1)
    names = np.empty(n_grids, np.int32)
    taken = np.zeros(n_grids, np.bool_)
    pairs = min(parts, n_grids)
    for turn in range(pairs):
        best, part, grid = -1, -1, -1
        for a in range(parts):
            for b in range(n_grids):
                if number[a] < 0 and not taken[b] and kept[a, b] > best:
                    best, part, grid = kept[a, b], a, b
        number[part] = turn
        taken[grid] = True
        names[turn] = bench.nodes[grid].grids
        moved -= best
    following = pairs
    for a in range(parts):
        if number[a] < 0:
            number[a] = following
            following += 1
    following = pairs
    for b in range(n_grids):
        if not taken[b]:
            names[following] = bench.nodes[b].grids
            following += 1
    for i in range(n):
        bench.nodes[i].part = number[bench.nodes[i].part]
    for k in range(n_grids):
        bench.nodes[k].grids = names[k]
    return moved


@kernel
def left_home(graph: Any, plan: Any, bench: Any, n: Any, n_grids: Any) -> Any:
    """Households on the bench that are at home in one of its grids and live in another."""
    moved = 0
    for i in range(n):
        atom = bench.nodes[i].atom
        home = graph.atoms[atom].home
        if home >= 0 and home != plan.label[atom]:
            for k in range(n_grids):
                if home == bench.nodes[k].grids:
                    moved += graph.atoms[atom].weight
    return moved


@kernel
def adopt(graph: Any, plan: Any, bench: Any, n: Any, n_grids: Any, parts: Any, numbers: Any) -> None:
    """Put the parts on the bench in the place of the grids they were made of."""
    for i in range(n):
        leave(graph, plan, bench.nodes[i].atom)
    names = n_grids
    while names < parts:
        plan.counts[FREE] -= 1
        bench.nodes[names].grids = plan.grids[plan.counts[FREE]].free
        names += 1
    for i in range(n):
        enter(graph, plan, bench.nodes[i].atom, bench.nodes[bench.nodes[i].part].grids)
    for k in range(names):
        grid = bench.nodes[k].grids
        if k >= parts:
            plan.grids[plan.counts[FREE]].free = grid
            plan.counts[FREE] += 1
        mark(graph, plan, grid, numbers)
    plan.counts[GRIDS] += parts - n_grids


@kernel
def stays_whole(graph: Any, plan: Any, bench: Any, atom: Any, epoch: Any) -> Any:
    """Tell whether the grid of ``atom`` stays in one piece without it."""
    grid = plan.label[atom]
    wanted = 0
    begin = -1
    for e in range(graph.atoms[atom].start, graph.atoms[atom].stop):
        other = graph.arcs[e].near
        if graph.arcs[e].hard and plan.label[other] == grid and bench.stamp[other] != epoch:
            bench.stamp[other] = epoch
            wanted += 1
            begin = other
    if wanted <= 1:
        return wanted == 1
    # Walk from one neighbour; -epoch means walked on, so that each neighbour is counted when it is met.
    bench.stamp[atom] = -epoch
    bench.stamp[begin] = -epoch
    bench.nodes[0].queue = begin
    done, filled = 0, 1
    wanted -= 1
    while done < filled:
        i = bench.nodes[done].queue
        done += 1
        for e in range(graph.atoms[i].start, graph.atoms[i].stop):
            j = graph.arcs[e].near
            if graph.arcs[e].hard and plan.label[j] == grid and bench.stamp[j] != -epoch:
                if bench.stamp[j] == epoch:
                    wanted -= 1
                    if wanted == 0:
                        return True
                bench.stamp[j] = -epoch
                bench.nodes[filled].queue = j
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
    if source == goal or plan.grids[source].count == 1:
        return False
    weight = graph.atoms[atom].weight
    change = 0.0
    for f in range(graph.atoms[atom].start, graph.atoms[atom].stop):
        other = plan.label[graph.arcs[f].near]
        if other == source:
            change += graph.arcs[f].price
        elif other == goal:
            change -= graph.arcs[f].price
    if weight > 0:
        change += violation(plan.grids[source].weight - weight, numbers) - violation(plan.grids[source].weight, numbers)
        change += violation(plan.grids[goal].weight + weight, numbers) - violation(plan.grids[goal].weight, numbers)
    change += numbers[COMPACTNESS] * (
        spread_with(graph.atoms[atom], plan.grids[goal], 1.0) + spread_with(graph.atoms[atom], plan.grids[source], -1.0)
    )
    for q in range(len(graph.limits)):
        amount = graph.extra[atom, q]
        change += missing(plan.extra[source, q] - amount, graph.limits[q])
        change -= missing(plan.extra[source, q], graph.limits[q])
        change += missing(plan.extra[goal, q] + amount, graph.limits[q])
        change -= missing(plan.extra[goal, q], graph.limits[q])
    home = graph.atoms[atom].home
    if home == source:
        change += numbers[MOVE] * weight
    elif home == goal:
        change -= numbers[MOVE] * weight
    if not accepts(change, heat, state):
        return False
    plan.counts[FLIPS] += 1
    if not stays_whole(graph, plan, bench, atom, plan.counts[FLIPS]):
        return False
    leave(graph, plan, atom)
    enter(graph, plan, atom, goal)
    mark(graph, plan, source, numbers)
    mark(graph, plan, goal, numbers)
    return True


@kernel
def neighbour_grid(graph: Any, plan: Any, bench: Any, n_grids: Any, state: Any) -> Any:
    """Find a grid that touches one of those on the bench and is not among them; -1 when luck fails."""
    for _ in range(6):
        grid = bench.nodes[int(draw(state) * n_grids)].grids
        skip = int(draw(state) * plan.grids[grid].count)
        atom = plan.grids[grid].head
        for _skip in range(skip):
            atom = plan.links[atom].after
        for _turn in range(plan.grids[grid].count):
            degree = graph.atoms[atom].stop - graph.atoms[atom].start
            shift = int(draw(state) * degree)
            for d in range(degree):
                e = graph.atoms[atom].start + (d + shift) % degree
                other = plan.label[graph.arcs[e].near]
                if graph.arcs[e].hard and other != grid:
                    known = False
                    for k in range(n_grids):
                        known = known or bench.nodes[k].grids == other
                    if not known:
                        return other
            atom = plan.links[atom].after
            if atom < 0:
                atom = plan.grids[grid].head
    return -1


@kernel
def choose_grids(graph: Any, plan: Any, bench: Any, want: Any, focus: Any, state: Any) -> Any:
    """Put up to ``want`` grids that hang together on the bench; return how many."""
    if plan.counts[BAD] > 0 and draw(state) < focus:
        bench.nodes[0].grids = plan.grids[int(draw(state) * plan.counts[BAD])].bad
    else:
        bench.nodes[0].grids = plan.label[int(draw(state) * len(plan.label))]
    chosen = 1
    while chosen < want:
        other = neighbour_grid(graph, plan, bench, chosen, state)
        if other < 0:
            break
        bench.nodes[chosen].grids = other
        chosen += 1
    return chosen


@kernel
def try_move(graph: Any, plan: Any, bench: Any, want: Any, focus: Any, numbers: Any, heat: Any, state: Any) -> Any:
    """Split or redraw a few grids that hang together, and keep the result if it is accepted."""
    chosen = choose_grids(graph, plan, bench, want, focus, state)
    n, m = gather(graph, plan, bench, chosen)
    others = plan.counts[GRIDS] - chosen
    old = miscount(plan.counts[GRIDS], numbers)
    for k in range(chosen):
        old += grid_energy(graph, plan, bench.nodes[k].grids, numbers)
    for e in range(m):
        if plan.label[bench.nodes[bench.edges[e].a].atom] != plan.label[bench.nodes[bench.edges[e].b].atom]:
            old += bench.edges[e].price
    grow_tree(bench, n, m, state)
    sum_subtrees(graph, bench, n, m, n)
    sum_extras(graph, bench, n)
    if numbers[MOVE] > 0:
        old += numbers[MOVE] * left_home(graph, plan, bench, n, chosen)
    if chosen <= 2:
        if numbers[MOVE] > 0:
            if chosen == 1:
                bench.nodes[1].grids = -1
            sum_homes(graph, bench, n)
        new, where = cut_in_two(graph, bench, n, others, numbers)
        parts = fill_below(bench, n, where)
        if numbers[MOVE] > 0:
            name_parts(graph, bench, n, chosen, parts)
    else:
        each_grid = numbers[EACH]
        if numbers[WANTED] > 0 and plan.counts[GRIDS] != numbers[WANTED]:
            # Less than a grid out of range, or the tree would be cut into crumbs.
            each_grid = 0.5 * numbers[BAD_GRID]
            if plan.counts[GRIDS] < numbers[WANTED]:
                each_grid = -each_grid
        parts = cut_tree(graph, bench, n, each_grid, numbers)
        new = parts_energy(graph, bench, n, m, parts, numbers) + miscount(others + parts, numbers)
        if numbers[MOVE] > 0:
            new += numbers[MOVE] * name_parts(graph, bench, n, chosen, parts)
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
    repair: Any,
    state: Any,
) -> None:
    """Anneal for ``steps`` splits or redraws with ``flips`` flips after each, cooling from ``hot`` to ``cold``.

    ``wide`` is the share of moves that redraw three to five grids (up to ten in a repair); ``focus`` the share that
    starts at a grid out of range while there is one. A ``repair`` ends as soon as there is none.
    """
    # A single atom has nothing to trade with.
    if len(graph.ends) == 0:
        return
    for step in range(steps):
        if repair and plan.counts[BAD] == 0:
            return
        heat = hot + (cold - hot) * step / steps
        chance = draw(state)
        want = 2
        if chance < wide:
            want = 3 + int(chance / wide * (8.0 if repair else 2.5))
        elif chance > 0.7 and plan.counts[GRIDS] < numbers[WANTED]:
            want = 1
        try_move(graph, plan, bench, want, focus, numbers, heat, state)
        for _ in range(flips):
            try_flip(graph, plan, bench, numbers, heat, state)


@kernel
def start_from_tree(graph: Any, plan: Any, bench: Any, numbers: Any, state: Any) -> None:
    """Make the first plan: the cheapest cut of one random spanning tree of all atoms."""
    n = len(plan.label)
    for i in range(n):
        bench.nodes[i].atom = i
        bench.local[i] = i
    m = gather_edges(graph, bench, n)
    grow_tree(bench, n, m, state)
    sum_subtrees(graph, bench, n, m, 100)
    cut_tree(graph, bench, n, numbers[EACH], numbers)
    scatter(bench, n)
    load(graph, plan, bench.nodes.part[:n], numbers)


@kernel
def load(graph: Any, plan: Any, labels: Any, numbers: Any) -> None:
    """Replace the whole plan by ``labels`` (below n, each in one piece)."""
    n = len(labels)
    plan.grids.head[:] = -1
    plan.grids.weight[:] = 0
    plan.grids.count[:] = 0
    plan.grids.points[:] = 0.0
    plan.extra[:] = 0.0
    plan.grids.sx[:] = 0.0
    plan.grids.sy[:] = 0.0
    plan.grids.sq[:] = 0.0
    plan.grids.bad_at[:] = -1
    plan.counts[BAD] = 0
    for i in range(n):
        enter(graph, plan, i, labels[i])
    plan.counts[FREE] = 0
    for grid in range(n - 1, -1, -1):
        if plan.grids[grid].count == 0:
            plan.grids[plan.counts[FREE]].free = grid
            plan.counts[FREE] += 1
    plan.counts[GRIDS] = n - plan.counts[FREE]
    for grid in range(n):
        mark(graph, plan, grid, numbers)


@kernel
def total_energy(graph: Any, plan: Any, numbers: Any) -> Any:
    """Price the whole plan: for being out of range, and for everything."""
    energy = 0.0
    wrong = 0.0
    for i in range(len(plan.label)):
        home = graph.atoms[i].home
        if home >= 0 and home != plan.label[i]:
            energy += numbers[MOVE] * graph.atoms[i].weight
        for e in range(graph.atoms[i].start, graph.atoms[i].stop):
            j = graph.arcs[e].near
            if j > i and plan.label[i] != plan.label[j]:
                energy += graph.arcs[e].price
    for grid in range(len(plan.grids.head)):
        if plan.grids[grid].count > 0:
            energy += grid_energy(graph, plan, grid, numbers)
            wrong += violation(plan.grids[grid].weight, numbers)
    return wrong, energy + miscount(plan.counts[GRIDS], numbers)
