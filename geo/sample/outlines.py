r"""Outlines of buildings and how stairwells divide them, in a unit square around the origin.

Each outline repeats every vertex of its stairwells, so that the stairwells are a coverage whose union is the outline::

    slab, 3 stairwells           cross      Y          L
    +--_--+--_--+--_--+           _| |_    \ /        |  |
    |  1  |  2  |  3  |          |_   _|    |        |  +---+
    +-----+-----+-----+            |_|      |        +------+
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """A building's ring and its stairwells' rings (open, counter-clockwise, float[n, 2] within ±0.5)."""

    ring: Ring
    stairwells: tuple[Ring, ...]


@cache
def outline(shape: str, stairwells: int) -> Outline:
    """Return the outline of a shape: plain, slab, comb, cross, point, wings (a Y), ell or cup (a U)."""
    match shape:
        case "slab" | "comb":
            return _row(shape, stairwells)
        case "cross":
            return _plus(0.17, stairwells)
        case "point":
            return _plus(0.36, stairwells)
        case "wings":
            return _wings(stairwells)
        case "ell":
            return _ell(stairwells)
        case "cup":
            ring = [
                (-0.5, -0.5),
                (0.5, -0.5),
                (0.5, 0.5),
                (0.2, 0.5),
                (0.2, -0.1),
                (-0.2, -0.1),
                (-0.2, 0.5),
                (-0.5, 0.5),
            ]
            return _whole(ring)
        case _:
            return _whole([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])


def most_stairwells(shape: str) -> int:
    """Return into how many stairwells a shape can be divided."""
    return {"slab": 9, "comb": 9, "cross": 2, "point": 2, "wings": 3, "ell": 2}.get(shape, 1)


def _whole(ring: list[tuple[float, float]]) -> Outline:
    points = np.array(ring)
    return Outline(points, (points,))


def _row(shape: str, count: int) -> Outline:
    """A row of equal sections, recessed at each stair (slab) or between sections (comb)."""
    edges = np.linspace(-0.5, 0.5, count + 1)
    tops, sections = [], []
    for k in range(count):
        left, right = float(edges[k]), float(edges[k + 1])
        top = _recessed(left, right) if shape == "slab" else _between(left, right, first=k == 0, last=k == count - 1)
        sections.append(np.array([(left, -0.5), (right, -0.5), *top]))
        tops.append(top)
    bottom = [(float(x), -0.5) for x in edges]
    ring = list(bottom)
    for k in reversed(range(count)):
        # Neighbouring sections repeat the corner they share.
        ring += tops[k] if not ring or ring[-1] != tops[k][0] else tops[k][1:]
    return Outline(np.array(ring), tuple(sections))


def _recessed(left: float, right: float) -> list[tuple[float, float]]:
    width = right - left
    a, b = left + 0.36 * width, left + 0.64 * width
    return [(right, 0.5), (b, 0.5), (b, 0.36), (a, 0.36), (a, 0.5), (left, 0.5)]


def _between(left: float, right: float, *, first: bool, last: bool) -> list[tuple[float, float]]:
    width = right - left
    points: list[tuple[float, float]] = []
    points += [(right, 0.5)] if last else [(right, 0.12), (right - 0.13 * width, 0.12), (right - 0.13 * width, 0.5)]
    points += [(left, 0.5)] if first else [(left + 0.13 * width, 0.5), (left + 0.13 * width, 0.12), (left, 0.12)]
    return points


def _plus(half: float, count: int) -> Outline:
    h = half
    lower = [(-0.5, 0.0), (-0.5, -h), (-h, -h), (-h, -0.5), (h, -0.5), (h, -h), (0.5, -h), (0.5, 0.0)]
    upper = [(-x, -y) for x, y in lower]
    whole = lower + upper[1:-1]
    if count == 1:
        return _whole(whole)
    return Outline(np.array(whole), (np.array(lower), np.array(upper)))


def _wings(count: int) -> Outline:
    """Three arms from the middle: one stairwell for all, or one per arm."""
    half, length = 0.15, 0.48
    ring, arms = [], []
    for angle in np.radians([90.0, 210.0, 330.0]):
        along = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-along[1], along[0]])
        inner = 2 * half / np.sqrt(3)
        before = inner * np.array([np.cos(angle - np.pi / 3), np.sin(angle - np.pi / 3)])
        after = inner * np.array([np.cos(angle + np.pi / 3), np.sin(angle + np.pi / 3)])
        ring += [before, length * along - half * aside, length * along + half * aside]
        arms.append([np.zeros(2), before, ring[-2], ring[-1], after])
    # Each arm ends where the next begins; take the next one's corner so that both are the same number.
    for k in range(3):
        arms[k][4] = arms[(k + 1) % 3][1]
    points = np.array(ring)
    return Outline(points, tuple(np.array(arm) for arm in arms) if count == 3 else (points,))


def _ell(count: int) -> Outline:
    inner = -0.06
    ring = [(-0.5, -0.5), (0.5, -0.5), (0.5, inner), (inner, inner), (inner, 0.5), (-0.5, 0.5)]
    if count == 1:
        return _whole(ring)
    flat = [ring[0], ring[1], ring[2], ring[3]]
    upright = [ring[0], ring[3], ring[4], ring[5]]
    return Outline(np.array(ring), (np.array(flat), np.array(upright)))
