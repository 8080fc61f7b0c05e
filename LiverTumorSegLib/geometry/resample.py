"""Resampling between grids by SimpleITK: the image the network sees, and its answer back on the acquisition grid.

Masks are never resampled before they are measured; this is for images and probabilities only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from LiverTumorSegLib.arrays import Affine, Box, ImageArray, Vector
from LiverTumorSegLib.geometry.affine import lps_from_ras
from LiverTumorSegLib.volume import Volume

_FWHM_PER_SIGMA = float(2 * np.sqrt(2 * np.log(2)))


@dataclass(frozen=True, eq=False)
class Grid:
    """Where voxels would lie: shape along ijk and the affine ijk -> RAS in mm."""

    shape: tuple[int, int, int]
    affine: Affine

    @classmethod
    def of(cls, volume: Volume) -> Grid:
        return cls(volume.shape, volume.affine)


def upright_grid(volume: Volume, spacing_mm: Vector) -> Grid:
    """The grid with axes R, A, S that just covers a volume, whatever its storage order, obliquity or shear.

    Its edges meet the volume's edges at the low corner; at least one voxel along each axis.
    """
    low_ras, high_ras = _edges_ras(volume)
    steps = np.asarray(spacing_mm, dtype=np.float64)
    counts = np.maximum(1, np.round((high_ras - low_ras) / steps)).astype(int)
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = low_ras + steps / 2
    return Grid((int(counts[0]), int(counts[1]), int(counts[2])), affine)


def resample(volume: Volume, grid: Grid, *, outside: float, linear: bool = True) -> Volume:
    """Values of a volume at another grid's voxel centres; ``outside`` where the volume does not reach.

    linear: trilinear, float32 out (ITK would cut integers off, not round them); else nearest, dtype kept. The outermost
    half voxel of a volume repeats its edge.
    """
    reference = sitk.Image([int(n) for n in grid.shape], sitk.sitkUInt8)
    _place(reference, grid.affine)
    how = sitk.sitkLinear if linear else sitk.sitkNearestNeighbor
    image = _image_of(volume)
    kind = sitk.sitkFloat32 if linear else image.GetPixelID()
    done = sitk.Resample(image, reference, sitk.Transform(), how, outside, kind)
    return Volume(_array_of(done), grid.affine)


def smoothed(volume: Volume, spacing_mm: Vector) -> Volume:
    """A volume that is about to be resampled to the axes' spacings, float32; axes that do not become coarser stay.

    The width of what a voxel collects grows to the new spacing (Cardoso et al., MICCAI 2015).
    """
    values = volume.array
    for axis, (own_mm, new_mm) in enumerate(zip(volume.spacing_mm, spacing_mm, strict=True)):
        if own_mm < new_mm:
            sigma = float(np.sqrt((new_mm / own_mm) ** 2 - 1)) / _FWHM_PER_SIGMA
            values = ndimage.gaussian_filter1d(values, sigma, axis, output=np.float32, mode="nearest")
    return volume.with_array(values)


def median_filtered(volume: Volume, radius_voxels: int) -> Volume:
    """Median over a cube of 2 r + 1 voxels."""
    done = sitk.Median(_image_of(volume), [radius_voxels] * 3)
    return volume.with_array(_array_of(done))


def grown_box(box: Box, margin_mm: float, volume: Volume) -> Box:
    """A box with a margin on every side, cut at the volume's edges."""
    margins = [int(np.ceil(margin_mm / step)) for step in volume.spacing_mm]
    i, j, k = (
        slice(max(0, axis.start - m), min(n, axis.stop + m))
        for axis, m, n in zip(box, margins, volume.shape, strict=True)
    )
    return i, j, k


def box_around_other(box: Box, volume: Volume, other: Volume, margin_mm: float) -> Box | None:
    """The box of ``other``'s voxels that covers a box of ``volume``'s plus a margin; None if they do not meet."""
    ends = [(axis.start - 0.5, axis.stop - 0.5) for axis in box]
    corners_ijk = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T
    there = other.ijk_from_ras(volume.ras_from_ijk(corners_ijk))
    margin = np.array([margin_mm / step for step in other.spacing_mm])
    low = np.maximum(0, np.floor(there.min(axis=0) - margin)).astype(int)
    high = np.minimum(other.shape, np.ceil(there.max(axis=0) + margin) + 1).astype(int)
    if (high <= low).any():
        return None
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k


def _edges_ras(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    ends = [(-0.5, n - 0.5) for n in volume.shape]
    corners_ras = volume.ras_from_ijk(np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T)
    return corners_ras.min(axis=0), corners_ras.max(axis=0)


def _image_of(volume: Volume) -> sitk.Image:
    image = sitk.GetImageFromArray(volume.array.T)
    _place(image, volume.affine)
    return image


def _array_of(image: sitk.Image) -> ImageArray:
    return sitk.GetArrayFromImage(image).T


def _place(image: sitk.Image, affine_ras: Affine) -> None:
    affine_lps = lps_from_ras(affine_ras)
    spacing_mm = np.linalg.norm(affine_lps[:3, :3], axis=0)
    image.SetSpacing(spacing_mm.tolist())
    image.SetOrigin(affine_lps[:3, 3].tolist())
    image.SetDirection((affine_lps[:3, :3] / spacing_mm).ravel().tolist())
