"""A patient's liver over several examinations: known places, moved, turned and drawn anew on any grid.

The patient's own space is that of the first examination. A liver is the union of three ellipsoids, none of which lies
symmetrically; lesions are ellipsoids in it. Nothing is warped by interpolation: every mask is drawn by its formula.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from report_cases import affine_around_origin, turn

from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

# Centre and half axes in mm.
LIVER = (
    ((38.0, -6.0, 0.0), (58.0, 52.0, 64.0)),
    ((-28.0, 22.0, 24.0), (58.0, 30.0, 26.0)),
    ((46.0, -20.0, -48.0), (34.0, 30.0, 34.0)),
)
CENTER = np.array([20.0, 0.0, 0.0])
BREATH_WAVES = np.array([[0.2, 0.4, 0.9], [0.9, -0.3, 0.3], [0.7, 0.7, 0.1]])
BREATH_PHASES = np.array([0.4, 1.9, 1.2])
LIVER_HU, NOISE_HU = 110.0, 15.0

GRIDS: dict[str, tuple[np.ndarray, tuple[int, int, int]]] = {
    "upright": (np.diag([2.0, 2.4, 3.0]), (130, 96, 96)),
    "left-handed": (np.diag([-2.0, 1.8, 3.0]), (130, 120, 96)),
    "slices first": (np.array([[0.0, 0.0, -2.0], [0.0, 2.2, 0.0], [-4.0, 0.0, 0.0]])[[0, 1, 2]], (74, 110, 130)),
    "oblique": (turn((14.0, -9.0, 21.0)) @ np.diag([-1.9, -2.3, 2.6]), (160, 120, 130)),
}
Move = np.ndarray
"""4 x 4, RAS: the patient's own space -> that of an examination."""
STILL: Move = np.eye(4)


def moved(shift_mm: Sequence[float], degrees: Sequence[float] = (0.0, 0.0, 0.0)) -> Move:
    """Turned about the liver's middle, then moved."""
    move = np.eye(4)
    move[:3, :3] = turn(tuple(degrees))
    move[:3, 3] = CENTER - move[:3, :3] @ CENTER + np.array(shift_mm)
    return move


@dataclass(frozen=True)
class Ball:
    """A lesion in the patient's own space; half axes along R, A, S in mm. hu: against the liver. Cut at the liver."""

    center: tuple[float, float, float]
    half_mm: tuple[float, float, float]
    hu: float = -40.0

    @classmethod
    def of(cls, r: float, a: float, s: float, radius: float) -> Ball:
        return cls((r, a, s), (radius, radius, radius))

    def holds(self, points: np.ndarray) -> np.ndarray:
        return _inside(((self.center, self.half_mm),), points)


@dataclass(frozen=True, eq=False)
class Scan:
    """How a visit is drawn. keep: of the drawn grid. invisible: lesions that are in the CT but not in the masks.
    breath_mm: by how much the own space is bent before it is moved, along all axes, in waves of 20 cm.
    """

    lesions: Sequence[Ball]
    move: Move = field(default_factory=lambda: STILL)
    grid: str = "upright"
    date: str = ""
    patient: str = ""
    phase: str = ""
    keep: tuple[slice, slice, slice] = (slice(None), slice(None), slice(None))
    invisible: Sequence[Ball] = ()
    name: str = ""
    breath_mm: float = 0.0

    def examination(self) -> Examination:
        """Measured by the project's own code."""
        segmentation = self.segmentation()
        measurements, lesions = measure_case(segmentation)
        ct = segmentation.with_array(self._hu(segmentation))
        return Examination(
            segmentation, lesions, measurements, self.source(), self.name, phase=self.phase, ct=lambda: ct
        )

    def segmentation(self) -> Volume:
        """Labels alone, on the grid around where the liver lies by now."""
        columns, shape = GRIDS[self.grid]
        affine = affine_around_origin(columns, shape)
        affine[:3, 3] += self.move[:3, :3] @ CENTER + self.move[:3, 3]
        i, j, k = (slice(*side.indices(n)[:2]) for side, n in zip(self.keep, shape, strict=True))
        volume = Volume(np.zeros(shape, np.uint8), affine).crop((i, j, k))
        points = self.own(volume.ras_from_ijk(np.indices(volume.shape).reshape(3, -1).T))
        labels = _inside(LIVER, points).astype(np.uint8)
        at = np.flatnonzero(labels)
        for ball in self.lesions:
            labels[at[ball.holds(points[at])]] = 3
        return volume.with_array(labels.reshape(volume.shape))

    def _hu(self, segmentation: Volume) -> np.ndarray:
        at = segmentation.array > 0
        points = self.own(segmentation.ras_from_ijk(np.argwhere(at)))
        inside = np.full(len(points), LIVER_HU)
        for ball in (*self.invisible, *self.lesions):
            inside[ball.holds(points)] = LIVER_HU + ball.hu
        hu = np.full(segmentation.shape, -80.0)
        hu[at] = inside
        return (hu + np.random.default_rng(1).normal(0, NOISE_HU, hu.shape)).astype(np.float32)

    def source(self) -> Source:
        told = f"{self.name}{self.date}{self.grid}{self.move.tobytes()!r}{self.keep}"
        digest = hashlib.sha256(told.encode()).hexdigest()
        return Source(f"{self.name}.nii.gz", "nifti", digest, study_date=self.date, patient_id=self.patient)

    def own(self, points_ras: np.ndarray) -> np.ndarray:
        """Points (n, 3) of this examination's space in the patient's own space."""
        back = np.linalg.inv(self.move)
        points = points_ras @ back[:3, :3].T + back[:3, 3]
        if not self.breath_mm:
            return points
        return points + self.breath_mm * np.sin(points @ BREATH_WAVES.T * (2 * np.pi / 200) + BREATH_PHASES)


def _inside(parts: Sequence[tuple[Sequence[float], Sequence[float]]], points: np.ndarray) -> np.ndarray:
    away = [(((points - np.array(center)) / np.array(half)) ** 2).sum(axis=1) for center, half in parts]
    return np.min(away, axis=0) <= 1
