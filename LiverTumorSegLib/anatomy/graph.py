"""The voxels of a mask as a graph: which ones are neighbours, by faces, edges and corners."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from LiverTumorSegLib.arrays import Mask

Places = Int64[np.ndarray, "n 3"]
_HALF_OF_26 = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) > (0, 0, 0)])


def neighbours(
    ijk: Places, inside: Mask
) -> tuple[Int64[np.ndarray, " m"], Int64[np.ndarray, " m"], Int64[np.ndarray, "m 3"]]:
    """Every pair of neighbours once: the numbers of both, and the step (voxels) from the first to the second.

    ijk: the mask's voxels; their order gives the numbers.
    """
    number = np.full(np.array(inside.shape) + 2, -1, np.int64)
    number[tuple((ijk + 1).T)] = np.arange(len(ijk))
    rows, columns, steps = [], [], []
    for step in _HALF_OF_26:
        other = number[tuple((ijk + 1 + step).T)]
        here = np.flatnonzero(other >= 0)
        rows.append(here)
        columns.append(other[here])
        steps.append(np.broadcast_to(step, (len(here), 3)))
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(steps)
