"""Where a patient lies at a visit: a known map between the anatomy at rest and the scanner's space, both RAS, mm."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from LiverTumorSegLib.arrays import Affine, Points, Vector
from LiverTumorSegLib.phantom.breathing import Breathing


@dataclass(frozen=True)
class Motion:
    """First the breath, then the whole patient turned about the body's origin and shifted.

    shift_ras_mm: where the body's origin lies in the scanner. turn_deg: rotation vector, so its length is the angle and
    its direction the axis (R, A, S).
    """

    shift_ras_mm: Vector = (0.0, 0.0, 0.0)
    turn_deg: Vector = (0.0, 0.0, 0.0)
    breathing: Breathing = field(default_factory=Breathing)

    @property
    def visit_from_body(self) -> Affine:
        """The rigid part: body's frame, already deformed by the breath -> scanner."""
        affine = np.eye(4)
        affine[:3, :3] = Rotation.from_rotvec(self.turn_deg, degrees=True).as_matrix()
        affine[:3, 3] = self.shift_ras_mm
        return affine

    @property
    def body_from_visit(self) -> Affine:
        inverse = np.eye(4)
        turn = self.visit_from_body[:3, :3].T
        inverse[:3, :3], inverse[:3, 3] = turn, -turn @ self.shift_ras_mm
        return inverse

    def anatomy_from_visit(self, points_ras: Points) -> Points:
        """What lies at points (n, 3) of the scanner lay at the result at rest: exact."""
        return self.breathing.points_before(_moved(self.body_from_visit, points_ras))

    def visit_from_anatomy(self, points_ras: Points) -> Points:
        """Where points (n, 3) of the anatomy at rest are at this visit, to 1e-9 mm."""
        return _moved(self.visit_from_body, self.breathing.points_after(np.asarray(points_ras, np.float64)))

    def jacobian(self, points_ras: Points) -> NDArray[np.float64]:
        """Of anatomy_from_visit at points (n, 3) of the scanner: (n, 3, 3)."""
        body = _moved(self.body_from_visit, points_ras)
        return np.asarray(self.breathing.jacobian(body) @ self.body_from_visit[:3, :3])


def _moved(affine: Affine, points_ras: Points) -> NDArray[np.float64]:
    return np.asarray(points_ras, np.float64) @ affine[:3, :3].T + affine[:3, 3]
