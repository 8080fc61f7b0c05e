"""The best way through a stack of slices: one place in every slice, near to that of the slice before."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int
from scipy import ndimage


def best_path(scores: Float32[np.ndarray, "k i j r"], reach: tuple[int, int, int]) -> Int[np.ndarray, "k 3"]:
    """The path of the largest sum of scores, as (i, j, r) of every slice k.

    reach: largest step between neighbouring slices along i, j and r. Viterbi's dynamic programme.
    """
    size = tuple(2 * step + 1 for step in reach)
    total = np.empty_like(scores)
    total[0] = scores[0]
    for k in range(1, len(scores)):
        total[k] = scores[k] + ndimage.maximum_filter(total[k - 1], size, mode="nearest")
    path = np.empty((len(scores), 3), np.int64)
    path[-1] = np.unravel_index(int(total[-1].argmax()), scores.shape[1:])
    for k in range(len(scores) - 2, -1, -1):
        low = np.maximum(path[k + 1] - reach, 0)
        window = tuple(slice(int(a), int(b) + step + 1) for a, b, step in zip(low, path[k + 1], reach, strict=True))
        nearby = total[k][window]
        path[k] = low + np.unravel_index(int(nearby.argmax()), nearby.shape)
    return path
