"""Connected parts of label maps: where they are, how many voxels they have, which is the largest."""

from __future__ import annotations

import cc3d
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, Mask


def slabs(array: np.ndarray) -> np.ndarray:
    """The array with its slowest axis first (a view): iterating over it walks through memory in order."""
    return np.moveaxis(array, int(np.argmax(np.abs(array.strides))), 0)


def count_voxels(labels: np.ndarray, values: tuple[int, ...]) -> dict[int, int]:
    """Voxels of each value; slab by slab, so that nothing of the volume's size is built."""
    counts = dict.fromkeys(values, 0)
    for slab in slabs(labels):
        for value in values:
            counts[value] += int(np.count_nonzero(slab == value))
    return counts


def connected_components(mask: Mask) -> tuple[np.ndarray, int]:
    """26-connected parts: ids 1..n in the mask's shape (0 outside), and n."""
    labels, count = cc3d.connected_components(mask, connectivity=26, return_N=True)
    return labels, int(count)


def boxes_of(labels: np.ndarray, count: int) -> list[Box]:
    """Bounding boxes of the ids 1..count, all of which occur."""
    return [(box[0], box[1], box[2]) for box in ndimage.find_objects(labels, max_label=count)]


def pieces_of_slice(mask: np.ndarray) -> list[tuple[tuple[int, int], np.ndarray]]:
    """8-connected parts of a 2D mask: (index of the crop's corner, crop of the part alone)."""
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return [
        ((a.start, b.start), labels[a, b] == part) for part, (a, b) in enumerate(ndimage.find_objects(labels), start=1)
    ]
