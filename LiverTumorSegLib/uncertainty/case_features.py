"""What speaks for the whole organ's outline and against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.geometry.affine import slice_distance_mm
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.measure.flags import IMPLAUSIBLE_MASS
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.uncertainty.evidence import Evidence
from LiverTumorSegLib.uncertainty.organ_view import OrganView, solidity
from LiverTumorSegLib.volume import Volume

LIVER_AT = 0.5
BORDER_MM = 3.0
COUNTED_ML = 1.0
"""Lesions below this volume do not lower a case's quality."""


@dataclass(frozen=True)
class CaseFeatures:
    """Of the organ (liver with vessels and tumours); shares and probabilities are 0 to 1.

    organ_probability: mean inside the organ. border_entropy: mean binary entropy (bits) of the organ's probability
    within BORDER_MM of its surface. voices_dice, voices_volume_ratio: the lowest Dice of two voices at LIVER_AT, and
    the smallest of their volumes over the largest; final_dice: the lowest Dice of a voice with the finished organ; None
    with one voice. solidity: see organ_view. cut_cm2: area of the volume's faces that the organ covers.
    implausible_share: of the organ, lesions with the flag implausible-mass. least_confidence: of the lesions of
    COUNTED_ML or more; 1 where there is none.
    """

    organ_ml: float
    organ_probability: float
    border_entropy: float
    voices_dice: float | None
    voices_volume_ratio: float | None
    final_dice: float | None
    solidity: float
    cut_cm2: float
    implausible_share: float
    least_confidence: float = 1.0


def case_features(
    segmentation: Volume, measurements: Measurements, evidence: Evidence, view: OrganView
) -> CaseFeatures | None:
    """segmentation: labels on the acquisition grid, all that is not 0 is organ. None where no organ was found."""
    shape = solidity(view.mask)
    if measurements.liver_ml <= 0 or shape is None:
        return None
    voices = [_mask_on(voice, view.mask) for voice in evidence.organ_voices.values()]
    several = len(voices) > 1
    sizes = [int(voice.sum()) for voice in voices]
    mask = view.mask.array
    masses_ml = sum(lesion.volume_ml for lesion in measurements.lesions if IMPLAUSIBLE_MASS in lesion.flags)
    return CaseFeatures(
        organ_ml=measurements.liver_ml,
        organ_probability=float(evidence.organ.array[mask].mean()),
        border_entropy=_border_entropy(evidence.organ, view),
        voices_dice=min(dice(a, b) for a, b in combinations(voices, 2)) if several else None,
        voices_volume_ratio=min(sizes) / max(max(sizes), 1) if several else None,
        final_dice=min(dice(voice, mask) for voice in voices) if several else None,
        solidity=shape,
        cut_cm2=cut_cm2(segmentation),
        implausible_share=masses_ml / measurements.liver_ml,
    )


def cut_cm2(segmentation: Volume) -> float:
    """Area of the volume's six faces that the organ covers; 0 where it reaches none."""
    array, total_mm2 = segmentation.array, 0.0
    for axis in range(3):
        face_mm2 = segmentation.voxel_mm3 / slice_distance_mm(segmentation.affine, axis)
        planes = np.moveaxis(array, axis, 0)
        total_mm2 += face_mm2 * sum(int(np.count_nonzero(planes[end])) for end in {0, len(planes) - 1})
    return total_mm2 / 100


def least_confidence(confidences: Iterable[tuple[float, float]]) -> float:
    """The lowest of pairs (volume in ml, confidence) of COUNTED_ML or more; 1 where there is none."""
    return min((confidence for ml, confidence in confidences if ml >= COUNTED_ML), default=1.0)


def _mask_on(voice: Volume, grid: Volume) -> Mask:
    there = voice if voice.same_grid(grid) else resample(voice, Grid.of(grid), outside=0.0)
    return np.asarray(there.array >= LIVER_AT)


def _border_entropy(organ: Volume, view: OrganView) -> float:
    """0 where the organ has no border on the grid."""
    distance_mm = view.distance_mm.array
    p = np.clip(organ.array[(distance_mm > 0) & (distance_mm <= BORDER_MM)], 1e-6, 1 - 1e-6)
    return float(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)).mean()) if p.size else 0.0
