"""A liver moved, turned and a little stretched onto another one: least squares on distance maps.

Gauss-Newton with a damped step. It sums in one order, so that the same input gives the same map, and can leave out what
one of the images does not show (docs/decisions/0020).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from LiverTumorSegLib.arrays import Affine, Points
from LiverTumorSegLib.followup.livers import LiverShape, sampled
from LiverTumorSegLib.followup.point_map import apply_affine

START_ANGLES = (-12.0, 0.0, 12.0)
"""Degrees about R, A and S that the search starts from."""
CUT_OFFSETS_MM = (-70.0, -35.0, 0.0, 35.0, 70.0)
"""Along S, where a liver is cut off and its centre says little."""
COARSE_POINTS, FINE_POINTS = 1200, 20000
KEPT_STARTS = 4
LEAST_OVERLAP = 0.4
"""Share of the points that both images must show."""
ROBUST_MM = 4.0
"""Distances beyond it count less and less: a resected or grown part does not pull the whole liver."""
STRETCH_COST = 100.0
"""mm2 per squared strain, so that a liver of which little is seen is not stretched at will."""


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Points near a liver's surface: where (n, 3) in RAS, and how far inside (n,)."""

    ras: Points
    distance: np.ndarray

    @classmethod
    def of(cls, shape: LiverShape, band_mm: float, most: int) -> SurfacePoints:
        """Every so many-th of those that there are."""
        at = shape.points_near_surface(band_mm)
        at = at[:: max(1, len(at) // most)]
        return cls(shape.distance.ras_from_ijk(at), shape.distance.array[tuple(at.T)].astype(np.float64))


def fit_straight(this: LiverShape, previous: LiverShape, band_mm: float) -> Affine:
    """4 x 4, RAS: this liver's space to the previous one's."""
    center = this.center_ras
    few = SurfacePoints.of(this, band_mm, COARSE_POINTS)
    tried = [_refined(few, previous, start, center, rounds=4, stretch=False) for start in _starts(this, previous)]
    best = sorted(tried, key=lambda affine: _cost(few, previous, affine))[:KEPT_STARTS]
    best = [_refined(few, previous, affine, center, rounds=12, stretch=False) for affine in best]
    rigid = min(best, key=lambda affine: _cost(few, previous, affine))
    many = SurfacePoints.of(this, band_mm, FINE_POINTS)
    rigid = _refined(many, previous, rigid, center, rounds=10, stretch=False)
    affine = _refined(many, previous, rigid, center, rounds=15, stretch=True)
    return min((rigid, affine), key=lambda found: _cost(many, previous, found))


def residuals(points: SurfacePoints, previous: LiverShape, there_ras: Points) -> tuple[np.ndarray, np.ndarray]:
    """Of points that lie there in the previous space: which (n,) that image shows, and the difference of distances."""
    grid = previous.distance
    shown = sampled(previous.known.astype(np.float32), grid.affine, there_ras) > 0.999
    return shown, sampled(grid.array, grid.affine, there_ras) - points.distance


def weights_of(difference: np.ndarray) -> np.ndarray:
    """Of the least squares (Geman and McClure)."""
    return 1 / (1 + (difference / ROBUST_MM) ** 2) ** 2


def slopes_at(previous: LiverShape, there_ras: Points) -> np.ndarray:
    """(n, 3): of the previous liver's distance."""
    return np.stack([sampled(part, previous.distance.affine, there_ras) for part in previous.slopes], axis=1)


def _starts(this: LiverShape, previous: LiverShape) -> list[Affine]:
    cut = this.is_cut or previous.is_cut
    starts = []
    for offset, *angles in product(CUT_OFFSETS_MM if cut else (0.0,), *(START_ANGLES,) * 3):
        start = np.eye(4)
        start[:3, :3] = _turn(np.radians(angles))
        start[:3, 3] = previous.center_ras + [0, 0, offset] - start[:3, :3] @ this.center_ras
        starts.append(start)
    return starts


def _cost(points: SurfacePoints, previous: LiverShape, affine: Affine) -> float:
    """Mean robust difference in mm2 of what both images show, and the stretch; infinite where they show too little."""
    shown, difference = residuals(points, previous, apply_affine(affine, points.ras))
    if shown.mean() < LEAST_OVERLAP:
        return float("inf")
    squared = difference[shown] ** 2
    return float(np.mean(squared / (1 + squared / ROBUST_MM**2)) + STRETCH_COST * (_stretch_of(affine) ** 2).sum())


def _refined(
    points: SurfacePoints, previous: LiverShape, start: Affine, center: np.ndarray, *, rounds: int, stretch: bool
) -> Affine:
    """After some rounds of least squares; each is taken only if it makes things better."""
    affine, cost, damping = start, _cost(points, previous, start), 1e-3
    for _ in range(rounds):
        better = _step(points, previous, affine, center, damping, stretch=stretch)
        new_cost = _cost(points, previous, better)
        if not new_cost < cost:
            damping *= 30
            continue
        gained, affine, cost = cost - new_cost, better, new_cost
        damping /= 3
        if gained < 1e-5:
            break
    return affine


def _step(
    points: SurfacePoints, previous: LiverShape, affine: Affine, center: np.ndarray, damping: float, *, stretch: bool
) -> Affine:
    there = apply_affine(affine, points.ras)
    shown, difference = residuals(points, previous, there)
    weights = weights_of(difference) * shown
    slopes = slopes_at(previous, there)
    middle = apply_affine(affine, center[None])[0]
    arms = there - middle
    columns = [slopes, np.cross(arms, slopes)]
    if stretch:
        columns += [slopes * arms, *(_shear(slopes, arms, a, b) for a, b in ((0, 1), (0, 2), (1, 2)))]
    system = np.concatenate(columns, axis=1)
    normal = np.einsum("np,n,nq->pq", system, weights, system, optimize=False)
    right = -np.einsum("np,n,n->p", system, weights, difference, optimize=False)
    ridge = np.diag(normal) * damping + 1e-9
    if stretch:
        cost = STRETCH_COST * weights.sum() * np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
        ridge[6:] += cost
        right[6:] -= cost * _stretch_of(affine)[(0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)]
    found = np.linalg.solve(normal + np.diag(ridge), right)
    change = np.eye(4)
    change[:3, :3] = _turn(found[3:6]) + (_strain(found[6:]) if stretch else 0.0)
    change[:3, 3] = middle + found[:3] - change[:3, :3] @ middle
    return change @ affine


def _shear(slopes: np.ndarray, arms: np.ndarray, a: int, b: int) -> np.ndarray:
    return (slopes[:, a] * arms[:, b] + slopes[:, b] * arms[:, a])[:, None]


def _stretch_of(affine: Affine) -> np.ndarray:
    """Symmetric 3 x 3: what a map does beside turning and moving; 0 for nothing."""
    values, vectors = np.linalg.eigh(affine[:3, :3] @ affine[:3, :3].T)
    return (vectors * (np.sqrt(values) - 1)) @ vectors.T


def _strain(parts: np.ndarray) -> np.ndarray:
    """Symmetric 3 x 3 of the six numbers of a step."""
    strain = np.diag(parts[:3])
    for value, (a, b) in zip(parts[3:], ((0, 1), (0, 2), (1, 2)), strict=True):
        strain[a, b] = strain[b, a] = value
    return strain


def _turn(radians: np.ndarray) -> np.ndarray:
    """Rotation about an axis by its length (Rodrigues)."""
    angle = float(np.linalg.norm(radians))
    if angle == 0:
        return np.eye(3)
    x, y, z = radians / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
