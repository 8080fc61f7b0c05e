"""Courses of vessels as smooth lines, and where points lie beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import ndimage
from scipy.spatial import cKDTree

from LiverTumorSegLib.arrays import Points

STEP_MM = 0.5
SMOOTH_MM = 2.5
"""Width of the Gaussian along a path, at least; a step of the coarsest axis or the vessel's own radius else. Under it
lie the stairs of the voxels; a vessel does not bend on less than its radius."""
WINDOW_MM = 4.0
"""Of a vessel's course, at least, over which its cross-section is looked at; two steps of the coarsest axis else."""


@dataclass(frozen=True, eq=False)
class Path:
    """One branch, from its end towards the root. points_ras: (n, 3), STEP_MM apart. tangents: (n, 3), of length 1.
    is_branch: whether its last point lies where another path passes.
    """

    points_ras: Float[np.ndarray, "n 3"]
    tangents: Float[np.ndarray, "n 3"]
    is_branch: bool

    @property
    def length_mm(self) -> float:
        return float(np.linalg.norm(np.diff(self.points_ras, axis=0), axis=1).sum())

    @property
    def places_mm(self) -> Float[np.ndarray, " n"]:
        return np.linspace(0, self.length_mm, len(self.points_ras))


@dataclass(frozen=True, eq=False)
class Beside:
    """Points beside a centreline. branch: number of the path. along_mm: place on it. outward_mm: from it to the point,
    at a right angle to its tangent.
    """

    branch: Int[np.ndarray, " n"]
    along_mm: Float[np.ndarray, " n"]
    tangent: Float[np.ndarray, "n 3"]
    outward_mm: Float[np.ndarray, "n 3"]


def beside(paths: Sequence[Path], points_ras: Points) -> Beside:
    """Where points (n, 3) in RAS lie along the branches: each belongs to the branch whose centre is nearest to it."""
    centers, tangents = (np.concatenate([getattr(path, name) for path in paths]) for name in ("points_ras", "tangents"))
    branch = np.repeat(np.arange(len(paths)), [len(path.points_ras) for path in paths])
    place_mm = np.concatenate([path.places_mm for path in paths])
    _, nearest = cKDTree(centers).query(points_ras)
    away = points_ras - centers[nearest]
    tangent = tangents[nearest]
    forward = (away * tangent).sum(axis=1)
    return Beside(branch[nearest], place_mm[nearest] + forward, tangent, away - forward[:, np.newaxis] * tangent)


def path_through(points: np.ndarray, smooth_mm: float, *, is_branch: bool) -> Path | None:
    """Evenly spaced and smoothed; None where that leaves no direction."""
    if len(points) < 2:
        return None
    even = _resampled(_smoothed(_resampled(points), max(SMOOTH_MM, smooth_mm)))
    slope = np.gradient(even, axis=0)
    norm = np.linalg.norm(slope, axis=1, keepdims=True)
    return Path(even, slope / norm, is_branch) if (norm > 0).all() else None


def _smoothed(points: np.ndarray, width_mm: float) -> np.ndarray:
    """The ends stay: beyond them the path goes on as its mirror image through the end point."""
    wide = min(len(points) - 1, int(4 * width_mm / STEP_MM))
    longer = np.pad(points, ((wide, wide), (0, 0)), mode="reflect", reflect_type="odd")
    done: np.ndarray = ndimage.gaussian_filter1d(longer, width_mm / STEP_MM, axis=0, mode="nearest")
    return done[wide : wide + len(points)]


def _resampled(points: np.ndarray) -> np.ndarray:
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    at = np.linspace(0, along[-1], max(2, int(along[-1] / STEP_MM) + 1))
    return np.column_stack([np.interp(at, along, points[:, axis]) for axis in range(3)])


def window_of(step_mm: float) -> float:
    """Length of course that is looked at together on a grid whose coarsest step is step_mm."""
    return max(WINDOW_MM, 2 * step_mm)


def window_means(along_mm: np.ndarray, values: np.ndarray, centers_mm: np.ndarray, window_mm: float) -> np.ndarray:
    """Mean of values over a window of the course about each centre; 0 where the window is empty."""
    count = window_sums(along_mm, np.ones(len(values)), centers_mm, window_mm)
    return np.asarray(window_sums(along_mm, values, centers_mm, window_mm) / np.maximum(count, 1))


def window_sums(along_mm: np.ndarray, values: np.ndarray, centers_mm: np.ndarray, window_mm: float) -> np.ndarray:
    """Sum of values over a window of the course about each centre."""
    order = np.argsort(along_mm)
    total = np.append(0.0, np.cumsum(values[order]))
    low, high = (np.searchsorted(along_mm[order], centers_mm + sign * window_mm / 2) for sign in (-1, 1))
    return np.asarray(total[high] - total[low])
