"""What is left between two livers after moving and stretching: breathing, another posture. A smooth displacement.

Control points on a coarse grid (quadratic B-splines), least squares on the distance maps, and a price on bending, so
that the inside of the liver, where nothing is looked at, follows its surface as a plate of rubber would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu

from LiverTumorSegLib.arrays import Affine, Points
from LiverTumorSegLib.followup.livers import LiverShape
from LiverTumorSegLib.followup.point_map import Bending, PointMap
from LiverTumorSegLib.followup.straight import SurfacePoints, residuals, slopes_at, weights_of
from LiverTumorSegLib.followup.track_settings import RegistrationSettings

ROUNDS = 4
POINTS = 6000
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
_ANCHOR = 1e-3
"""Price of a displacement itself, mm2 per mm2: it fades where nothing asks for one."""


@dataclass(frozen=True)
class _Controls:
    """Control points: how many along R, A, S, that of index 0 in RAS, and how far apart."""

    counts: tuple[int, int, int]
    origin_ras: np.ndarray
    step_mm: float

    @classmethod
    def around(cls, points_ras: Points, step_mm: float) -> _Controls:
        """As many as act on the points."""
        low, high = points_ras.min(axis=0), points_ras.max(axis=0)
        i, j, k = (int(n) for n in np.ceil((high - low) / step_mm) + 3)
        return cls((i, j, k), low - step_mm, step_mm)

    def basis(self, points_ras: Points) -> sparse.csr_matrix:
        """(n, control points): 27 weights a point, whose sum is 1."""
        at = (points_ras - self.origin_ras) / self.step_mm
        nearest = np.round(at).astype(int)
        off = at - nearest
        along = np.stack([(0.5 - off) ** 2 / 2, 0.75 - off**2, (0.5 + off) ** 2 / 2], axis=2)
        steps = np.stack(np.meshgrid(*(np.arange(3),) * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        weights = np.prod([along[:, axis, steps[:, axis]] for axis in range(3)], axis=0)
        index = nearest[:, None, :] + steps - 1
        columns = np.ravel_multi_index(tuple(np.moveaxis(index, -1, 0)), self.counts, mode="clip")
        starts = np.arange(0, weights.size + 1, 27)
        return sparse.csr_matrix((weights.ravel(), columns.ravel(), starts), (len(at), int(np.prod(self.counts))))

    def price(self) -> sparse.csr_matrix:
        """Sum of squared second differences of the control points' values, mixed ones included, as a quadratic form."""
        first = [sparse.diags([-1.0, 1.0], [0, 1], (n - 1, n)) for n in self.counts]
        second = [sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], (n - 2, n)) for n in self.counts]
        eye = [sparse.identity(n) for n in self.counts]
        rows = []
        for axis in range(3):
            rows.append(_kron([second[a] if a == axis else eye[a] for a in range(3)]))
            rows.append(np.sqrt(2) * _kron([eye[a] if a == axis else first[a] for a in range(3)]))
        bending = sparse.vstack(rows).tocsr()
        return (bending.T @ bending).tocsr()


def bend(
    this: LiverShape, previous: LiverShape, affine: Affine, settings: RegistrationSettings, stiffness: float
) -> Bending:
    """The displacement that comes before ``affine``; stiffness: instead of the settings'."""
    points = SurfacePoints.of(this, settings.band_mm, POINTS)
    controls = _Controls.around(points.ras, settings.control_mm)
    basis = controls.basis(points.ras)
    price = len(points.ras) * (stiffness * controls.price() + _ANCHOR * sparse.identity(basis.shape[1]))
    prices = sparse.block_diag([price] * 3).tocsr()
    values = np.zeros((3, basis.shape[1]))
    for _ in range(ROUNDS):
        there = PointMap(affine).to_previous(points.ras + basis @ values.T)
        shown, difference = residuals(points, previous, there)
        weights = weights_of(difference) * shown
        slopes = np.einsum("nj,ji->in", slopes_at(previous, there), affine[:3, :3])
        pairs = {(a, b): basis.T @ sparse.diags(weights * slopes[a] * slopes[b]) @ basis for a, b in _PAIRS}
        rows = [[pairs[min(a, b), max(a, b)] for b in range(3)] for a in range(3)]
        right = np.concatenate([basis.T @ (weights * slope * difference) for slope in slopes])
        step = splu((sparse.bmat(rows) + prices).tocsc()).solve(-right - prices @ values.ravel())
        values = values + step.reshape(values.shape)
    return _on_grid(controls, values, this)


def _on_grid(controls: _Controls, values: np.ndarray, shape: LiverShape) -> Bending:
    """The displacement at the voxels of the shape's grid."""
    grid = shape.distance
    steps = np.diagonal(grid.affine)[:3] / controls.step_mm
    start = (grid.affine[:3, 3] - controls.origin_ras) / controls.step_mm
    axes = [first + step * np.arange(n) for first, step, n in zip(start, steps, grid.shape, strict=True)]
    at = np.meshgrid(*axes, indexing="ij")
    parts = values.reshape(3, *controls.counts)
    shift = [ndimage.map_coordinates(part, at, order=2, mode="nearest", prefilter=False) for part in parts]
    return Bending(np.stack(shift), grid.affine)


def _kron(parts: list[sparse.spmatrix]) -> sparse.spmatrix:
    return sparse.kron(sparse.kron(parts[0], parts[1]), parts[2])
