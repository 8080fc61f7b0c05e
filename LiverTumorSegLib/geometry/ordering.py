"""Orders that rounding cannot change: the same patient in another storage order gets the same ids and lines."""

from __future__ import annotations

import numpy as np

TIE_MM = 1e-6
"""Lengths and positions that differ by less are equal."""


def order_of(keys: np.ndarray) -> np.ndarray:
    """Indices that sort the rows of keys (n, m) upwards, column by column, where values within TIE_MM are equal."""
    ranks = np.empty(keys.shape, np.intp)
    for column, values in enumerate(keys.T):
        order = np.argsort(values, kind="stable")
        ranks[order, column] = np.cumsum(np.diff(values[order], prepend=values[order[0]]) > TIE_MM)
    return np.lexsort(ranks.T[::-1])


def first_of(keys: np.ndarray) -> int:
    """Row of the smallest key."""
    return int(order_of(keys)[0])


def ordered_ends(ends_mm: np.ndarray) -> np.ndarray:
    """The end points (..., 2, 3) of lines, each with the one of lower R (then A, then S) first."""
    apart = ends_mm[..., 0, :] - ends_mm[..., 1, :]
    deciding = np.argmax(np.abs(apart) > TIE_MM, axis=-1)
    swap = np.take_along_axis(apart, deciding[..., np.newaxis], axis=-1) > 0
    return np.where(swap[..., np.newaxis], ends_mm[..., ::-1, :], ends_mm)
