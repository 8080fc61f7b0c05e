"""Flat pictures of a volume: which plane, which pixels, and the voxels that lie there.

Only the pixels that are shown are computed, straight from their voxel indices, so any storage order and any oblique or
sheared grid is right and no volume is ever resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Bool, Float, Float32, Num
from scipy import ndimage

from LiverTumorSegLib.arrays import Affine, Points, Vector
from LiverTumorSegLib.geometry.affine import SUPERIOR, slice_normal
from LiverTumorSegLib.volume import Volume

AIR_HU = -1024.0
BODY_HU = -500.0
_COARSE_MM = 4.0
_MARGIN_MM = 8.0
_LETTERS = (("R", "L"), ("A", "P"), ("H", "F"))
_LETTER_SHARE = np.sin(np.radians(15.0))


@dataclass(frozen=True)
class Plane:
    """How a picture lies in the patient: unit vectors (RAS) to its right and to its bottom, at right angles."""

    name: str
    right_ras: Vector
    down_ras: Vector


AXIAL = Plane("Axial", (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
CORONAL = Plane("Coronal", (-1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL = Plane("Sagittal", (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
"""Radiological convention: seen from the feet, from the front, and with the face to the left."""


@dataclass(frozen=True)
class PictureGrid:
    """Square pixels on a plane: where the centre of the top left one is, how large they are, how many."""

    plane: Plane
    origin_ras: Vector
    pixel_mm: float
    size_px: tuple[int, int]

    @classmethod
    def centered(cls, plane: Plane, center_ras: Vector, pixel_mm: float, size_px: tuple[int, int]) -> PictureGrid:
        """The grid whose middle is at a point."""
        half_right, half_down = ((n - 1) / 2 * pixel_mm for n in size_px)
        origin = np.array(center_ras) - half_right * np.array(plane.right_ras) - half_down * np.array(plane.down_ras)
        return cls(plane, as_vector(origin), pixel_mm, size_px)

    def finer(self, factor: int) -> PictureGrid:
        """The same area in pixels that are ``factor`` times smaller."""
        step = self.pixel_mm / factor
        shift = (step - self.pixel_mm) / 2
        origin = np.array(self.origin_ras) + shift * (np.array(self.plane.right_ras) + np.array(self.plane.down_ras))
        return PictureGrid(self.plane, as_vector(origin), step, (self.size_px[0] * factor, self.size_px[1] * factor))

    def pixels_from_ras(self, points_ras: Points) -> Float[np.ndarray, "n 2"]:
        """Positions (n, 3) in mm -> (x, y) in pixels of their projection on the picture; pixel centres are integers."""
        away = np.asarray(points_ras, dtype=np.float64) - np.array(self.origin_ras)
        return away @ np.array([self.plane.right_ras, self.plane.down_ras]).T / self.pixel_mm

    def voxels(self, affine: Affine) -> Float32[np.ndarray, "3 h w"]:
        """Index ijk, not rounded, of every pixel's centre."""
        back = np.linalg.inv(affine)
        start = back[:3, :3] @ np.array(self.origin_ras) + back[:3, 3]
        right, down = (back[:3, :3] @ np.array(v) * self.pixel_mm for v in (self.plane.right_ras, self.plane.down_ras))
        width, height = self.size_px
        across = start[:, None] + right[:, None] * np.arange(width)
        along = down[:, None] * np.arange(height)
        return across[:, None, :].astype(np.float32) + along[:, :, None].astype(np.float32)


def as_vector(values: np.ndarray) -> Vector:
    """Three numbers of an array as a plain point or direction."""
    x, y, z = (float(v) for v in values)
    return x, y, z


def acquisition_plane(affine: Affine, axis: int) -> Plane:
    """The plane of the slices along an array axis close to S, turned as near to the axial convention as it allows.

    A diameter measured within one slice lies in this plane, also where the slices are tilted.
    """
    normal = slice_normal(affine, axis)
    normal = normal if normal[SUPERIOR] > 0 else -normal
    right = np.array(AXIAL.right_ras)
    right = right - (right @ normal) * normal
    right /= np.linalg.norm(right)
    return Plane("Axial", as_vector(right), as_vector(np.cross(normal, right)))


def tilt_degrees(plane: Plane) -> float:
    """Angle between a plane's normal and the patient's long axis."""
    normal = np.cross(plane.right_ras, plane.down_ras)
    return float(np.degrees(np.arccos(np.clip(abs(normal[SUPERIOR]), 0.0, 1.0))))


def direction_letters(direction_ras: Vector) -> str:
    """R, L, A, P, H, F of a direction, the strongest first; two or three where it is oblique by 15 degrees or more."""
    strongest_first = np.argsort([-abs(v) for v in direction_ras], kind="stable")
    shares = [(int(axis), direction_ras[int(axis)]) for axis in strongest_first]
    return "".join(_LETTERS[axis][0 if share > 0 else 1] for axis, share in shares if abs(share) >= _LETTER_SHARE)


def fitted_grid(ct: Volume, plane: Plane, through_ras: Vector, size_px: tuple[int, int]) -> PictureGrid:
    """The picture of a plane that shows the whole body, or the whole volume where there is nothing but air.

    Pixels are square in mm, so anisotropic voxels keep the patient's proportions.
    """
    coarse = _covering_grid(ct, plane, through_ras)
    body = _largest_part(sample_hu(ct, coarse) > BODY_HU)
    seen = body if body.any() else np.ones_like(body)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    extent_px = np.array([columns[-1] - columns[0], rows[-1] - rows[0]]) + 1
    extent_mm = extent_px * coarse.pixel_mm + 2 * _MARGIN_MM
    middle = coarse.pixel_mm * np.array([columns[0] + columns[-1], rows[0] + rows[-1]]) / 2
    center = np.array(coarse.origin_ras) + middle @ np.array([plane.right_ras, plane.down_ras])
    return PictureGrid.centered(plane, as_vector(center), float((extent_mm / np.array(size_px)).max()), size_px)


def sample_hu(ct: Volume, grid: PictureGrid) -> Float32[np.ndarray, "h w"]:
    """Linearly interpolated values on a picture; air outside of the volume's outermost voxel faces."""
    voxels = grid.voxels(ct.affine)
    outside = _outside(voxels, ct.shape)
    for index, count in zip(voxels, ct.shape, strict=True):
        np.clip(index, 0, count - 1, out=index)
    picture = ndimage.map_coordinates(ct.array, voxels, output=np.float32, order=1, mode="nearest")
    picture[outside] = AIR_HU
    return cast("np.ndarray", picture)


def sample_labels(labels: Volume, grid: PictureGrid) -> Num[np.ndarray, "h w"]:
    """Values of the voxels in which a picture's pixel centres lie; 0 outside of the volume."""
    voxels = grid.voxels(labels.affine)
    outside = _outside(voxels, labels.shape)
    voxels += 0.5
    whole = np.floor(voxels, out=voxels).astype(np.int32)
    for index, count in zip(whole, labels.shape, strict=True):
        np.clip(index, 0, count - 1, out=index)
    picture = labels.array[whole[0], whole[1], whole[2]]
    picture[outside] = 0
    return picture


def _outside(voxels: Float32[np.ndarray, "3 h w"], shape: tuple[int, int, int]) -> Bool[np.ndarray, "h w"]:
    outside = np.zeros(voxels.shape[1:], dtype=bool)
    for index, count in zip(voxels, shape, strict=True):
        outside |= (index < -0.5) | (index >= count - 0.5)
    return outside


def _covering_grid(ct: Volume, plane: Plane, through_ras: Vector) -> PictureGrid:
    """Coarse pixels over everything of a volume that projects onto a plane."""
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in ct.shape], indexing="ij")).reshape(3, -1).T
    away = (ct.ras_from_ijk(corners) - np.array(through_ras)) @ np.array([plane.right_ras, plane.down_ras]).T
    low, high = away.min(axis=0), away.max(axis=0)
    pixel_mm = float(min(_COARSE_MM, (high - low).min() / 8))
    width, height = (int(n) for n in np.ceil((high - low) / pixel_mm))
    middle = np.array(through_ras) + (low + high) / 2 @ np.array([plane.right_ras, plane.down_ras])
    return PictureGrid.centered(plane, as_vector(middle), pixel_mm, (width, height))


def _largest_part(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The largest 4-connected part: the body without the table."""
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    return np.asarray(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])))
