"""Segment IV (the quadrate lobe) in its upper part IVa and its lower part IVb.

They meet at the level of the left portal vein, where its umbilical portion lies between IV and the left lateral
section. Where that was not found, at the level at which the segments of the right half are divided too.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import LabelArray, Mask
from LiverTumorSegLib.geometry.affine import SUPERIOR
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.parts import in_one_part_each
from LiverTumorSegLib.geometry.resample import grown_box
from LiverTumorSegLib.labels import II, III, IV, IVA, IVB, VIII, V
from LiverTumorSegLib.volume import Volume

BESIDE_MM = 10.0
"""How near to IV and to II or III the umbilical portion lies."""
LEAST_PORTAL_ML = 0.2
RIGHT_MM = 30.0
"""How near to IV the border between V and VIII counts."""


def with_iv_divided(segments: Volume, portal_vein: Volume) -> Volume:
    """segments: uint8, values of COUINAUD_LABELS. IV becomes IVa above and IVb below one level (S, mm); each is one
    part whose voxels hang together by their faces. A part may be empty where all of IV lies on one side.

    portal_vein: a mask on the same grid, empty where it is not known. Without IV the segments come back as they are.
    Raises ValueError on another grid.
    """
    if not portal_vein.same_grid(segments):
        message = f"a portal vein on {portal_vein.describe_grid()} for {segments.describe_grid()}"
        raise ValueError(message)
    box = bounding_box(segments.array == IV.value)
    if box is None:
        return segments
    wide = grown_box(box, RIGHT_MM, segments)
    level = _level(segments.crop(wide), portal_vein.crop(wide).array != 0)
    divided: LabelArray = segments.array.copy(order="K")
    divided[box] = _divided(segments.crop(box), level)
    return segments.with_array(divided)


def _divided(segments: Volume, level: float) -> LabelArray:
    quadrate = segments.array == IV.value
    above = _heights(segments, quadrate) > level
    parts = np.zeros(segments.shape, np.uint8)
    parts[quadrate] = np.where(above, 1, 2)
    parts = in_one_part_each(parts, quadrate)
    values = np.array([0, IVA.value, IVB.value], np.uint8)
    return np.where(quadrate, values[parts], segments.array)


def _level(around: Volume, portal_vein: Mask) -> float:
    """S in mm."""
    quadrate = around.array == IV.value
    near = _within(around, quadrate, BESIDE_MM)
    lateral = np.isin(around.array, (II.value, III.value))
    umbilical = portal_vein & near & _within(around, lateral, BESIDE_MM)
    if np.count_nonzero(umbilical) * around.voxel_ml >= LEAST_PORTAL_ML:
        return float(np.median(_heights(around, umbilical)))
    near = _within(around, quadrate, RIGHT_MM)
    for upper, lower in ((VIII, V), (II, III)):
        border = near & _border(around.array == upper.value, around.array == lower.value)
        if border.any():
            return float(np.median(_heights(around, border)))
    return float(np.median(_heights(around, quadrate)))


def _within(grid: Volume, mask: Mask, reach_mm: float) -> Mask:
    if not mask.any():
        return mask
    return np.asarray(ndimage.distance_transform_edt(~mask, grid.spacing_mm) <= reach_mm)


def _border(first: Mask, second: Mask) -> Mask:
    """Voxels of the first that touch the second by a face."""
    return first & ndimage.binary_dilation(second)


def _heights(grid: Volume, mask: Mask) -> np.ndarray:
    """S (mm) of the centres of a mask's voxels, in the order of its true values."""
    return grid.ras_from_ijk(np.argwhere(mask))[:, SUPERIOR]
