"""Parts that share out a whole: each in one piece, and carried over when the whole changes."""

from __future__ import annotations

import cc3d
import numpy as np
from jaxtyping import Int64

from LiverTumorSegLib.arrays import LabelArray, Mask

_FACES = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])

Places = Int64[np.ndarray, "n 3"]


def in_one_part_each(labels: LabelArray, organ: Mask) -> LabelArray:
    """The largest part of each value (joined by faces) stays; the rest of the organ goes to what grows into it.

    Growing goes from voxel to voxel inside the organ, so that every part stays whole. What no part can reach, because
    the organ itself is in pieces, keeps the value it had.
    """
    kept = np.zeros_like(labels)
    for value in range(1, int(labels.max(initial=0)) + 1):
        mask = (labels == value) & organ
        if mask.any():
            kept[cc3d.largest_k(mask, k=1, connectivity=6) > 0] = value
    return _grown(kept, labels, organ)


def carried_over(labels: LabelArray, organ: Mask) -> LabelArray:
    """Segments of an organ as it was, on the organ as it is: what is new goes to what grows into it."""
    inside = np.where(organ, labels, np.uint8(0))
    return _grown(inside, inside, organ)


def _grown(kept: LabelArray, before: LabelArray, organ: Mask) -> LabelArray:
    """Round by round over the open voxels alone: they are few."""
    padded = np.pad(kept, 1)
    open_ijk: Places = np.argwhere(organ & (kept == 0)).astype(np.int64) + 1
    while len(open_ijk):
        beside = np.stack([padded[tuple((open_ijk + face).T)] for face in _FACES])
        found = beside.max(0)
        if not found.any():
            break
        padded[tuple(open_ijk[found > 0].T)] = found[found > 0]
        open_ijk = open_ijk[found == 0]
    padded[tuple(open_ijk.T)] = before[tuple((open_ijk - 1).T)]
    return padded[1:-1, 1:-1, 1:-1]
