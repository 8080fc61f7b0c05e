"""Diameters of one slice, computed the slow and obvious way: every pixel edge, every pair, every point on the way.

Written from docs/conventions.md alone and with loops, to check the fast version against.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy import ndimage

TIE = 1e-6


def filled(mask):
    return ndimage.binary_fill_holes(mask)


def vertices(mask):
    """Midpoints of the edges between a pixel inside and a neighbour outside."""
    found = []
    for a, b in np.argwhere(mask):
        for da, db in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            x, y = a + da, b + db
            if not (0 <= x < mask.shape[0] and 0 <= y < mask.shape[1] and mask[x, y]):
                found.append((a + da / 2, b + db / 2))
    return np.array(found)


def stays_inside(mask, start, end):
    """Every quarter pixel of the way has a pixel of the mask within one pixel along both axes."""
    steps = max(1, int(np.ceil(np.linalg.norm(end - start) / 0.25 - TIE)))
    pixels = np.argwhere(mask)
    for n in range(steps + 1):
        point = start + n / steps * (end - start)
        if np.abs(pixels - point).max(axis=1).min() > 1 + TIE:
            return False
    return True


def longest(mask, points_pairs, axes_mm):
    """Longest of the given segments that stays inside: (length, start, end)."""
    ranked = sorted(points_pairs, key=lambda pair: -np.linalg.norm((pair[1] - pair[0]) @ axes_mm))
    for start, end in ranked:
        if stays_inside(mask, start, end):
            return float(np.linalg.norm((end - start) @ axes_mm)), start, end
    raise AssertionError


def long_axis(mask, axes_mm):
    mask = filled(mask)
    return longest(mask, itertools.combinations(vertices(mask), 2), axes_mm)


def feret(mask, axes_mm):
    return max(np.linalg.norm((q - p) @ axes_mm) for p, q in itertools.combinations(vertices(mask), 2))


def outline_segments(mask):
    """Per 2 x 2 pixels: the segment between the two edge midpoints, or one around each corner outside of a saddle."""
    padded = np.pad(mask, 1)
    found = []
    for a, b in itertools.product(range(padded.shape[0] - 1), range(padded.shape[1] - 1)):
        corners = [(a, b), (a + 1, b), (a + 1, b + 1), (a, b + 1)]
        values = [bool(padded[c]) for c in corners]
        crossed = [n for n in range(4) if values[n] != values[(n + 1) % 4]]
        middle = [(np.array(corners[n]) + corners[(n + 1) % 4]) / 2 - 1 for n in range(4)]
        if len(crossed) == 2:
            found.append((middle[crossed[0]], middle[crossed[1]]))
        elif len(crossed) == 4:
            found += [(middle[n - 1], middle[n]) for n in range(4) if not values[n]]
    return found


def short_axis(mask, axes_mm, start, end):
    """Longest chord at a right angle to start-end that passes through a vertex and stays inside."""
    mask = filled(mask)
    along = (end - start) @ axes_mm
    along /= np.linalg.norm(along)
    segments = outline_segments(mask)
    pairs = []
    for vertex in vertices(mask):
        t = vertex @ axes_mm @ along
        hits = []
        for p, q in segments:
            tp, tq = p @ axes_mm @ along - t, q @ axes_mm @ along - t
            if abs(tp) < TIE:
                hits.append(p)
            if abs(tq) < TIE:
                hits.append(q)
            if tp * tq < 0:
                hits.append(p + tp / (tp - tq) * (q - p))
        pairs += list(itertools.combinations(hits, 2))
    return longest(mask, pairs, axes_mm)[0]
