"""Longest chord of a part of a slice, and the longest chord perpendicular to it.

Outlines come in index units (see outline.py); ``axes_mm`` (2, 3) holds the steps of the two in-plane axes in RAS mm, so
that lengths and angles are right for oblong and sheared pixels too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.geometry.ordering import TIE_MM, order_of, ordered_ends
from LiverTumorSegLib.geometry.outline import Outline, hull_corners

_PAIRS_AT_ONCE = 8192
_ROWS_AT_ONCE = 512
_BAND = 0.05


@dataclass(frozen=True, eq=False)
class Chord:
    """ends: (2, 2) points in in-plane indices."""

    ends: np.ndarray
    length_mm: float


def feret_mm(vertices: np.ndarray, axes_mm: np.ndarray) -> float:
    """Largest distance between two vertices (n, 2), n >= 1, whether or not the way between them stays inside."""
    points_mm = hull_corners(vertices) @ axes_mm
    return float(_distances(points_mm, points_mm).max())


def longest_chords(outline: Outline, axes_mm: np.ndarray, at_least_mm: float = 0.0) -> list[Chord]:
    """All vertex pairs of the greatest distance whose segment stays in the part; [] if that is below at_least_mm.

    A convex part is settled by its farthest pair, two corners of its hull; any other by all pairs of vertices, from the
    farthest inwards, in bands of length.
    """
    widest_mm = feret_mm(outline.vertices, axes_mm)
    if widest_mm < at_least_mm - TIE_MM:
        return []
    chords = _longest_inside(outline, axes_mm, hull_corners(outline.vertices), widest_mm - TIE_MM, np.inf)
    high_mm = widest_mm
    while not chords and high_mm > at_least_mm:
        low_mm = max(at_least_mm, high_mm - _BAND * widest_mm)
        chords = _longest_inside(outline, axes_mm, outline.vertices, low_mm - TIE_MM, high_mm)
        high_mm = low_mm
    return chords


def perpendicular_chord(outline: Outline, axes_mm: np.ndarray, chord: Chord) -> Chord:
    """Longest chord of the part at a right angle to ``chord``.

    It ends anywhere on the outline: between vertices only, small lesions would have none at a right angle. The longest
    one passes through a vertex, as its length is linear in between. Of equal ones, the one nearest the middle of
    ``chord``.
    """
    starts, ends = _crossings(outline, axes_mm, chord)
    lengths_mm = np.linalg.norm((ends - starts) @ axes_mm, axis=1)
    longest = next(_inside(outline, starts, ends, lengths_mm))
    tied = np.flatnonzero(np.abs(lengths_mm - lengths_mm[longest]) <= TIE_MM)
    ends_mm = ordered_ends(np.stack([starts[tied], ends[tied]], axis=1) @ axes_mm)
    off_middle_mm = np.linalg.norm(ends_mm.mean(axis=1) - chord.ends.mean(axis=0) @ axes_mm, axis=1)
    ranked = tied[order_of(np.column_stack([off_middle_mm, ends_mm.reshape(-1, 6)]))]
    best = next(pair for pair in ranked if outline.holds_chord(starts[pair], ends[pair]))
    return Chord(np.array([starts[best], ends[best]]), float(lengths_mm[best]))


def _distances(some_mm: np.ndarray, others_mm: np.ndarray) -> np.ndarray:
    squared = np.zeros((len(some_mm), len(others_mm)))
    for a, b in zip(some_mm.T, others_mm.T, strict=True):
        squared += np.subtract.outer(a, b) ** 2
    return np.sqrt(squared)


def _pairs(points: np.ndarray, axes_mm: np.ndarray, low_mm: float, high_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points whose distance is from low_mm up to high_mm; some rows at a time to save memory."""
    points_mm = points @ axes_mm
    first, second = [], []
    for row in range(0, len(points), _ROWS_AT_ONCE):
        distances_mm = _distances(points_mm[row : row + _ROWS_AT_ONCE], points_mm[row:])
        a, b = np.nonzero(np.triu((distances_mm >= low_mm) & (distances_mm <= high_mm), k=1))
        first.append(points[row + a])
        second.append(points[row + b])
    return np.concatenate(first), np.concatenate(second)


def _longest_inside(
    outline: Outline, axes_mm: np.ndarray, points: np.ndarray, low_mm: float, high_mm: float
) -> list[Chord]:
    """Of the segments between points (n, 2) within a range of lengths, all of the greatest length that stay inside."""
    starts, ends = _pairs(points, axes_mm, low_mm, high_mm)
    lengths_mm = np.linalg.norm((ends - starts) @ axes_mm, axis=1)
    found: list[Chord] = []
    for pair in _inside(outline, starts, ends, lengths_mm):
        if found and lengths_mm[pair] < found[0].length_mm - TIE_MM:
            break
        found.append(Chord(np.array([starts[pair], ends[pair]]), float(lengths_mm[pair])))
    return found


def _inside(outline: Outline, starts: np.ndarray, ends: np.ndarray, lengths_mm: np.ndarray) -> Iterator[int]:
    """Indices of the segments that stay inside, the longest first."""
    order = np.argsort(-lengths_mm, kind="stable")
    for block in np.split(order, range(_PAIRS_AT_ONCE, len(order), _PAIRS_AT_ONCE)):
        for pair in block[outline.may_hold_chords(starts[block], ends[block])]:
            if outline.holds_chord(starts[pair], ends[pair]):
                yield int(pair)


def _crossings(outline: Outline, axes_mm: np.ndarray, chord: Chord) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points (n, 2) where lines perpendicular to ``chord`` through every vertex cross the outline."""
    along, across = _directions(axes_mm, chord)
    positions_mm = _distinct(outline.vertices @ axes_mm @ along)
    t, u = outline.edges @ axes_mm @ along, outline.edges @ axes_mm @ across
    line, edge = np.nonzero(
        (positions_mm[:, np.newaxis] >= t.min(axis=1) - TIE_MM)
        & (positions_mm[:, np.newaxis] <= t.max(axis=1) + TIE_MM)
    )
    share = _share_along(t[edge], positions_mm[line])
    points = outline.edges[edge, 0] + share[:, np.newaxis] * (outline.edges[edge, 1] - outline.edges[edge, 0])
    height_mm = u[edge, 0] + share * (u[edge, 1] - u[edge, 0])
    order = np.lexsort((height_mm, line))
    line, points = line[order], points[order]
    pairs = [_same_line(line, apart) for apart in range(1, int(np.bincount(line).max()))]
    low, high = np.concatenate([low for low, _ in pairs]), np.concatenate([high for _, high in pairs])
    return points[low], points[high]


def _directions(axes_mm: np.ndarray, chord: Chord) -> tuple[np.ndarray, np.ndarray]:
    along = (chord.ends[1] - chord.ends[0]) @ axes_mm
    first, second = axes_mm
    # In the plane and at a right angle to ``along``: (first x second) x along, written with dot products.
    across = second * (first @ along) - first * (second @ along)
    return along / np.linalg.norm(along), across / np.linalg.norm(across)


def _distinct(positions_mm: np.ndarray) -> np.ndarray:
    ordered = np.sort(positions_mm)
    return ordered[np.diff(ordered, prepend=-np.inf) > TIE_MM]


def _share_along(t: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Where on an edge a line crosses it, 0 to 1; an edge that lies in the line counts with its start."""
    span = t[:, 1] - t[:, 0]
    flat = np.abs(span) < TIE_MM
    share = (position - t[:, 0]) / np.where(flat, 1.0, span)
    return np.where(flat, 0.0, share.clip(0.0, 1.0))


def _same_line(line: np.ndarray, apart: int) -> tuple[np.ndarray, np.ndarray]:
    low = np.flatnonzero(line[apart:] == line[:-apart])
    return low, low + apart
