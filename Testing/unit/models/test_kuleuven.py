from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy_ops import NumpyOps, random_weights

from LiverTumorSegLib.models.kuleuven import LESION, LIVER, lesion_kernels, liver_kernels
from LiverTumorSegLib.models.network import weight_shapes

NETWORKS = pytest.mark.parametrize("network", [LIVER, LESION], ids=["liver", "lesion"])


class MisalignedError(Exception):
    pass


class SizeOps:
    """Follows sizes only, and refuses whatever would put one level off the grid of the next."""

    def convolution(self, x, kernel, bias, padding, stride=1):
        assert kernel[1] == x[1]
        assert stride == 1
        return (
            1,
            kernel[0],
            *self._positive(n + 2 * p - k + 1 for n, k, p in zip(x[2:], kernel[2:], padding, strict=True)),
        )

    def norm_act(self, x):
        return x

    def max_pool(self, x, factor):
        if any(n % factor for n in x[2:]):
            raise MisalignedError
        return (*x[:2], *self._positive(n // factor for n in x[2:]))

    def mean_filter(self, x, width):
        return (*x[:2], *self._positive(n - width + 1 for n in x[2:]))

    def repeat(self, x, factor):
        return (*x[:2], *(n * factor for n in x[2:]))

    def crop(self, x, size):
        if any(n < m or (n - m) % 2 for n, m in zip(x[2:], size, strict=True)):
            raise MisalignedError
        return (*x[:2], *size)

    def concatenate(self, first, second):
        assert first[2:] == second[2:]
        return (1, first[1] + second[1], *first[2:])

    def add(self, first, second):
        assert first == second
        return first

    def sigmoid(self, x):
        return x

    def norm_relu(self, x):
        raise NotImplementedError

    upsample = softmax = module = norm_relu

    def shape(self, x):
        return x

    def _positive(self, sizes):
        sizes = tuple(sizes)
        if min(sizes) < 1:
            raise MisalignedError
        return sizes


def size_out(network, window):
    """Size that the definition itself gives for a window, or None where its levels do not fit together."""
    try:
        return network.function(SizeOps(), weight_shapes(network.kernels), (1, 1, *window))[2:]
    except MisalignedError:
        return None


@NETWORKS
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_window_is_legal_exactly_where_all_levels_of_the_network_fit_together(network, axis):
    for n in range(1, 200):
        window = list(network.trained_window)
        window[axis] = n
        out = size_out(network, window)
        legal = network.legal_window(tuple(window)) == tuple(window)
        assert legal == (out is not None), window
        if legal:
            assert network.window_out(tuple(window)) == out


@pytest.mark.parametrize(
    ("network", "window_in", "window_out"),
    [
        (LIVER, (189, 162, 162), (163, 136, 136)),
        (LIVER, (27, 27, 54), (1, 1, 28)),
        (LESION, (180, 172, 86), (92, 84, 42)),
        (LESION, (228, 204, 110), (140, 116, 66)),
        (LESION, (276, 252, 118), (188, 164, 74)),
        (LESION, (92, 92, 46), (4, 4, 2)),
    ],
)
def test_known_windows_give_the_known_sizes(network, window_in, window_out):
    assert network.window_out(window_in) == window_out
    assert network.window_for_output(window_out) == window_in


@NETWORKS
def test_the_next_legal_window_is_the_smallest_that_is_large_enough(network):
    for n in range(1, 240):
        legal = network.legal_window((n, n, n))
        assert all(m >= n for m in legal)
        assert all(m == low or m - step < n for m, low, step in zip(legal, network.smallest, network.step, strict=True))


@NETWORKS
def test_an_illegal_window_is_refused_and_the_next_legal_one_named(network):
    i, j, k = network.trained_window
    with pytest.raises(ValueError, match=str(i + network.step[0])):
        network.window_out((i + 1, j, k))


def test_the_layout_has_the_published_number_of_parameters():
    def count(network):
        return sum(int(np.prod(shape)) for shape in weight_shapes(network.kernels).values())

    assert count(LIVER) == 3_874_961
    assert count(LESION) == 3_464_221


@NETWORKS
def test_input_is_the_clipped_hu_range_mapped_to_minus_half_to_half(network):
    hu = np.array([[[-1000, -200, -100, 0, 40, 200, 3000]]], np.int16)
    expected = [[[-0.5, -0.5, -0.25, 0.0, 0.1, 0.5, 0.5]]]
    seen = network.input_from_hu(hu)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen, expected, atol=1e-7)


@NETWORKS
def test_weights_of_another_layout_are_refused(network):
    weights = random_weights(network.kernels)
    network.check_weights(weights)
    weights["conv_02.kernel"] = weights["conv_02.kernel"][:, :, :1]
    with pytest.raises(ValueError, match=r"conv_02\.kernel"):
        network.check_weights(weights)
    del weights["conv_02.kernel"]
    with pytest.raises(ValueError, match=r"conv_02\.kernel"):
        network.check_weights(weights)


@pytest.mark.parametrize(
    ("network", "kernels", "window"),
    [(LIVER, liver_kernels(1), (27, 54, 27)), (LESION, lesion_kernels(1), (100, 92, 46))],
)
def test_the_naive_form_uses_every_weight_and_gives_a_probability(network, kernels, window):
    network = replace(network, kernels=kernels)
    weights = {name: CountedArray(array) for name, array in random_weights(kernels).items()}
    x = np.random.default_rng(1).normal(scale=0.2, size=(1, 1, *window))
    out = network.function(CountingOps(), weights, x)
    assert out.shape == (1, 1, *network.window_out(window))
    assert 0 < out.min() < out.max() < 1
    assert [name for name, weight in weights.items() if weight.uses != 1] == []


class CountedArray:
    def __init__(self, array):
        self.array, self.uses = array, 0


class CountingOps(NumpyOps):
    def convolution(self, x, kernel, bias, padding, stride=1):
        kernel.uses += 1
        bias.uses += 1
        return super().convolution(x, kernel.array, bias.array, padding)

    def shape(self, x):
        return x.array.shape if isinstance(x, CountedArray) else x.shape
