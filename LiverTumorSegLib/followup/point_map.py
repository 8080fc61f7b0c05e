"""A map between the spaces of two visits, for points in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from LiverTumorSegLib.arrays import Affine, Points
from LiverTumorSegLib.followup.livers import sampled

_ROUNDS = 50
_NEAR_MM = 1e-4


@dataclass(frozen=True, eq=False)
class Bending:
    """A smooth displacement in this visit's space. shift_mm: (3, i, j, k) along R, A, S on an upright grid; beyond it
    the edge's values go on. affine: of that grid.
    """

    shift_mm: np.ndarray
    affine: Affine

    def at(self, points_ras: Points) -> Points:
        return np.stack([sampled(part, self.affine, points_ras) for part in self.shift_mm], axis=1)

    def jacobian(self) -> np.ndarray:
        """(i, j, k): factor by which it changes volumes."""
        step = float(self.affine[0, 0])
        slopes = np.array([np.gradient(part, step) for part in self.shift_mm])
        whole = np.moveaxis(slopes, (0, 1), (-2, -1)) + np.eye(3)
        first, second, third = (whole[..., row, :] for row in range(3))
        return (first * np.cross(second, third)).sum(axis=-1)


@dataclass(frozen=True, eq=False)
class PointMap:
    """affine: 4 x 4, RAS, this visit's space to the previous one's; bending comes before it, None for none."""

    affine: Affine = field(default_factory=lambda: np.eye(4))
    bending: Bending | None = None

    def to_previous(self, points_ras: Points) -> Points:
        """Points (n, 3) of this visit's space in the previous one's."""
        bent = points_ras if self.bending is None else points_ras + self.bending.at(points_ras)
        return apply_affine(self.affine, bent)

    def from_previous(self, points_ras: Points) -> Points:
        """The inverse: points (n, 3) of the previous visit's space in this one's."""
        straight = apply_affine(self._inverse, points_ras)
        if self.bending is None:
            return straight
        found = straight
        for _ in range(_ROUNDS):
            better = straight - self.bending.at(found)
            moved, found = np.abs(better - found).max(initial=0.0), better
            if moved < _NEAR_MM:
                break
        return found

    @cached_property
    def _inverse(self) -> Affine:
        return np.linalg.inv(self.affine)


def apply_affine(affine: Affine, points_ras: Points) -> Points:
    """Points (n, 3) mapped by a 4 x 4 matrix; summed in one order, whatever the number of threads."""
    return np.einsum("ij,nj->ni", affine[:3, :3], np.asarray(points_ras, np.float64)) + affine[:3, 3]
