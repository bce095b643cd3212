"""Lines half-way between points of different atoms, compiled: a Delaunay triangulation, and chains of its dual.

Points lie on walls: many on one line, many on one circle. On a grid of whole numbers the side of a line on which a
point lies is found exactly, so the triangulation is one; where four points lie on a circle as far as floating point
can tell, either diagonal will do.

References
----------
Lawson (1977), Software for C¹ surface interpolation. Shewchuk (1997), Adaptive precision floating-point arithmetic and
fast robust geometric predicates (the error of the test for circles). Douglas & Peucker (1973), Cartographica 10(2).
"""

from typing import Any

import numpy as np

from geo.territory.compilation import kernel

#: Far points around all others lie so many times their extent away: every edge between real points ends somewhere.
FAR = 20.0
#: Coordinates on the grid stay below 2^29, so that products of two differences can be added up exactly.
LARGEST = 2.0**29
#: The test for circles is wrong by no more than this share of the sum of its terms, in double precision.
CIRCLE_ERROR = 10.5 * 2.0**-53


@kernel
def ridges(xy: Any, label: Any, west: float, south: float, east: float, north: float) -> Any:
    """Find the edges of the Voronoi diagram between points of different labels.

    Parameters
    ----------
    xy
        float[n, 2], metres, within the bounds or not far from them.
    label
        int[n], none negative.
    west, south, east, north
        Bounds of the ground.

    Returns
    -------
    centre
        float[t, 2], corners of the diagram, metres.
    edge
        int[m, 2], the two corners of each edge.
    """
    n = len(xy)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    reach = max(east - west, north - south, 1e-3)
    for i in range(n):
        reach = max(reach, 2 * abs(xy[i, 0] - middle_x), 2 * abs(xy[i, 1] - middle_y))
    grid = 2.0 ** np.floor(np.log2(LARGEST / (FAR * reach)))
    x, y = np.empty(n + 4, np.int64), np.empty(n + 4, np.int64)
    for i in range(n):
        x[i] = np.int64(np.rint((xy[i, 0] - middle_x) * grid))
        y[i] = np.int64(np.rint((xy[i, 1] - middle_y) * grid))
    far = np.int64(FAR * reach * grid)
    x[n], x[n + 1], x[n + 2], x[n + 3] = -far, 0, far, 0
    y[n], y[n + 1], y[n + 2], y[n + 3] = 0, -far, 0, far
    corner, twin, count = _triangulated(x, y)
    centre = np.empty((count, 2))
    for t in range(count):
        cx, cy = _centre(x, y, corner[3 * t], corner[3 * t + 1], corner[3 * t + 2])
        centre[t, 0], centre[t, 1] = cx / grid + middle_x, cy / grid + middle_y
    edge = np.empty((3 * count, 2), np.int64)
    m = 0
    for e in range(3 * count):
        other = twin[e]
        a, b = corner[e], corner[_next(e)]
        if other > e and a < n and b < n and label[a] != label[b]:
            one, two = e // 3, other // 3
            if centre[one, 0] != centre[two, 0] or centre[one, 1] != centre[two, 1]:
                edge[m, 0], edge[m, 1] = one, two
                m += 1
    return centre, edge[:m]


@kernel
def _next(e: int) -> int:
    """The edge after this one around its triangle."""
    return e - 2 if e % 3 == 2 else e + 1


@kernel
def _side(x: Any, y: Any, a: int, b: int, p: int) -> Any:
    """Above 0 when p lies left of the line from a to b, 0 on it; exact."""
    return (x[b] - x[a]) * (y[p] - y[a]) - (y[b] - y[a]) * (x[p] - x[a])


@kernel
def _in_circle(x: Any, y: Any, a: int, b: int, c: int, p: int) -> bool:
    """Whether p lies inside the circle through a, b, c (against the clock) for certain."""
    ax, ay, bx = float(x[a] - x[p]), float(y[a] - y[p]), float(x[b] - x[p])
    by, cx, cy = float(y[b] - y[p]), float(x[c] - x[p]), float(y[c] - y[p])
    a2, b2, c2 = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    bc, cb, ca, ac, ab, ba = bx * cy, cx * by, cx * ay, ax * cy, ax * by, bx * ay
    sure = (abs(bc) + abs(cb)) * a2 + (abs(ca) + abs(ac)) * b2 + (abs(ab) + abs(ba)) * c2
    return a2 * (bc - cb) + b2 * (ca - ac) + c2 * (ab - ba) > CIRCLE_ERROR * sure


@kernel
def _centre(x: Any, y: Any, a: int, b: int, c: int) -> Any:
    bx, by, cx, cy = float(x[b] - x[a]), float(y[b] - y[a]), float(x[c] - x[a]), float(y[c] - y[a])
    twice = 2 * (bx * cy - by * cx)
    b2, c2 = bx * bx + by * by, cx * cx + cy * cy
    return x[a] + (cy * b2 - by * c2) / twice, y[a] + (bx * c2 - cx * b2) / twice


@kernel
def _triangulated(x: Any, y: Any) -> Any:
    """Triangulate points of which the last four lie around all others.

    Returns
    -------
    corner
        int[3 t], the points of triangle ``e // 3``, against the clock; edge ``e`` begins at ``corner[e]``.
    twin
        int[3 t], the same edge seen from the other side, -1 on the rim.
    count
        t.
    """
    n = len(x) - 4
    corner, twin = np.empty(6 * n + 12, np.int64), np.full(6 * n + 12, -1, np.int64)
    corner[0], corner[1], corner[2] = n, n + 1, n + 2
    corner[3], corner[4], corner[5] = n, n + 2, n + 3
    twin[2], twin[3] = 3, 2
    count, at = 2, 0
    stack = np.empty(64 + 6 * n, np.int64)
    for p in range(n):
        at, on_edge, known = _found(x, y, corner, twin, at, p, count)
        if known:
            continue
        high = 0
        if on_edge < 0:
            count = _into_triangle(corner, twin, at, p, count, stack)
            high = 3
        else:
            count = _onto_edge(corner, twin, on_edge, p, count, stack)
            high = 4
        while high > 0:
            high -= 1
            high = _legal(x, y, corner, twin, stack[high], stack, high)
    return corner, twin, count


@kernel
def _found(x: Any, y: Any, corner: Any, twin: Any, at: int, p: int, count: int) -> Any:
    """Walk to the triangle around p; say also the edge that p lies on, and whether p is one of its corners."""
    step = 0
    while True:
        step += 1
        # A walk that has seen as many triangles as there are goes through them one by one.
        if step > count:
            at = step % count
        onward, on_edge, touched = -1, -1, 0
        for k in range(3):
            # Another first edge at every step, so that no walk goes round in circles.
            e = 3 * at + (k + step) % 3
            side = _side(x, y, corner[e], corner[_next(e)], p)
            if side < 0:
                onward = twin[e]
                break
            if side == 0:
                on_edge = e
                touched += 1
        if onward < 0:
            return at, on_edge, touched > 1
        at = onward // 3


@kernel
def _join(twin: Any, one: int, other: int) -> None:
    twin[one] = other
    if other >= 0:
        twin[other] = one


@kernel
def _into_triangle(corner: Any, twin: Any, t: int, p: int, count: int, stack: Any) -> int:
    """Cut a triangle into three at a point inside; leave the sides opposite the point on the stack."""
    a, b, c = corner[3 * t], corner[3 * t + 1], corner[3 * t + 2]
    beyond_b, beyond_c = twin[3 * t + 1], twin[3 * t + 2]
    u, v = 3 * count, 3 * count + 3
    corner[3 * t + 2] = p
    corner[u], corner[u + 1], corner[u + 2] = b, c, p
    corner[v], corner[v + 1], corner[v + 2] = c, a, p
    _join(twin, u, beyond_b)
    _join(twin, v, beyond_c)
    _join(twin, 3 * t + 1, u + 2)
    _join(twin, u + 1, v + 2)
    _join(twin, v + 1, 3 * t + 2)
    stack[0], stack[1], stack[2] = 3 * t, u, v
    return count + 2


@kernel
def _onto_edge(corner: Any, twin: Any, e: int, p: int, count: int, stack: Any) -> int:
    """Cut the two triangles beside an edge into four at a point on it; leave the sides opposite on the stack."""
    f = twin[e]
    e1, e2 = _next(e), _next(_next(e))
    f1, f2 = _next(f), _next(_next(f))
    b, c, d = corner[e1], corner[e2], corner[f2]
    beyond_e, beyond_f = twin[e1], twin[f2]
    u, v = 3 * count, 3 * count + 3
    # The triangle of e keeps its start, a: (a, p, c). That of f keeps (p, a, d). New ones: (p, b, c), (b, p, d).
    corner[e1] = p
    corner[f] = p
    corner[u], corner[u + 1], corner[u + 2] = b, c, p
    corner[v], corner[v + 1], corner[v + 2] = d, b, p
    _join(twin, u, beyond_e)
    _join(twin, v, beyond_f)
    _join(twin, e1, u + 1)
    _join(twin, f2, v + 2)
    _join(twin, u + 2, v + 1)
    stack[0], stack[1], stack[2], stack[3] = e2, f1, u, v
    return count + 2


@kernel
def _legal(x: Any, y: Any, corner: Any, twin: Any, e: int, stack: Any, high: int) -> int:
    """Turn the edge over if the point beyond lies in the circle of its triangle; then look at the two edges behind."""
    f = twin[e]
    if f < 0:
        return high
    e1, e2 = _next(e), _next(_next(e))
    f1, f2 = _next(f), _next(_next(f))
    a, b, p, d = corner[e], corner[e1], corner[e2], corner[f2]
    if not _in_circle(x, y, a, b, p, d):
        return high
    beyond_e, beyond_f = twin[e1], twin[f1]
    # (a, b, p) and (b, a, d) become (a, d, p) and (b, p, d): the edge behind each is new in its place.
    corner[e1] = d
    corner[f1] = p
    _join(twin, e, beyond_f)
    _join(twin, f, beyond_e)
    _join(twin, e1, f1)
    stack[high], stack[high + 1] = e, f2
    return high + 2


@kernel
def chains(edge: Any, xy: Any, tolerance: float) -> Any:
    """Join edges to lines that run from one junction or loose end to the next, with few corners.

    Parameters
    ----------
    edge
        int[m, 2], corners of each edge.
    xy
        float[t, 2], where the corners are, metres.
    tolerance
        How far a left-out corner may lie from the line, metres.

    Returns
    -------
    points
        float[k, 2], the corners of all lines, one line behind the other.
    line
        int[k], the line of each, 0, 1, 2 ...; closed ones begin and end at the same corner.
    """
    m, t = len(edge), len(xy)
    start = np.zeros(t + 1, np.int64)
    for i in range(m):
        start[edge[i, 0] + 1] += 1
        start[edge[i, 1] + 1] += 1
    for v in range(t):
        start[v + 1] += start[v]
    fill, of = start[:-1].copy(), np.empty(2 * m, np.int64)
    for i in range(m):
        for side in range(2):
            v = edge[i, side]
            of[fill[v]] = i
            fill[v] += 1
    used = np.zeros(m, np.bool_)
    points, line = np.empty((2 * m, 2)), np.empty(2 * m, np.int64)
    walk, kept, stack = np.empty(m + 1, np.int64), np.empty(m + 1, np.bool_), np.empty((m + 2, 2), np.int64)
    size, lines = 0, 0
    # Lines that have ends first; what is left then are rings.
    for rings in range(2):
        for i in range(2 * m):
            first = edge[i // 2, i % 2]
            if used[i // 2] or (rings == 0 and start[first + 1] - start[first] == 2):
                continue
            length = _walked(edge, start, of, used, first, i // 2, walk)
            _thinned(xy, walk, length, tolerance, kept, stack)
            for j in range(length):
                if kept[j]:
                    points[size, 0], points[size, 1] = xy[walk[j], 0], xy[walk[j], 1]
                    line[size] = lines
                    size += 1
            lines += 1
    return points[:size], line[:size]


@kernel
def _walked(edge: Any, start: Any, of: Any, used: Any, first: int, along: int, walk: Any) -> int:
    """Follow edges from a corner until the next junction, loose end, or the first corner again."""
    walk[0], length, v = first, 1, first
    while True:
        used[along] = True
        v = edge[along, 1] if edge[along, 0] == v else edge[along, 0]
        walk[length] = v
        length += 1
        if v == first or start[v + 1] - start[v] != 2:
            return length
        along = of[start[v]] if of[start[v]] != along else of[start[v] + 1]


@kernel
def _thinned(xy: Any, walk: Any, length: int, tolerance: float, kept: Any, stack: Any) -> None:
    """Mark the corners without which the line would be off by more than the tolerance."""
    kept[:length] = False
    kept[0] = kept[length - 1] = True
    stack[0, 0], stack[0, 1], high = 0, length - 1, 1
    while high > 0:
        high -= 1
        low, top = stack[high, 0], stack[high, 1]
        ax, ay = xy[walk[low], 0], xy[walk[low], 1]
        bx, by = xy[walk[top], 0] - ax, xy[walk[top], 1] - ay
        square = bx * bx + by * by
        worst, farthest = tolerance * tolerance, -1
        for j in range(low + 1, top):
            px, py = xy[walk[j], 0] - ax, xy[walk[j], 1] - ay
            share = 0.0 if square == 0 else min(max((px * bx + py * by) / square, 0.0), 1.0)
            px, py = px - share * bx, py - share * by
            away = px * px + py * py
            if away > worst:
                worst, farthest = away, j
        if farthest >= 0:
            kept[farthest] = True
            stack[high, 0], stack[high, 1] = low, farthest
            stack[high + 1, 0], stack[high + 1, 1] = farthest, top
            high += 2
