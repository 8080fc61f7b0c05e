"""Every operation of every engine against its naive form, on odd and unequal sizes."""

from __future__ import annotations

import numpy as np
import pytest
from engine_runs import ENGINES, engine_ops
from numpy_ops import NumpyOps

SHAPE = (1, 3, 7, 10, 8)


def tensor(*shape, seed=0):
    return np.random.default_rng(seed).normal(loc=0.3, size=shape).astype(np.float32)


CASES = {
    "valid convolution": lambda ops, x, k, b, _y: ops.convolution(x, k, b, (0, 0, 0)),
    "padded convolution": lambda ops, x, k, b, _y: ops.convolution(x, k, b, (1, 1, 0)),
    "norm and activation": lambda ops, x, _k, _b, _y: ops.norm_act(x),
    "max pool by 2": lambda ops, x, _k, _b, _y: ops.max_pool(x, 2),
    "max pool by 3": lambda ops, x, _k, _b, _y: ops.max_pool(x, 3),
    "mean filter": lambda ops, x, _k, _b, _y: ops.mean_filter(x, 3),
    "repeat by 2": lambda ops, x, _k, _b, _y: ops.repeat(x, 2),
    "repeat by 3": lambda ops, x, _k, _b, _y: ops.repeat(x, 3),
    "crop by odd and even differences": lambda ops, x, _k, _b, _y: ops.crop(x, (4, 4, 8)),
    "concatenation": lambda ops, x, _k, _b, y: ops.concatenate(x, y),
    "sum": lambda ops, x, _k, _b, y: ops.add(x, y),
    "sigmoid": lambda ops, x, _k, _b, _y: ops.sigmoid(x),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
def test_an_operation_equals_its_naive_form(engine, case):
    inputs = [tensor(*SHAPE), tensor(5, 3, 3, 3, 1, seed=1), tensor(5, seed=2), tensor(*SHAPE, seed=3)]
    expected = CASES[case](NumpyOps(), *inputs)
    found = engine_ops(engine, CASES[case], inputs)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_window_is_normalized_to_zero_not_to_nan(engine):
    x = np.zeros((1, 2, 4, 5, 6), np.float32)
    x[:, 1] = 0.25
    found = engine_ops(engine, lambda ops, x: ops.norm_act(x), [x])
    np.testing.assert_array_equal(found, np.zeros_like(x))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_norm_adds_epsilon_to_the_deviation_not_to_the_variance(engine):
    x = np.zeros((1, 1, 2, 2, 2), np.float32)
    x[..., 1] = 2e-7
    found = engine_ops(engine, lambda ops, x: ops.norm_act(x), [x])
    np.testing.assert_allclose(found[..., 1], 0.5, rtol=0.02)
    np.testing.assert_allclose(found[..., 0], -0.005, rtol=0.02)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_norm_of_a_large_window_that_is_mostly_one_value_is_precise(engine):
    """As the lesion network's windows are: -0.5 outside the liver. Plain fp32 sums are 0.03 off here."""
    x = np.full((1, 2, 180, 172, 86), -0.2, np.float32)
    x[0, :, :4] += tensor(2, 4, 172, 86)
    expected = (x.astype(np.float64) - x.mean((2, 3, 4), keepdims=True, dtype=np.float64)) / x.std(
        (2, 3, 4), keepdims=True, dtype=np.float64
    )
    expected = np.where(expected > 0, expected, 0.01 * expected)
    found = engine_ops(engine, lambda ops, x: ops.norm_act(x), [x])
    np.testing.assert_allclose(found, expected, atol=1e-3)
