"""Longest chord of a part of a slice, and the longest chord perpendicular to it.

Outlines come in index units (see outline.py); ``axes_mm`` (2, 3) holds the steps of the two in-plane axes in RAS mm, so
that lengths and angles are right for oblong and sheared pixels too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.geometry.ordering import TIE_MM, first_of, ordered_ends
from LiverTumorSegLib.geometry.outline import Outline, hull_corners

_PAIRS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Chord:
    """ends: (2, 2) points in in-plane indices."""

    ends: np.ndarray
    length_mm: float


def feret_mm(vertices: np.ndarray, axes_mm: np.ndarray) -> float:
    """Largest distance between two vertices (n, 2), n >= 1, whether or not the way between them stays inside."""
    points_mm = hull_corners(vertices) @ axes_mm
    return float(_distances(points_mm).max())


def longest_chords(outline: Outline, axes_mm: np.ndarray, at_least_mm: float = 0.0) -> list[Chord]:
    """All vertex pairs of the greatest distance whose segment stays in the part; [] if that is below at_least_mm.

    A convex part is settled by its farthest pair, two corners of its hull; any other by all pairs of vertices, from the
    farthest inwards.
    """
    corners = hull_corners(outline.vertices)
    widest = feret_mm(outline.vertices, axes_mm)
    if widest < at_least_mm - TIE_MM:
        return []
    chords = _longest_inside(outline, axes_mm, *_pairs(corners, axes_mm, widest - TIE_MM))
    return chords or _longest_inside(outline, axes_mm, *_pairs(outline.vertices, axes_mm, at_least_mm - TIE_MM))


def perpendicular_chord(outline: Outline, axes_mm: np.ndarray, chord: Chord) -> Chord:
    """Longest chord of the part at a right angle to ``chord``.

    It ends anywhere on the outline: between vertices only, small lesions would have none at a right angle. The longest
    one passes through a vertex, as its length is linear in between. Of equal ones, the one nearest the middle of
    ``chord``.
    """
    starts, ends = _crossings(outline, axes_mm, chord)
    chords = _longest_inside(outline, axes_mm, starts, ends)
    middle_mm = chord.ends.mean(axis=0) @ axes_mm
    keys = []
    for found in chords:
        ends_mm = found.ends @ axes_mm
        keys.append([np.linalg.norm(ends_mm.mean(axis=0) - middle_mm), *ordered_ends(ends_mm).ravel()])
    return chords[first_of(np.array(keys))]


def _distances(points_mm: np.ndarray) -> np.ndarray:
    squared = np.zeros((len(points_mm), len(points_mm)))
    for coordinate in points_mm.T:
        squared += np.subtract.outer(coordinate, coordinate) ** 2
    return np.sqrt(squared)


def _pairs(points: np.ndarray, axes_mm: np.ndarray, at_least_mm: float) -> tuple[np.ndarray, np.ndarray]:
    distances_mm = _distances(points @ axes_mm)
    first, second = np.nonzero(np.triu(distances_mm >= at_least_mm, k=1))
    return points[first], points[second]


def _longest_inside(outline: Outline, axes_mm: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> list[Chord]:
    """Of the segments between points (n, 2), all those of the greatest length that stay inside."""
    found: list[Chord] = []
    for start, end, length_mm in _candidates(outline, axes_mm, starts, ends):
        if found and length_mm < found[0].length_mm - TIE_MM:
            break
        if outline.holds_chord(start, end):
            found.append(Chord(np.array([start, end]), length_mm))
    return found


def _candidates(
    outline: Outline, axes_mm: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """Segments from the longest to the shortest, without those that a quick look rules out."""
    lengths_mm = np.linalg.norm((ends - starts) @ axes_mm, axis=1)
    order = np.argsort(-lengths_mm, kind="stable")
    for block in np.split(order, range(_PAIRS_AT_ONCE, len(order), _PAIRS_AT_ONCE)):
        for pair in block[outline.may_hold_chords(starts[block], ends[block])]:
            yield starts[pair], ends[pair], float(lengths_mm[pair])


def _crossings(outline: Outline, axes_mm: np.ndarray, chord: Chord) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points (n, 2) where lines perpendicular to ``chord`` through every vertex cross the outline."""
    along, across = _directions(axes_mm, chord)
    positions_mm = np.unique(np.round(outline.vertices @ axes_mm @ along, 9))
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
    across = np.cross(np.cross(axes_mm[0], axes_mm[1]), along)
    return along / np.linalg.norm(along), across / np.linalg.norm(across)


def _share_along(t: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Where on an edge a line crosses it, 0 to 1; an edge that lies in the line counts with its start."""
    span = t[:, 1] - t[:, 0]
    flat = np.abs(span) < TIE_MM
    share = (position - t[:, 0]) / np.where(flat, 1.0, span)
    return np.where(flat, 0.0, share.clip(0.0, 1.0))


def _same_line(line: np.ndarray, apart: int) -> tuple[np.ndarray, np.ndarray]:
    low = np.flatnonzero(line[apart:] == line[:-apart])
    return low, low + apart
