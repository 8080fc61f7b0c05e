"""Which way the axes of a grid run in the patient, and the same voxels with their axes in another order."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from LiverTumorSegLib.arrays import Affine, Vector
from LiverTumorSegLib.volume import Volume

_LETTERS = ("LR", "PA", "IS")
"""Per axis of RAS: towards its low and its high end."""


def axes_of(affine: Affine) -> str:
    """Where i, j and k run to, as "LPS" (of DICOM) or "RAS": each axis of the patient once, the nearest in all."""
    cosines = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    best = max(permutations(range(3)), key=lambda rows: sum(abs(cosines[row, n]) for n, row in enumerate(rows)))
    return "".join(_LETTERS[row][int(cosines[row, n] > 0)] for n, row in enumerate(best))


def reoriented(volume: Volume, axes: str) -> Volume:
    """The same voxels with their axes in the order and the directions of ``axes``, as "PLI"; a view.

    Nothing is interpolated: on an oblique grid every axis is taken for the one of the patient that it is nearest to.
    Raises ValueError unless axes are three letters, one of L and R, one of P and A, one of I and S.
    """
    now = axes_of(volume.affine)
    order = [_patient_axes(now).index(row) for row in _patient_axes(axes)]
    array, affine = volume.array.transpose(order), volume.affine.copy()
    affine[:3, :3] = affine[:3, order]
    for axis, letter in enumerate(axes):
        if now[order[axis]] != letter:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    return Volume(array, affine)


def along_ras(steps: Vector, axes: str) -> Vector:
    """Lengths that are given along ``axes``, in the order R, A, S. Raises ValueError as ``reoriented`` does."""
    by_row = dict(zip(_patient_axes(axes), steps, strict=True))
    return by_row[0], by_row[1], by_row[2]


def _patient_axes(axes: str) -> list[int]:
    """Row of RAS of each letter."""
    rows = [row for letter in axes for row, ends in enumerate(_LETTERS) if letter in ends]
    if len(axes) != 3 or sorted(rows) != [0, 1, 2]:
        message = f"axes {axes!r}, expected three letters, one of L and R, one of P and A, one of I and S"
        raise ValueError(message)
    return rows
