"""A clinical prior: what was fitted, what it predicts for whom, and how well it does on patients it has not seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.clinical.regressions import TITLES, Model
from LiverTumorSegLib.clinical.scores import Scores

SCHEMA = 1
TLVR = "tlvr"
"""The target that training takes: tumor voxels / (liver with tumor) voxels, 0 to 1."""
PUBLISHED_R, PUBLISHED_MSE, PUBLISHED_MAE, PUBLISHED_N, PUBLISHED_PATIENTS = 0.820, 0.012, 0.087, 15, 98
"""Of TLVR in SmoothSegNet, section 3.1 and appendix A; predictions for the patients that were fitted to."""

Bounds = tuple[float, float]


def bounded(values: np.ndarray, bounds: Bounds | None) -> np.ndarray:
    """Predictions beyond what a target can be are set to its bounds."""
    return values if bounds is None else np.clip(values, *bounds)


@dataclass(frozen=True)
class PriorSettings:
    """folds: of the outer cross-validation. repeats: of it, each with other folds. draws: bootstrap samples of patients
    for the intervals. shuffles: runs with a shuffled target, which show what chance alone reaches.
    """

    model: Model = Model.TOP_N
    folds: int = 5
    repeats: int = 10
    draws: int = 2000
    shuffles: int = 20
    seed: int = 0


@dataclass(frozen=True)
class Prediction:
    """predicted: by a model that has not seen this patient. fitted: by the final model.

    fold: from 1, the one (of the first repeat) that it was left out in; None of a patient without an observed value.
    """

    case: str
    predicted: float
    fold: int | None
    observed: float | None
    fitted: float

    def to_json(self) -> dict[str, Any]:
        return {"predicted": self.predicted, "fold": self.fold, "observed": self.observed}


@dataclass(frozen=True)
class ModelScores:
    """in_sample: of patients that the model was fitted to. cross_validated: of patients that it has not seen."""

    model: Model
    in_sample: Scores
    cross_validated: Scores

    def to_json(self) -> dict[str, Any]:
        return {
            "model": str(self.model),
            "title": TITLES[self.model],
            "in_sample": self.in_sample.to_json(),
            "cross_validated": self.cross_validated.to_json(),
        }


@dataclass(frozen=True)
class TermWeight:
    """level: of a column of classes, else None. weight: change of the target for one standard deviation of the term."""

    level: str | None
    weight: float


@dataclass(frozen=True)
class Contribution:
    """Of a column in the final model. spread: standard deviation of its part of the prediction, in the target's unit.
    chosen: share of the fits of the cross-validation that used it.
    """

    column: str
    spread: float
    chosen: float
    terms: tuple[TermWeight, ...]


@dataclass(frozen=True)
class Curves:
    """Pearson's r for 1, 2, ... columns of the linear regression. in_sample: patients predict themselves.
    ranked_outside: cross-validated, but the ranking has seen everyone. cross_validated: ranked within the folds.
    """

    in_sample: tuple[float, ...]
    ranked_outside: tuple[float, ...]
    cross_validated: tuple[float, ...]
    count: int
    """Chosen from cross_validated, for the final model."""
    counts_in_folds: tuple[int, ...]
    """Chosen in each fit of the nested cross-validation."""

    @property
    def best_outside(self) -> float:
        """The number that looks cross-validated without being it: ranking and count have seen the patients."""
        return max(self.ranked_outside)


@dataclass(frozen=True)
class Shuffled:
    """r of the top-n regression where targets were dealt to other patients: what is left is chance."""

    in_sample: tuple[float, ...]
    cross_validated: tuple[float, ...]


@dataclass(frozen=True)
class Prior:
    """target: "tlvr" or the name of a column. bounds: of what is predicted. patients: those with an observed value.

    left_out: columns that were not used, with the reason. notes: of cleaning, and warnings.
    """

    target: str
    bounds: Bounds | None
    settings: PriorSettings
    patients: int
    predictions: tuple[Prediction, ...]
    models: tuple[ModelScores, ...]
    contributions: tuple[Contribution, ...]
    equation: Equation
    curves: Curves
    shuffled: Shuffled
    columns: tuple[str, ...]
    left_out: dict[str, str]
    uses_outcome: bool
    notes: tuple[str, ...] = ()

    @property
    def own(self) -> ModelScores:
        """Scores of the model that predicts."""
        return self.scores_of(self.settings.model)

    def scores_of(self, model: Model) -> ModelScores:
        return next(scores for scores in self.models if scores.model is model)

    @property
    def terms(self) -> int:
        """Free weights of the final model: those of k classes are k - 1."""
        owners = Counter(term.column for term, w in zip(self.equation.terms, self.equation.weights, strict=True) if w)
        return sum(max(1, count - 1) for count in owners.values())

    @property
    def chance_r(self) -> float:
        """What in-sample r as many columns of pure noise reach on average, about sqrt(terms / (patients - 1))."""
        return min(1.0, (self.terms / (self.patients - 1)) ** 0.5)

    def to_json(self) -> dict[str, Any]:
        """Keys: docs/prior.md."""
        return {
            "schema": SCHEMA,
            "target": self.target,
            "bounds": self.bounds,
            "patients": self.patients,
            "predictions": {one.case: one.to_json() for one in self.predictions},
            "model": {
                "name": str(self.settings.model),
                "title": TITLES[self.settings.model],
                **self.equation.to_json(),
            },
            "metrics": {
                "cross_validated": self.own.cross_validated.to_json(),
                "in_sample": self.own.in_sample.to_json(),
                "in_sample_r_of_noise": self.chance_r,
                "best_r_ranked_outside_the_folds": self.curves.best_outside,
                "shuffled": asdict(self.shuffled),
            },
            "contributions": [asdict(one) for one in self.contributions],
            "models": [scores.to_json() for scores in self.models],
            "curves": asdict(self.curves),
            "columns": list(self.columns),
            "left_out": self.left_out,
            "uses_outcome": self.uses_outcome,
            "settings": asdict(self.settings),
            "notes": list(self.notes),
        }
