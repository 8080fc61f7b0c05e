"""How an organ gives way when the patient breathes: a smooth push that is strongest under the dome of the diaphragm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phantom.shapes import Positions

DOME_RAS = np.array([50.0, 5.0, 55.0])
WIDTH_MM = np.array([90.0, 80.0, 65.0])
"""Standard deviations of the bell that the push falls off with: 1 at the dome, 0.05 at the tip of the right lobe."""
LARGEST_PUSH_MM = 25.0
"""Keeps every change of volume between 0.75 and 1.25."""


@dataclass(frozen=True)
class Breathing:
    """The body's frame: RAS, mm, origin in the patient's middle, whatever the patient's place in the scanner.

    push_ras_mm: by how much the dome has moved, at most 25 mm. What lies at a position p was at p - push * bell(p)
    before, so that any point's origin is told exactly, and its destination by iteration. Raises InputError for a push
    that would fold the organ.
    """

    push_ras_mm: Vector = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not np.linalg.norm(self.push_ras_mm) <= LARGEST_PUSH_MM:
            raise InputError(
                found=f"a dome moved by {self.push_ras_mm} mm",
                expected=f"at most {LARGEST_PUSH_MM:.0f} mm",
                remedy="Breathe less deeply",
            )

    @property
    def is_still(self) -> bool:
        return not any(self.push_ras_mm)

    def before(self, p: Positions) -> Positions:
        """Where the tissue at these positions was."""
        if self.is_still:
            return p
        squares = [
            ((c - np.float32(a)) / np.float32(s)) ** 2 for c, a, s in zip(_rows(p), DOME_RAS, WIDTH_MM, strict=True)
        ]
        bell = np.exp(np.float32(-0.5) * (squares[0] + squares[1] + squares[2]))
        return Positions(*(c - np.float32(push) * bell for c, push in zip(_rows(p), self.push_ras_mm, strict=True)))

    def points_before(self, points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for points (n, 3), in double precision."""
        return points_ras - bell_at(points_ras)[:, None] * np.array(self.push_ras_mm)

    def points_after(self, points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of points_before, to 1e-9 mm: an iteration that comes at least four times nearer each time."""
        moved = points_ras
        for _ in range(40):
            moved = points_ras + bell_at(moved)[:, None] * np.array(self.push_ras_mm)
        return moved

    def jacobian(self, points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of points_before, (n, 3, 3): its determinant is the volume before over the volume now."""
        slope = -bell_at(points_ras)[:, None] * (points_ras - DOME_RAS) / WIDTH_MM**2
        return np.eye(3) - np.array(self.push_ras_mm)[None, :, None] * slope[:, None, :]

    def box_after(
        self, low_ras: NDArray[np.float64], high_ras: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Corners (..., 3) of boxes that hold wherever the tissue of boxes has gone."""
        if self.is_still:
            return low_ras, high_ras
        push = np.array(self.push_ras_mm)
        least, most = np.zeros(low_ras.shape[:-1]), np.ones(low_ras.shape[:-1])
        for _ in range(3):
            some, full = least[..., None] * push, most[..., None] * push
            low, high = low_ras + np.minimum(some, full), high_ras + np.maximum(some, full)
            least, most = _bell_range(low, high)
        return low, high


def bell_at(points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share (...) of the dome's push at points (..., 3)."""
    return np.asarray(np.exp(-0.5 * (((points_ras - DOME_RAS) / WIDTH_MM) ** 2).sum(axis=-1)))


def _bell_range(
    low_ras: NDArray[np.float64], high_ras: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and largest value in each box."""
    nearest = np.clip(DOME_RAS, low_ras, high_ras)
    farthest = np.where(DOME_RAS - low_ras > high_ras - DOME_RAS, low_ras, high_ras)
    return bell_at(farthest), bell_at(nearest)


def _rows(p: Positions) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    return p.x, p.y, p.z
