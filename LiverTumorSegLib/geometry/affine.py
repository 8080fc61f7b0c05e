"""Frames: the only place where RAS and LPS meet, and how the axes of a grid lie in the patient."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Affine

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
SUPERIOR = 2
"""Index of the S coordinate of a RAS point."""


def lps_from_ras(affine_ras: Affine) -> Affine:
    """ijk -> RAS becomes ijk -> LPS (ITK, DICOM)."""
    return _FLIP @ affine_ras


def ras_from_lps(affine_lps: Affine) -> Affine:
    """ijk -> LPS becomes ijk -> RAS."""
    return _FLIP @ affine_lps


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
