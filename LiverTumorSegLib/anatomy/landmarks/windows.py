"""Part of a CT in front of the spine on a fine upright grid, as great vessels are searched for in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy import ndimage

from LiverTumorSegLib.anatomy.landmarks.abdomen import AIR_HU
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.volume import Volume

BLUR_PIXELS = (0.7, 0.7, 0.5)


@dataclass(frozen=True, eq=False)
class Window:
    """grid: axes R, A, S with square pixels. hu: slightly blurred. pad: pixels around the part that is searched, so
    that one can look beside every pixel of it.
    """

    grid: Grid
    hu: Float32[np.ndarray, "i j k"]
    pad: int

    @property
    def pixel_mm(self) -> float:
        return float(self.grid.affine[0, 0])

    @property
    def x_mm(self) -> Float[np.ndarray, " i"]:
        """R of the searched pixels."""
        return self._along(0)[self.pad : -self.pad]

    @property
    def y_mm(self) -> Float[np.ndarray, " j"]:
        """A of the searched pixels."""
        return self._along(1)[self.pad : -self.pad]

    @property
    def z_mm(self) -> Float[np.ndarray, " k"]:
        """S of the slices."""
        return self._along(2)

    def moved(self, values: np.ndarray, right_mm: float, front_mm: float) -> np.ndarray:
        """Values (on the grid) as the searched pixels see them from a place beside each."""
        di, dj = (self.pad + round(step / self.pixel_mm) for step in (right_mm, front_mm))
        return values[di : di + len(self.x_mm), dj : dj + len(self.y_mm)]

    def disks(
        self, x_mm: Float[np.ndarray, " k"], y_mm: Float[np.ndarray, " k"], radii_mm: Float[np.ndarray, " k"]
    ) -> np.ndarray:
        """Mask of one disk in every slice."""
        x, y = self._along(0)[:, None, None], self._along(1)[None, :, None]
        return (x - x_mm) ** 2 + (y - y_mm) ** 2 <= radii_mm**2

    def _along(self, axis: int) -> np.ndarray:
        start, step = self.grid.affine[axis, 3], self.grid.affine[axis, axis]
        return np.asarray(start + step * np.arange(self.grid.shape[axis]))


def window_of(
    ct: Volume,
    x_mm: tuple[float, float],
    y_mm: tuple[float, float],
    z_mm: Float[np.ndarray, " k"],
    pixel_mm: float,
    beside_mm: float,
) -> Window:
    """ct: HU. x_mm, y_mm: ends of the searched part. z_mm: evenly spaced slices. beside_mm: how far one looks aside."""
    pad = int(np.ceil(beside_mm / pixel_mm)) + 1
    counts = [int((high - low) / pixel_mm) + 1 for low, high in (x_mm, y_mm)]
    step = float(z_mm[1] - z_mm[0]) if len(z_mm) > 1 else 1.0
    affine = np.diag([pixel_mm, pixel_mm, step, 1.0])
    affine[:3, 3] = (x_mm[0] - pad * pixel_mm, y_mm[0] - pad * pixel_mm, z_mm[0])
    grid = Grid((counts[0] + 2 * pad, counts[1] + 2 * pad, len(z_mm)), affine)
    return Window(grid, ndimage.gaussian_filter(resample(ct, grid, outside=AIR_HU).array, BLUR_PIXELS), pad)
