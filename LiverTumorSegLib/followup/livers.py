"""The shape of a visit's liver on a coarse grid: all that a registration looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Affine, Mask, Points
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, grown_box, resample, upright_grid
from LiverTumorSegLib.volume import Volume

FINE = 2
"""Voxels of the grid on which distances are found, along each axis of a voxel of the coarse one."""
PAD_MM = 28.0
"""Around the liver."""
CUT_MM2 = 100.0
"""A liver that covers so much of a face of its volume goes on behind it."""
DOUBT_MM = 6.0
"""So near to the face where a liver is cut off, its nearest surface may lie behind that face."""
_FAR = 1e6


@dataclass(frozen=True, eq=False)
class LiverShape:
    """distance: mm to the liver's surface, positive inside, cut at +- clip_mm; on an upright grid in RAS. known: where
    the image tells it; not beyond a face of the volume at which the liver is cut off. Vessels and tumours are part of
    the liver, and holes in it are filled.
    """

    distance: Volume
    known: Mask
    clip_mm: float

    @classmethod
    def of(cls, segmentation: Volume, grid_mm: float, clip_mm: float) -> LiverShape | None:
        """None where there is no liver. segmentation: label map, the organ is all that is not 0."""
        box = bounding_box(segmentation.array)
        if box is None:
            return None
        step = grid_mm / FINE
        organ = segmentation.crop(grown_box(box, 2 * grid_mm, segmentation))
        grid = _padded(upright_grid(organ, (step, step, step)), step)
        inside = resample(organ.with_array((organ.array > 0).astype(np.uint8)), grid, outside=0.0, linear=False)
        known = _known(segmentation, cut_faces(segmentation), inside)
        liver = ndimage.binary_fill_holes(inside.array > 0)
        distance = _signed_distance_mm(liver, known, step)
        affine = grid.affine @ np.diag([FINE, FINE, FINE, 1.0])
        affine[:3, 3] += grid.affine[:3, :3] @ np.full(3, (FINE - 1) / 2)
        coarse = _blocks(np.clip(distance, -clip_mm, clip_mm)).mean(axis=(1, 3, 5))
        trusted = np.asarray(_distance_mm(known, step) > DOUBT_MM)
        return cls(Volume(coarse.astype(np.float32), affine), np.asarray(_blocks(trusted).all(axis=(1, 3, 5))), clip_mm)

    @cached_property
    def inside(self) -> Mask:
        return self.distance.array > 0

    @property
    def is_cut(self) -> bool:
        return not bool(self.known.all())

    @cached_property
    def center_ras(self) -> np.ndarray:
        """Middle of the liver, (3,)."""
        return self.distance.ras_from_ijk(np.argwhere(self.inside)).mean(axis=0)

    @cached_property
    def slopes(self) -> np.ndarray:
        """(3, i, j, k): change of the distance per mm along R, A and S."""
        step = float(self.distance.affine[0, 0])
        return np.stack(np.gradient(self.distance.array, step)).astype(np.float32)

    def points_near_surface(self, band_mm: float) -> Points:
        """Indices (n, 3) of known voxels no further than that from the surface."""
        return np.argwhere((np.abs(self.distance.array) < band_mm) & self.known)


def cut_faces(segmentation: Volume) -> tuple[tuple[int, int], ...]:
    """(axis, 0 or -1) of the volume's faces where the organ covers more than CUT_MM2."""
    found = []
    for axis in range(3):
        first, second = (segmentation.affine[:3, other] for other in range(3) if other != axis)
        pixel_mm2 = float(np.linalg.norm(np.cross(first, second)))
        for end in (0, -1):
            face = np.moveaxis(segmentation.array, axis, 0)[end] > 0
            if np.count_nonzero(face) * pixel_mm2 > CUT_MM2:
                found.append((axis, end))
    return tuple(found)


def sampled(values: np.ndarray, affine: Affine, points_ras: Points) -> np.ndarray:
    """Trilinear at points (n, 3) of an upright grid; beyond it the edge's value."""
    at = (points_ras - affine[:3, 3]) / np.diagonal(affine)[:3]
    return ndimage.map_coordinates(values, at.T, order=1, mode="nearest")


def _padded(grid: Grid, step: float) -> Grid:
    """With room on all sides, of a shape that coarse voxels fill."""
    margin = int(np.ceil(PAD_MM / step / FINE)) * FINE
    i, j, k = (n + 2 * margin + -n % FINE for n in grid.shape)
    affine = grid.affine.copy()
    affine[:3, 3] -= margin * step
    return Grid((i, j, k), affine)


def _known(segmentation: Volume, faces: tuple[tuple[int, int], ...], fine: Volume) -> Mask:
    """Which voxels of a fine upright grid do not lie beyond the faces."""
    known = np.ones(fine.shape, bool)
    if not faces:
        return known
    to_ijk = np.linalg.inv(segmentation.affine) @ fine.affine
    i, j, k = np.ogrid[tuple(slice(n) for n in fine.shape)]
    for axis, end in faces:
        at = to_ijk[axis, 0] * i + to_ijk[axis, 1] * j + to_ijk[axis, 2] * k + to_ijk[axis, 3]
        known &= (at > -0.5) if end == 0 else (at < segmentation.shape[axis] - 0.5)
    return known


def _signed_distance_mm(liver: Mask, known: Mask, step: float) -> np.ndarray:
    """To the surface that can be seen, positive inside: what lies beyond a face is taken for no surface."""
    half = step / 2
    return np.where(liver, _distance_mm(liver | ~known, step) - half, half - _distance_mm(~liver, step))


def _distance_mm(mask: Mask, step: float) -> np.ndarray:
    """Of true voxels to the nearest other one; 0 elsewhere, very far where there is no other one."""
    if mask.all():
        return np.full(mask.shape, _FAR, np.float32)
    return edt.edt(np.ascontiguousarray(mask), anisotropy=(step, step, step), parallel=1)


def _blocks(array: np.ndarray) -> np.ndarray:
    """A view in which axes 1, 3 and 5 run over the fine voxels of a coarse one."""
    i, j, k = (n // FINE for n in array.shape)
    return array.reshape(i, FINE, j, FINE, k, FINE)
