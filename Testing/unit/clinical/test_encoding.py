"""Encoding learns from the patients it is fitted to and from nobody else."""

from __future__ import annotations

import numpy as np
from clinical_tables import classes, numbers

from LiverTumorSegLib.clinical.encoding import Encoder


def test_a_quantity_is_standardised_and_what_is_not_known_is_average():
    encoder = Encoder.fit([numbers("age", [50, 60, 70, np.nan])])
    (term,) = encoder.terms
    assert term.mean == 60
    np.testing.assert_allclose(term.deviation, np.sqrt(200 / 3))
    found = encoder.encode([numbers("age", [60, np.nan, 60 + np.sqrt(200 / 3)])])
    np.testing.assert_allclose(found[:, 0], [0, 0, 1])


def test_a_class_asks_for_each_of_its_words():
    encoder = Encoder.fit([classes("virus", ["B", "B", "B", "C", "C", "C"])])
    assert [term.level for term in encoder.terms] == ["B", "C"]
    np.testing.assert_allclose(encoder.encode([classes("virus", ["C", "B", None])]), [[-1, 1], [1, -1], [0, 0]])


def test_a_class_that_was_never_seen_in_training_counts_as_not_known():
    whole = classes("virus", ["A", "A", "A", "B", "B", "B", "new", "A"])
    encoder = Encoder.fit([whole.take([0, 1, 2, 3, 4, 5])])
    np.testing.assert_allclose(encoder.encode([whole.take([6, 7])]), [[0, 0], [1, -1]])


def test_a_rare_class_says_nothing():
    encoder = Encoder.fit([classes("virus", ["A", "A", "A", "B", "B", "B", "rare", "rare"])])
    assert [term.level for term in encoder.terms] == ["A", "B"]
    np.testing.assert_allclose([term.mean for term in encoder.terms], [0.5, 0.5])
    np.testing.assert_allclose(encoder.encode([classes("virus", ["rare", "A"])])[0], [0, 0])


def test_the_order_of_words_may_be_another_one():
    encoder = Encoder.fit([classes("virus", ["A", "A", "A", "B", "B", "B"])])
    np.testing.assert_allclose(encoder.encode([classes("virus", ["0", "B", "C"])]), [[0, 0], [-1, 1], [0, 0]])


def test_a_skewed_quantity_is_taken_as_its_logarithm():
    values = [float(2**n - 1) for n in range(16)]
    (term,) = Encoder.fit([numbers("AFP", values)]).terms
    assert term.is_log
    np.testing.assert_allclose(term.mean, 7.5 * np.log(2))
    found = Encoder((term,)).encode([numbers("AFP", [2**7.5 - 1, -5.0])])
    np.testing.assert_allclose(found[:, 0], [0, 0], atol=1e-12)
    assert not Encoder.fit([numbers("delta", [-1.0, *values])]).terms[0].is_log
    assert not Encoder.fit([numbers("rare", [0.0] * 30 + [1.0])]).terms[0].is_log


def test_a_column_that_is_the_same_in_all_has_no_term():
    encoder = Encoder.fit([numbers("same", [3, 3, 3]), numbers("age", [1, 2, 3]), classes("word", ["A", "A", None])])
    assert [term.column for term in encoder.terms] == ["age"]
    places = encoder.places([numbers("same", [0]), numbers("age", [0])])
    assert [list(place) for place in places] == [[], [0]]


def test_it_is_what_scikit_learn_makes_of_complete_columns():
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from LiverTumorSegLib.clinical.contribution import least_squares

    random = np.random.default_rng(5)
    age, virus = random.normal(60, 9, 50), random.choice(["A", "B", "C"], 50)
    target = 0.1 * age + (virus == "B") + random.normal(size=50)
    columns = [numbers("age", age.tolist()), classes("virus", virus.tolist())]
    table = np.column_stack([age.astype(object), virus])
    steps = ColumnTransformer([("n", StandardScaler(), [0]), ("c", OneHotEncoder(handle_unknown="ignore"), [1])])
    theirs = Pipeline([("columns", steps), ("regression", LinearRegression())]).fit(table[:40], target[:40])
    encoder = Encoder.fit([column.take(range(40)) for column in columns])
    weights, intercept = least_squares(encoder.encode([c.take(range(40)) for c in columns]), target[:40])
    ours = encoder.encode([column.take(range(40, 50)) for column in columns]) @ weights + intercept
    np.testing.assert_allclose(ours, theirs.predict(table[40:]), atol=1e-9)
