"""A coarse, upright look at the part of a CT around the liver: where great vessels and kidneys are searched for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import HuArray, LabelArray, Mask, Vector
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, resample, upright_grid
from LiverTumorSegLib.volume import Volume

STEP_MM: Vector = (2.0, 2.0, 4.0)
BELOW_MM, ABOVE_MM = 70.0, 10.0
"""How far beyond the liver to look: kidneys hang lower than it."""
AIR_HU = -1000.0


@dataclass(frozen=True, eq=False)
class Abdomen:
    """Axes R, A, S with steps of STEP_MM; labels: values of SEGMENTATION_LABELS on the same grid."""

    ct: Volume
    grid: Grid
    hu: HuArray
    labels: LabelArray

    @property
    def organ(self) -> Mask:
        return self.labels > 0

    @property
    def origin_ras(self) -> Vector:
        """The centre of the first voxel."""
        x, y, z = (float(v) for v in self.grid.affine[:3, 3])
        return x, y, z

    def above_mm(self, k: int) -> float:
        """The S coordinate of a slice."""
        return self.origin_ras[2] + k * STEP_MM[2]


def abdomen_of(ct: Volume, segmentation: Volume) -> Abdomen:
    """The slices from BELOW_MM under the liver to ABOVE_MM over it; all of the CT where there is no liver.

    segmentation: uint8 on the CT's grid. Raises ValueError if it is on another one.
    """
    if not ct.same_grid(segmentation):
        message = f"a segmentation of {segmentation.describe_grid()} beside a CT of {ct.describe_grid()}"
        raise ValueError(message)
    grid = _around_liver(upright_grid(ct, STEP_MM), segmentation)
    labels = resample(segmentation, grid, outside=0.0, linear=False).array
    return Abdomen(ct, grid, resample(ct, grid, outside=AIR_HU).array, labels)


def _around_liver(grid: Grid, segmentation: Volume) -> Grid:
    box = bounding_box(segmentation.array)
    if box is None:
        return grid
    corners = np.array(np.meshgrid(*[(axis.start, axis.stop - 1) for axis in box], indexing="ij")).reshape(3, -1).T
    heights = segmentation.ras_from_ijk(corners)[:, 2] - grid.affine[2, 3]
    low = max(0, int((heights.min() - BELOW_MM) / STEP_MM[2]))
    high = min(grid.shape[2], int((heights.max() + ABOVE_MM) / STEP_MM[2]) + 2)
    affine = grid.affine.copy()
    affine[2, 3] += low * STEP_MM[2]
    return Grid((grid.shape[0], grid.shape[1], max(1, high - low)), affine)
