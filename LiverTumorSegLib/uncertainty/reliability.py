"""Do things happen as often as was predicted? Brier score, AUC, and shares by predicted probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from LiverTumorSegLib.evaluation.strata import Rate

BINS = 5
"""Of equal width; more would hold too few cases each."""


@dataclass(frozen=True)
class Bin:
    """Predictions of low <= p < high (the last one with 1). predicted: their mean. observed: how often it was so."""

    low: float
    high: float
    predicted: float
    observed: Rate


@dataclass(frozen=True)
class Reliability:
    """brier: mean squared error of the probabilities; base_brier: that of always predicting the overall share.

    auc: how often a true example gets the higher of two probabilities; None where all have one outcome. ece: expected
    calibration error, the mean distance of predicted and observed share, weighted by the bins' examples. bins: those
    that hold an example.
    """

    outcomes: Rate
    brier: float
    base_brier: float
    auc: float | None
    ece: float
    bins: tuple[Bin, ...]


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool]) -> Reliability:
    """Raises ValueError without an example, or if the lengths differ."""
    if not probabilities or len(probabilities) != len(outcomes):
        message = f"expected an outcome of each prediction, found {len(outcomes)} of {len(probabilities)}"
        raise ValueError(message)
    p, y = np.asarray(probabilities, float), np.asarray(outcomes, bool)
    bins = _bins(p, y)
    share = float(y.mean())
    return Reliability(
        outcomes=Rate(int(y.sum()), y.size),
        brier=float(((p - y) ** 2).mean()),
        base_brier=share * (1 - share),
        auc=_auc(p, y),
        ece=sum(abs(b.predicted - b.observed.hits / b.observed.total) * b.observed.total for b in bins) / y.size,
        bins=bins,
    )


def _bins(p: np.ndarray, y: np.ndarray) -> tuple[Bin, ...]:
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(n / BINS, (n + 1) / BINS, float(p[here].mean()), Rate(int(y[here].sum()), int(here.sum())))
        for n in range(BINS)
        if (here := place == n).any()
    )


def _auc(p: np.ndarray, y: np.ndarray) -> float | None:
    """Mann-Whitney; ties count half."""
    positive, negative = int(y.sum()), int((~y).sum())
    if not positive or not negative:
        return None
    ranks = stats.rankdata(p)
    return float((ranks[y].sum() - positive * (positive + 1) / 2) / (positive * negative))
