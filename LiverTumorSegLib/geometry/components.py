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


def bounding_box(mask: Mask) -> Box | None:
    """Smallest box that holds all true voxels; None for an empty mask."""
    slices = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        if hit.size == 0:
            return None
        slices.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return slices[0], slices[1], slices[2]


def grow_box(box: Box, margin: tuple[int, int, int], shape: tuple[int, int, int]) -> Box:
    """A box with a margin in voxels on either side, cut at the volume's faces."""
    i, j, k = (
        slice(max(0, axis.start - m), min(n, axis.stop + m)) for axis, m, n in zip(box, margin, shape, strict=True)
    )
    return i, j, k


def touches_face(box: Box, shape: tuple[int, int, int]) -> bool:
    """Whether a box reaches the first or last index of any axis."""
    return any(axis.start == 0 or axis.stop == n for axis, n in zip(box, shape, strict=True))


def mask_touches_face(mask: Mask) -> bool:
    """Whether a true voxel lies on one of the six faces of the volume."""
    return any(bool(np.moveaxis(mask, axis, 0)[end].any()) for axis in range(3) for end in (0, -1))


def connected_components(mask: Mask) -> tuple[np.ndarray, int]:
    """26-connected parts: ids 1..n in the mask's shape (0 outside), and n."""
    labels, count = cc3d.connected_components(mask, connectivity=26, return_N=True)
    return labels, int(count)


def boxes_of(labels: np.ndarray, count: int) -> list[Box]:
    """Bounding boxes of the ids 1..count, all of which occur."""
    return [(box[0], box[1], box[2]) for box in ndimage.find_objects(labels, max_label=count)]


def shift_box(box: Box, origin: Box) -> Box:
    """A box inside a crop, in the indices of the volume that was cropped at ``origin``."""
    i, j, k = (slice(a.start + o.start, a.stop + o.start) for a, o in zip(box, origin, strict=True))
    return i, j, k


def pieces_of_slice(mask: np.ndarray) -> list[tuple[tuple[int, int], np.ndarray]]:
    """8-connected parts of a 2D mask: (index of the crop's corner, crop of the part alone)."""
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    return [
        ((a.start, b.start), labels[a, b] == part) for part, (a, b) in enumerate(ndimage.find_objects(labels), start=1)
    ]
