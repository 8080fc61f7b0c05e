"""Agreement by hand, and intervals over patients."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.clinical.scores import Scores, pearson, scores

OBSERVED = np.array([1.0, 2.0, 3.0, 4.0])
PREDICTED = np.array([2.0, 2.0, 3.0, 5.0])


def test_values_by_hand():
    """Deviations -1, -1, 0, 2 and -1.5, -0.5, 0.5, 1.5: r = 5 / sqrt(6 x 5); errors 1, 0, 0, 1."""
    found = scores(PREDICTED[None], OBSERVED, draws=50, seed=0)
    assert found.r.value == pytest.approx(5 / np.sqrt(30))
    assert pearson(PREDICTED, OBSERVED) == pytest.approx(5 / np.sqrt(30))
    assert found.mse.value == pytest.approx(0.5)
    assert found.mae.value == pytest.approx(0.5)


def test_what_is_the_same_for_all_tells_nothing():
    assert pearson(np.full(4, 2.0), OBSERVED) == 0
    assert scores(np.full((1, 4), 2.0), OBSERVED, draws=10, seed=0, has_r=False).r.value is None


def test_repeats_are_averaged():
    both = scores(np.array([PREDICTED, OBSERVED]), OBSERVED, draws=10, seed=0)
    assert both.mse.value == pytest.approx(0.25)
    assert both.r.value == pytest.approx((5 / np.sqrt(30) + 1) / 2)


def test_the_interval_is_that_of_a_correlation_of_so_many_patients():
    """Fisher's z: tanh(atanh(r) +- 1.96 / sqrt(n - 3))."""
    random = np.random.default_rng(0)
    observed = random.normal(size=400)
    predicted = 0.6 * observed + 0.8 * random.normal(size=400)
    found = scores(predicted[None], observed, draws=2000, seed=1)
    low, high = np.tanh(np.arctanh(found.r.value) + np.array([-1.96, 1.96]) / np.sqrt(397))
    assert found.r.low == pytest.approx(low, abs=0.02)
    assert found.r.high == pytest.approx(high, abs=0.02)
    assert Scores.from_json(found.to_json()) == found
