"""How well predictions agree with what was observed, and how far chance may have moved that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, " patients"]
Predictions = Float[np.ndarray, "repeats patients"]
_PERCENTILES = (2.5, 97.5)
_LEAST_SPREAD = 1e-12


@dataclass(frozen=True)
class Estimate:
    """low, high: 95 % interval over patients. value: None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Scores:
    """r: Pearson's correlation. mse, mae: in (squared) units of the target."""

    r: Estimate
    mse: Estimate
    mae: Estimate

    def to_json(self) -> dict[str, Any]:
        return {name: asdict(getattr(self, name)) for name in ("r", "mse", "mae")}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Scores:
        return cls(*(Estimate(**data[name]) for name in ("r", "mse", "mae")))


def pearson(predicted: Values, observed: Values) -> float:
    """-1 to 1; 0 where either is the same for all, which tells nothing."""
    a, b = predicted - predicted.mean(), observed - observed.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > _LEAST_SPREAD else 0.0


def scores(predicted: Predictions, observed: Values, *, draws: int, seed: int, has_r: bool = True) -> Scores:
    """Means over the repeats, with percentile intervals from ``draws`` bootstrap samples of patients.

    The interval holds the chance of who was seen, for the predictions as they are; models are not fitted anew. has_r:
    False of a model that predicts one value for all, whose correlation over folds is an artefact.
    """
    chosen = np.random.default_rng(seed).integers(0, observed.size, (draws, observed.size))
    measures: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"r": _r, "mse": _mse, "mae": _mae}
    return Scores(
        *(
            _estimate(measure, predicted, observed, chosen) if has_r or name != "r" else Estimate(None)
            for name, measure in measures.items()
        )
    )


def _estimate(
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
    predicted: np.ndarray,
    observed: np.ndarray,
    chosen: np.ndarray,
) -> Estimate:
    value = float(measure(predicted, observed[None]).mean())
    drawn = np.mean([measure(row[chosen], observed[chosen]) for row in predicted], axis=0)
    if not len(drawn):
        return Estimate(value)
    low, high = np.percentile(drawn, _PERCENTILES).tolist()
    return Estimate(value, low, high)


def _r(predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    a = predicted - predicted.mean(axis=-1, keepdims=True)
    b = observed - observed.mean(axis=-1, keepdims=True)
    spread = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return np.where(spread > _LEAST_SPREAD, (a * b).sum(axis=-1) / np.maximum(spread, _LEAST_SPREAD), 0.0)


def _mse(predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    return ((predicted - observed) ** 2).mean(axis=-1)


def _mae(predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    return np.abs(predicted - observed).mean(axis=-1)
