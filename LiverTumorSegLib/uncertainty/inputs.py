"""Features as the models take them: each so that more of it never speaks against the result."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.measure.settings import MeasureSettings
from LiverTumorSegLib.uncertainty.case_features import CaseFeatures
from LiverTumorSegLib.uncertainty.lesion_features import LesionFeatures
from LiverTumorSegLib.uncertainty.logistic import Row

_LEAST_ML, _MOST_ML = MeasureSettings().liver_range_ml


def lesion_inputs(lesion: LesionFeatures) -> Row:
    """Volume as its logarithm: of two finds that are alike otherwise, the larger one is not the falser one."""
    return {
        "mean_probability": lesion.mean_probability,
        "high_probability": lesion.high_probability,
        "agreement": lesion.agreement,
        "organ_inside": lesion.organ_inside,
        "organ_around": lesion.organ_around,
        "parenchyma": lesion.parenchyma,
        "log_volume": float(np.log(lesion.volume_ml)),
    }


def case_inputs(case: CaseFeatures) -> Row:
    """What is worse when there is more of it comes with a minus sign."""
    return {
        "organ_probability": case.organ_probability,
        "border_certainty": 1 - case.border_entropy,
        "voices_dice": case.voices_dice,
        "voices_volume_ratio": case.voices_volume_ratio,
        "final_dice": case.final_dice,
        "solidity": case.solidity,
        "usual_volume": -volume_excess(case.organ_ml),
        "uncut": -float(np.log1p(case.cut_cm2)),
        "plausible_masses": -case.implausible_share,
        "least_confidence": case.least_confidence,
    }


def volume_excess(organ_ml: float) -> float:
    """How far a volume lies outside the range of the flag liver-volume-implausible: logarithm of the ratio, else 0."""
    return float(max(0.0, np.log(_LEAST_ML / organ_ml), np.log(organ_ml / _MOST_ML)))
