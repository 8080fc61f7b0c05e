"""Small set operations on masks that the classical methods share."""

from __future__ import annotations

import cc3d
import numpy as np

from LiverTumorSegLib.arrays import Mask


def parts_with(mask: Mask, cores: Mask, least_voxels: float = 1.0) -> Mask:
    """The 26-connected parts of a mask that hold a core voxel and are large enough."""
    parts, count = cc3d.connected_components(mask, connectivity=26, return_N=True)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(parts[cores])] = True
    keep &= np.bincount(parts.ravel(), minlength=count + 1) >= least_voxels
    keep[0] = False
    return keep[parts]


def grown(mask: Mask, reach_voxels: float) -> Mask:
    """Everything within a Euclidean reach of a mask; cheap for small masks and short reaches."""
    radius = int(reach_voxels)
    steps = np.mgrid[(slice(-radius, radius + 1),) * 3].reshape(3, -1).T
    steps = steps[(steps**2).sum(axis=1) <= reach_voxels**2]
    padded = np.zeros([n + 2 * radius for n in mask.shape], bool)
    at = np.ravel_multi_index([axis + radius for axis in np.nonzero(mask)], padded.shape)
    strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1])
    flat = padded.ravel()
    for step in steps:
        flat[at + int(step @ strides)] = True
    i, j, k = (slice(radius, radius + n) for n in mask.shape)
    return padded[i, j, k]


def middle_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Median and robust standard deviation (1.48 x the median absolute deviation)."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))
