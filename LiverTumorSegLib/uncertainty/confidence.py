"""Confidence of a lesion, quality of a case: features in, a probability, its class and its reasons out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.measurements import CaseQuality, Grade
from LiverTumorSegLib.uncertainty.case_features import CaseFeatures
from LiverTumorSegLib.uncertainty.inputs import case_inputs, lesion_inputs
from LiverTumorSegLib.uncertainty.lesion_features import LesionFeatures
from LiverTumorSegLib.uncertainty.logistic import Logistic
from LiverTumorSegLib.uncertainty.reasons import Limits, reasons_in_words

COEFFICIENTS = Path(str(files("LiverTumorSegLib.uncertainty") / "coefficients.json"))
SCHEMA = 1
ANY_MODEL = "any"
"""Whose coefficients hold for segmentation models that were not calibrated."""
LEAST_LIVER_DICE = 0.93
"""A case is good with this Dice of the liver and without a false lesion of COUNTED_ML or more."""
GOOD_FROM, POOR_BELOW = 0.8, 0.4
"""Scores of the classes; a case with a reason to look is never better than "check"."""
DOUBTFUL_BELOW = 0.5
"""Confidence of a lesion that gets the flag doubtful-lesion."""


@dataclass(frozen=True)
class ConfidenceModel:
    """Coefficients for what one segmentation model finds.

    is_calibrated: False for weights that were set by hand. fitted_on: in words, what they come from.
    """

    lesion: Logistic
    case: Logistic
    limits: Limits
    is_calibrated: bool
    fitted_on: str

    def to_json(self) -> dict[str, Any]:
        return {
            "calibrated": self.is_calibrated,
            "fitted_on": self.fitted_on,
            "lesion": self.lesion.to_json(),
            "case": self.case.to_json(),
            "limits": self.limits.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ConfidenceModel:
        return cls(
            Logistic.from_json(data["lesion"]),
            Logistic.from_json(data["case"]),
            Limits.from_json(data["limits"]),
            data["calibrated"],
            data["fitted_on"],
        )


@cache
def confidence_model(model_id: str) -> ConfidenceModel:
    """The coefficients that come with the program, for a segmentation model of the registry."""
    return model_of(read_json(COEFFICIENTS), model_id)


def model_of(data: Mapping[str, Any], model_id: str) -> ConfidenceModel:
    """From the content of a file of coefficients; those for ANY_MODEL where the model has none of its own.

    Raises ValueError on another schema.
    """
    if data.get("schema") != SCHEMA:
        message = f"coefficients of schema {data.get('schema')!r}, this version reads schema {SCHEMA}"
        raise ValueError(message)
    models = data["models"]
    return ConfidenceModel.from_json(models.get(model_id, models[ANY_MODEL]))


def lesion_confidence(features: LesionFeatures, model: ConfidenceModel) -> float:
    """Probability (0 to 1) that more than 10 % of the lesion lies in a true one."""
    return model.lesion.probability(lesion_inputs(features))


def case_quality(features: CaseFeatures, model: ConfidenceModel) -> CaseQuality:
    """Score: the probability of LEAST_LIVER_DICE and of no false lesion of 1 ml or more; class and reasons."""
    score = case_score(features, model.case)
    reasons = reasons_in_words(features, model.limits)
    return CaseQuality(score, grade_of(score, has_reasons=bool(reasons)), reasons, model.is_calibrated)


def case_score(features: CaseFeatures, model: Logistic) -> float:
    """Never above the confidence of a lesion that counts: a case is good only if that one is true."""
    return min(model.probability(case_inputs(features)), features.least_confidence)


def grade_of(score: float, *, has_reasons: bool) -> Grade:
    """The class of a score."""
    if score < POOR_BELOW:
        return Grade.POOR
    return Grade.CHECK if has_reasons or score < GOOD_FROM else Grade.GOOD
