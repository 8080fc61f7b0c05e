"""The outline of one part of a slice: vertices at the midpoints of the boundary pixel edges, and what lies inside.

All points are indices (n, 2) along the two in-plane axes of the slice, fractions allowed; a pixel's centre is at its
integer index. Nothing here knows about mm: the outline is the same for square, oblong and sheared pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import fill_voids
import numpy as np
from scipy.spatial import ConvexHull

SLACK_PIXELS = 0.5
"""How far a chord may leave the pixels of its part: the outline cuts their corners, so 0 rejects straight edges."""
STEP_PIXELS = 0.25
"""A chord is looked at in steps of at most this."""
_ROUNDING = 1e-6

_EDGES_OF_CELL: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 2),),
    2: ((0, 3),),
    3: ((2, 3),),
    4: ((1, 2),),
    5: ((0, 1),),
    6: ((0, 2), (1, 3)),
    7: ((1, 3),),
    8: ((1, 3),),
    9: ((0, 3), (1, 2)),
    10: ((0, 1),),
    11: ((1, 2),),
    12: ((2, 3),),
    13: ((0, 3),),
    14: ((0, 2),),
}
"""Marching squares at 0.5. Key: sum of 1, 2, 4, 8 for the pixels at (0, 0), (1, 0), (0, 1), (1, 1) that are set.
Value: pairs of cell sides. Diagonal neighbours (6 and 9) are joined, as parts are 8-connected."""
_SIDE_MIDPOINTS = np.array([[0.5, 0.0], [0.5, 1.0], [0.0, 0.5], [1.0, 0.5]])


def vertices_of(mask: np.ndarray) -> np.ndarray:
    """Midpoints (n, 2) of the pixel edges between inside and outside; (0, 2) for an empty mask."""
    padded = np.pad(mask, 1)
    first = np.argwhere(padded[1:, :] != padded[:-1, :]) + (-0.5, -1.0)
    second = np.argwhere(padded[:, 1:] != padded[:, :-1]) + (-1.0, -0.5)
    return np.concatenate([first, second])


def hull_corners(vertices: np.ndarray) -> np.ndarray:
    """Corners of the convex hull of an outline's vertices (they are never in one line, even for a single pixel)."""
    extremes = _row_extremes(vertices)
    return extremes[ConvexHull(extremes).vertices]


def _row_extremes(vertices: np.ndarray) -> np.ndarray:
    """The first and last vertex of every row: all corners of the hull are among them."""
    order = np.lexsort((vertices[:, 1], vertices[:, 0]))
    ordered = vertices[order]
    starts = np.flatnonzero(np.diff(ordered[:, 0], prepend=-np.inf))
    ends = np.append(starts[1:], len(ordered)) - 1
    return np.concatenate([ordered[starts], ordered[ends]])


@dataclass(frozen=True, eq=False)
class Outline:
    """One 8-connected part. vertices, edges: its boundary. sums: summed-area table."""

    vertices: np.ndarray
    edges: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray) -> Outline:
        """With its holes filled. mask: 2D, one 8-connected part, at least one pixel."""
        return cls.with_holes(fill_voids.fill(mask).astype(bool))

    @classmethod
    def with_holes(cls, mask: np.ndarray) -> Outline:
        """As it is: a chord must not cross a hole, and the boundary is also that of the holes."""
        sums = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        return cls(vertices_of(mask), _edges_of(mask), sums)

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether points (..., 2) lie within SLACK_PIXELS (along each axis) of a pixel of the part."""
        reach = 0.5 + SLACK_PIXELS + _ROUNDING
        low = np.maximum(np.ceil(points - reach).astype(np.intp), 0)
        size = np.array(self.sums.shape) - 1
        high = np.minimum(np.floor(points + reach).astype(np.intp) + 1, size)
        high = np.maximum(high, low)
        a, b, c, d = low[..., 0], low[..., 1], high[..., 0], high[..., 1]
        pixels = self.sums[c, d] - self.sums[a, d] - self.sums[c, b] + self.sums[a, b]
        return np.asarray(pixels > 0)

    def holds_chord(self, start: np.ndarray, end: np.ndarray) -> bool:
        """Whether the segment between two points stays inside, looked at every STEP_PIXELS."""
        steps = int(_steps(start[np.newaxis], end[np.newaxis])[0])
        return bool(self.contains(start + np.linspace(0.0, 1.0, steps + 1)[:, np.newaxis] * (end - start)).all())

    def may_hold_chords(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Indices of the segments (n, 2) that pass a quick look at some of the points that holds_chord looks at."""
        left = np.arange(len(starts))
        for parts in (2, 8, 64):
            left = left[self._holds_some(starts[left], ends[left], parts)]
        return left

    def _holds_some(self, starts: np.ndarray, ends: np.ndarray, parts: int) -> np.ndarray:
        steps = _steps(starts, ends)[:, np.newaxis]
        share = np.rint(steps * np.arange(1, parts) / parts) / steps
        points = starts[:, np.newaxis] + share[..., np.newaxis] * (ends - starts)[:, np.newaxis]
        return np.asarray(self.contains(points).all(axis=1))


def _steps(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Looks (n,) that segments (n, 2) need so that none is more than STEP_PIXELS from the next."""
    length = np.linalg.norm(ends - starts, axis=-1)
    return np.maximum(1, np.ceil(length / STEP_PIXELS - _ROUNDING)).astype(np.intp)


def _edges_of(mask: np.ndarray) -> np.ndarray:
    """Line segments (n, 2, 2) of the outline, in no particular order."""
    m = np.pad(mask, 1).astype(np.uint8)
    code = m[:-1, :-1] + 2 * m[1:, :-1] + 4 * m[:-1, 1:] + 8 * m[1:, 1:]
    found = []
    for value, sides in _EDGES_OF_CELL.items():
        cells = np.argwhere(code == value) - 1.0
        found += [cells[:, np.newaxis] + _SIDE_MIDPOINTS[list(pair)] for pair in sides]
    return np.concatenate(found)
