"""Limits of agreement of sums: published ones, and independent errors drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.followup.noise import BETWEEN_READERS, WITHIN_READER, ReaderNoise, noise_percent


def test_one_lesion_has_the_published_limits_whatever_its_size():
    assert noise_percent([17.0]) == (-22.1, 25.4)
    assert noise_percent([80.0], WITHIN_READER) == (-17.8, 16.1)
    assert noise_percent([80.0, 0.0]) == (-22.1, 25.4)


def test_two_lesions_shrink_them_by_their_sizes_but_not_below_those_published_of_sums():
    assert noise_percent([95.0, 5.0]) == pytest.approx((-22.1 * 0.951315, 25.4 * 0.951315), abs=1e-3)
    assert noise_percent([50.0, 50.0]) == (-19.2, 19.5)
    assert noise_percent([50.0, 50.0], WITHIN_READER) == pytest.approx((-17.8 / 2**0.5, 13.1))
    assert noise_percent([1.0] * 10) == BETWEEN_READERS.several


def test_independent_errors_add_up_as_the_formula_says():
    """Errors in proportion to the diameter, drawn for three lesions; the sum's spread is that of the formula."""
    sizes = np.array([60.0, 30.0, 10.0])
    errors = np.random.Generator(np.random.PCG64(5)).normal(0.0, 10.0, (200_000, 3))
    spread = float((errors @ sizes / sizes.sum()).std())
    low, high = noise_percent(sizes.tolist(), ReaderNoise(one=(-10.0, 10.0), several=(0.0, 0.0)))
    assert (-low, high) == pytest.approx((spread, spread), rel=0.01)


def test_without_a_size_there_is_none():
    assert noise_percent([]) is None
    assert noise_percent([0.0, 0.0]) is None
