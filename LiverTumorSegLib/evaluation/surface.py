"""Normalized surface Dice with subvoxel surface areas: the share of both surfaces that lies close to the other one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.spatial import KDTree

from LiverTumorSegLib.arrays import Affine, Mask, Points
from LiverTumorSegLib.evaluation.surface_cases import INSIDE, corner_weight, element_areas_mm2
from LiverTumorSegLib.geometry.boxes import bounding_box

TOLERANCE_MM = {"liver": 7.0, "vessel": 3.0, "tumor": 3.0}
"""Of the LVT paper, which follows the Medical Segmentation Decathlon."""

_ROUNDING_MM = 1e-6
_LEAF = 32


def surface_dice(predicted: Mask, reference: Mask, affine: Affine, tolerance_mm: float) -> float:
    """Normalized surface Dice (NSD), 0 to 1: (area of both surfaces within the tolerance) / (area of both surfaces).

    predicted, reference: one shape; affine: their voxels in mm, may be anisotropic, oblique or sheared. A surface is
    made of the elements between eight neighbouring voxels, weighted by their area and placed at the neighbourhood's
    centre; an element counts as close when an element of the other surface is at most tolerance_mm away. Where a mask
    reaches the volume's face, its surface is closed there.
    1 where both masks are empty, 0 where one is (MONAI: NaN, 0). Raises ValueError for a tolerance that is negative or
    no number.
    Source: Nikolov et al. 2018 (arXiv:1809.04430); the same as MONAI's compute_surface_dice(use_subvoxels=True).
    """
    if not tolerance_mm >= 0:
        message = f"a tolerance of {tolerance_mm} mm"
        raise ValueError(message)
    box = bounding_box(predicted | reference)
    if box is None:
        return 1.0
    if not (predicted[box].any() and reference[box].any()):
        return 0.0
    areas_mm2 = element_areas_mm2(affine)
    found, expert = (_Surface.of(mask[box], affine, areas_mm2) for mask in (predicted, reference))
    close_mm2 = found.close_to(expert, tolerance_mm) + expert.close_to(found, tolerance_mm)
    return min(1.0, close_mm2 / (found.area_mm2 + expert.area_mm2))  # rounding of the sums


@dataclass(frozen=True, eq=False)
class _Surface:
    """points_mm: (n, 3), n >= 1, centres of the elements; areas_mm2: (n,). Both surfaces share one origin."""

    points_mm: Points
    areas_mm2: np.ndarray
    tree: KDTree

    @classmethod
    def of(cls, mask: Mask, affine: Affine, areas_mm2: np.ndarray) -> _Surface:
        fillings = fillings_of(mask)
        where = (fillings != 0) & (fillings != INSIDE)
        points_mm = np.argwhere(where) @ affine[:3, :3].T
        return cls(points_mm, areas_mm2[fillings[where]], KDTree(points_mm, leafsize=_LEAF))

    @property
    def area_mm2(self) -> float:
        return float(self.areas_mm2.sum())

    def close_to(self, other: _Surface, tolerance_mm: float) -> float:
        """Area in mm2 of the elements within the tolerance of another surface.

        A tree that stops looking beyond the tolerance is faster than a distance map of the box, and right on a sheared
        grid, where a map of spacings is not.
        """
        reach_mm = tolerance_mm + _ROUNDING_MM
        distances_mm, _ = other.tree.query(self.points_mm, distance_upper_bound=reach_mm)
        return float(self.areas_mm2[distances_mm <= reach_mm].sum())


def fillings_of(mask: Mask) -> np.ndarray:
    """Filling (0 to 255) of every 2 x 2 x 2 neighbourhood, (i + 1, j + 1, k + 1) of them; outside the mask is empty."""
    padded = np.pad(mask, 1).view(np.uint8)
    i, j, k = (n - 1 for n in padded.shape)
    fillings = np.zeros((i, j, k), np.uint8)
    for a, b, c in product((0, 1), repeat=3):
        fillings += padded[a : a + i, b : b + j, c : c + k] * np.uint8(corner_weight(a, b, c))
    return fillings
