"""The regressions that are compared: fitted to some patients, choices of their own included, they predict others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.clinical.cases import Cases
from LiverTumorSegLib.clinical.columns import Column
from LiverTumorSegLib.clinical.contribution import cross_validated_curve, least_squares, ranked
from LiverTumorSegLib.clinical.encoding import Encoder
from LiverTumorSegLib.clinical.equation import Equation
from LiverTumorSegLib.errors import InputError

Predict = Callable[[Sequence[Column]], np.ndarray]


class Model(StrEnum):
    """Of --model and of the comparison."""

    MEAN = "mean"
    LINEAR = "linear"
    TOP_N = "top-n"
    RIDGE = "ridge"
    ELASTIC_NET = "elastic-net"
    FOREST = "random-forest"
    BOOSTING = "gradient-boosting"


TITLES = {
    Model.MEAN: "Mean of the others",
    Model.LINEAR: "Linear regression, all columns",
    Model.TOP_N: "Linear regression, top n columns",
    Model.RIDGE: "Ridge regression",
    Model.ELASTIC_NET: "Elastic net",
    Model.FOREST: "Random forest",
    Model.BOOSTING: "Gradient boosting",
}
LINEAR_MODELS = (Model.TOP_N, Model.RIDGE, Model.ELASTIC_NET, Model.LINEAR)
"""Those whose prediction is an equation, so that it can be read, stored and applied."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """predict: values for patients, given their columns. used: names of the columns that take part."""

    predict: Predict
    used: tuple[str, ...]
    equation: Equation | None = None


def fit(model: Model, cases: Cases, seed: int) -> Fitted:
    """Fit to these patients alone. Raises InputError where scikit-learn is missing."""
    return _FITS[model](cases, seed)


def fit_top(cases: Cases, count: int) -> Fitted:
    """Linear regression on the ``count`` columns that contribute most."""
    return _linear(Cases(ranked(cases)[:count], cases.target))


def sklearn_module(name: str) -> Any:
    """A module of scikit-learn. Raises InputError where it is not installed."""
    try:
        from importlib import import_module

        return import_module(f"sklearn.{name}")
    except ImportError as error:
        raise InputError(
            found=f"scikit-learn cannot be imported ({error})",
            expected="the packages of the clinical prior",
            remedy="Install them: pip install 'livertumorseg[clinical]'",
        ) from error


def _mean(cases: Cases, _seed: int) -> Fitted:
    return _fitted((), Encoder(()), np.zeros(0), float(cases.target.mean()))


def _linear(cases: Cases, _seed: int = 0) -> Fitted:
    encoder = Encoder.fit(cases.columns)
    return _fitted(cases.columns, encoder, *least_squares(encoder.encode(cases.columns), cases.target))


def _top_n(cases: Cases, seed: int) -> Fitted:
    return fit_top(cases, cross_validated_curve(cases, seed).best)


def _ridge(cases: Cases, _seed: int) -> Fitted:
    ridge = sklearn_module("linear_model").RidgeCV(alphas=np.logspace(-1, 4, 26))
    return _fitted_linear(cases, ridge)


def _elastic_net(cases: Cases, seed: int) -> Fitted:
    split = sklearn_module("model_selection").KFold(5, shuffle=True, random_state=seed)
    net = sklearn_module("linear_model").ElasticNetCV(
        l1_ratio=(0.2, 0.5, 0.9), alphas=20, eps=1e-2, cv=split, max_iter=2000, tol=1e-3
    )
    return _fitted_linear(cases, net)


def _forest(cases: Cases, seed: int) -> Fitted:
    forest = sklearn_module("ensemble").RandomForestRegressor(
        n_estimators=100, min_samples_leaf=3, max_features=0.33, random_state=seed
    )
    return _fitted_other(cases, forest)


def _boosting(cases: Cases, seed: int) -> Fitted:
    boosting = sklearn_module("ensemble").GradientBoostingRegressor(
        n_estimators=100, max_depth=2, learning_rate=0.05, subsample=0.7, random_state=seed
    )
    return _fitted_other(cases, boosting)


def _fitted_linear(cases: Cases, regression: Any) -> Fitted:
    encoder = Encoder.fit(cases.columns)
    with warnings.catch_warnings():
        # The last of the alphas may not converge to the tolerance; it is chosen only if it predicts well all the same.
        warnings.filterwarnings("ignore", message="Objective did not converge")
        regression.fit(encoder.encode(cases.columns), cases.target)
    return _fitted(cases.columns, encoder, np.asarray(regression.coef_, float), float(regression.intercept_))


def _fitted_other(cases: Cases, regression: Any) -> Fitted:
    encoder = Encoder.fit(cases.columns)
    regression.fit(encoder.encode(cases.columns), cases.target)

    def predict(columns: Sequence[Column]) -> np.ndarray:
        return np.asarray(regression.predict(encoder.encode(columns)), float)

    return Fitted(predict, tuple(column.name for column in cases.columns))


def _fitted(
    columns: Sequence[Column], encoder: Encoder, weights: Float[np.ndarray, " terms"], intercept: float
) -> Fitted:
    used = {term.column for term, weight in zip(encoder.terms, weights.tolist(), strict=True) if weight}
    equation = Equation.of(columns, encoder, weights, intercept)
    names = tuple(column.name for column in columns if column.name in used)
    return Fitted(equation.predict, names, equation)


_FITS: dict[Model, Callable[[Cases, int], Fitted]] = {
    Model.MEAN: _mean,
    Model.LINEAR: _linear,
    Model.TOP_N: _top_n,
    Model.RIDGE: _ridge,
    Model.ELASTIC_NET: _elastic_net,
    Model.FOREST: _forest,
    Model.BOOSTING: _boosting,
}
