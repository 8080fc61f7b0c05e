"""Surfaces that cut: which side of them a point lies on. Points and normals in RAS, mm."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull

from LiverTumorSegLib.arrays import Points, Vector
from LiverTumorSegLib.errors import InputError

GRID_MM = 2.0
"""Between the points at which a curved surface is evaluated; it is taken as straight between them."""
APART_MM = 1.0
LEAST_POINTS = 4


class Side(StrEnum):
    """Of a surface: the side that its normal points to, or the other one."""

    ALONG_NORMAL = "along the normal"
    AGAINST_NORMAL = "against the normal"


@dataclass(frozen=True)
class Plane:
    """Through a point, at a right angle to a normal of any length but 0."""

    point_ras: Vector
    normal_ras: Vector

    def __post_init__(self) -> None:
        values = np.array([self.point_ras, self.normal_ras])
        if not np.isfinite(values).all() or np.linalg.norm(self.normal_ras) < 1e-6:
            raise InputError(
                found=f"a plane through {self.point_ras} with the normal {self.normal_ras}",
                expected="a point in mm and a direction",
                remedy="Place the plane again",
            )

    def height_mm(self, points_ras: Points) -> Float[np.ndarray, " n"]:
        """How far points (n, 3) lie on the normal's side, negative on the other."""
        normal = np.array(self.normal_ras) / np.linalg.norm(self.normal_ras)
        return np.asarray(points_ras @ normal - np.array(self.point_ras) @ normal)

    def is_along(self, points_ras: Points) -> Bool[np.ndarray, " n"]:
        """Which points (n, 3) lie on the normal's side; those in the plane do."""
        return np.asarray(self.height_mm(points_ras) >= 0)


@dataclass(frozen=True)
class CurvedSurface:
    """A smooth sheet through points that somebody placed, at least four and not in one line.

    It is a height over the plane that fits the points best, a thin-plate spline: it may bend, but not fold back. Its
    normal is that plane's, turned so that its largest component (R, A or S) is positive. smoothing: 0 passes through
    the points, more bends less (RBFInterpolator's). reach_mm: how far it goes on beyond the outline of its points; what
    lies further is not known to be cut.
    """

    points_ras: tuple[Vector, ...]
    smoothing: float = 0.0
    reach_mm: float = 30.0

    def __post_init__(self) -> None:
        points = np.array(self.points_ras, dtype=np.float64).reshape(-1, 3)
        if len(points) < LEAST_POINTS or not np.isfinite(points).all():
            raise _unusable(found=f"{len(points)} points for a curved surface")
        _, spread, _ = np.linalg.svd(points - points.mean(axis=0))
        if spread[1] / np.sqrt(len(points)) < APART_MM:
            raise _unusable(found="points in one line")
        flat = self._in_plane(points)[:, :2]
        apart = np.linalg.norm(flat[:, np.newaxis] - flat, axis=2) + np.eye(len(flat)) * APART_MM
        if apart.min() < APART_MM:
            raise _unusable(found="two points above one another or in one place")
        if self.smoothing < 0 or self.reach_mm < 0:
            raise _unusable(found=f"a smoothing of {self.smoothing:g} and a reach of {self.reach_mm:g} mm")

    @property
    def normal_ras(self) -> Vector:
        x, y, z = (float(n) for n in self._axes()[2])
        return x, y, z

    def is_along(self, points_ras: Points) -> Bool[np.ndarray, " n"]:
        """Which points (n, 3) lie on the normal's side; those in the surface do."""
        placed = self._in_plane(points_ras)
        if len(placed) == 0:
            return np.zeros(0, bool)
        # One column after the other: numpy takes ten times as long over both at once.
        low, high = (np.array([float(end(placed[:, n])) for n in range(2)]) for end in (np.min, np.max))
        heights = self._heights(low, high)
        above = np.asarray(placed[:, 2] > heights.max())
        near = np.flatnonzero(~above & (placed[:, 2] >= heights.min()))
        at = (placed[near, :2] - low) / GRID_MM
        above[near] = placed[near, 2] >= ndimage.map_coordinates(heights, at.T, order=1, mode="nearest")
        return above

    def beyond_mm(self, points_ras: Points) -> float:
        """How much further than reach_mm from its points' outline the surface would have to go to pass these points
        (n, 3): 0 where it passes them all.
        """
        if len(points_ras) == 0:
            return 0.0
        outline = ConvexHull(self._in_plane(np.array(self.points_ras))[:, :2])
        away = self._in_plane(points_ras)[:, :2] @ outline.equations[:, :2].T + outline.equations[:, 2]
        return max(0.0, float(away.max()) - self.reach_mm)

    def _heights(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        known = self._in_plane(np.array(self.points_ras))
        across, along = (np.arange(int((high[n] - low[n]) / GRID_MM) + 2) * GRID_MM + low[n] for n in range(2))
        grid = np.stack(np.meshgrid(across, along, indexing="ij"), axis=-1).reshape(-1, 2)
        try:
            spline = RBFInterpolator(known[:, :2], known[:, 2], kernel="thin_plate_spline", smoothing=self.smoothing)
        except np.linalg.LinAlgError as error:
            raise _unusable(found="points through which no smooth surface passes") from error
        return np.asarray(spline(grid)).reshape(len(across), len(along))

    def _in_plane(self, points_ras: Points) -> np.ndarray:
        """Points (n, 3) -> two coordinates in the fitted plane and the height over it; as precise as the points are."""
        kind = points_ras.dtype if points_ras.dtype == np.float32 else np.float64
        return np.asarray((points_ras - self._center().astype(kind)) @ self._axes().T.astype(kind))

    def _center(self) -> np.ndarray:
        return np.asarray(np.mean(self.points_ras, axis=0))

    def _axes(self) -> np.ndarray:
        _, _, axes = np.linalg.svd(np.array(self.points_ras) - self._center())
        normal = axes[2] * np.sign(axes[2][np.argmax(np.abs(axes[2]))])
        return np.array([axes[0], axes[1], normal])


def _unusable(*, found: str) -> InputError:
    return InputError(
        found=found,
        expected=f"at least {LEAST_POINTS} points, {APART_MM:g} mm or more apart over a plane, and no negative setting",
        remedy="Place more points, spread over the whole cut",
    )
