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
    "convolution without bias": lambda ops, x, k, _b, _y: ops.convolution(x, k, None, (1, 1, 0)),
    "strided convolution": lambda ops, x, k, b, _y: ops.convolution(x, k, b, (1, 1, 0), 2),
    "norm with its epsilon in the root": lambda ops, x, _k, _b, _y: ops.norm_relu(x),
    "linear upsampling": lambda ops, x, _k, _b, _y: ops.upsample(x),
    "softmax": lambda ops, x, _k, _b, _y: ops.softmax(x),
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
@pytest.mark.parametrize(("deviation", "expected"), [(1.0, 0.999995), (1e-2, 0.953463), (1e-5, 0.003162)])
def test_the_other_norm_adds_epsilon_to_the_variance(engine, deviation, expected):
    """deviation / sqrt(deviation^2 + 1e-5): half the voxels lie one deviation above the mean, half below."""
    x = np.full((1, 1, 4, 6, 2), 0.5, np.float32)
    x[..., 0] += np.float32(deviation)
    x[..., 1] -= np.float32(deviation)
    found = engine_ops(engine, lambda ops, x: ops.norm_relu(x), [x])
    np.testing.assert_allclose(found[..., 0], expected, rtol=5e-3 if deviation < 1e-3 else 1e-5)
    np.testing.assert_array_equal(found[..., 1], 0.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_upsampling_keeps_the_outermost_values_and_puts_the_others_a_quarter_voxel_apart(engine):
    x = np.zeros((1, 1, 3, 1, 2), np.float32)
    x[0, 0, :, 0, 0] = [0.0, 4.0, 8.0]
    x[0, 0, :, 0, 1] = [8.0, 12.0, 16.0]
    found = engine_ops(engine, lambda ops, x: ops.upsample(x), [x])
    assert found.shape == (1, 1, 6, 2, 4)
    np.testing.assert_allclose(found[0, 0, :, 0, 0], [0.0, 1.0, 3.0, 5.0, 7.0, 8.0], atol=1e-5)
    np.testing.assert_allclose(found[0, 0, 0, 1], [0.0, 2.0, 6.0, 8.0], atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_other_norm_of_a_large_window_that_is_mostly_one_value_is_precise(engine):
    """As a CT masked to the liver is, and a feature of hardly any contrast; OpenVINO's own norm is 0.15 and 2.4 off."""
    x = np.full((1, 2, 180, 172, 86), -0.2, np.float32)
    x[0, 0, :4] += 0.01 * tensor(4, 172, 86)
    x[0, 1] = 5.0 + 0.003 * tensor(180, 172, 86, seed=1)
    mean, variance = (f((2, 3, 4), keepdims=True, dtype=np.float64) for f in (x.mean, x.var))
    expected = np.maximum((x - mean) / np.sqrt(variance + 1e-5), 0.0)
    found = engine_ops(engine, lambda ops, x: ops.norm_relu(x), [x])
    np.testing.assert_allclose(found, expected, atol=2e-3)


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
