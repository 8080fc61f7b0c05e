"""How good a run is: overlap of the exclusive classes, and lesions found, on the grid of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.arrays import HuArray, LabelArray
from LiverTumorSegLib.evaluation.lesions import LesionCoverage, coverage, share_hit
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.geometry.components import connected_components
from LiverTumorSegLib.labels import MAIN_LABELS, TUMOR
from LiverTumorSegLib.postprocess import paint_labels
from LiverTumorSegLib.training.partial_labels import IGNORE, Setting
from LiverTumorSegLib.training.prepared import PreparedCase
from LiverTumorSegLib.volume import Volume

Probabilities = Float32[np.ndarray, "channel i j k"]
Predict = Callable[[HuArray], Probabilities]
"""HU on the network's grid -> probabilities of its channels."""
_THRESHOLD = 0.5


@dataclass(frozen=True)
class Scores:
    """Of one run on one test set. dice: mean over the cases, by structure. sensitivity: share of all tumours that are
    found; precision: share of the predicted ones that are tumours; None where there is none to count.
    """

    dice: dict[str, float]
    sensitivity: float | None
    precision: float | None

    def to_json(self) -> dict[str, Any]:
        return {**self.dice, "sensitivity": self.sensitivity, "precision": self.precision}


def exclusive(probabilities: Probabilities, setting: Setting) -> LabelArray:
    """Values of MAIN_LABELS: the most probable class of a softmax, else from 0.5 on tumour over vessel over liver."""
    if setting is Setting.MC:
        winner = probabilities.argmax(0)
        return paint_labels(*(winner == channel for channel in (1, 2, 3)))
    liver, vessel, tumor = probabilities >= _THRESHOLD
    return paint_labels(liver, vessel, tumor)


def judged(cases: Sequence[PreparedCase], predict: Predict, setting: Setting) -> Scores:
    """All cases through one network; unknown voxels count as background in both. Raises ValueError without cases."""
    if not cases:
        message = "no cases to judge"
        raise ValueError(message)
    overlaps: list[dict[str, float]] = []
    found: list[LesionCoverage] = []
    predicted: list[LesionCoverage] = []
    for case in cases:
        hu, labels = case.arrays()
        answer = exclusive(predict(np.asarray(hu, np.float32)), setting)
        known = labels != IGNORE
        truth, answer = np.where(known, labels, 0), np.where(known, answer, 0)
        overlaps.append({one.name: dice(answer == one.value, truth == one.value) for one in MAIN_LABELS})
        expert, own = (_lesions(array == TUMOR.value, case.spacing_mm) for array in (truth, answer))
        found += coverage(expert, own)
        predicted += coverage(own, expert)
    means = {one.name: float(np.mean([overlap[one.name] for overlap in overlaps])) for one in MAIN_LABELS}
    return Scores(means, share_hit(tuple(found)), share_hit(tuple(predicted)))


def mean_and_deviation(values: Iterable[float | None]) -> tuple[float, float] | None:
    """Over runs (sample deviation; 0 for one run), as the paper reports; None where a value is missing or none is."""
    known = list(values)
    if not known or any(value is None for value in known):
        return None
    array = np.array(known, np.float64)
    return float(array.mean()), float(array.std(ddof=1)) if array.size > 1 else 0.0


def _lesions(mask: np.ndarray, spacing_mm: float) -> Volume:
    parts, _ = connected_components(mask)
    return Volume(parts, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]))
