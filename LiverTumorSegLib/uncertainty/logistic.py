"""Logistic regression whose weights cannot be negative: what speaks for something never speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

Row = Mapping[str, float | None]
"""Named numbers of one example; None for what is not known of it."""
PENALTY = 1.0
"""Of the squared weights, against the summed log loss: one example's worth for a weight of about 1.4."""
_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True)
class Term:
    """weight >= 0 of (value - mean) / deviation. Raises ValueError for another weight, or a deviation not > 0."""

    mean: float
    deviation: float
    weight: float

    def __post_init__(self) -> None:
        if not (self.weight >= 0 and self.deviation > 0):
            message = f"expected a weight >= 0 and a deviation > 0, found {self.weight} and {self.deviation}"
            raise ValueError(message)


@dataclass(frozen=True)
class Logistic:
    """Probability of an outcome; each term's value raises it or leaves it as it is."""

    intercept: float
    terms: Mapping[str, Term]

    def probability(self, row: Row) -> float:
        """0 to 1. A value that is None counts as its term's mean: it says nothing either way."""
        known = {name: row[name] for name in self.terms}
        total = self.intercept + sum(
            term.weight * (value - term.mean) / term.deviation
            for name, term in self.terms.items()
            if (value := known[name]) is not None
        )
        return float(special.expit(total))

    def to_json(self) -> dict[str, Any]:
        return {"intercept": self.intercept, "terms": {name: asdict(term) for name, term in self.terms.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Logistic:
        return cls(data["intercept"], {name: Term(**term) for name, term in data["terms"].items()})


def fit(rows: Sequence[Row], outcomes: Sequence[bool]) -> Logistic:
    """Weights >= 0 of standardised values that minimise log loss + PENALTY / 2 of their squares.

    Targets are Platt's, (n + 1) / (n + 2) and 1 / (n + 2): never sure after few examples, and finite where all have one
    outcome. A value that nobody has gets the weight 0. Raises ValueError without an example.
    """
    if not rows or len(rows) != len(outcomes):
        message = f"expected an outcome of each example, found {len(outcomes)} of {len(rows)}"
        raise ValueError(message)
    names = tuple(rows[0])
    values = np.array([[np.nan if row[name] is None else row[name] for name in names] for row in rows], float)
    mean, deviation = _moments(values)
    standard = np.nan_to_num((values - mean) / deviation, nan=0.0)
    intercept, *weights = _minimised(standard, _targets(np.asarray(outcomes, bool))).tolist()
    terms = {
        name: Term(float(m), float(d), max(0.0, w))
        for name, m, d, w in zip(names, mean, deviation, weights, strict=True)
    }
    return Logistic(intercept, terms)


def cross_validated(rows: Sequence[Row], outcomes: Sequence[bool], groups: Sequence[str]) -> list[float]:
    """Probability of each example by a fit to the other groups (patients); 0.5 where there is no other group."""
    results = [0.5] * len(rows)
    for group in dict.fromkeys(groups):
        others = [n for n, own in enumerate(groups) if own != group]
        if not others:
            continue
        model = fit([rows[n] for n in others], [outcomes[n] for n in others])
        for n, own in enumerate(groups):
            if own == group:
                results[n] = model.probability(rows[n])
    return results


def _moments(values: Float[np.ndarray, "n f"]) -> tuple[Float[np.ndarray, " f"], Float[np.ndarray, " f"]]:
    """Mean and standard deviation of what is known; 0 and 1 of a column that says nothing."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(axis=0) / count)
    return mean, np.where(deviation > _LEAST_DEVIATION, deviation, 1.0)


def _targets(outcomes: np.ndarray) -> Float[np.ndarray, " n"]:
    positive = int(outcomes.sum())
    negative = outcomes.size - positive
    return np.where(outcomes, (positive + 1) / (positive + 2), 1 / (negative + 2))


def _minimised(standard: Float[np.ndarray, "n f"], targets: Float[np.ndarray, " n"]) -> Float[np.ndarray, " f1"]:
    """Intercept and weights."""
    design = np.column_stack([np.ones(len(standard)), standard])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = design @ weights
        value = np.logaddexp(0, scores).sum() - targets @ scores + PENALTY / 2 * (weights[1:] ** 2).sum()
        slope = design.T @ (special.expit(scores) - targets)
        slope[1:] += PENALTY * weights[1:]
        return float(value), slope

    bounds = [(None, None)] + [(0.0, None)] * standard.shape[1]
    done = optimize.minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(done.x)
