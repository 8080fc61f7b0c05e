"""A liver with lesions at known places in the patient, on any grid, and networks whose answers are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from phantoms import Shape, affine_of, centered, ellipsoid, rotation, voxelize

from LiverTumorSegLib.labels import LIVER, TUMOR
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.uncertainty.evidence import Evidence
from LiverTumorSegLib.volume import Volume

ORGAN = ellipsoid((75.0, 60.0, 55.0))
INSIDE, BESIDE = (20.0, 0.0, 0.0), (0.0, -78.0, 0.0)
GRIDS = {
    "upright": ((84, 100, 50), affine_of((2.4, 2.4, 3.6))),
    "oblique": ((110, 96, 52), affine_of((2.0, 2.6, 4.0), turn=rotation(17.0, 1) @ rotation(-11.0, 2))),
    "sheared": ((90, 100, 60), affine_of((2.4, 2.4, 3.6), shear={(1, 2): 0.9})),
}


@cache
def answer(shape: Shape, inside: float = 0.9, outside: float = 0.0, spacing_mm=(3.0, 3.0, 3.0)) -> Volume:
    """A network's probabilities on an upright grid of its own, 216 mm wide around the origin."""
    i, j, k = (int(np.ceil(216 / s)) for s in spacing_mm)
    mask = voxelize((i, j, k), centered(affine_of(spacing_mm), (i, j, k)), shape)
    return mask.with_array(np.where(mask.array, np.float32(inside), np.float32(outside)))


@dataclass
class Patient:
    """A finished case; lesions is the map that the ids of measurements refer to."""

    segmentation: Volume
    measurements: Measurements
    lesions: Volume
    evidence: Evidence = field(default_factory=lambda: Evidence(answer(ORGAN, 0.95), answer(ORGAN, 0.0)))


def patient(*lesions: Shape, grid: str = "upright", evidence: Evidence | None = None) -> Patient:
    """An organ of ORGAN's shape around the origin with lesions in it or beside it."""
    shape, linear = GRIDS[grid]
    affine = centered(linear, shape)
    labels = np.where(voxelize(shape, affine, ORGAN).array, np.uint8(LIVER.value), np.uint8(0))
    for lesion in lesions:
        labels[voxelize(shape, affine, lesion).array] = TUMOR.value
    segmentation = Volume(labels, affine)
    made = Patient(segmentation, *measure_case(segmentation))
    if evidence is not None:
        made.evidence = evidence
    return made
