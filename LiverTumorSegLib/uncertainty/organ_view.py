"""The finished organ on the grid of its probability, where all voices can be compared with it."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Float32
from scipy import ndimage
from scipy.spatial import ConvexHull

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.volume import Volume

_HULL_MM = 3.0
"""A hull needs no more detail."""


@dataclass(frozen=True, eq=False)
class OrganView:
    """mask: bool. distance_mm: to the organ's surface (float32), inside and outside; both on the probability's grid.

    An organ that is cut off by the grid's end has no surface there. 0 everywhere where there is no organ.
    """

    mask: Volume
    distance_mm: Volume

    @classmethod
    def of(cls, segmentation: Volume, probability: Volume) -> OrganView:
        """segmentation: labels on any grid, all that is not 0 is organ (nearest voxels are taken)."""
        box = bounding_box(segmentation.array)
        if box is None:
            nothing = np.zeros(probability.shape, bool)
            return cls(probability.with_array(nothing), probability.with_array(nothing.astype(np.float32)))
        part = segmentation.crop(box)
        organ = part.with_array((part.array > 0).astype(np.uint8))
        mask = resample(organ, Grid.of(probability), outside=0.0, linear=False).array > 0
        return cls(probability.with_array(mask), probability.with_array(_to_surface_mm(mask, probability)))


def _to_surface_mm(mask: Mask, grid: Volume) -> Float32[np.ndarray, "i j k"]:
    if not mask.any() or mask.all():
        return np.zeros(mask.shape, np.float32)
    # Two labels: both sides in one pass.
    sides = np.asfortranarray(mask, dtype=np.uint8) + np.uint8(1)
    return np.asarray(edt.edt(sides, anisotropy=grid.spacing_mm), np.float32)


def solidity(mask: Volume) -> float | None:
    """Volume over that of the convex hull, at about 3 mm: 1 for a convex body; None where there is nothing.

    Real livers: 0.56 to 0.80 (37 of LiTS), 0.45 to 0.77 (18 of 3D-IRCADb; 0.45 is number 7).
    The same on any affine grid, sheared ones too.
    """
    every = tuple(slice(None, None, max(1, int(_HULL_MM / s))) for s in mask.spacing_mm)
    coarse = mask.array[every]
    box = bounding_box(coarse)
    if box is None:
        return None
    organ = coarse[box]
    surface = np.argwhere(organ & ~ndimage.binary_erosion(organ))
    corners = (surface[:, None] + np.array(list(np.ndindex(2, 2, 2)))).reshape(-1, 3)
    return float(organ.sum() / ConvexHull(np.unique(corners, axis=0)).volume)
