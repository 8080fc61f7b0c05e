"""Frames: the only place where RAS and LPS meet, and how the axes of a grid lie in the patient."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Affine, Points

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
SUPERIOR = 2
"""Index of the S coordinate of a RAS point."""


def lps_from_ras(affine_ras: Affine) -> Affine:
    """ijk -> RAS becomes ijk -> LPS (ITK, DICOM)."""
    return _FLIP @ affine_ras


def ras_from_lps(affine_lps: Affine) -> Affine:
    """ijk -> LPS becomes ijk -> RAS."""
    return _FLIP @ affine_lps


def points_ras_from_lps(points_lps: Points) -> Points:
    """Points (n, 3) in LPS mm -> RAS mm (and back: the map is its own inverse)."""
    return np.asarray(points_lps, dtype=np.float64) * np.array([-1.0, -1.0, 1.0])


def axis_directions(affine_ras: Affine) -> np.ndarray:
    """Unit vectors (3, 3) in RAS; column a is the direction in which index a grows."""
    columns = affine_ras[:3, :3]
    return np.asarray(columns / np.linalg.norm(columns, axis=0))


def slice_axis(affine_ras: Affine) -> int:
    """The array axis whose slices are closest to axial planes.

    Judged by the normal of the slice plane, not by the stacking direction: both differ on a gantry tilt.
    """
    return int(np.argmax([abs(slice_normal(affine_ras, axis)[SUPERIOR]) for axis in range(3)]))


def slice_normal(affine_ras: Affine, axis: int) -> np.ndarray:
    """Unit normal (3,) in RAS of the planes spanned by the other two axes."""
    first, second = (affine_ras[:3, a] for a in range(3) if a != axis)
    normal = np.cross(first, second)
    return np.asarray(normal / np.linalg.norm(normal))


def slice_distance_mm(affine_ras: Affine, axis: int) -> float:
    """Distance between neighbouring slice planes along their normal (smaller than the spacing on a tilted stack)."""
    return float(abs(affine_ras[:3, axis] @ slice_normal(affine_ras, axis)))
