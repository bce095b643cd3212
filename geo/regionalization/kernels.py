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
#: The bits of the root of 1/2 in double precision.
ROOT_OF_HALF = 0x3FE6A09E667F3BCD


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
def unite(nodes: Any, one: Any, other: Any) -> None:
    """Make one part of two: each is a ring of atoms that name the part; the smaller ring takes the other's name."""
    if nodes[nodes[one].part].size > nodes[nodes[other].part].size:
        one, other = other, one
    name, gone = nodes[other].part, nodes[one].part
    i = one
    for _ in range(nodes[gone].size):
        nodes[i].part = name
        i = nodes[i].beside
    nodes[name].size += nodes[gone].size
    nodes[one].beside, nodes[other].beside = nodes[other].beside, nodes[one].beside


@kernel
def minus_log(x: Any) -> Any:
    """Minus the natural logarithm of a number above 0, good to the last digit or two.

    The library's own is called number by number; of this one the processor does several at once.
    """
    bits = np.float64(x).view(np.int64)
    # x is 2 to the power of `doublings` times a number between the roots of 1/2 and of 2.
    doublings = np.int32((bits - ROOT_OF_HALF) >> 52)
    beyond = np.int64(bits - (np.int64(doublings) << 52)).view(np.float64) - 1.0
    s = beyond / (2.0 + beyond)
    z = s * s
    tail = z * (2 / 15 + z * (2 / 17 + z * (2 / 19)))
    tail = z * (2 / 3 + z * (2 / 5 + z * (2 / 7 + z * (2 / 9 + z * (2 / 11 + z * (2 / 13 + tail))))))
    return -(doublings * 0.6931471805599453 + (2.0 * s + s * tail))


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
    start = np.zeros(shelves, np.int32)
    for e in range(m):
        shelf[e] = min(max((bits[e] >> (23 - fine)) - least, 0), shelves - 1)
    for e in range(m):
        start[shelf[e]] += 1
    filled = 0
    for at in range(shelves):
        held = start[at]
        start[at] = filled
        filled += held
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
def draw_waits(bench: Any, m: Any, state: Any) -> Any:
    """Draw how long each hard edge waits: an exponential time with its price as the rate."""
    hard = 0
    while hard < m and bench.edges[hard].hard:
        hard += 1
    chances, prices, waits = np.empty(hard), np.empty(hard), np.empty(hard, np.float32)
    for e in range(hard):
        chances[e] = 1.0 - draw(state)
        prices[e] = bench.edges[e].price
    for e in range(hard):
        wait, price = minus_log(chances[e]), prices[e]
        waits[e] = wait / price if price > 0.05 else 20.0 * wait + 200.0 * (0.05 - price)
    return waits


@kernel
def grow_tree(bench: Any, n: Any, m: Any, state: Any) -> None:
    """Draw a random spanning tree of the bench that crosses cheap borders late, and rank it from a random root.

    Edges join in the order of what each waits (Kruskal 1956): streets and barriers, cheap to draw a border on, join
    whole compounds instead of running through them. Ranks count from the root, those nearer to it first.
    """
    waits = draw_waits(bench, m, state)
    nodes = bench.nodes
    for i in range(n):
        nodes[i].part = nodes[i].beside = i
        nodes[i].size = 1
        nodes[i].first = -1
    used = 0
    for turn in in_turn(waits):
        edge = np.int32(turn)
        a, b = bench.edges[edge].a, bench.edges[edge].b
        if nodes[a].part != nodes[b].part:
            unite(nodes, a, b)
            hang(bench, 2 * used, a, b)
            hang(bench, 2 * used + 1, b, a)
            used += 1
            if used == n - 1:
                break
    root = int(draw(state) * n)
    nodes[0].order = root
    nodes[root].rank = 0
    bench.up[0] = -1
    above, filled = -1, 1
    for rank in range(n):
        if rank > 0:
            above = nodes[bench.up[rank]].order
        slot = nodes[nodes[rank].order].first
        while slot >= 0:
            j = bench.link[2 * slot]
            if j != above:
                nodes[filled].order = j
                nodes[j].rank = filled
                bench.up[filled] = rank
                filled += 1
            slot = bench.link[2 * slot + 1]


@kernel
def lay_out(bench: Any, n: Any) -> Any:
    """Number the atoms of the tree depth first, and tabulate over which of these numbers ways between two go.

    The lowest common ancestor of two atoms is the first of the parents of those numbered behind the one and up to the
    other. Row k of the table has the first of 2 ** k parents in a row.
    """
    up, stems = bench.up, bench.stems
    below = np.ones(n, np.int32)
    for rank in range(n - 1, 0, -1):
        below[up[rank]] += below[rank]
    levels = 1
    while 1 << levels < n:
        levels += 1
    first = np.empty((levels, n), np.int32)
    stems[0].place = stems[0].depth = stems[0].rank = 0
    below[0] = 1
    for rank in range(1, n):
        p = up[rank]
        # From here on `below` has the number of the next child.
        place = below[p]
        below[p] += below[rank]
        below[rank] = place + 1
        stems[rank].place = place
        stems[rank].depth = stems[p].depth + 1
        stems[place].rank = rank
        first[0, place] = stems[p].place
    for k in range(1, levels):
        half = 1 << (k - 1)
        shorter, longer = first[k - 1], first[k]
        for i in range(1, n + 1 - 2 * half):
            longer[i] = min(shorter[i], shorter[i + half])
    return first


@kernel
def doublings_of(number: Any) -> Any:
    """How often 1 can be doubled without going beyond a number."""
    return (np.float64(number).view(np.int64) >> 52) - 1023


@kernel
def sum_subtrees(graph: Any, bench: Any, n: Any, m: Any, reach: Any) -> None:
    """For each atom of the tree, sum what hangs below it: households, position, and the whole price of cutting it off.

    The price counts every edge that leaves the subtree, not the tree edge alone: the edges at the subtree's atoms
    less twice those with both ends in it, which are found at the lowest common ancestor of their ends. Edges whose
    ends are further apart than ``reach`` on the tree are left out: almost any plan cuts them.
    """
    stems, up = bench.stems, bench.up
    for rank in range(n):
        atom = bench.nodes[bench.nodes[rank].order].atom
        stems[rank].weight = graph.atoms[atom].weight
        stems[rank].points = graph.atoms[atom].points
        stems[rank].sx = graph.atoms[atom].sx
        stems[rank].sy = graph.atoms[atom].sy
        stems[rank].sq = graph.atoms[atom].sq
        stems[rank].cut = 0.0
        stems[rank].inside = 0.0
    first = lay_out(bench, n)
    for e in range(m):
        one, other = bench.nodes[bench.edges[e].a].rank, bench.nodes[bench.edges[e].b].rank
        a, b = stems[one].place, stems[other].place
        begin, end = min(a, b), max(a, b)
        k = doublings_of(end - begin)
        both = stems[min(first[k, begin + 1], first[k, end + 1 - (1 << k)])].rank
        if stems[one].depth + stems[other].depth - 2 * stems[both].depth <= reach:
            price = bench.edges[e].price
            stems[one].cut += price
            stems[other].cut += price
            stems[both].inside += price
    for rank in range(n - 1, 0, -1):
        p = up[rank]
        stems[p].weight += stems[rank].weight
        stems[p].points += stems[rank].points
        stems[p].sx += stems[rank].sx
        stems[p].sy += stems[rank].sy
        stems[p].sq += stems[rank].sq
        stems[p].cut += stems[rank].cut
        stems[p].inside += stems[rank].inside
    for rank in range(n):
        stems[rank].cut -= 2.0 * stems[rank].inside


@kernel
def sum_extras(graph: Any, bench: Any, n: Any) -> None:
    """For each atom of the tree, sum the further quantities below it."""
    for rank in range(n):
        for q in range(len(graph.limits)):
            bench.extra[rank, q] = graph.extra[bench.nodes[bench.nodes[rank].order].atom, q]
    for rank in range(n - 1, 0, -1):
        for q in range(len(graph.limits)):
            bench.extra[bench.up[rank], q] += bench.extra[rank, q]


@kernel
def sum_homes(graph: Any, bench: Any, n: Any) -> None:
    """For each atom of the tree, sum the households below it that are at home in either of the two grids there are."""
    for rank in range(n):
        atom = bench.nodes[bench.nodes[rank].order].atom
        home, weight = graph.atoms[atom].home, graph.atoms[atom].weight
        bench.homes[rank].first = weight if home == bench.nodes[0].grids else 0
        bench.homes[rank].second = weight if home == bench.nodes[1].grids else 0
    for rank in range(n - 1, 0, -1):
        p = bench.up[rank]
        bench.homes[p].first += bench.homes[rank].first
        bench.homes[p].second += bench.homes[rank].second


@kernel
def away(bench: Any, rank: Any) -> Any:
    """Households that leave home when the tree is cut above an atom, each side named after whom it holds most of."""
    first, second = bench.homes[0].first, bench.homes[0].second
    below, beyond = bench.homes[rank].first, bench.homes[rank].second
    return first + second - max(below + second - beyond, beyond + first - below)


@kernel
def extras_apart(graph: Any, bench: Any, rank: Any) -> Any:
    """Price of the further quantities of both sides when the tree is cut above an atom."""
    energy = 0.0
    for q in range(len(graph.limits)):
        below = bench.extra[rank, q]
        energy += missing(below, graph.limits[q]) + missing(bench.extra[0, q] - below, graph.limits[q])
    return energy


@kernel
def cut_in_two(graph: Any, bench: Any, n: Any, others: Any, numbers: Any) -> tuple[float, int]:
    """Find the tree edge whose two sides make the cheapest pair of grids; return the energy and its lower end's rank.

    0, the root's, instead of a lower end means: leave all in one grid. ``others`` counts the grids that are not on
    the bench.
    """
    stems = bench.stems
    weight, size = stems[0].weight, stems[0].points
    sx, sy, sq = stems[0].sx, stems[0].sy, stems[0].sq
    best = violation(weight, numbers) + numbers[COMPACTNESS] * spread(size, sx, sy, sq) + miscount(others + 1, numbers)
    for q in range(len(graph.limits)):
        best += missing(bench.extra[0, q], graph.limits[q])
    if numbers[MOVE] > 0:
        best += numbers[MOVE] * min(bench.homes[0].first, bench.homes[0].second)
    two = miscount(others + 2, numbers)
    where = 0
    for rank in range(1, n):
        below = stems[rank].weight
        energy = two + stems[rank].cut + violation(below, numbers) + violation(weight - below, numbers)
        if energy < best:
            energy += numbers[COMPACTNESS] * (
                spread(stems[rank].points, stems[rank].sx, stems[rank].sy, stems[rank].sq)
                + spread(size - stems[rank].points, sx - stems[rank].sx, sy - stems[rank].sy, sq - stems[rank].sq)
            )
            energy += extras_apart(graph, bench, rank)
            if numbers[MOVE] > 0:
                energy += numbers[MOVE] * away(bench, rank)
            if energy < best:
                best = energy
                where = rank
    return best, where


@kernel
def fill_below(bench: Any, n: Any, where: Any) -> Any:
    """Number the two sides of a cut; return how many parts there are."""
    for rank in range(n):
        i = bench.nodes[rank].order
        if rank == where:
            bench.nodes[i].part = 0 if rank == 0 else 1
        else:
            bench.nodes[i].part = 0 if rank == 0 else bench.nodes[bench.nodes[bench.up[rank]].order].part
    return 1 if where == 0 else 2


@kernel
def merge_tables(table: Any, into: Any, size: Any, shift: Any, a: Any, a_size: Any, b: Any, b_size: Any) -> None:
    """Add to ``into[shift + i + j]`` the cheapest of ``a[i] + b[j]``, as far as it reaches.

    Each of the three is a stretch of ``table``: where it begins, and its length. Views would each count a reference,
    and numbers that may be negative would be looked at for counting from the end, which takes longer than most rows.
    """
    first, begin, other = np.uint64(into + shift), np.uint64(a), np.uint64(b)
    room, longest = np.uint64(size - shift), np.uint64(b_size)
    for i in range(min(np.uint64(a_size), room)):
        base = table[begin + i]
        if base < UNREACHABLE:
            at = first + i
            for j in range(min(longest, room - i)):
                table[at + j] = min(table[at + j], base + table[other + j])


@kernel
def ranked(price: Any) -> Any:
    """A whole number that ranks as a number in single precision does: of these the processor compares many at once."""
    bits = np.float32(price).view(np.int32)
    return np.int32(bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF)))


@kernel
def unranked(number: Any) -> Any:
    """The number in single precision that ``ranked`` was given."""
    return np.int32(number ^ ((number >> 31) & np.int32(0x7FFFFFFF))).view(np.float32)


@kernel
def cheapest(table: Any, begin: Any, size: Any, shortfall: Any, own: Any) -> tuple[Any, Any]:
    """Return the least of a stretch of the table, and the least of it with what each entry falls short added."""
    first, base = np.uint64(begin), np.uint64(own)
    least = close = np.int32(0x7FFFFFFF)
    for w in range(np.uint64(size)):
        price = table[first + w]
        least = min(least, ranked(price))
        close = min(close, ranked(price + shortfall[base + w]))
    return unranked(least), unranked(close)


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
    table, rows = bench.table, bench.rows
    shortfall = np.zeros(upper + 1, np.float32)
    each = numbers[BAD_HOUSEHOLD] * numbers[LOWER] / max(lower, 1)
    for w in range(lower):
        shortfall[w] = numbers[BAD_GRID] + each * (lower - w)
    for rank in range(n):
        atom = bench.nodes[bench.nodes[rank].order].atom
        rows[rank].own = min(int(graph.atoms[atom].weight / grain + 0.5), upper)
        rows[rank].begin = rank
        rows[rank].size = 1
        table[rank] = 0.0
    end = n
    for rank in range(n - 1, 0, -1):
        begin, size, own = rows[rank].begin, rows[rank].size, rows[rank].own
        least, close = cheapest(table, begin, size, shortfall, own)
        # Only differences within a table matter: taking the least away keeps single precision enough.
        first = np.uint64(begin)
        for w in range(np.uint64(size)):
            table[first + w] -= least
        close_cost = close - least + np.float32(bench.stems[rank].cut + each_grid)
        rows[rank].close_cost = close_cost
        p = bench.up[rank]
        old, before = rows[p].begin, rows[p].size
        new = min(before + own + size - 1, upper + 1 - rows[p].own)
        open_row(table, end, new, old, before, close_cost)
        if before <= size:
            merge_tables(table, end, new, own, old, before, begin, size)
        else:
            merge_tables(table, end, new, own, begin, size, old, before)
        rows[rank].before = old
        rows[rank].before_size = before
        rows[p].begin = end
        rows[p].size = new
        end += new
    return read_back(bench, n, shortfall)


@kernel
def open_row(table: Any, into: Any, size: Any, old: Any, before: Any, close_cost: Any) -> None:
    """Begin a table with what it was before, one more grid paid for; the rest cannot be reached yet."""
    first, begin, kept = np.uint64(into), np.uint64(old), np.uint64(before)
    for w in range(kept):
        table[first + w] = table[begin + w] + close_cost
    for w in range(kept, np.uint64(size)):
        table[first + w] = UNREACHABLE


@kernel
def closing_weight(bench: Any, rank: Any, shortfall: Any) -> Any:
    """Households of an atom's open part when it is closed for the least price, the fewest of several."""
    begin, own = bench.rows[rank].begin, bench.rows[rank].own
    best, where = UNREACHABLE, 0
    for w in range(bench.rows[rank].size):
        price = bench.table[begin + w] + shortfall[own + w]
        if price < best:
            best, where = price, w
    return own + where


@kernel
def read_back(bench: Any, n: Any, shortfall: Any) -> Any:
    """Follow the tables from the root down and number the parts; return how many."""
    rows, table = bench.rows, bench.table
    rows[0].target = closing_weight(bench, 0, shortfall)
    bench.nodes[bench.nodes[0].order].part = 0
    parts = 1
    for rank in range(1, n):
        i, p = bench.nodes[rank].order, bench.up[rank]
        least = rows[rank].own
        w = rows[p].target - rows[p].own
        before, before_size = rows[rank].before, rows[rank].before_size
        own, size = rows[rank].begin, rows[rank].size
        best, kept = UNREACHABLE, -1
        if w < before_size and table[before + w] < UNREACHABLE:
            best = table[before + w] + rows[rank].close_cost
        rest = w - least
        for mine in range(max(0, rest - before_size + 1), min(rest + 1, size)):
            price = table[before + rest - mine] + table[own + mine]
            if price < best:
                best, kept = price, mine
        if kept < 0:
            rows[rank].target = closing_weight(bench, rank, shortfall)
            bench.nodes[i].part = parts
            parts += 1
        else:
            rows[rank].target = least + kept
            rows[p].target -= least + kept
            bench.nodes[i].part = bench.nodes[bench.nodes[p].order].part
    return parts


@kernel
def parts_energy(graph: Any, bench: Any, n: Any, m: Any, parts: Any, numbers: Any) -> Any:
    """Price the parts on the bench truly: every edge between two parts once."""
    energy = 0.0
    for e in range(m):
        if bench.nodes[bench.edges[e].a].part != bench.nodes[bench.edges[e].b].part:
            energy += bench.edges[e].price
    for k in range(parts):
        bench.stems[k].weight = 0
        bench.stems[k].points = 0.0
        bench.stems[k].sx = 0.0
        bench.stems[k].sy = 0.0
        bench.stems[k].sq = 0.0
    for i in range(n):
        k, atom = bench.nodes[i].part, bench.nodes[i].atom
        bench.stems[k].weight += graph.atoms[atom].weight
        bench.stems[k].points += graph.atoms[atom].points
        bench.stems[k].sx += graph.atoms[atom].sx
        bench.stems[k].sy += graph.atoms[atom].sy
        bench.stems[k].sq += graph.atoms[atom].sq
    for k in range(parts):
        energy += violation(bench.stems[k].weight, numbers)
        energy += numbers[COMPACTNESS] * spread(
            bench.stems[k].points, bench.stems[k].sx, bench.stems[k].sy, bench.stems[k].sq
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
