"""Nested cross-validation: all that is learned, choices included, is learned without the patients of a fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.cases import Cases, folds
from LiverTumorSegLib.clinical.regressions import Model, fit

Step = Callable[[], None]
"""Called after each fit; may raise CancelledError."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """predicted: of each patient by a model that has not seen it. used: columns of each fit. first_folds: of the first
    repeat, from 1.
    """

    predicted: Float[np.ndarray, "repeats patients"]
    used: tuple[tuple[str, ...], ...]
    first_folds: tuple[int, ...]


def left_out_predictions(
    model: Model, cases: Cases, *, fold_count: int, repeats: int, seed: int, step: Step = lambda: None
) -> LeftOut:
    """Repeat number n has folds of its own, drawn with seed + n, the same for all models."""
    predicted = np.zeros((repeats, len(cases)))
    first_folds = np.zeros(len(cases), int)
    used = []
    for repeat in range(repeats):
        for number, fold in enumerate(folds(len(cases), fold_count, seed + repeat), 1):
            fitted = fit(model, cases.take(fold.training), seed + repeat)
            predicted[repeat, fold.test] = fitted.predict(cases.take(fold.test).columns)
            used.append(fitted.used)
            if repeat == 0:
                first_folds[fold.test] = number
            step()
    return LeftOut(predicted, tuple(used), tuple(first_folds.tolist()))
