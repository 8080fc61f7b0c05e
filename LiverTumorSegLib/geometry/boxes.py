"""Boxes of index ranges: smallest ones, wider ones, and whether they reach a face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LiverTumorSegLib.arrays import Box, ImageArray, Mask


def bounding_box(array: ImageArray) -> Box | None:
    """Smallest box that holds all voxels that are not 0 (or true); None where there are none."""
    slices = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        hit = np.flatnonzero(array.any(axis=others))
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


def shift_box(box: Box, origin: Box) -> Box:
    """A box inside a crop, in the indices of the volume that was cropped at ``origin``."""
    i, j, k = (slice(a.start + o.start, a.stop + o.start) for a, o in zip(box, origin, strict=True))
    return i, j, k


def inside(box: Box, outer: Box) -> Box:
    """A box in the indices of a crop at ``outer``, which holds it; the inverse of ``shift_box``."""
    i, j, k = (slice(a.start - o.start, a.stop - o.start) for a, o in zip(box, outer, strict=True))
    return i, j, k


def common(first: Box, second: Box) -> tuple[Box, Box]:
    """What two boxes of one volume have in common, in the indices of a crop at either; empty ranges for nothing."""
    i, j, k = (
        slice(low := max(a.start, b.start), max(low, min(a.stop, b.stop))) for a, b in zip(first, second, strict=True)
    )
    return inside((i, j, k), first), inside((i, j, k), second)


def union_of(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them; that of the first voxel where there are none."""
    if not boxes:
        return slice(0, 1), slice(0, 1), slice(0, 1)
    i, j, k = (
        slice(min(side.start for side in sides), max(side.stop for side in sides)) for sides in zip(*boxes, strict=True)
    )
    return i, j, k
