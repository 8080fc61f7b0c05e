"""The columns that contribute most to a linear regression, and how many of them to take (SmoothSegNet, appendix A)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.cases import Cases, folds
from LiverTumorSegLib.clinical.columns import Column
from LiverTumorSegLib.clinical.encoding import Encoder
from LiverTumorSegLib.clinical.scores import pearson

SELECTION_FOLDS = 5


def least_squares(
    matrix: Float[np.ndarray, "patients terms"], target: Float[np.ndarray, " patients"]
) -> tuple[Float[np.ndarray, " terms"], float]:
    """Weights and intercept; the smallest weights where several fit equally well (more terms than patients)."""
    center = matrix.mean(axis=0)
    weights = np.linalg.lstsq(matrix - center, target - target.mean(), rcond=None)[0]
    return weights, float(target.mean() - center @ weights)


def ranked(cases: Cases) -> tuple[Column, ...]:
    """Columns by contribution, the largest first. Ties keep the table's order.

    Contribution: standard deviation, over these patients, of a column's part in the linear regression on all columns.
    """
    encoder = Encoder.fit(cases.columns)
    matrix = encoder.encode(cases.columns)
    weights, _ = least_squares(matrix, cases.target)
    places = encoder.places(cases.columns)
    parts = [float((matrix[:, place] @ weights[place]).std()) for place in places]
    order = sorted(range(len(parts)), key=lambda n: -round(parts[n], 12))
    return tuple(cases.columns[n] for n in order)


@dataclass(frozen=True, eq=False)
class Curve:
    """Pearson's r for 1, 2, ... columns."""

    r: tuple[float, ...]

    @property
    def best(self) -> int:
        """How many columns have the highest r; the fewest of equally good ones."""
        return 1 + max(range(len(self.r)), key=lambda n: (round(self.r[n], 9), -n))


def cross_validated_curve(cases: Cases, seed: int, order: Sequence[Column] | None = None) -> Curve:
    """r of the predictions of all left-out patients together, for each number of columns, in 5-fold cross-validation.

    The ranking is made anew from the training patients of each fold, unless ``order`` gives one that has seen everyone.
    """
    predicted = np.zeros((len(cases.columns), len(cases)))
    for fold in folds(len(cases), SELECTION_FOLDS, seed):
        training, test = cases.take(fold.training), cases.take(fold.test)
        best = ranked(training) if order is None else tuple(_same(training, column.name) for column in order)
        predicted[:, fold.test] = _path(training, test, best)
    return Curve(tuple(pearson(row, cases.target) for row in predicted))


def in_sample_curve(cases: Cases) -> Curve:
    """r with the patients themselves, for each number of columns."""
    predicted = _path(cases, cases, ranked(cases))
    return Curve(tuple(pearson(row, cases.target) for row in predicted))


def _path(training: Cases, test: Cases, best: Sequence[Column]) -> np.ndarray:
    """(number of columns - 1, test patient): predictions with the first columns of a ranking."""
    encoder = Encoder.fit(training.columns)
    fitted, asked = encoder.encode(training.columns), encoder.encode(test.columns)
    by_name = {column.name: n for n, column in enumerate(training.columns)}
    places = encoder.places(training.columns)
    rows, chosen = [], np.zeros(0, int)
    for column in best:
        chosen = np.concatenate([chosen, places[by_name[column.name]]])
        weights, intercept = least_squares(fitted[:, chosen], training.target)
        rows.append(asked[:, chosen] @ weights + intercept)
    return np.array(rows)


def _same(cases: Cases, name: str) -> Column:
    return next(column for column in cases.columns if column.name == name)
