"""Logistic regression against a naive fit, and what it must never learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from LiverTumorSegLib.uncertainty.logistic import PENALTY, Logistic, Term, cross_validated, fit

RNG = np.random.default_rng(7)


def examples(count: int, slope=(2.0, 0.5)):
    values = RNG.normal((0.9, 5.0), (0.02, 2.0), (count, 2))
    score = (values - (0.9, 5.0)) / (0.02, 2.0) @ np.array(slope)
    outcomes = RNG.random(count) < 1 / (1 + np.exp(-score))
    return [{"a": float(a), "b": float(b)} for a, b in values], outcomes.tolist()


def test_weights_are_those_of_a_naive_fit():
    rows, outcomes = examples(80)
    x = np.array([[row["a"], row["b"]] for row in rows])
    x = (x - x.mean(0)) / x.std(0)
    positive = sum(outcomes)
    target = [(positive + 1) / (positive + 2) if o else 1 / (len(outcomes) - positive + 2) for o in outcomes]

    def naive(w):
        total = PENALTY / 2 * (w[1] ** 2 + w[2] ** 2)
        for (a, b), t in zip(x, target, strict=True):
            p = 1 / (1 + np.exp(-(w[0] + w[1] * a + w[2] * b)))
            total -= t * np.log(p) + (1 - t) * np.log(1 - p)
        return total

    expected = optimize.minimize(naive, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
    found = fit(rows, outcomes)
    assert [found.intercept, found.terms["a"].weight, found.terms["b"].weight] == pytest.approx(expected, abs=1e-3)


def test_what_seems_to_speak_against_counts_as_nothing():
    rows, outcomes = examples(200, slope=(2.0, -2.0))
    model = fit(rows, outcomes)
    assert model.terms["b"].weight == 0.0
    assert model.terms["a"].weight > 0.5


def test_more_of_a_value_never_lowers_the_probability():
    rows, outcomes = examples(60)
    model = fit(rows, outcomes)
    row = rows[0]
    for name in row:
        raised = [model.probability(row | {name: row[name] + step}) for step in (0.0, 0.01, 1.0, 10.0)]
        assert raised == sorted(raised)


def test_a_value_that_nobody_has_gets_no_weight_and_one_that_is_missing_counts_as_average():
    rows, outcomes = examples(60)
    without = [row | {"c": None} for row in rows]
    model = fit(without, outcomes)
    assert model.terms["c"].weight == 0.0
    assert model.probability(without[0]) == pytest.approx(fit(rows, outcomes).probability(rows[0]), abs=1e-4)
    average = without[0] | {"a": model.terms["a"].mean}
    assert model.probability(without[0] | {"a": None}) == pytest.approx(model.probability(average))


def test_examples_of_one_outcome_give_a_probability_short_of_certain():
    rows, _ = examples(10)
    model = fit(rows, [True] * 10)
    assert model.probability(rows[0]) == pytest.approx(11 / 12, abs=1e-3)
    assert fit(rows[:1], [False]).probability(rows[0]) == pytest.approx(1 / 3, abs=1e-3)


def test_a_value_that_is_always_the_same_does_no_harm():
    rows, outcomes = examples(40)
    model = fit([row | {"same": 3.0} for row in rows], outcomes)
    assert model.terms["same"] == Term(3.0, 1.0, 0.0)


def test_predictions_of_a_patient_come_from_the_other_patients():
    rows = [{"a": 1.0}] * 5 + [{"a": 1.0}] * 5
    outcomes, groups = [True] * 5 + [False] * 5, ["x"] * 5 + ["y"] * 5
    first, second = cross_validated(rows, outcomes, groups)[0], cross_validated(rows, outcomes, groups)[-1]
    assert first == pytest.approx(1 / 7, abs=1e-3)
    assert second == pytest.approx(6 / 7, abs=1e-3)
    assert cross_validated(rows, outcomes, ["x"] * 10) == [0.5] * 10


def test_a_model_survives_json():
    rows, outcomes = examples(40)
    model = fit(rows, outcomes)
    assert Logistic.from_json(model.to_json()) == model


def test_weights_below_zero_and_fits_to_nothing_are_refused():
    with pytest.raises(ValueError, match="weight"):
        Term(0.0, 1.0, -0.1)
    with pytest.raises(ValueError, match="outcome"):
        fit([], [])
    with pytest.raises(ValueError, match="outcome"):
        fit([{"a": 1.0}], [])
