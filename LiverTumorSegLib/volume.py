"""The one spatial type of the library: an array with its map to patient space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import Affine, Box, ImageArray, Points, Vector
from LiverTumorSegLib.errors import InputError

GRID_TOLERANCE_MM = 1e-2
"""Two grids are one when no corner voxel lies further apart; headers store about 6 significant digits."""


@dataclass(frozen=True, eq=False)
class Volume:
    """An image or a mask on a grid.

    array: (i, j, k), any real dtype. affine: 4x4, ijk -> RAS in mm; may be anisotropic, oblique or sheared.
    Raises InputError if the array is not 3D or the affine is not an invertible map.
    """

    array: ImageArray
    affine: Affine

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        if self.array.ndim != 3 or 0 in self.array.shape:
            raise InputError(
                found=f"an image of shape {tuple(self.array.shape)}",
                expected="a volume with three axes and at least one voxel",
                remedy="Export the CT as one 3D series",
            )
        usable = affine.shape == (4, 4) and np.isfinite(affine).all() and np.allclose(affine[3], [0, 0, 0, 1])
        if not usable or self.voxel_mm3 < 1e-9:
            raise InputError(
                found=f"spacing {_triple(np.linalg.norm(affine[:3, :3], axis=0))} mm whose axes span no volume",
                expected="a positive spacing along three independent axes",
                remedy="Check the header (spacing, direction, slice positions) or export the CT again",
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        i, j, k = self.array.shape
        return i, j, k

    @property
    def spacing_mm(self) -> Vector:
        """Distance between neighbouring voxel centres along i, j, k."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @property
    def voxel_mm3(self) -> float:
        """|det| of the affine: right for sheared grids too, where the product of the spacings is not.

        As a triple product, since numpy's det goes through a logarithm and twice the spacing would not give 8 times it.
        """
        first, second, third = self.affine[:3, :3].T
        return float(abs(first @ np.cross(second, third)))

    @property
    def voxel_ml(self) -> float:
        return self.voxel_mm3 / 1000.0

    def ras_from_ijk(self, points_ijk: Points) -> Points:
        """Voxel indices (n, 3), fractions allowed -> patient positions (n, 3) in mm."""
        return np.asarray(points_ijk, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def ijk_from_ras(self, points_ras: Points) -> Points:
        """Patient positions (n, 3) in mm -> voxel indices (n, 3), not rounded."""
        shifted = np.asarray(points_ras, dtype=np.float64) - self.affine[:3, 3]
        return shifted @ np.linalg.inv(self.affine[:3, :3]).T

    def with_array(self, array: ImageArray) -> Volume:
        """Another array on the same grid. Raises ValueError if its shape differs."""
        if array.shape != self.array.shape:
            message = f"array of shape {array.shape} on a grid of shape {self.array.shape}"
            raise ValueError(message)
        return Volume(array, self.affine)

    def crop(self, box: Box) -> Volume:
        """The part inside a box (a view), with its own origin."""
        affine = self.affine.copy()
        affine[:3, 3] = self.ras_from_ijk(np.array([[axis.start for axis in box]], dtype=np.float64))[0]
        return Volume(self.array[box], affine)

    def same_grid(self, other: Volume, tolerance_mm: float = GRID_TOLERANCE_MM) -> bool:
        """Whether both have the same shape and every corner voxel in the same place."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij"), dtype=np.float64)
        corners = corners.reshape(3, -1).T
        apart = self.ras_from_ijk(corners) - other.ras_from_ijk(corners)
        return bool(np.linalg.norm(apart, axis=1).max() <= tolerance_mm)

    def describe_grid(self) -> str:
        """Size, spacing and origin in words, for messages and reports."""
        return (
            f"{' x '.join(map(str, self.shape))} voxels of {_triple(self.spacing_mm)} mm, "
            f"origin {_triple(self.affine[:3, 3])} mm (RAS)"
        )


def _triple(values_mm: np.ndarray | Vector) -> str:
    return " x ".join(f"{v + 0.0:.3g}" if abs(v) < 10 else f"{v:.1f}" for v in values_mm)
