"""A lesion as points in the patient: few enough to be carried to another visit and laid over a lesion there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import edt
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from LiverTumorSegLib.arrays import Box, Points, Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.geometry.resample import upright_grid
from LiverTumorSegLib.volume import Volume

STEP_MM = 2.0
"""Between points; lesions of some ten thousand points get fewer."""
MOST_POINTS = 20000
_CELLS = 1 << 16
"""Along each axis of the patient: 131 m."""


@dataclass(frozen=True, eq=False)
class Region:
    """points_ras: (n, 3), evenly spread over it, at least one. volume_ml: as measured, wherever it is carried."""

    points_ras: Points
    volume_ml: float

    @classmethod
    def of(cls, lesions: Volume, lesion_id: int, box: Box, volume_ml: float) -> Region:
        """Of a lesion in its box: the points of an upright grid that lie in its voxels, and its voxel nearest to the
        middle, which very small ones would be without.
        """
        crop = lesions.crop(box)
        mask = crop.array == lesion_id
        voxels_ras = crop.ras_from_ijk(np.argwhere(mask))
        middle = voxels_ras.mean(axis=0)
        nearest = voxels_ras[np.argmin(((voxels_ras - middle) ** 2).sum(axis=1))]
        step = max(STEP_MM, float(np.cbrt(1000 * volume_ml / MOST_POINTS)))
        grid = upright_grid(crop, (step, step, step))
        points = Volume(np.empty(grid.shape, bool), grid.affine).ras_from_ijk(np.argwhere(np.ones(grid.shape, bool)))
        return cls(np.vstack([points[values_at(crop.with_array(mask), points, False)], nearest[None]]), volume_ml)

    @cached_property
    def center_ras(self) -> np.ndarray:
        """Middle of the points, (3,)."""
        return self.points_ras.mean(axis=0)

    @property
    def center_mm(self) -> Vector:
        r, a, s = self.center_ras.tolist()
        return r, a, s

    @property
    def radius_mm(self) -> float:
        """Of a ball of this volume."""
        return float(np.cbrt(1000 * self.volume_ml * 3 / (4 * np.pi)))

    @cached_property
    def tree(self) -> cKDTree:
        return cKDTree(self.points_ras)

    def moved(self, points_ras: Points) -> Region:
        """The same lesion where its points have been carried to."""
        return replace(self, points_ras=points_ras)


def together(regions: list[Region]) -> Region:
    """Several parts as one; at least one."""
    return Region(np.vstack([one.points_ras for one in regions]), sum(one.volume_ml for one in regions))


def regions_of(examination: Examination) -> dict[int, Region]:
    """Of all lesions, by id. Raises InputError if measured lesions and lesion map differ."""
    lesions, measured = examination.lesions, examination.measurements.lesions
    boxes = {n: box for n, box in enumerate(ndimage.find_objects(lesions.array), start=1) if box is not None}
    if set(boxes) != {lesion.id for lesion in measured}:
        raise InputError(
            found=f"lesions {_listed(boxes)} in the lesion map of {examination.result or examination.key}, "
            f"but {_listed(lesion.id for lesion in measured)} among its measurements",
            expected="a lesion map that belongs to the measurements",
            remedy="Measure the result again",
        )
    return {one.id: Region.of(lesions, one.id, boxes[one.id], one.volume_ml) for one in measured}


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ids))) or "none"


def values_at(volume: Volume, points_ras: Points, outside: float | bool) -> np.ndarray:
    """Of the voxel that each point (n, 3) lies in; ``outside`` for points that lie in none."""
    at = np.rint(volume.ijk_from_ras(points_ras)).astype(np.int64)
    within = ((at >= 0) & (at < volume.shape)).all(axis=1)
    values = np.full(len(at), outside, volume.array.dtype)
    values[within] = volume.array[tuple(at[within].T)]
    return values


def share_in_view(volume: Volume, points_ras: Points, margin_mm: float = 0.0) -> float:
    """Share of points (n, 3) that lie in a voxel of the volume, so far from its faces."""
    at = volume.ijk_from_ras(points_ras)
    # A step of 1 mm across the faces of an axis, in voxels: right on sheared grids too.
    margin = margin_mm * np.linalg.norm(np.linalg.inv(volume.affine[:3, :3]), axis=1)
    return float(((at >= margin - 0.5) & (at < np.array(volume.shape) - 0.5 - margin)).all(axis=1).mean())


def dilated_cells(region: Region, dilate_mm: float) -> np.ndarray:
    """Numbers (n,), sorted, of the cells of one grid in the patient, STEP_MM wide, whose centre lies that near."""
    at = np.rint(region.points_ras / STEP_MM).astype(np.int64)
    margin = int(np.ceil(dilate_mm / STEP_MM)) + 1
    low = at.min(axis=0) - margin
    free = np.ones(at.max(axis=0) - low + margin + 1, bool)
    free[tuple((at - low).T)] = False
    near = edt.edt(free, anisotropy=(STEP_MM,) * 3, parallel=1) <= dilate_mm
    i, j, k = (np.argwhere(near) + low + _CELLS // 2).T
    return np.sort((i * _CELLS + j) * _CELLS + k)


def share_within(region: Region, other: Region, reach_mm: float = STEP_MM) -> float:
    """Share of a region that lies in, or that near to, another one."""
    away, _ = other.tree.query(region.points_ras, distance_upper_bound=reach_mm)
    return float(np.isfinite(away).mean())
