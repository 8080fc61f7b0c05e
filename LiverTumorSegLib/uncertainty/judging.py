"""A measured case gets its confidences: features of every lesion and of the organ, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy import ndimage

from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.measure.flags import DOUBTFUL_LESION, LOW_CONFIDENCE, raised
from LiverTumorSegLib.measurements import Grade, Lesion, Measurements
from LiverTumorSegLib.uncertainty.case_features import CaseFeatures, case_features, least_confidence
from LiverTumorSegLib.uncertainty.confidence import (
    DOUBTFUL_BELOW,
    ConfidenceModel,
    case_quality,
    lesion_confidence,
)
from LiverTumorSegLib.uncertainty.evidence import Evidence
from LiverTumorSegLib.uncertainty.lesion_features import LesionFeatures, lesion_features
from LiverTumorSegLib.uncertainty.organ_view import OrganView
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class Features:
    """lesions: by their ids, from 1 up. case: None where no organ was found; the lesions' confidences are not in it."""

    lesions: tuple[LesionFeatures, ...]
    case: CaseFeatures | None


def judged(
    measurements: Measurements, segmentation: Volume, lesions: Volume, evidence: Evidence, model: ConfidenceModel
) -> Measurements:
    """The measurements of a network's result with confidences, quality and their flags; no measured value changes.

    segmentation, lesions: label map and ids of ``measurements`` on the acquisition grid. Without an organ there is no
    quality.
    """
    features = find_features(measurements, segmentation, lesions, evidence)
    confidences = [lesion_confidence(lesion, model) for lesion in features.lesions]
    rated = tuple(_rated(lesion, c) for lesion, c in zip(measurements.lesions, confidences, strict=True))
    if features.case is None:
        return replace(measurements, lesions=rated)
    quality = case_quality(with_confidences(features.case, features.lesions, confidences), model)
    flags = measurements.flags + raised({LOW_CONFIDENCE: quality.grade is Grade.POOR})
    return replace(measurements, lesions=rated, flags=flags, quality=quality)


def find_features(measurements: Measurements, segmentation: Volume, lesions: Volume, evidence: Evidence) -> Features:
    """Works on the organ's box; nothing of the whole volume's size is built."""
    box = bounding_box(segmentation.array)
    if box is None:
        return Features((), None)
    view = OrganView.of(segmentation, evidence.organ)
    part, organ = lesions.crop(box), segmentation.array[box] > 0
    boxes = ndimage.find_objects(part.array)
    found = tuple(
        lesion_features(number, place, part, organ, evidence, view) for number, place in enumerate(boxes, start=1)
    )
    return Features(found, case_features(segmentation, measurements, evidence, view))


def with_confidences(
    case: CaseFeatures, lesions: Sequence[LesionFeatures], confidences: Sequence[float]
) -> CaseFeatures:
    """The case's features with the lowest confidence of its lesions."""
    volumes_ml = [lesion.volume_ml for lesion in lesions]
    return replace(case, least_confidence=least_confidence(zip(volumes_ml, confidences, strict=True)))


def _rated(lesion: Lesion, confidence: float) -> Lesion:
    flags = lesion.flags + raised({DOUBTFUL_LESION: confidence < DOUBTFUL_BELOW})
    return replace(lesion, confidence=confidence, flags=flags)
