"""Regressions find what is there, and cross-validation finds nothing where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clinical_tables import classes, noise_cases, numbers

from LiverTumorSegLib.clinical.cases import Cases, folds
from LiverTumorSegLib.clinical.contribution import Curve, cross_validated_curve, in_sample_curve, least_squares, ranked
from LiverTumorSegLib.clinical.regressions import LINEAR_MODELS, Model, fit, fit_top
from LiverTumorSegLib.clinical.scores import pearson
from LiverTumorSegLib.clinical.validation import left_out_predictions
from LiverTumorSegLib.errors import InputError


def known_cases(patients: int = 36) -> Cases:
    """target = 2 a - 3 b + 1 (c is "yes") + 5, exactly; d has nothing to do with it."""
    random = np.random.default_rng(2)
    a, b, d = random.normal(size=(3, patients))
    c = ["yes" if n % 3 == 0 else "no" for n in range(patients)]
    target = 2 * a - 3 * b + np.array([word == "yes" for word in c]) + 5
    columns = (numbers("d", d.tolist()), numbers("a", a.tolist()), numbers("b", b.tolist()), classes("c", c))
    return Cases(columns, target)


def test_folds_share_out_the_patients():
    found = folds(23, 5, seed=4)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(23))
    assert {fold.test.size for fold in found} == {4, 5}
    assert all(not set(fold.test) & set(fold.training) and fold.training.size + fold.test.size == 23 for fold in found)
    assert any(set(a.test) != set(b.test) for a, b in zip(found, folds(23, 5, seed=5), strict=True))


def test_known_weights_are_found():
    cases = known_cases()
    fitted = fit_top(cases, 4)
    terms = {
        (t.column, t.level): w / t.deviation
        for t, w in zip(fitted.equation.terms, fitted.equation.weights, strict=True)
    }
    assert terms["a", None] == pytest.approx(2)
    assert terms["b", None] == pytest.approx(-3)
    assert terms["c", "yes"] - terms["c", "no"] == pytest.approx(1)
    np.testing.assert_allclose(fitted.predict(cases.columns), cases.target)


def test_columns_are_ranked_by_their_part_in_the_prediction():
    """b's part has a deviation of about 3, a's of 2, that of c sqrt(2/9) = 0.47, d's of 0."""
    assert [column.name for column in ranked(known_cases())] == ["b", "a", "c", "d"]


def test_the_curve_takes_the_fewest_of_equally_good_columns():
    cases = known_cases()
    curve = cross_validated_curve(cases, seed=0)
    np.testing.assert_allclose(curve.r[2:], 1.0)
    assert curve.r[0] < curve.r[1] < 0.999
    assert curve.best == 3
    assert Curve((0.1, 0.5, 0.5)).best == 2
    np.testing.assert_allclose(in_sample_curve(cases).r[-1], 1.0)


def test_left_out_patients_of_an_exact_relation_are_predicted_exactly():
    cases = known_cases()
    for model in (Model.LINEAR, Model.TOP_N):
        found = left_out_predictions(model, cases, fold_count=5, repeats=2, seed=0)
        np.testing.assert_allclose(found.predicted, np.tile(cases.target, (2, 1)), atol=1e-9)
    assert set(found.first_folds) == {1, 2, 3, 4, 5}
    assert all(set(used) == {"a", "b", "c"} for used in found.used)


def test_noise_is_learned_by_heart_but_predicts_nobody():
    cases = noise_cases()
    in_sample = pearson(fit(Model.LINEAR, cases, 0).predict(cases.columns), cases.target)
    left_out = left_out_predictions(Model.TOP_N, cases, fold_count=5, repeats=4, seed=0)
    assert in_sample > 0.55, "15 of 39 degrees of freedom: sqrt(15 / 39) = 0.62 on average"
    assert abs(np.mean([pearson(row, cases.target) for row in left_out.predicted])) < 0.25


def test_a_ranking_that_has_seen_everyone_makes_noise_look_predictable():
    """200 columns of noise: the fault that the nested choice is there to avoid, made on purpose."""
    cases = noise_cases(40, 200, seed=0)
    outside = cross_validated_curve(cases, 0, ranked(cases))
    assert max(outside.r[:20]) > 0.6
    assert max(cross_validated_curve(cases, 0).r[:20]) < 0.4


@pytest.mark.parametrize("model", Model)
def test_a_patients_own_target_does_not_change_its_prediction(model):
    """Not even through a choice: of columns, of their number, of a penalty, of an encoding."""
    cases = noise_cases(30, 6)
    cases = replace(cases, columns=(*cases.columns, classes("word", [("A", "B", "C")[n % 3] for n in range(30)])))
    before = left_out_predictions(model, cases, fold_count=3, repeats=1, seed=1)
    patient = int(folds(30, 3, 1)[0].test[0])
    target = cases.target.copy()
    target[patient] += 100.0
    after = left_out_predictions(model, replace(cases, target=target), fold_count=3, repeats=1, seed=1)
    same_fold = np.array(before.first_folds) == before.first_folds[patient]
    np.testing.assert_array_equal(before.predicted[0, same_fold], after.predicted[0, same_fold])
    assert np.abs(before.predicted - after.predicted)[0, ~same_fold].max() > 1e-6


@pytest.mark.parametrize("model", Model)
def test_models_are_the_same_each_time_and_linear_ones_are_equations(model):
    cases = known_cases()
    first, second = (fit(model, cases, 7) for _ in range(2))
    np.testing.assert_array_equal(first.predict(cases.columns), second.predict(cases.columns))
    assert (first.equation is not None) == (model in (*LINEAR_MODELS, Model.MEAN))


def test_more_terms_than_patients_are_fitted_with_the_smallest_weights():
    matrix = np.array([[1.0, 1.0], [-1.0, -1.0]])
    weights, intercept = least_squares(matrix, np.array([3.0, 1.0]))
    np.testing.assert_allclose(weights, [0.5, 0.5])
    assert intercept == pytest.approx(2)


def test_without_scikit_learn_it_is_said_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(InputError, match=r"livertumorseg\[clinical\]"):
        fit(Model.RIDGE, known_cases(), 0)
